//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_PTX_BODYPARSER_H
#define BPT_LIB_EMULATOR_PTX_BODYPARSER_H

#include "ParserBase.h"

namespace mlir::bpt::ptx {

/// Parses the bodies of functions and resolves the names in them.
class BodyParser : public ParserBase {
protected:
  using ParserBase::ParserBase;

  /// After the opening brace, up to the closing one.
  llvm::LogicalResult parseBody(Function &function);

  ModuleNames names;

private:
  /// A block `{ }`, which has registers, variables and labels of its own.
  struct Scope {
    int parent = -1;
    llvm::StringMap<unsigned> registers;
    llvm::StringMap<const Variable *> variables;
    llvm::StringMap<unsigned> labels;
    llvm::StringMap<unsigned> tables;
  };

  /// A label's name where it is used, perhaps before its definition.
  struct LabelUse {
    llvm::StringRef name;
    llvm::SMLoc loc;
    int scope;
  };

  llvm::LogicalResult parseStatement();
  llvm::LogicalResult parseDirective();
  llvm::LogicalResult parseRegisters();
  llvm::LogicalResult parseLocalVariables(Space space);
  llvm::LogicalResult parseLabel(const Token &name);
  llvm::LogicalResult parseTable(LabelTable::Kind kind, const Token &label);
  llvm::LogicalResult parseInstruction();
  llvm::LogicalResult parseGuard(Instruction &instruction);
  llvm::LogicalResult parseOperands(Instruction &instruction);
  llvm::LogicalResult parseOperand(Operand &operand);
  llvm::LogicalResult parseAddress(Operand &operand);
  llvm::LogicalResult parseList(Operand &operand, char close);
  llvm::LogicalResult parseName(Operand &operand);
  llvm::LogicalResult parseOffset(Operand &operand);
  llvm::LogicalResult matchForm(Instruction &instruction,
                                llvm::ArrayRef<Token> modifiers);
  llvm::LogicalResult resolveLabels();

  template <typename Value>
  const Value *lookup(llvm::StringMap<Value> Scope::*map, llvm::StringRef name,
                      int scope) const;
  unsigned addLabelUse(const Token &name);

  Function *function = nullptr;
  std::vector<Scope> scopes;
  int scope = 0;
  std::vector<LabelUse> labelUses;
  DebugLocation debugLoc;
  /// Whether names that are not declared are labels: in `bra` and `brx`.
  bool namesLabels = false;
};

} // namespace mlir::bpt::ptx

#endif // BPT_LIB_EMULATOR_PTX_BODYPARSER_H
