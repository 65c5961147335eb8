//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Repeats.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether the operation reads a tensor of the sequence at all rows for each
/// block of its own: attention, and its gradient.
static bool readsAllRows(BlockedOpInterface op) {
  return llvm::any_of(op.getBlockTable().operands, [](ArrayRef<DimRef> map) {
    auto has = [&](unsigned dim) {
      return llvm::any_of(map, [&](DimRef ref) { return ref.dim == dim; });
    };
    return has(/*dim=*/0) && map.size() > 1 && !has(kRowLoop);
  });
}

/// Whether there is a layer around the operation. What such an operation reads
/// exists as a whole tensor, and so does what one layer gives to the next;
/// elsewhere a function's boundary would store what blocks otherwise pass on.
static bool isHeartOfLayer(Operation *op) {
  if (auto blocked = dyn_cast<BlockedOpInterface>(op))
    return readsAllRows(blocked);
  auto call = dyn_cast<func::CallOp>(op);
  if (!call)
    return false;
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      call, call.getCalleeAttr());
  return callee && callee
                       .walk([](BlockedOpInterface nested) {
                         return readsAllRows(nested) ? WalkResult::interrupt()
                                                     : WalkResult::advance();
                       })
                       .wasInterrupted();
}

/// How much of a tensor there is. A size that is not known is taken for a long
/// one.
static double getWeight(Value value) {
  constexpr int64_t kUnknownSize = 1 << 16;
  double weight = 1;
  if (auto shaped = dyn_cast<ShapedType>(value.getType()))
    for (int64_t size : shaped.getShape())
      weight *= ShapedType::isDynamic(size) ? kUnknownSize : size;
  return weight;
}

namespace {
/// Whether two repeats, of the positions from `a` and `b` on, read the same
/// values of their own. What they read from outside may differ.
class Correspondence {
public:
  Correspondence(OpSequence &sequence, int64_t a, int64_t b)
      : sequence(sequence), a(a), b(b) {}

  bool holds(Value x, Value y) {
    auto [entry, isNew] = known.try_emplace({x, y}, false);
    if (!isNew)
      return entry->second;
    bool result = compute(x, y);
    known[{x, y}] = result;
    return result;
  }

private:
  bool compute(Value x, Value y) {
    if (x.getType() != y.getType())
      return false;
    bool isInside = sequence.getOrigin(x) >= a;
    if (isInside != (sequence.getOrigin(y) >= b))
      return false;
    if (!isInside && x == y)
      return true;
    Operation *left = x.getDefiningOp(), *right = y.getDefiningOp();
    if (isInside && sequence.find(left))
      return sequence.find(right) &&
             *sequence.find(left) - a == *sequence.find(right) - b &&
             cast<OpResult>(x).getResultNumber() ==
                 cast<OpResult>(y).getResultNumber();
    if (canRematerialize(x, y))
      return llvm::all_of(llvm::zip_equal(getReads(left), getReads(right)),
                          [&](auto pair) {
                            auto [read, other] = pair;
                            return holds(read->get(), other->get());
                          });
    auto isPassed = [](Operation *op) { return !op || !isView(op); };
    return !isInside && isPassed(left) && isPassed(right);
  }

  bool canRematerialize(Value x, Value y) {
    Operation *left = x.getDefiningOp(), *right = y.getDefiningOp();
    return left && right && sequence.isRematerialized(left) &&
           sequence.isRematerialized(right) && areEquivalent(left, right);
  }

  OpSequence &sequence;
  int64_t a, b;
  DenseMap<std::pair<Value, Value>, bool> known;
};

/// Positions [begin, end) at which every operation is equivalent to the one
/// `period` positions later, as far as there is one.
struct Run {
  int64_t begin, end, period;

  int64_t getNumSaved() const { return ((end - begin) / period - 1) * period; }
};

class RepeatFinder {
public:
  explicit RepeatFinder(OpSequence &sequence);

  /// Finds repeats in [begin, end).
  void find(int64_t begin, int64_t end, SmallVectorImpl<Repeats> &found);

private:
  SmallVector<Run> findRuns(int64_t begin, int64_t end) const;
  std::optional<Repeats> choose(const Run &run);
  SmallVector<double> getCosts(const Run &run) const;
  Repeats getLongest(int64_t begin, int64_t period, int64_t count);
  bool correspond(int64_t a, int64_t b, int64_t period);
  bool isChain(const Repeats &repeats);

  OpSequence &sequence;
  /// Of every operation, a number that equivalent ones share.
  SmallVector<int64_t> classes;
  /// How many operations before a position are hearts of layers, and how many
  /// become loops.
  SmallVector<int64_t> hearts{0}, loops{0};
};
} // namespace

/// Whether the operation can be in another function than its block's: buffers
/// may not outlive the function that allocates them.
static bool canMove(Operation *op) {
  return llvm::all_of(op->getResultTypes(), [](Type type) {
    return isa<RankedTensorType>(type) || type.isIntOrIndexOrFloat();
  });
}

RepeatFinder::RepeatFinder(OpSequence &sequence) : sequence(sequence) {
  DenseMap<size_t, SmallVector<int64_t>> firstOfHash;
  for (int64_t i = 0; i < sequence.size(); ++i) {
    Operation *op = sequence[i];
    hearts.push_back(hearts.back() + isHeartOfLayer(op));
    loops.push_back(loops.back() + isa<TilingInterface>(op));
    classes.push_back(i);
    if (!canMove(op))
      continue;
    size_t hash = OperationEquivalence::computeHash(
        op, OperationEquivalence::ignoreHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
    SmallVector<int64_t> &candidates = firstOfHash[hash];
    auto *same = llvm::find_if(candidates, [&](int64_t candidate) {
      return areEquivalent(sequence[candidate], op);
    });
    if (same == candidates.end())
      candidates.push_back(i);
    else
      classes.back() = *same;
  }
}

void RepeatFinder::find(int64_t begin, int64_t end,
                        SmallVectorImpl<Repeats> &found) {
  for (const Run &run : findRuns(begin, end)) {
    std::optional<Repeats> repeats = choose(run);
    if (!repeats)
      continue;
    find(begin, repeats->begin, found);
    found.push_back(*repeats);
    find(repeats->getEnd(), end, found);
    return;
  }
}

/// Runs that hold layers, those first that leave least to compile.
SmallVector<Run> RepeatFinder::findRuns(int64_t begin, int64_t end) const {
  SmallVector<Run> runs;
  for (int64_t period = 1; 2 * period <= end - begin; ++period) {
    int64_t first = begin;
    for (int64_t i = begin; i + period <= end; ++i) {
      if (i + period < end && classes[i] == classes[i + period])
        continue;
      // Of calls alone there is nothing to compile.
      if (i - first >= period && hearts[first + period] != hearts[first] &&
          loops[first + period] != loops[first])
        runs.push_back({first, i + period, period});
      first = i + 1;
    }
  }
  llvm::sort(runs, [](const Run &a, const Run &b) {
    return std::tuple(-a.getNumSaved(), a.period, a.begin) <
           std::tuple(-b.getNumSaved(), b.period, b.begin);
  });
  return runs;
}

/// For every position within a period, what is passed to the next repeat if
/// repeats begin there. What is read later than that is passed in any case.
SmallVector<double> RepeatFinder::getCosts(const Run &run) const {
  int64_t period = run.period;
  // Between repeats in the middle, where they are all alike.
  int64_t middle = run.begin + (run.end - run.begin) / period / 2 * period;
  SmallVector<double> changes(period + 1);
  for (int64_t i = middle - period; i < std::min(middle + period, run.end); ++i)
    for (Value result : sequence[i]->getResults()) {
      int64_t last = sequence.getLastRead(result);
      if (last > i + period)
        continue;
      int64_t from = std::clamp<int64_t>(i + 1 - middle, 0, period);
      int64_t to = std::clamp<int64_t>(last + 1 - middle, from, period);
      changes[from] += getWeight(result);
      changes[to] -= getWeight(result);
    }
  SmallVector<double> costs(period);
  double alive = 0;
  for (int64_t i = 0; i < period; ++i)
    costs[i] = alive += changes[i];
  return costs;
}

/// The repeats of a run that pass least to each other, the first of these.
std::optional<Repeats> RepeatFinder::choose(const Run &run) {
  SmallVector<double> costs = getCosts(run);
  SmallVector<int64_t> rotations = llvm::to_vector(llvm::seq<int64_t>(
      0, std::min(run.period, run.end - run.begin - 2 * run.period + 1)));
  llvm::sort(rotations, [&](int64_t x, int64_t y) {
    return std::pair(costs[x], x) < std::pair(costs[y], y);
  });
  for (int64_t rotation : rotations) {
    int64_t begin = run.begin + rotation;
    Repeats repeats =
        getLongest(begin, run.period, (run.end - begin) / run.period);
    if (repeats.count > 1 && isChain(repeats))
      return repeats;
  }
  return std::nullopt;
}

/// Most repeats in a row that correspond.
Repeats RepeatFinder::getLongest(int64_t begin, int64_t period, int64_t count) {
  Repeats longest{begin, period, 0}, current{begin, period, 0};
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = begin + i * period;
    if (current.count > 0 && !correspond(current.begin, position, period))
      current = {position, period, 0};
    ++current.count;
    if (current.count > longest.count)
      longest = current;
  }
  return longest;
}

bool RepeatFinder::correspond(int64_t a, int64_t b, int64_t period) {
  Correspondence correspondence(sequence, a, b);
  for (int64_t i = 0; i < period; ++i)
    for (auto [read, other] :
         llvm::zip_equal(getReads(sequence[a + i]), getReads(sequence[b + i])))
      if (!correspondence.holds(read->get(), other->get()))
        return false;
  return true;
}

/// Whether the second repeat reads what the first one gives.
bool RepeatFinder::isChain(const Repeats &repeats) {
  int64_t begin = repeats.begin, period = repeats.period;
  return llvm::any_of(
      llvm::seq(begin + period, begin + 2 * period), [&](int64_t i) {
        return llvm::any_of(getReads(sequence[i]), [&](OpOperand *read) {
          int64_t origin = sequence.getOrigin(read->get());
          return origin >= begin && origin < begin + period;
        });
      });
}

SmallVector<Repeats> bpt::findRepeats(OpSequence &sequence) {
  SmallVector<Repeats> found;
  RepeatFinder(sequence).find(0, sequence.size(), found);
  return found;
}
