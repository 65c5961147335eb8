//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_DEVICEVARIABLES_H
#define BPT_LIB_EMULATOR_TRANSLATE_DEVICEVARIABLES_H

#include "ModuleTranslator.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::bpt::emulator {

/// The .global and .const variables of a module, with their initial values, in
/// the device's memory.
class DeviceVariables {
public:
  DeviceVariables(const ptx::Module &module, DeviceMemory &memory);
  ~DeviceVariables();

  const VariableAddresses &getAddresses() const { return addresses; }

  /// Writes the addresses of functions into the variables that are initialised
  /// with them.
  llvm::Error writeFunctions(
      llvm::function_ref<llvm::Expected<uint64_t>(const ptx::Function &)>
          getAddress);

private:
  void initialize(const ptx::Variable &variable);

  const ptx::Module &module;
  DeviceMemory &memory;
  VariableAddresses addresses;
  std::vector<std::unique_ptr<uint8_t[]>> storage;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_DEVICEVARIABLES_H
