//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_SHAREDLAYOUT_H
#define BPT_LIB_EMULATOR_TRANSLATE_SHAREDLAYOUT_H

#include "bpt/Emulator/PTX/AST.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::bpt::emulator {

/// Where the static .shared variables lie in a CTA's window. A kernel has only
/// those that it or a function it may call refers to. Variables of device
/// functions have one place in all kernels, since a function is translated
/// once.
class SharedLayout {
public:
  explicit SharedLayout(const ptx::Module &module);

  /// The offset of a variable, in code of `function`.
  uint64_t getOffset(const ptx::Function &function,
                     const ptx::Variable &variable) const;
  uint64_t getStaticBytes(const ptx::Function &kernel) const;
  /// Of the `extern` arrays without size.
  uint64_t getDynamicAlignment() const { return dynamicAlignment; }

private:
  using Offsets = llvm::DenseMap<const ptx::Variable *, uint64_t>;

  /// Of what device functions refer to.
  Offsets common;
  uint64_t commonBytes = 0;
  llvm::DenseMap<const ptx::Function *, Offsets> ofKernel;
  llvm::DenseMap<const ptx::Function *, uint64_t> kernelBytes;
  uint64_t dynamicAlignment = 16;
};

/// An array of dynamic shared memory.
inline bool isDynamicShared(const ptx::Variable &variable) {
  return variable.space == ptx::Space::Shared && variable.isExternal;
}

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_SHAREDLAYOUT_H
