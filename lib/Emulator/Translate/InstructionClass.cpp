//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InstructionClass.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using Class = InstructionClass;

/// Opcodes that are one class, whatever they work on.
static std::optional<Class> classifyOpcode(StringRef opcode) {
  return llvm::StringSwitch<std::optional<Class>>(opcode)
      .Cases({"ex2", "tanh"}, Class::Exponential)
      .Cases({"rcp", "rsqrt", "sqrt", "sin", "cos", "lg2"}, Class::Special)
      .Case("cvt", Class::Conversion)
      .Cases({"atom", "red"}, Class::Atomic)
      .Cases({"ldmatrix", "stmatrix", "movmatrix"}, Class::MatrixMove)
      .Case("mma", Class::Mma)
      .Cases({"shfl", "vote", "match", "redux", "elect", "activemask"},
             Class::WarpCollective)
      .Cases({"bar", "barrier", "mbarrier", "fence", "membar"},
             Class::Synchronization)
      .Cases({"bra", "brx", "call", "ret", "exit", "trap"}, Class::Branch)
      .Cases({"mov", "cvta", "isspacep", "mapa", "getctarank", "setmaxnreg",
              "griddepcontrol", "nanosleep", "pmevent", "brkpt"},
             Class::Other)
      .Cases({"prefetch", "prefetchu", "applypriority", "discard",
              "createpolicy", "tensormap"},
             Class::Other)
      .Default(std::nullopt);
}

static Class classifyAccess(const ptx::Instruction &instruction, bool isLoad) {
  StringRef space = instruction.get("space");
  if (space == "global" || space.empty())
    return isLoad ? Class::LoadGlobal : Class::StoreGlobal;
  if (space.starts_with("shared"))
    return isLoad ? Class::LoadShared : Class::StoreShared;
  return isLoad ? Class::LoadOther : Class::StoreOther;
}

static Class classifyArithmetic(const ptx::Instruction &instruction) {
  std::optional<ptx::Type> type = ptx::parseType(instruction.get("type"));
  if (!type || !isFloat(*type))
    return Class::Integer;
  if (*type == ptx::Type::F64)
    return Class::Double;
  if (*type != ptx::Type::F32)
    return Class::Half;
  return llvm::StringSwitch<Class>(instruction.opcode)
      .Cases({"add", "sub"}, Class::FloatAdd)
      .Case("mul", Class::FloatMul)
      .Cases({"fma", "mad"}, Class::FloatFma)
      .Case("div", Class::Special)
      .Default(Class::FloatOther);
}

InstructionClass emulator::classify(const ptx::Instruction &instruction) {
  StringRef opcode = instruction.opcode;
  if (opcode == "ld" || opcode == "ldu")
    return classifyAccess(instruction, /*isLoad=*/true);
  if (opcode == "st" && !instruction.has("async"))
    return classifyAccess(instruction, /*isLoad=*/false);
  if (opcode == "wgmma")
    return instruction.get("op") == "mma_async" ? Class::Wgmma
                                                : Class::Synchronization;
  if (opcode == "cp" || opcode == "st")
    return instruction.get("op").contains("_group") ||
                   instruction.get("op") == "wait_all"
               ? Class::Synchronization
               : Class::AsyncCopy;
  if (std::optional<Class> fixed = classifyOpcode(opcode))
    return *fixed;
  return classifyArithmetic(instruction);
}
