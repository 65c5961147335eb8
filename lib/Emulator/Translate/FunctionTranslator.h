//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_FUNCTIONTRANSLATOR_H
#define BPT_LIB_EMULATOR_TRANSLATE_FUNCTIONTRANSLATOR_H

#include "ModuleTranslator.h"
#include "bpt/Emulator/PTX/ControlFlow.h"
#include "bpt/Emulator/Runtime/ABI.h"
#include "llvm/IR/IRBuilder.h"

namespace mlir::bpt::emulator {

/// Translates one function. Registers become allocas of integers, whatever
/// they are declared as: PTX lets an instruction read a register under any
/// type of its width.
///
/// The instructions of a family are translated by free functions (Integer.cpp,
/// Float.cpp, ...), which read operands, build IR with `b` and write operands.
class FunctionTranslator {
public:
  FunctionTranslator(ModuleTranslator &module, const ptx::Function &function);

  llvm::Error run();

  /// The instruction that is translated.
  const ptx::Instruction &getInstruction() const { return *instruction; }
  const ptx::Operand &getOperand(unsigned index) const {
    return instruction->operands[index];
  }
  unsigned getNumOperands() const { return instruction->operands.size(); }
  bool has(llvm::StringRef modifier) const {
    return instruction->has(modifier);
  }
  llvm::StringRef get(llvm::StringRef slot) const {
    return instruction->get(slot);
  }
  ptx::Type getType(llvm::StringRef slot = "type") const {
    return instruction->getType(slot);
  }

  /// The bits of an operand, as an integer as wide as the type; of a register
  /// that is wider the low part.
  llvm::Value *read(const ptx::Operand &operand, ptx::Type type);
  llvm::Value *read(unsigned index, ptx::Type type) {
    return read(getOperand(index), type);
  }
  /// The bits of all elements of a list, or of the operand that stands for it.
  llvm::SmallVector<llvm::Value *> readList(const ptx::Operand &operand,
                                            ptx::Type type);
  llvm::Value *readPredicate(const ptx::Operand &operand);
  llvm::Value *readPredicate(unsigned index) {
    return readPredicate(getOperand(index));
  }

  /// Writes bits, a predicate or a float to a register; extends them where it
  /// is wider.
  void write(const ptx::Operand &operand, llvm::Value *value,
             bool signExtend = false);
  void write(unsigned index, llvm::Value *value, bool signExtend = false) {
    write(getOperand(index), value, signExtend);
  }
  void writeList(const ptx::Operand &operand,
                 llvm::ArrayRef<llvm::Value *> values, bool signExtend = false);

  /// The address in brackets, 64 bits.
  llvm::Value *readAddress(const ptx::Operand &operand);
  llvm::Value *readAddress(unsigned index) {
    return readAddress(getOperand(index));
  }
  /// Calls a function of the runtime.
  llvm::Value *call(llvm::StringRef name, llvm::Type *result,
                    llvm::ArrayRef<llvm::Value *> arguments);
  /// The same for one that only computes a value from its arguments.
  llvm::Value *callPure(llvm::StringRef name, llvm::Type *result,
                        llvm::ArrayRef<llvm::Value *> arguments);
  /// The number of the instruction in the table of sites.
  llvm::Value *getSite();

  llvm::Constant *getInt32(uint64_t value) { return b.getInt32(value); }
  llvm::Constant *getInt64(uint64_t value) { return b.getInt64(value); }
  template <typename Enum> llvm::Constant *getEnum(Enum value) {
    return b.getInt32(static_cast<uint32_t>(value));
  }
  llvm::IntegerType *getIntType(ptx::Type type) {
    return b.getIntNTy(ptx::getBitWidth(type));
  }

  /// Memory of the function's frame for a call's arguments or results; the
  /// same for every call with the same name.
  llvm::AllocaInst *getScratch(llvm::StringRef name, llvm::Type *type,
                               unsigned count);
  llvm::Value *storeScratch(llvm::StringRef name,
                            llvm::ArrayRef<llvm::Value *> values);
  llvm::SmallVector<llvm::Value *>
  loadScratch(llvm::Value *scratch, llvm::Type *type, unsigned count);

  /// The flag of `.cc`.
  llvm::Value *getCarryFlag();

  llvm::BasicBlock *createBlock(const llvm::Twine &name = "");
  /// The block of a label.
  llvm::BasicBlock *getLabelBlock(unsigned label);
  /// Where control goes behind the instruction's block.
  llvm::BasicBlock *getNextBlock();
  /// Where control goes to return from the function.
  llvm::BasicBlock *getReturnBlock() { return returnBlock; }
  llvm::Value *getVariableAddress(const ptx::Variable &variable);

  /// An error at the instruction or at an operand; the first counts.
  void fail(const llvm::Twine &message);
  void fail(llvm::SMLoc loc, const llvm::Twine &message);

  ModuleTranslator &module;
  const ptx::Function &function;
  llvm::Function *llvmFunction;
  llvm::IRBuilder<> b;

private:
  void createRegisters();
  void createVariables();
  void createParameters();
  void translateBlock(unsigned index);
  void translateInstruction(const ptx::Instruction &next);
  llvm::Value *readImmediate(const ptx::Operand &operand, ptx::Type type);
  llvm::Value *fit(llvm::Value *value, unsigned bits, bool signExtend = false);
  llvm::AllocaInst *createAlloca(llvm::Type *type, unsigned count,
                                 const llvm::Twine &name);

  ptx::ControlFlow flow;
  const ptx::Instruction *instruction = nullptr;
  unsigned blockIndex = 0;
  std::vector<llvm::AllocaInst *> registers;
  std::vector<llvm::BasicBlock *> blocks;
  llvm::DenseMap<const ptx::Variable *, llvm::Value *> variables;
  llvm::StringMap<llvm::AllocaInst *> scratch;
  llvm::AllocaInst *carryFlag = nullptr;
  /// The frame of `.local` variables, if there are any.
  llvm::Value *localFrame = nullptr;
  llvm::BasicBlock *entry = nullptr, *returnBlock = nullptr;
  std::optional<uint32_t> site;
  bool failed = false;
  llvm::Error error = llvm::Error::success();
};

/// How the runtime calls a type.
ElementKind getElementKind(ptx::Type type);

/// Translates the current instruction.
using Handler = void (*)(FunctionTranslator &);
using HandlerMap = llvm::StringMap<Handler>;

/// The handlers of the opcodes of a family.
void addIntegerHandlers(HandlerMap &handlers);
void addBitHandlers(HandlerMap &handlers);
void addFloatHandlers(HandlerMap &handlers);
void addConvertHandlers(HandlerMap &handlers);
void addMemoryHandlers(HandlerMap &handlers);
void addAtomicHandlers(HandlerMap &handlers);
void addControlHandlers(HandlerMap &handlers);
void addWarpHandlers(HandlerMap &handlers);
void addBarrierHandlers(HandlerMap &handlers);
void addAsyncHandlers(HandlerMap &handlers);
void addMatrixHandlers(HandlerMap &handlers);

/// Opcodes whose integer and floating-point forms are translated apart.
void translateIntegerArithmetic(FunctionTranslator &t);
void translateFloatArithmetic(FunctionTranslator &t);
void translateIntegerComparison(FunctionTranslator &t);
void translateFloatComparison(FunctionTranslator &t);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_FUNCTIONTRANSLATOR_H
