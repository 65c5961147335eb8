//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which buffers a function allocates, and how long each is needed.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_MEMORY_LIFETIMES_H
#define BPT_TARGET_MEMORY_LIFETIMES_H

#include "mlir/IR/Value.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::bpt {

/// The first and the last step of a life, in the order of the operations, those
/// inside of one between its two ends.
struct Lifetime {
  unsigned first = 0;
  unsigned last = 0;
};

/// What an operation allocates, or a call gives to be freed here.
struct LiveBuffer {
  Value buffer;
  Lifetime lifetime;
  unsigned scope = 0;
  /// The function returns it.
  bool isResult = false;
  /// Neither freed in its block nor returned, in a loop: there may be any
  /// number.
  bool isUnbounded = false;
};

struct CallSite {
  CallOpInterface call;
  Lifetime lifetime;
  unsigned scope = 0;
};

/// What is executed once, by one thread at a time: the function (the first),
/// and the body of every parallel loop, of which each thread executes its own.
struct ParallelScope {
  unsigned parent = 0;
  Lifetime lifetime;
};

struct FunctionBuffers {
  SmallVector<ParallelScope> scopes;
  SmallVector<LiveBuffer> buffers;
  SmallVector<CallSite> calls;
  unsigned numSteps = 0;
};

/// Of a function on memrefs that frees what it allocates. Fails for one with
/// branches between blocks.
FailureOr<FunctionBuffers> collectBuffers(FunctionOpInterface function);

} // namespace mlir::bpt

#endif // BPT_TARGET_MEMORY_LIFETIMES_H
