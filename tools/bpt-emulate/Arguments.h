//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_EMULATE_ARGUMENTS_H
#define BPT_TOOLS_BPT_EMULATE_ARGUMENTS_H

#include "bpt/Emulator/Runtime/TensorMap.h"
#include "bpt/Emulator/Translate/Module.h"
#include "bpt/ExecutionEngine/HostTensor.h"

namespace mlir::bpt::emulator {

/// A kernel's arguments, as the command line writes them:
///   @FILE.npy, 2x3xf32=1 2 3    a buffer in the device's memory
///   i32:5, u64:7, f32:1.5       a scalar
///   bytes:05000000              a structure
///   map:BUFFER;type=bf16;...    a tensor map over the buffer of an argument
/// Behind the parameters' further buffers may follow, which only maps refer to.
class Arguments {
public:
  /// Checks them against the parameters and allocates buffers.
  static llvm::Expected<Arguments> parse(llvm::ArrayRef<std::string> texts,
                                         const Kernel &kernel,
                                         DeviceMemory &memory);

  /// One pointer a parameter.
  std::vector<void *> getPointers();
  /// The buffer of an argument, with what the device's memory holds now.
  llvm::Expected<HostTensor> readBuffer(unsigned index) const;

private:
  struct Argument {
    std::vector<uint8_t> bytes;
    /// Of a buffer.
    std::optional<HostTensor> tensor;
    void *address = nullptr;
  };

  llvm::Error parseArgument(unsigned index, llvm::StringRef text,
                            DeviceMemory &memory);
  llvm::Error parseBuffer(unsigned index, llvm::StringRef text,
                          DeviceMemory &memory);
  llvm::Error parseScalar(Argument &argument, llvm::StringRef type,
                          llvm::StringRef value);
  llvm::Error parseTensorMap(Argument &argument, llvm::StringRef text);

  std::vector<Argument> arguments;
};

} // namespace mlir::bpt::emulator

#endif // BPT_TOOLS_BPT_EMULATE_ARGUMENTS_H
