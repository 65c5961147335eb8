//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Moves the last product of an iteration into the next one, where it runs while
// that computes on what its first product gives. Products that only add to what
// the loop carries stay where they are, but their tiles are released behind
// those of the next iteration, so that one runs when the other is started.
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
class LoopRotator {
public:
  explicit LoopRotator(scf::ForOp loop)
      : loop(loop), body(*loop.getBody()), b(loop), loc(loop.getLoc()) {}

  /// Whether the loop has been rotated.
  bool run();
  /// Whether the products of an iteration run during the next one.
  bool keepsProducts() const { return numKept != 0; }

private:
  bool findLate();
  bool findLateReleases();
  bool findCrossing();
  bool dependsOnLate(Operation *op);
  /// Everything of an iteration but what is late, with what is late of the
  /// iteration before behind the first product if `previous` is given.
  void cloneEarly(IRMapping &mapping, IRMapping *previous);
  /// What is late, but for releases, of the iteration that `mapping` is of.
  void cloneLate(IRMapping &mapping);
  void cloneReleases(IRMapping &mapping, int64_t pending = 0);
  bool isReadLate(Value ring);
  Value cloneScalar(Value value, IRMapping &mapping);
  SmallVector<Value> rotate();

  scf::ForOp loop;
  Block &body;
  OpBuilder b;
  Location loc;
  /// Positions of the results that late products give.
  SmallVector<unsigned> lateResults;
  /// Late operations in order; those of them that release tiles.
  SetVector<Operation *> late;
  /// Tiles that pass from an iteration to its late operations.
  SetVector<Value> crossing;
  /// Products of an iteration that run when its tiles are not released yet.
  int64_t numKept = 0;
};
} // namespace

bool LoopRotator::findLate() {
  for (auto [i, value] : llvm::enumerate(loop.getYieldedValues())) {
    auto product = value.getDefiningOp<vector::ContractionOp>();
    if (!product || product->getBlock() != &body || !value.hasOneUse())
      continue;
    lateResults.push_back(i);
    late.insert(product);
  }
  if (late.empty())
    return false;
  auto isForLate = [&](Value value) {
    return llvm::all_of(value.getUsers(),
                        [&](Operation *user) { return late.contains(user); });
  };
  SetVector<Value> ringsOfLate;
  for (Operation *product : llvm::to_vector(late))
    for (Value operand : product->getOperands()) {
      auto read = operand.getDefiningOp<vector::TransferReadOp>();
      if (!read || read->getBlock() != &body || !isForLate(operand))
        continue;
      late.insert(read);
      auto acquire = read.getBase().getDefiningOp<tile::AcquireOp>();
      if (!acquire || acquire->getBlock() != &body ||
          !isForLate(acquire.getTile()))
        continue;
      late.insert(acquire);
      ringsOfLate.insert(acquire.getRing());
    }
  for (auto release : body.getOps<tile::ReleaseOp>())
    if (ringsOfLate.contains(release.getRing()))
      late.insert(release);
  // Masks need registers of their own, which are not there then.
  if (llvm::any_of(body.getOps<arith::SelectOp>(), [](arith::SelectOp select) {
        return isa<VectorType>(select.getCondition().getType());
      }))
    return false;
  // In the order of the program.
  SetVector<Operation *> ordered;
  for (Operation &op : body)
    if (late.contains(&op))
      ordered.insert(&op);
  late = ordered;
  // Something else must be multiplied meanwhile.
  return llvm::any_of(body.getOps<vector::ContractionOp>(),
                      [&](auto product) { return !late.contains(product); });
}

/// Whether a product adds tiles of rings, which no other iteration has, to what
/// the loop carries, and nothing else reads the sum.
static bool isSumOfTiles(vector::ContractionOp product, scf::ForOp loop) {
  auto isTile = [&](Value factor) {
    auto read = factor.getDefiningOp<vector::TransferReadOp>();
    auto acquire =
        read ? read.getBase().getDefiningOp<tile::AcquireOp>() : nullptr;
    return acquire && acquire->getBlock() == loop.getBody();
  };
  auto sum = dyn_cast<BlockArgument>(product.getAcc());
  return sum && sum.getOwner() == loop.getBody() && sum.hasOneUse() &&
         product->hasOneUse() &&
         loop.getTiedLoopYieldedValue(sum)->get() == product.getResult() &&
         isTile(product.getLhs()) && isTile(product.getRhs());
}

bool LoopRotator::findLateReleases() {
  lateResults.clear();
  late.clear();
  crossing.clear();
  for (Operation &op : body.without_terminator()) {
    if (auto product = dyn_cast<vector::ContractionOp>(op)) {
      if (!isSumOfTiles(product, loop))
        return false;
      ++numKept;
    } else if (isa<tile::ReleaseOp>(op)) {
      late.insert(&op);
    } else if (!isa<tile::AcquireOp, vector::TransferReadOp>(op) &&
               !(isPure(&op) && op.getNumRegions() == 0)) {
      return false;
    }
  }
  return numKept != 0 && !late.empty();
}

bool LoopRotator::findCrossing() {
  SmallVector<Value> work;
  for (Operation *op : late)
    for (Value operand : op->getOperands())
      work.push_back(operand);
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (value.getParentBlock() != &body || value == loop.getInductionVar())
      continue;
    Operation *op = value.getDefiningOp();
    if (op && late.contains(op))
      continue;
    if (isa<VectorType>(value.getType()) &&
        !isa_and_present<arith::ConstantOp>(op)) {
      // What is multiplied from workgroup memory is in no register.
      if (isa_and_present<vector::TransferReadOp>(op))
        return false;
      crossing.insert(value);
      continue;
    }
    // Numbers are computed again.
    if (!op || !isPure(op) || op->getNumRegions() != 0)
      return false;
    llvm::append_range(work, op->getOperands());
  }
  // The first product must not wait for the late ones.
  auto first = *llvm::find_if(
      body.getOps<vector::ContractionOp>(),
      [&](vector::ContractionOp product) { return !late.contains(product); });
  return !dependsOnLate(first);
}

bool LoopRotator::dependsOnLate(Operation *op) {
  SetVector<Value> seen;
  SmallVector<Operation *> work = {op};
  while (!work.empty()) {
    Operation *next = work.pop_back_val();
    bool isLate = false;
    next->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        if (operand.getParentBlock() != &body || !seen.insert(operand))
          continue;
        if (Operation *def = operand.getDefiningOp())
          work.push_back(def);
        else
          isLate |= llvm::any_of(lateResults, [&](unsigned i) {
            return operand == loop.getRegionIterArg(i);
          });
      }
    });
    if (isLate)
      return true;
  }
  return false;
}

Value LoopRotator::cloneScalar(Value value, IRMapping &mapping) {
  if (mapping.contains(value) || value.getParentBlock() != &body)
    return mapping.lookupOrDefault(value);
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    cloneScalar(operand, mapping);
  b.clone(*op, mapping);
  return mapping.lookup(value);
}

void LoopRotator::cloneLate(IRMapping &mapping) {
  for (Operation *op : late) {
    for (Value operand : op->getOperands())
      if (!isa<VectorType, MemRefType>(operand.getType()) ||
          isa_and_present<arith::ConstantOp>(operand.getDefiningOp()))
        cloneScalar(operand, mapping);
    if (!isa<tile::ReleaseOp>(op))
      b.clone(*op, mapping);
  }
}

void LoopRotator::cloneReleases(IRMapping &mapping, int64_t pending) {
  for (Operation *op : late)
    if (isa<tile::ReleaseOp>(op))
      cast<tile::ReleaseOp>(b.clone(*op, mapping)).setPending(pending);
}

bool LoopRotator::isReadLate(Value ring) {
  return llvm::any_of(late, [&](Operation *op) {
    auto read = dyn_cast<vector::TransferReadOp>(op);
    auto acquire =
        read ? read.getBase().getDefiningOp<tile::AcquireOp>() : nullptr;
    return acquire && acquire.getRing() == ring;
  });
}

void LoopRotator::cloneEarly(IRMapping &mapping, IRMapping *previous) {
  bool isStarted = false, isReleased = false;
  for (Operation &op : body.without_terminator()) {
    if (late.contains(&op))
      continue;
    bool usesLate = previous && dependsOnLate(&op);
    b.clone(op, mapping);
    if (previous && !isStarted && isa<vector::ContractionOp>(op)) {
      cloneLate(*previous);
      for (unsigned i : lateResults)
        mapping.map(loop.getRegionIterArg(i),
                    previous->lookup(loop.getYieldedValues()[i]));
      isStarted = true;
    }
    // Where its result is used a product is over anyway.
    if (usesLate && !isReleased) {
      cloneReleases(*previous);
      isReleased = true;
    }
  }
  if (previous && !isReleased)
    cloneReleases(*previous, numKept);
}

SmallVector<Value> LoopRotator::rotate() {
  Value iv = loop.getInductionVar(), first = loop.getLowerBound();
  Value step = loop.getStep();
  auto isLateResult = [&](unsigned i) {
    return llvm::is_contained(lateResults, i);
  };
  // The first iteration, but for its late products.
  IRMapping prologue;
  prologue.map(iv, first);
  prologue.map(loop.getRegionIterArgs(), loop.getInitArgs());
  cloneEarly(prologue, nullptr);
  auto collect = [&](IRMapping &mapping) {
    SmallVector<Value> values;
    for (auto [i, value] : llvm::enumerate(loop.getYieldedValues()))
      if (!isLateResult(i))
        values.push_back(mapping.lookupOrDefault(value));
    for (Value value : crossing)
      values.push_back(mapping.lookupOrDefault(value));
    return values;
  };
  Value second = b.createOrFold<arith::AddIOp>(loc, first, step);
  auto rotated = scf::ForOp::create(b, loc, second, loop.getUpperBound(), step,
                                    collect(prologue));
  auto bind = [&](IRMapping &early, IRMapping &previous, ValueRange values) {
    unsigned next = 0;
    for (unsigned i = 0; i < loop.getNumResults(); ++i)
      if (!isLateResult(i))
        early.map(loop.getRegionIterArg(i), values[next++]);
    for (Value value : crossing)
      previous.map(value, values[next++]);
  };
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(rotated.getBody());
    IRMapping early, previous;
    bind(early, previous, rotated.getRegionIterArgs());
    Value now = rotated.getInductionVar();
    early.map(iv, now);
    previous.map(iv, b.createOrFold<arith::SubIOp>(loc, now, step));
    cloneEarly(early, &previous);
    scf::YieldOp::create(b, loc, collect(early));
  }
  // What only early products have read is free before the last late ones run.
  while (loop.getStaticTripCount()) {
    auto release = dyn_cast_or_null<tile::ReleaseOp>(loop->getNextNode());
    if (!release || isReadLate(release.getRing()))
      break;
    release->moveBefore(loop);
  }
  // The late products of the last iteration.
  IRMapping results, last;
  bind(results, last, rotated.getResults());
  Value length =
      b.createOrFold<arith::SubIOp>(loc, loop.getUpperBound(), first);
  Value count = b.createOrFold<arith::CeilDivUIOp>(loc, length, step);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  count = b.createOrFold<arith::SubIOp>(loc, count, one);
  Value distance = b.createOrFold<arith::MulIOp>(loc, count, step);
  last.map(iv, b.createOrFold<arith::AddIOp>(loc, first, distance));
  cloneLate(last);
  cloneReleases(last);
  SmallVector<Value> values;
  for (unsigned i = 0; i < loop.getNumResults(); ++i)
    values.push_back(isLateResult(i)
                         ? last.lookup(loop.getYieldedValues()[i])
                         : results.lookup(loop.getRegionIterArg(i)));
  return values;
}

bool LoopRotator::run() {
  // One iteration has none to overlap with.
  std::optional<APInt> tripCount = loop.getStaticTripCount();
  if (tripCount && tripCount->ult(2))
    return false;
  if (!(findLate() && findCrossing()) && !findLateReleases())
    return false;
  if (tripCount) {
    loop.replaceAllUsesWith(rotate());
    loop.erase();
    return true;
  }
  Value runs =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                            loop.getLowerBound(), loop.getUpperBound());
  auto branch = scf::IfOp::create(b, loc, loop.getResultTypes(), runs,
                                  /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, loc, rotate());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, loop.getInitArgs());
  loop.replaceAllUsesWith(branch.getResults());
  loop.erase();
  return true;
}

OverlappedLoops bpt::overlapProducts(gpu::GPUFuncOp program) {
  SmallVector<scf::ForOp> loops;
  program.walk([&](tile::WarpRolesOp roles) {
    roles.getConsumer().walk([&](scf::ForOp loop) { loops.push_back(loop); });
  });
  OverlappedLoops overlapped;
  for (scf::ForOp loop : loops) {
    LoopRotator rotator(loop);
    if (rotator.run())
      ++(rotator.keepsProducts() ? overlapped.kept : overlapped.moved);
  }
  return overlapped;
}
