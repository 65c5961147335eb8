//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_CPU_TRANSPOSETILES_H
#define BPT_LIB_TARGET_CPU_TRANSPOSETILES_H

#include "bpt/Target/CPU/VectorTarget.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::bpt {

/// Emits a copy on memrefs whose source is contiguous along another loop than
/// its destination, as square tiles that are transposed in registers. Fails,
/// and emits nothing, if `op` is not of that form.
LogicalResult emitTransposition(OpBuilder &b, linalg::LinalgOp op,
                                const VectorTarget &target);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_CPU_TRANSPOSETILES_H
