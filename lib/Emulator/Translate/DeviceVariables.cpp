//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceVariables.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;

static bool isDeviceVariable(const ptx::Variable &variable) {
  return variable.space == ptx::Space::Global ||
         variable.space == ptx::Space::Const;
}

DeviceVariables::DeviceVariables(const ptx::Module &module,
                                 DeviceMemory &memory)
    : module(module), memory(memory) {
  // Between variables lies nothing that a kernel may touch.
  constexpr uint64_t kRedZone = 256;
  for (const ptx::Variable &variable : module.variables) {
    if (!isDeviceVariable(variable))
      continue;
    uint64_t bytes = variable.getByteSize();
    uint64_t whole = bytes + 2 * kRedZone + variable.alignment;
    storage.push_back(std::make_unique<uint8_t[]>(whole));
    uint64_t begin = llvm::alignTo(
        reinterpret_cast<uint64_t>(storage.back().get()) + kRedZone,
        variable.alignment);
    addresses[&variable] = begin;
    memory.adopt(reinterpret_cast<void *>(begin), bytes, variable.name,
                 variable.space == ptx::Space::Const);
  }
  for (const ptx::Variable &variable : module.variables)
    if (isDeviceVariable(variable))
      initialize(variable);
}

DeviceVariables::~DeviceVariables() {
  for (auto [variable, address] : addresses)
    memory.free(reinterpret_cast<void *>(address));
}

static void writeElement(uint64_t base, const ptx::Variable &variable,
                         size_t index, uint64_t bits) {
  unsigned bytes = getByteWidth(variable.type);
  std::memcpy(reinterpret_cast<uint8_t *>(base) + index * bytes, &bits,
              std::min<size_t>(bytes, sizeof(bits)));
}

static uint64_t applyMask(const ptx::InitialValue &value, uint64_t address) {
  if (!value.mask)
    return address;
  return (address & value.mask) >> llvm::countr_zero(value.mask);
}

void DeviceVariables::initialize(const ptx::Variable &variable) {
  uint64_t base = addresses.lookup(&variable);
  for (auto [i, value] : llvm::enumerate(variable.initialValues)) {
    uint64_t bits = value.bits;
    if (value.variable)
      bits = applyMask(value, addresses.lookup(value.variable) + value.bits);
    if (value.isDouble && getByteWidth(variable.type) == 4)
      bits = llvm::bit_cast<uint32_t>(
          static_cast<float>(llvm::bit_cast<double>(bits)));
    writeElement(base, variable, i, bits);
  }
}

llvm::Error DeviceVariables::writeFunctions(
    llvm::function_ref<llvm::Expected<uint64_t>(const ptx::Function &)>
        getAddress) {
  for (const ptx::Variable &variable : module.variables)
    for (auto [i, value] : llvm::enumerate(variable.initialValues)) {
      if (!value.function)
        continue;
      llvm::Expected<uint64_t> address = getAddress(*value.function);
      if (!address)
        return address.takeError();
      writeElement(addresses.lookup(&variable), variable, i,
                   applyMask(value, *address + value.bits));
    }
  return llvm::Error::success();
}
