//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Repeats.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_OUTLINEREPEATSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Makes a function of one of the repeats and calls of all of them.
class Outliner {
public:
  Outliner(OpSequence &sequence, const Repeats &repeats, func::FuncOp caller)
      : sequence(sequence), repeats(repeats), caller(caller),
        builder(caller.getContext()), after(repeats.count) {}

  func::FuncOp run(SymbolTable &symbols) {
    func::FuncOp function = makeFunction(symbols);
    replaceSizes();
    recomputeOutside();
    addResults();
    setType(function);
    replaceRepeats(function);
    return function;
  }

private:
  /// A value of every repeat, in their order.
  using Values = SmallVector<Value>;

  int64_t getBegin(int64_t repeat) const {
    return repeats.begin + repeat * repeats.period;
  }
  Operation *getOp(int64_t repeat, int64_t index) const {
    return sequence[getBegin(repeat) + index];
  }
  /// Whether something that is no repeat reads the value.
  bool isReadOutside(Value value) const {
    return sequence.isReadOutside(value, repeats.begin, repeats.getEnd());
  }

  func::FuncOp makeFunction(SymbolTable &symbols);
  void cloneOp(int64_t index);
  void cloneReads(Operation *clone, ArrayRef<Operation *> originals);
  Value getValue(const Values &values);
  Value computeValue(const Values &values);
  bool canClone(const Values &values);
  bool isRecomputed(Operation *op);
  Value addArgument(const Values &values);

  void replaceSizes();
  Value findSize(const Values &sizes);
  void recomputeOutside();
  void recomputeAfter(int64_t repeat, Operation *op);
  void addResults();
  DenseSet<Value> getPassed() const;
  void setType(func::FuncOp function);

  void replaceRepeats(func::FuncOp function);
  void moveReaders(func::CallOp call, int64_t repeat);
  void eraseRepeats();

  OpSequence &sequence;
  Repeats repeats;
  func::FuncOp caller;
  OpBuilder builder;
  Block *body = nullptr;
  /// What every argument is in each of the repeats.
  SmallVector<Values> arguments;
  /// The operations of the function, and their results that it returns.
  SmallVector<Operation *> clones;
  SmallVector<std::pair<int64_t, unsigned>> results;
  /// What is computed again after each of the repeats, the last first.
  SmallVector<SmallVector<Operation *>> after;
  DenseMap<Value, SmallVector<std::pair<Values, Value>>> known;
};
} // namespace

func::FuncOp Outliner::makeFunction(SymbolTable &symbols) {
  auto function =
      func::FuncOp::create(caller.getLoc(), (caller.getName() + "_layer").str(),
                           builder.getFunctionType({}, {}));
  function.setPrivate();
  symbols.insert(function, Block::iterator(caller));
  body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  for (int64_t index = 0; index < repeats.period; ++index)
    cloneOp(index);
  return function;
}

void Outliner::cloneOp(int64_t index) {
  SmallVector<Operation *> originals;
  SmallVector<Location> locations;
  for (int64_t repeat = 0; repeat < repeats.count; ++repeat) {
    originals.push_back(getOp(repeat, index));
    locations.push_back(originals.back()->getLoc());
  }
  Operation *clone = originals.front()->clone();
  clone->setLoc(builder.getFusedLoc(locations));
  cloneReads(clone, originals);
  clones.push_back(builder.insert(clone));
}

void Outliner::cloneReads(Operation *clone, ArrayRef<Operation *> originals) {
  SmallVector<SmallVector<OpOperand *>> reads;
  for (Operation *original : originals)
    reads.push_back(getReads(original));
  // The clone still reads what the original does.
  for (auto [i, read] : llvm::enumerate(getReads(clone))) {
    Values values;
    for (ArrayRef<OpOperand *> others : reads)
      values.push_back(others[i]->get());
    read->set(getValue(values));
  }
}

Value Outliner::getValue(const Values &values) {
  for (const auto &[others, value] : known[values.front()])
    if (others == values)
      return value;
  Value value = computeValue(values);
  known[values.front()].push_back({values, value});
  return value;
}

Value Outliner::computeValue(const Values &values) {
  Value first = values.front();
  Operation *op = first.getDefiningOp();
  unsigned number = op ? cast<OpResult>(first).getResultNumber() : 0;
  std::optional<int64_t> position =
      op ? sequence.find(op) : std::optional<int64_t>();
  if (position && *position >= repeats.begin)
    return clones[*position - repeats.begin]->getResult(number);
  if (!canClone(values))
    return addArgument(values);
  Operation *clone = op->clone();
  cloneReads(clone, llvm::map_to_vector(values, [](Value value) {
               return value.getDefiningOp();
             }));
  return builder.insert(clone)->getResult(number);
}

/// Whether the function computes the value, which is no operation's of a
/// repeat.
bool Outliner::canClone(const Values &values) {
  Operation *op = values.front().getDefiningOp();
  bool isPassed = sequence.getOrigin(values.front()) < repeats.begin;
  // What a repeat gives to the next is stored.
  bool isCarried = isPassed && sequence.getOrigin(values[1]) >= repeats.begin;
  // A size of something else is passed, or is that of another argument.
  if (!op || (isPassed && isa<tensor::DimOp>(op)))
    return false;
  return llvm::all_of(values, [&](Value value) {
    Operation *other = value.getDefiningOp();
    return other && areEquivalent(op, other) &&
           (sequence.isRematerialized(other) ||
            (!isCarried && isRecomputed(other)));
  });
}

/// Whether the result is computed again where it is read rather than stored, as
/// it would be in one function: it takes little, and at most one tensor that is
/// computed itself.
bool Outliner::isRecomputed(Operation *op) {
  if (!sequence.find(op) || !isCheapByRows(op))
    return false;
  llvm::SmallSetVector<Value, 4> computed;
  for (OpOperand *read : getReads(op))
    if (sequence.getOrigin(read->get()) >= 0)
      computed.insert(read->get());
  return computed.size() <= 1;
}

Value Outliner::addArgument(const Values &values) {
  arguments.push_back(values);
  return body->addArgument(values.front().getType(), values.front().getLoc());
}

/// Sizes that are those of another argument are taken from there, as the passes
/// that follow compare sizes by their definitions.
void Outliner::replaceSizes() {
  for (unsigned i = arguments.size(); i-- > 0;) {
    BlockArgument argument = body->getArgument(i);
    if (!argument.getType().isIndex())
      continue;
    Value size = findSize(arguments[i]);
    if (!size)
      continue;
    argument.replaceAllUsesWith(size);
    body->eraseArgument(i);
    arguments.erase(arguments.begin() + i);
  }
}

/// Whether the size is that of the tensor's dimension.
static bool isSizeOf(Value size, Value tensor, int64_t dim) {
  OpBuilder builder(size.getContext());
  builder.setInsertionPointAfterValue(tensor);
  Value index = arith::ConstantIndexOp::create(builder, tensor.getLoc(), dim);
  Value other = tensor::DimOp::create(builder, tensor.getLoc(), tensor, index);
  bool isEqual = areKnownEqual(size, other);
  other.getDefiningOp()->erase();
  index.getDefiningOp()->erase();
  return isEqual;
}

Value Outliner::findSize(const Values &sizes) {
  for (auto [argument, tensors] :
       llvm::zip_equal(body->getArguments(), arguments)) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    for (int64_t dim = 0; type && dim < type.getRank(); ++dim) {
      if (!type.isDynamicDim(dim) ||
          !llvm::all_of(llvm::zip_equal(sizes, tensors), [dim](auto pair) {
            return isSizeOf(std::get<0>(pair), std::get<1>(pair), dim);
          }))
        continue;
      auto atBegin = OpBuilder::atBlockBegin(body);
      return tensor::DimOp::create(atBegin, argument.getLoc(), argument, dim);
    }
  }
  return Value();
}

/// What is computed again is no result: who reads it has a copy.
void Outliner::recomputeOutside() {
  // From the end, as what is computed again may read what is.
  for (int64_t index = repeats.period - 1; index >= 0; --index) {
    Operation *first = getOp(0, index);
    bool isCarried = llvm::any_of(first->getResults(), [&](Value result) {
      return sequence.isReadInside(result, getBegin(1), getBegin(2));
    });
    if (isCarried || !isRecomputed(first))
      continue;
    for (int64_t repeat = 0; repeat < repeats.count; ++repeat) {
      Operation *op = getOp(repeat, index);
      if (llvm::any_of(op->getResults(),
                       [&](Value result) { return isReadOutside(result); }))
        recomputeAfter(repeat, op);
    }
  }
}

void Outliner::recomputeAfter(int64_t repeat, Operation *op) {
  builder.setInsertionPointAfter(getOp(repeat, repeats.period - 1));
  Operation *again = builder.clone(*op);
  after[repeat].push_back(again);
  op->replaceUsesWithIf(again->getResults(), [&](OpOperand &use) {
    Operation *user =
        sequence.getBlock().findAncestorOpInBlock(*use.getOwner());
    std::optional<int64_t> position = sequence.find(user);
    return !position || *position < repeats.begin ||
           *position >= repeats.getEnd();
  });
}

/// What the calls take that repeats compute.
DenseSet<Value> Outliner::getPassed() const {
  SetVector<Value> values;
  for (const Values &argument : arguments)
    values.insert_range(argument);
  for (size_t i = 0; i < values.size(); ++i) {
    Operation *op = values[i].getDefiningOp();
    if (op && sequence.isRematerialized(op))
      for (OpOperand *read : getReads(op))
        values.insert(read->get());
  }
  return DenseSet<Value>(values.begin(), values.end());
}

void Outliner::addResults() {
  DenseSet<Value> passed = getPassed();
  Values returned;
  for (int64_t index = 0; index < repeats.period; ++index)
    for (unsigned i = 0; i < clones[index]->getNumResults(); ++i) {
      bool isResult =
          llvm::any_of(llvm::seq(repeats.count), [&](int64_t repeat) {
            Value value = getOp(repeat, index)->getResult(i);
            return passed.contains(value) || isReadOutside(value);
          });
      if (!isResult)
        continue;
      results.push_back({index, i});
      returned.push_back(clones[index]->getResult(i));
    }
  builder.setInsertionPointToEnd(body);
  func::ReturnOp::create(builder, caller.getLoc(), returned);
}

void Outliner::setType(func::FuncOp function) {
  function.setFunctionType(builder.getFunctionType(
      body->getArgumentTypes(), body->getTerminator()->getOperandTypes()));
}

void Outliner::replaceRepeats(func::FuncOp function) {
  SmallVector<func::CallOp> calls;
  for (int64_t repeat = 0; repeat < repeats.count; ++repeat) {
    Values operands;
    for (const Values &values : arguments)
      operands.push_back(values[repeat]);
    builder.setInsertionPointAfter(getOp(repeat, repeats.period - 1));
    calls.push_back(func::CallOp::create(builder, getOp(repeat, 0)->getLoc(),
                                         function, operands));
  }
  for (auto [repeat, call] : llvm::enumerate(calls)) {
    for (auto [result, place] : llvm::zip_equal(call.getResults(), results))
      getOp(repeat, place.first)
          ->getResult(place.second)
          .replaceAllUsesWith(result);
    moveReaders(call, repeat);
  }
  eraseRepeats();
}

/// What is rematerialized stands where it was first read, maybe before the
/// call that gives what it reads.
void Outliner::moveReaders(func::CallOp call, int64_t repeat) {
  llvm::SmallPtrSet<Operation *, 8> late(after[repeat].begin(),
                                         after[repeat].end());
  late.insert(call);
  Operation *last = after[repeat].empty() ? call : after[repeat].front();
  for (Operation *op = getOp(repeat, 0); op != call;) {
    Operation *next = op->getNextNode();
    bool isLate = sequence.isRematerialized(op) &&
                  llvm::any_of(getReads(op), [&](OpOperand *read) {
                    return late.contains(read->get().getDefiningOp());
                  });
    if (isLate) {
      op->moveAfter(last);
      late.insert(op);
      last = op;
    }
    op = next;
  }
}

void Outliner::eraseRepeats() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(sequence.getBlock()))) {
    std::optional<int64_t> position = sequence.find(&op);
    bool isReplaced =
        position && *position >= repeats.begin && *position < repeats.getEnd();
    if (isReplaced || (sequence.isRematerialized(&op) && op.use_empty()))
      sequence.erase(&op);
  }
}

/// Operations that are read by nothing would be results of nothing.
static void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct OutlineRepeatsPass
    : bpt::impl::OutlineRepeatsPassBase<OutlineRepeatsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      for (Block &block : function.getBody())
        outline(function, block, symbols);
  }

private:
  void outline(func::FuncOp function, Block &block, SymbolTable &symbols) {
    eraseDeadOps(block);
    OpSequence sequence(block);
    SmallVector<Repeats> found = findRepeats(sequence);
    // From the end, so that what is read of earlier repeats is still there, and
    // its sizes can be followed.
    for (const Repeats &repeats : llvm::reverse(found)) {
      Location loc = sequence[repeats.begin]->getLoc();
      func::FuncOp outlined =
          Outliner(sequence, repeats, function).run(symbols);
      numFunctions++;
      remark::passed(
          loc,
          remark::RemarkOpts::name("outlined").category("bpt-outline-repeats"))
          << ("'" + outlined.getName() + "' computes " + Twine(repeats.count) +
              " repeats, operations in each: " + Twine(repeats.period))
                 .str();
    }
  }
};
} // namespace
