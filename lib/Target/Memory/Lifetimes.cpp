//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Memory/Lifetimes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
class Collector {
public:
  explicit Collector(FunctionOpInterface function) : function(function) {}

  FailureOr<FunctionBuffers> run() {
    result.scopes.emplace_back();
    if (failed(number(function, /*scope=*/0)))
      return failure();
    result.numSteps = nextStep;
    result.scopes.front().lifetime = {0, nextStep};
    for (memref::AllocOp alloc : allocs)
      add(alloc);
    for (const CallSite &site : result.calls)
      for (Value value : site.call->getResults())
        if (isa<BaseMemRefType>(value.getType()))
          add(value);
    return std::move(result);
  }

private:
  /// Numbers the operations, those inside of one between its own two numbers.
  LogicalResult number(Operation *op, unsigned scope) {
    unsigned first = nextStep++;
    scopes[op] = scope;
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      allocs.push_back(alloc);
    unsigned inner = scope;
    if (op->hasTrait<OpTrait::HasParallelRegion>() ||
        isa<omp::ParallelOp>(op)) {
      inner = result.scopes.size();
      result.scopes.push_back({scope, {}});
    }
    for (Region &region : op->getRegions()) {
      if (region.empty())
        continue;
      if (!region.hasOneBlock())
        return failure();
      for (Operation &child : region.front())
        if (failed(number(&child, inner)))
          return failure();
    }
    spans[op] = {first, nextStep++};
    if (inner != scope)
      result.scopes[inner].lifetime = spans[op];
    if (auto call = dyn_cast<CallOpInterface>(op))
      result.calls.push_back({call, spans[op], scope});
    return success();
  }

  void add(Value buffer) {
    Operation *op = buffer.getDefiningOp();
    LiveBuffer live{buffer, {spans[op].last, nextStep}, scopes[op]};
    if (Operation *dealloc = findDealloc(buffer))
      live.lifetime.last = spans[dealloc].first;
    else if (isReturned(buffer))
      live.isResult = true;
    else
      live.isUnbounded = op->getParentOp() != function;
    result.buffers.push_back(live);
  }

  /// The only operation that frees the buffer, in its block.
  static Operation *findDealloc(Value buffer) {
    Operation *dealloc = nullptr;
    for (Operation *user : buffer.getUsers())
      if (isa<memref::DeallocOp>(user)) {
        if (dealloc || user->getBlock() != buffer.getParentBlock())
          return nullptr;
        dealloc = user;
      }
    return dealloc;
  }

  bool isReturned(Value buffer) {
    SmallVector<Value> views{buffer};
    while (!views.empty())
      for (Operation *user : views.pop_back_val().getUsers()) {
        if (user->getParentOp() == function &&
            user->hasTrait<OpTrait::ReturnLike>())
          return true;
        if (isa<ViewLikeOpInterface>(user))
          llvm::append_range(views, user->getResults());
      }
    return false;
  }

  FunctionOpInterface function;
  FunctionBuffers result;
  SmallVector<memref::AllocOp> allocs;
  DenseMap<Operation *, Lifetime> spans;
  DenseMap<Operation *, unsigned> scopes;
  unsigned nextStep = 0;
};
} // namespace

FailureOr<FunctionBuffers> bpt::collectBuffers(FunctionOpInterface function) {
  return Collector(function).run();
}
