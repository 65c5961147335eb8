//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_AST_H
#define BPT_EMULATOR_PTX_AST_H

#include "bpt/Emulator/PTX/InstructionTable.h"
#include "bpt/Emulator/PTX/Source.h"
#include "bpt/Emulator/PTX/SpecialRegister.h"
#include "bpt/Emulator/PTX/Type.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace mlir::bpt::ptx {

struct Function;
struct Variable;

/// An element of a variable's initial value: a number, or an address.
struct InitialValue {
  llvm::SMLoc loc;
  /// The bits of the number, or what is added to the address.
  uint64_t bits = 0;
  /// `bits` are those of a double, to be converted to the variable's type.
  bool isDouble = false;
  const Variable *variable = nullptr;
  const Function *function = nullptr;
  /// `0xFF00(symbol)`: only these bits, shifted down. 0 means all.
  uint64_t mask = 0;
};

enum class Space : uint8_t { Global, Const, Shared, Local, Param };

/// A variable of any state space, a parameter or a returned value.
struct Variable {
  std::string name;
  llvm::SMLoc loc;
  Space space = Space::Global;
  Type type = Type::B8;
  /// Of `.v2` and `.v4`; else 1.
  unsigned vectorSize = 1;
  /// The product of the dimensions. 0 for `[]`, an array of unknown size.
  uint64_t count = 1;
  uint64_t alignment = 1;
  bool isExternal = false;
  std::vector<InitialValue> initialValues;

  uint64_t getByteSize() const {
    return count * vectorSize * getByteWidth(type);
  }
};

struct Register {
  std::string name;
  Type type;
};

struct Operand {
  enum class Kind : uint8_t {
    /// `_`.
    Sink,
    Register,
    SpecialRegister,
    Immediate,
    /// The address of a variable, with an offset.
    Variable,
    Function,
    Label,
    /// `.branchtargets`, `.callprototype` or `.calltargets` by its label.
    Table,
    /// `[base+offset]` and `[base, element...]`: elements[0] is the base.
    Address,
    /// `{a, b}` and `(a, b)`.
    List,
    /// `%p|%q`.
    Pair
  };

  Kind kind = Kind::Sink;
  /// `!%p`.
  bool isNegated = false;
  /// The immediate is a number with a decimal point or `0d...`: a double's
  /// bits. `0f...` are a float's.
  bool isDouble = false, isSingle = false;
  llvm::SMLoc loc;
  /// Of Function::registers, Function::labels or Function::tables.
  unsigned index = 0;
  SpecialRegister special{};
  /// Of an immediate; the offset of an address or a variable.
  int64_t value = 0;
  const Variable *variable = nullptr;
  const Function *function = nullptr;
  std::vector<Operand> elements;

  bool is(Kind other) const { return kind == other; }
};

/// A place in the source that a debugger would show, from `.loc`.
struct DebugLocation {
  unsigned file = 0, line = 0, column = 0;
};

struct Instruction {
  llvm::SMLoc loc;
  /// Without the semicolon.
  llvm::StringRef text;
  llvm::StringRef opcode;
  MatchedForm form;
  /// The register that guards it, an index; none: -1.
  int guard = -1;
  bool guardNegated = false;
  std::vector<Operand> operands;
  DebugLocation debugLoc;

  bool has(llvm::StringRef modifier) const { return form.has(modifier); }
  llvm::StringRef get(llvm::StringRef group) const { return form.get(group); }
  /// The type that a group of modifiers names, which must be there.
  Type getType(llvm::StringRef group = "type") const {
    return *parseType(form.get(group));
  }
};

struct Label {
  std::string name;
  llvm::SMLoc loc;
  /// The instruction that follows.
  unsigned instruction = 0;
};

/// `.branchtargets`, `.callprototype` or `.calltargets`.
struct LabelTable {
  enum class Kind : uint8_t { BranchTargets, CallPrototype, CallTargets };
  Kind kind = Kind::BranchTargets;
  std::string name;
  llvm::SMLoc loc;
  /// Of BranchTargets, indices of labels.
  llvm::SmallVector<unsigned> labels;
  /// Of CallPrototype.
  std::vector<Variable> results, parameters;
};

/// What an entry promises about its launches; 0 where it says nothing.
struct PerformanceDirectives {
  std::array<unsigned, 3> maxThreads{}, requiredThreads{}, requiredCluster{};
  unsigned maxRegisters = 0, minCTAsPerSM = 0, maxClusterRank = 0;
  bool explicitCluster = false;
};

/// A kernel (`.entry`) or a device function (`.func`). Names are resolved:
/// operands refer to registers, labels and variables directly, scopes are gone.
struct Function {
  std::string name;
  llvm::SMLoc loc;
  bool isEntry = false;
  /// False for a prototype that no definition followed.
  bool hasBody = false;
  bool isNoReturn = false;
  PerformanceDirectives directives;
  std::deque<Variable> results, parameters;
  /// Declared in the body, in the spaces shared, local and param.
  std::deque<Variable> variables;
  std::vector<Register> registers;
  std::vector<Label> labels;
  std::vector<LabelTable> tables;
  std::vector<Instruction> instructions;
};

struct Module {
  std::unique_ptr<Source> source;
  unsigned majorVersion = 0, minorVersion = 0;
  /// `sm_90a`.
  std::string target;
  /// By the number that `.loc` uses.
  std::vector<std::pair<unsigned, std::string>> files;
  /// Stable in memory: operands point to them.
  std::deque<Variable> variables;
  std::deque<Function> functions;

  const Function *findFunction(llvm::StringRef name) const;
  /// The name of a file of `.loc`, empty if there is none of that number.
  llvm::StringRef getFileName(unsigned number) const;
};

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_AST_H
