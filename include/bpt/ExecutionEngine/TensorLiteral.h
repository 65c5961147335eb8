//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_TENSORLITERAL_H
#define BPT_EXECUTIONENGINE_TENSORLITERAL_H

#include "bpt/ExecutionEngine/HostTensor.h"

namespace mlir::bpt {

/// Parses a tensor written on the command line:
///
///   2x3xf32=1 2 3 4 5 6          the elements in row-major order; spaces or
///                                commas between them
///   f32=1.5                      rank 0
///   0x4xf32=                     no elements
///   1x128x768xf32=random:SEED    see fillRandom
///   1x128xi32=random:SEED:0:100  in [0, 100)
///   4xf32=splat:0                all elements alike
///
/// Element types are those of ElementType; floats take `inf`, `-inf`, `nan`;
/// integers that do not fit are an error.
llvm::Expected<HostTensor> parseTensorLiteral(llvm::StringRef text);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_TENSORLITERAL_H
