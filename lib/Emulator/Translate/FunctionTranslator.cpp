//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionTranslator.h"
#include "InstructionClass.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::Value;
using ptx::Operand;
using ptx::Type;

static const HandlerMap &getHandlers() {
  static const HandlerMap handlers = [] {
    HandlerMap map;
    addIntegerHandlers(map);
    addBitHandlers(map);
    addFloatHandlers(map);
    addConvertHandlers(map);
    addMemoryHandlers(map);
    addAtomicHandlers(map);
    addControlHandlers(map);
    addWarpHandlers(map);
    addBarrierHandlers(map);
    addAsyncHandlers(map);
    addMatrixHandlers(map);
    return map;
  }();
  return handlers;
}

ElementKind emulator::getElementKind(Type type) {
  switch (type) {
  case Type::B1:
    return ElementKind::B1;
  case Type::U4:
    return ElementKind::U4;
  case Type::S4:
    return ElementKind::S4;
  case Type::U8:
  case Type::B8:
    return ElementKind::U8;
  case Type::S8:
    return ElementKind::S8;
  case Type::U16:
    return ElementKind::U16;
  case Type::S16:
    return ElementKind::S16;
  case Type::B16:
    return ElementKind::B16;
  case Type::U32:
    return ElementKind::U32;
  case Type::S32:
    return ElementKind::S32;
  case Type::B32:
    return ElementKind::B32;
  case Type::U64:
    return ElementKind::U64;
  case Type::S64:
    return ElementKind::S64;
  case Type::B64:
    return ElementKind::B64;
  case Type::F16:
    return ElementKind::F16;
  case Type::BF16:
    return ElementKind::BF16;
  case Type::TF32:
    return ElementKind::TF32;
  case Type::F32:
    return ElementKind::F32;
  case Type::F64:
    return ElementKind::F64;
  case Type::E4M3:
  case Type::E4M3x2:
    return ElementKind::E4M3;
  case Type::E5M2:
  case Type::E5M2x2:
    return ElementKind::E5M2;
  case Type::F16x2:
    return ElementKind::F16x2;
  case Type::BF16x2:
    return ElementKind::BF16x2;
  default:
    llvm_unreachable("no instruction hands the runtime such a type");
  }
}

FunctionTranslator::FunctionTranslator(ModuleTranslator &module,
                                       const ptx::Function &function)
    : module(module), function(function),
      llvmFunction(module.getFunction(function)),
      b(module.llvmModule->getContext()), flow(function) {}

llvm::BasicBlock *FunctionTranslator::createBlock(const llvm::Twine &name) {
  return llvm::BasicBlock::Create(b.getContext(), name, llvmFunction);
}

llvm::AllocaInst *FunctionTranslator::createAlloca(llvm::Type *type,
                                                   unsigned count,
                                                   const llvm::Twine &name) {
  llvm::IRBuilder<> atEntry(entry, entry->begin());
  return atEntry.CreateAlloca(type, atEntry.getInt32(count), name);
}

/// A register that was never written reads as all ones, a NaN, every time. It
/// must not be undefined, on which the host's compiler would build.
void FunctionTranslator::createRegisters() {
  for (const ptx::Register &reg : function.registers) {
    llvm::IntegerType *type = getIntType(reg.type);
    llvm::AllocaInst *memory = createAlloca(type, 1, reg.name);
    registers.push_back(memory);
    b.CreateStore(llvm::Constant::getAllOnesValue(type), memory);
  }
}

void FunctionTranslator::createParameters() {
  if (!function.isEntry) {
    unsigned index = 0;
    for (const auto *list : {&function.results, &function.parameters})
      for (const ptx::Variable &variable : *list)
        variables[&variable] =
            b.CreatePtrToInt(llvmFunction->getArg(index++), b.getInt64Ty());
    return;
  }
  Value *base = b.CreatePtrToInt(llvmFunction->getArg(0), b.getInt64Ty());
  uint64_t offset = 0;
  for (const ptx::Variable &parameter : function.parameters) {
    offset = llvm::alignTo(offset, parameter.alignment);
    variables[&parameter] = b.CreateAdd(base, getInt64(offset));
    offset += parameter.getByteSize();
  }
}

/// Whether an instruction takes the address of a variable, other than to access
/// it or to pass it to a function.
static bool isAddressTaken(const ptx::Function &function,
                           const ptx::Variable &variable) {
  return llvm::any_of(
      function.instructions, [&](const ptx::Instruction &instruction) {
        return instruction.opcode != "call" &&
               llvm::any_of(instruction.operands, [&](const Operand &operand) {
                 return operand.variable == &variable;
               });
      });
}

/// The function's own variables: `.param` ones on the host's stack, where calls
/// find them, `.local` ones in a frame that the runtime watches. A parameter of
/// a device function whose address is taken is copied to local memory, as PTX
/// has it.
void FunctionTranslator::createVariables() {
  uint64_t localBytes = 0, localAlignment = 1;
  llvm::SmallVector<std::pair<const ptx::Variable *, uint64_t>> locals;
  auto addLocal = [&](const ptx::Variable &variable) {
    localBytes = llvm::alignTo(localBytes, variable.alignment);
    localAlignment = std::max(localAlignment, variable.alignment);
    locals.emplace_back(&variable, localBytes);
    localBytes += variable.getByteSize();
  };
  for (const ptx::Variable &variable : function.variables) {
    if (variable.space == ptx::Space::Param) {
      llvm::AllocaInst *memory =
          createAlloca(b.getInt8Ty(), variable.getByteSize(), variable.name);
      memory->setAlignment(llvm::Align(variable.alignment));
      variables[&variable] = b.CreatePtrToInt(memory, b.getInt64Ty());
    } else if (variable.space == ptx::Space::Local) {
      addLocal(variable);
    }
  }
  if (!function.isEntry)
    for (const ptx::Variable &parameter : function.parameters)
      if (isAddressTaken(function, parameter))
        addLocal(parameter);
  if (locals.empty())
    return;
  localFrame =
      call("bpt_emu_local_alloc", b.getInt64Ty(),
           {getInt32(localBytes), getInt32(localAlignment), getSite()});
  for (auto [variable, offset] : locals) {
    Value *address = b.CreateAdd(localFrame, getInt64(offset));
    if (Value *passed = variables.lookup(variable))
      b.CreateMemCpy(b.CreateIntToPtr(address, b.getPtrTy()),
                     llvm::Align(variable->alignment),
                     b.CreateIntToPtr(passed, b.getPtrTy()), llvm::Align(1),
                     variable->getByteSize());
    variables[variable] = address;
  }
}

llvm::Error FunctionTranslator::run() {
  entry = createBlock("entry");
  returnBlock = createBlock("return");
  b.SetInsertPoint(entry);
  // What the prologue does is reported at the function's first instruction.
  ptx::Instruction prologue;
  prologue.loc = function.loc;
  prologue.text = function.name;
  instruction = &prologue;
  createRegisters();
  createParameters();
  if (!function.isEntry)
    call("bpt_emu_stack_check", b.getVoidTy(), {getSite()});
  createVariables();
  for (unsigned i = 0, e = flow.blocks.size(); i != e; ++i)
    blocks.push_back(createBlock());
  b.CreateBr(blocks[0]);

  b.SetInsertPoint(returnBlock);
  if (localFrame)
    call("bpt_emu_local_free", b.getVoidTy(), {localFrame});
  b.CreateRetVoid();

  for (unsigned i = 0, e = blocks.size(); i != e && !failed; ++i)
    translateBlock(i);
  return std::move(error);
}

void FunctionTranslator::translateBlock(unsigned index) {
  blockIndex = index;
  b.SetInsertPoint(blocks[index]);
  const ptx::Block &block = flow.blocks[index];
  if (module.profile && block.begin != block.end) {
    InstructionCounts counts = {};
    for (unsigned i = block.begin; i != block.end; ++i)
      ++counts[static_cast<unsigned>(classify(function.instructions[i]))];
    uint32_t line = module.ptxModule.source->getLine(
        function.instructions[block.begin].loc);
    call("bpt_emu_block", b.getVoidTy(),
         {getInt32(module.addBlock(line, counts))});
  }
  for (unsigned i = block.begin; i != block.end && !failed; ++i)
    translateInstruction(function.instructions[i]);
  if (!failed && !b.GetInsertBlock()->getTerminator())
    b.CreateBr(getNextBlock());
}

llvm::BasicBlock *FunctionTranslator::getNextBlock() {
  return blockIndex + 1 == blocks.size() ? returnBlock : blocks[blockIndex + 1];
}

llvm::BasicBlock *FunctionTranslator::getLabelBlock(unsigned label) {
  return blocks[flow.getBlock(function, label)];
}

void FunctionTranslator::translateInstruction(const ptx::Instruction &next) {
  instruction = &next;
  site.reset();
  Handler handler = getHandlers().lookup(next.opcode);
  if (!handler)
    return fail("instruction '" + next.opcode + "' is not implemented");
  if (next.guard < 0)
    return handler(*this);

  Value *guard = b.CreateLoad(b.getInt1Ty(), registers[next.guard]);
  if (next.guardNegated)
    guard = b.CreateNot(guard);
  llvm::BasicBlock *taken = createBlock(), *behind = createBlock();
  b.CreateCondBr(guard, taken, behind);
  b.SetInsertPoint(taken);
  handler(*this);
  if (!b.GetInsertBlock()->getTerminator())
    b.CreateBr(behind);
  b.SetInsertPoint(behind);
}

Value *FunctionTranslator::fit(Value *value, unsigned bits, bool signExtend) {
  llvm::Type *type = value->getType();
  if (type->isFloatingPointTy())
    value = b.CreateBitCast(value, b.getIntNTy(type->getPrimitiveSizeInBits()));
  return signExtend ? b.CreateSExtOrTrunc(value, b.getIntNTy(bits))
                    : b.CreateZExtOrTrunc(value, b.getIntNTy(bits));
}

Value *FunctionTranslator::readImmediate(const Operand &operand, Type type) {
  uint64_t bits = operand.value;
  // A double where a float is meant, and the other way round.
  if (operand.isDouble && getBitWidth(type) == 32) {
    auto value = static_cast<float>(llvm::bit_cast<double>(bits));
    bits = llvm::bit_cast<uint32_t>(value);
  } else if (operand.isSingle && type == Type::F64) {
    double value = llvm::bit_cast<float>(static_cast<uint32_t>(bits));
    bits = llvm::bit_cast<uint64_t>(value);
  }
  return llvm::ConstantInt::get(getIntType(type), bits, /*IsSigned=*/false,
                                /*ImplicitTrunc=*/true);
}

/// The clocks go on; every other register keeps its value.
static bool isClock(ptx::SpecialRegister special) {
  return special >= ptx::SpecialRegister::Clock &&
         special <= ptx::SpecialRegister::Globaltimer;
}

Value *FunctionTranslator::read(const Operand &operand, Type type) {
  unsigned bits = getBitWidth(type);
  switch (operand.kind) {
  case Operand::Kind::Register: {
    llvm::AllocaInst *reg = registers[operand.index];
    return fit(b.CreateLoad(reg->getAllocatedType(), reg), bits);
  }
  case Operand::Kind::SpecialRegister: {
    Value *which = getEnum(operand.special);
    Value *value =
        isClock(operand.special)
            ? call("bpt_emu_special_register", b.getInt64Ty(), {which})
            : callPure("bpt_emu_special_register", b.getInt64Ty(), {which});
    return fit(value, bits);
  }
  case Operand::Kind::Immediate:
    return readImmediate(operand, type);
  case Operand::Kind::Variable: {
    Value *address = getVariableAddress(*operand.variable);
    return fit(b.CreateAdd(address, getInt64(operand.value)), bits);
  }
  case Operand::Kind::Function: {
    llvm::Function *target = module.getFunction(*operand.function);
    if (!target) {
      fail(operand.loc,
           "function '" + operand.function->name + "' has no body");
      return llvm::UndefValue::get(b.getIntNTy(bits));
    }
    return fit(b.CreatePtrToInt(target, b.getInt64Ty()), bits);
  }
  default:
    fail(operand.loc, "a register or a number is needed here");
    return llvm::UndefValue::get(b.getIntNTy(bits));
  }
}

llvm::SmallVector<Value *> FunctionTranslator::readList(const Operand &operand,
                                                        Type type) {
  if (!operand.is(Operand::Kind::List))
    return {read(operand, type)};
  llvm::SmallVector<Value *> values;
  for (const Operand &element : operand.elements)
    values.push_back(read(element, type));
  return values;
}

Value *FunctionTranslator::readPredicate(const Operand &operand) {
  Value *value;
  if (operand.is(Operand::Kind::Immediate))
    value = b.getInt1(operand.value != 0);
  else if (operand.is(Operand::Kind::SpecialRegister))
    value = b.CreateTrunc(read(operand, Type::B32), b.getInt1Ty());
  else
    value = b.CreateLoad(b.getInt1Ty(), registers[operand.index]);
  return operand.isNegated ? b.CreateNot(value) : value;
}

void FunctionTranslator::write(const Operand &operand, Value *value,
                               bool signExtend) {
  if (operand.is(Operand::Kind::Sink))
    return;
  if (!operand.is(Operand::Kind::Register))
    return fail(operand.loc, "a register to write is needed here");
  llvm::AllocaInst *reg = registers[operand.index];
  unsigned bits = reg->getAllocatedType()->getIntegerBitWidth();
  b.CreateStore(fit(value, bits, signExtend), reg);
}

void FunctionTranslator::writeList(const Operand &operand,
                                   llvm::ArrayRef<Value *> values,
                                   bool signExtend) {
  if (!operand.is(Operand::Kind::List))
    return write(operand, values.front(), signExtend);
  for (auto [element, value] : llvm::zip(operand.elements, values))
    write(element, value, signExtend);
}

Value *FunctionTranslator::readAddress(const Operand &operand) {
  Value *base = read(operand.elements.front(), Type::B64);
  if (operand.value == 0)
    return base;
  return b.CreateAdd(base, getInt64(operand.value));
}

Value *FunctionTranslator::getVariableAddress(const ptx::Variable &variable) {
  if (Value *address = variables.lookup(&variable))
    return address;
  if (isDynamicShared(variable))
    return callPure("bpt_emu_dynamic_shared", b.getInt64Ty(), {});
  if (variable.space == ptx::Space::Shared) {
    Value *base = callPure("bpt_emu_shared_base", b.getInt64Ty(), {});
    return b.CreateAdd(base,
                       getInt64(module.shared.getOffset(function, variable)));
  }
  return getInt64(module.getAddress(variable));
}

static llvm::CallInst *createCall(llvm::IRBuilder<> &b, llvm::Module &module,
                                  llvm::StringRef name, llvm::Type *result,
                                  llvm::ArrayRef<Value *> arguments) {
  llvm::SmallVector<llvm::Type *> types;
  for (Value *argument : arguments)
    types.push_back(argument->getType());
  llvm::FunctionCallee callee = module.getOrInsertFunction(
      name, llvm::FunctionType::get(result, types, /*isVarArg=*/false));
  llvm::CallInst *call = b.CreateCall(callee, arguments);
  call->addFnAttr(llvm::Attribute::NoUnwind);
  return call;
}

Value *FunctionTranslator::call(llvm::StringRef name, llvm::Type *result,
                                llvm::ArrayRef<Value *> arguments) {
  llvm::CallInst *instruction =
      createCall(b, *module.llvmModule, name, result, arguments);
  instruction->addFnAttr(llvm::Attribute::Convergent);
  return instruction;
}

Value *FunctionTranslator::callPure(llvm::StringRef name, llvm::Type *result,
                                    llvm::ArrayRef<Value *> arguments) {
  llvm::CallInst *instruction =
      createCall(b, *module.llvmModule, name, result, arguments);
  instruction->setMemoryEffects(llvm::MemoryEffects::none());
  instruction->addFnAttr(llvm::Attribute::WillReturn);
  return instruction;
}

Value *FunctionTranslator::getSite() {
  if (!site)
    site = module.addSite(*instruction);
  return getInt32(*site);
}

llvm::AllocaInst *FunctionTranslator::getScratch(llvm::StringRef name,
                                                 llvm::Type *type,
                                                 unsigned count) {
  unsigned bits = type->getPrimitiveSizeInBits();
  std::string key =
      (name + "." + llvm::Twine(bits) + "x" + llvm::Twine(count)).str();
  llvm::AllocaInst *&memory = scratch[key];
  if (!memory) {
    memory = createAlloca(type, count, key);
    memory->setAlignment(llvm::Align(16));
  }
  return memory;
}

Value *FunctionTranslator::storeScratch(llvm::StringRef name,
                                        llvm::ArrayRef<Value *> values) {
  llvm::Type *type = values.front()->getType();
  llvm::AllocaInst *memory = getScratch(name, type, values.size());
  for (auto [i, value] : llvm::enumerate(values))
    b.CreateStore(value, b.CreateConstGEP1_32(type, memory, i));
  return memory;
}

llvm::SmallVector<Value *> FunctionTranslator::loadScratch(Value *memory,
                                                           llvm::Type *type,
                                                           unsigned count) {
  llvm::SmallVector<Value *> values;
  for (unsigned i = 0; i != count; ++i)
    values.push_back(b.CreateLoad(type, b.CreateConstGEP1_32(type, memory, i)));
  return values;
}

Value *FunctionTranslator::getCarryFlag() {
  if (!carryFlag)
    carryFlag = createAlloca(b.getInt1Ty(), 1, "cc");
  return carryFlag;
}

void FunctionTranslator::fail(const llvm::Twine &message) {
  fail(instruction->loc, message);
}

void FunctionTranslator::fail(llvm::SMLoc loc, const llvm::Twine &message) {
  if (failed)
    return;
  failed = true;
  error = module.ptxModule.source->error(loc, message);
}
