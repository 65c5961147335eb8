//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedLayout.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using ptx::Function;
using ptx::Operand;
using ptx::Variable;

static void forEachOperand(const Operand &operand,
                           llvm::function_ref<void(const Operand &)> callback) {
  callback(operand);
  for (const Operand &element : operand.elements)
    forEachOperand(element, callback);
}

static void forEachOperand(const Function &function,
                           llvm::function_ref<void(const Operand &)> callback) {
  for (const ptx::Instruction &instruction : function.instructions)
    for (const Operand &operand : instruction.operands)
      forEachOperand(operand, callback);
}

static bool isStaticShared(const Operand &operand) {
  return operand.variable && operand.variable->space == ptx::Space::Shared &&
         !isDynamicShared(*operand.variable);
}

static void place(const Variable &variable,
                  llvm::DenseMap<const Variable *, uint64_t> &offsets,
                  uint64_t &bytes) {
  uint64_t offset = llvm::alignTo(bytes, variable.alignment);
  if (offsets.try_emplace(&variable, offset).second)
    bytes = offset + variable.getByteSize();
}

SharedLayout::SharedLayout(const ptx::Module &module) {
  for (const Variable &variable : module.variables)
    if (isDynamicShared(variable))
      dynamicAlignment = std::max(dynamicAlignment, variable.alignment);

  for (const Function &function : module.functions)
    if (!function.isEntry)
      forEachOperand(function, [&](const Operand &operand) {
        if (isStaticShared(operand))
          place(*operand.variable, common, commonBytes);
      });

  for (const Function &function : module.functions) {
    if (!function.isEntry)
      continue;
    bool calls = false;
    forEachOperand(function, [&](const Operand &operand) {
      calls |= operand.is(Operand::Kind::Function);
      calls |= isStaticShared(operand) && common.count(operand.variable);
    });
    uint64_t bytes = calls ? commonBytes : 0;
    Offsets &offsets = ofKernel[&function];
    forEachOperand(function, [&](const Operand &operand) {
      if (isStaticShared(operand) && !common.count(operand.variable))
        place(*operand.variable, offsets, bytes);
    });
    kernelBytes[&function] = bytes;
  }
}

uint64_t SharedLayout::getOffset(const Function &function,
                                 const Variable &variable) const {
  auto found = common.find(&variable);
  if (found != common.end())
    return found->second;
  return ofKernel.find(&function)->second.lookup(&variable);
}

uint64_t SharedLayout::getStaticBytes(const Function &kernel) const {
  return kernelBytes.lookup(&kernel);
}
