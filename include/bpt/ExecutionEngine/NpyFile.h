//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_NPYFILE_H
#define BPT_EXECUTIONENGINE_NPYFILE_H

#include "bpt/ExecutionEngine/FileIO.h"
#include "bpt/ExecutionEngine/HostTensor.h"

namespace mlir::bpt {

/// Reads a NumPy array file of format version 1.0, 2.0 or 3.0: booleans,
/// integers and floats of either byte order, in C or Fortran order. The result
/// is row-major in native byte order; where the file is so already, its pages
/// are used in place.
llvm::Expected<HostTensor> readNpy(llvm::StringRef path);

/// Writes version 1.0, little endian, C order. NumPy has no bf16 and
/// no f8E4M3FN: an error.
llvm::Error writeNpy(AtomicFile &file, const HostTensor &tensor);

/// Whether `writeNpy` has a name for the type.
bool isNpyElementType(ElementType type);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_NPYFILE_H
