//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of warpgroups: wgmma of sm_90a, which reads its right operand, and
// its left one where that is no tile of registers, from workgroup memory.
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::bpt;

static constexpr int64_t kRowsOfGroup = kRowsOfWarp * kWarpsOfGroup;
static constexpr int64_t kMaxColumns = 256;
/// Bytes of the terms of one instruction.
static constexpr int64_t kDepthBytes = 32;

/// Terms of one instruction.
static int64_t getTermsOfStep(int64_t elementBytes) {
  return kDepthBytes / elementBytes;
}

bool Distributor::isGroupProduct(vector::ContractionOp op,
                                 const ProductForm &form,
                                 const FragmentLayout &layout,
                                 const SharedAccess &rhs) {
  auto explainMisfit = [&]() -> std::string {
    if (!usesWgmma)
      return "it is not asked for";
    if (warps % kWarpsOfGroup != 0 || layout.getRowsPerWarp() != kRowsOfWarp)
      return llvm::formatv("{0} rows on {1} warps: a group of 4 takes 64 rows",
                           layout.getRows(), warps);
    if (layout.getColumns() > kMaxColumns)
      return llvm::formatv("{0} columns: it has at most {1}",
                           layout.getColumns(), kMaxColumns);
    auto isDescribed = [](const SharedAccess &access) {
      return access.isWhole && access.layout.isInPanels();
    };
    if (!isDescribed(rhs))
      return "the right operand is not a whole tile in panels";
    int64_t elementBytes = rhs.layout.getElementBytes();
    if (elementBytes == 1 && (form.rhsIsKxN || form.lhsTransposed))
      return "elements of 8 bits do not follow one another along the sum";
    const Tile &lhs = getTile(op.getLhs(), TileAxes::Both);
    if (lhs.form != Tile::Form::Operand)
      return "";
    FailureOr<SharedAccess> access = getSharedAccess(lhs.read);
    if (failed(access) || !isDescribed(*access))
      return "the left operand is not a whole tile in panels";
    // A group's rows begin at the start of a panel.
    if (form.lhsTransposed &&
        kRowsOfGroup * elementBytes % access->layout.getPanelRowBytes() != 0)
      return "the left operand's panels do not divide 64 rows";
    return "";
  };
  std::string misfit = explainMisfit();
  if (printLayouts && usesWgmma) {
    InFlightDiagnostic remark = op.emitRemark();
    if (misfit.empty())
      remark << "is multiplied by warpgroups, wgmma";
    else
      remark << "is multiplied by warps, not by wgmma: " << misfit;
  }
  return misfit.empty();
}

namespace mlir::bpt {
/// Puts together the text of a piece of assembly with its operands.
class Assembly {
public:
  /// Results of a type in registers of their own.
  Assembly(size_t numResults, Type type)
      : type(type), numResults(numResults),
        constraints(numResults, type.isF32() ? "=f" : "=r") {}
  /// Results in the registers of `before`.
  explicit Assembly(ArrayRef<Value> before)
      : Assembly(before.size(), before.front().getType()) {
    for (auto [i, value] : llvm::enumerate(before))
      add(value, std::to_string(i));
  }

  /// The name of a new operand.
  std::string add(Value value, std::string constraint) {
    constraints.push_back(std::move(constraint));
    operands.push_back(value);
    return "$" + std::to_string(numResults + operands.size() - 1);
  }

  std::string listResults() const {
    SmallVector<std::string> names;
    for (size_t i = 0; i < numResults; ++i)
      names.push_back("$" + std::to_string(i));
    return "{" + llvm::join(names, ", ") + "}";
  }

  SmallVector<Value> build(LaneBuilder &b, StringRef text) {
    constraints.push_back("~{memory}");
    auto results = LLVM::LLVMStructType::getLiteral(
        b.getContext(), SmallVector<Type>(numResults, type));
    auto assembly = LLVM::InlineAsmOp::create(
        b, results, operands, text, llvm::join(constraints, ","),
        /*has_side_effects=*/true, /*is_align_stack=*/false,
        LLVM::tailcallkind::TailCallKind::None,
        LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT),
        ArrayAttr());
    return b.unpack(assembly.getResult(0));
  }

private:
  Type type;
  size_t numResults;
  SmallVector<std::string> constraints;
  SmallVector<Value> operands;
};
} // namespace mlir::bpt

namespace {
/// How wgmma finds an operand in workgroup memory: a descriptor of its first
/// instruction, and the bytes from there to that of a later one.
class OperandDescriptor {
public:
  /// `isMajorK` says that the terms of a row (of A), or column (of B), follow
  /// one another, and not its neighbours.
  OperandDescriptor(const SharedTileLayout &layout, bool isMajorK)
      : layout(layout), isMajorK(isMajorK) {}

  /// The descriptor, as i64, of the operand that starts at `base`.
  Value build(LaneBuilder &b, Value base) const {
    // Of terms that follow one another an instruction takes 32 bytes, which
    // never leave a panel: then there is no leading offset.
    int64_t leading = isMajorK ? kUnit : layout.getPanelBytes();
    int64_t stride = 8 * layout.getPanelRowBytes();
    uint64_t fields =
        encode(leading) << 16 | encode(stride) << 32 | getSwizzle() << 62;
    Value address = LLVM::PtrToIntOp::create(b, b.getI32Type(), base);
    Value start = b.shiftRight(b.bitAnd(address, 0x3FFFF), 4);
    Value start64 = b.createOrFold<arith::ExtUIOp>(b.getI64Type(), start);
    return b.createOrFold<arith::OrIOp>(start64, b.getI64(int64_t(fields)));
  }

  /// What instruction `k` adds to the descriptor.
  int64_t getStep(int64_t k) const {
    int64_t term = k * getTermsOfStep(layout.getElementBytes());
    if (!isMajorK)
      return encode(term * layout.getPanelRowBytes());
    int64_t bytes = k * kDepthBytes, row = layout.getPanelRowBytes();
    return encode(bytes / row * layout.getPanelBytes() + bytes % row);
  }

private:
  static constexpr int64_t kUnit = 16;
  static uint64_t encode(int64_t bytes) { return bytes / kUnit; }

  uint64_t getSwizzle() const {
    switch (layout.getPanelRowBytes()) {
    case 128:
      return 1;
    case 64:
      return 2;
    default:
      return 3;
    }
  }

  SharedTileLayout layout;
  bool isMajorK;
};
} // namespace

/// Whether every element of the tile is 0.
static bool isZero(const Tile &tile) {
  return tile.form == Tile::Form::Uniform &&
         matchPattern(tile.values.front(), m_AnyZeroFloat());
}

SmallVector<Value> Distributor::getFloat8Fragment(const LeftOperand &lhs,
                                                  int64_t k) {
  // Of 16 terms, lane q of the four that hold a row has the pairs 2q and 8 +
  // 2q, and multiplies the terms 4q to 4q + 3. These are the first or the
  // second pairs of two of the lanes.
  Value first =
      b.bitOr(b.bitAnd(lane, ~int64_t(3)), b.shiftLeft(b.bitAnd(lane, 1), 1));
  Value second = b.add(first, 1);
  Value isUpper = arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                        b.bitAnd(lane, 2), b.getI32(0));
  Value selector =
      arith::SelectOp::create(b, isUpper, b.getI32(0x7632), b.getI32(0x5410));
  auto getPair = [&](int64_t row, int64_t fragment) -> Value {
    Value pair = lhs.pairs[lhs.layout.getIndex(row, 2 * fragment) / 2];
    return arith::ExtUIOp::create(
        b, b.getI32Type(),
        LLVM::BitcastOp::create(b, b.getI16Type(), pair).getResult());
  };
  SmallVector<Value> fragment;
  for (int64_t i = 0; i < 4; ++i) {
    int64_t row = i % 2, column = 4 * k + i / 2 * 2;
    Value pairs = b.bitOr(getPair(row, column),
                          b.shiftLeft(getPair(row, column + 1), 16));
    fragment.push_back(b.selectBytes(b.shuffleFrom(pairs, first),
                                     b.shuffleFrom(pairs, second), selector));
  }
  return fragment;
}

LogicalResult Distributor::multiplyByGroups(vector::ContractionOp op,
                                            const ProductForm &form,
                                            const FragmentLayout &layout,
                                            const SharedAccess &rhs) {
  const Tile &lhs = getTile(op.getLhs(), TileAxes::Both);
  int64_t depth = op.getLhsType().getDimSize(form.lhsTransposed ? 0 : 1);
  int64_t elementBytes = rhs.layout.getElementBytes();
  int64_t terms = getTermsOfStep(elementBytes), steps = depth / terms;
  GroupProduct product;
  // The hardware adds to sums in order, without a wait between.
  GroupProduct *before = findAddedTo(op);
  bool startsAtZero = !before && isZero(getTile(op.getAcc()));
  auto getSums = [&]() -> SmallVector<Value> {
    return before ? std::exchange(before->accumulators, {})
                  : getElements(getTile(op.getAcc()), layout);
  };
  Assembly assembly = startsAtZero
                          ? Assembly(layout.getNumElements(), b.getF32Type())
                          : Assembly(getSums());

  OperandDescriptor right(rhs.layout, /*isMajorK=*/!form.rhsIsKxN);
  std::string rightName = assembly.add(right.build(b, rhs.base), "l");
  std::optional<OperandDescriptor> left;
  std::string leftName;
  SmallVector<std::string> leftNames;
  if (lhs.form == Tile::Form::Operand) {
    if (failed(checkUnchanged(lhs.read, op)))
      return failure();
    FailureOr<SharedAccess> access = getSharedAccess(lhs.read);
    if (failed(access))
      return failure();
    const SharedTileLayout &tile = access->layout;
    left.emplace(tile, /*isMajorK=*/!form.lhsTransposed);
    // From one group's rows to the next one's.
    int64_t groupBytes =
        form.lhsTransposed ? kRowsOfGroup * elementBytes /
                                 tile.getPanelRowBytes() * tile.getPanelBytes()
                           : kRowsOfGroup * tile.getPanelRowBytes();
    Value base = access->base;
    if (warps > kWarpsOfGroup)
      base = b.advance(base, b.mul(b.shiftRight(warp, 2), groupBytes));
    leftName = assembly.add(left->build(b, base), "l");
  } else {
    FailureOr<LeftOperand> operand =
        getLeftOperand(op, layout, form.lhsTransposed);
    if (failed(operand))
      return failure();
    for (int64_t k = 0; k < steps; ++k)
      llvm::append_range(product.held, elementBytes == 1
                                           ? getFloat8Fragment(*operand, k)
                                           : getLeftFragment(*operand, 0, k));
    // Nothing else may read a register that is being multiplied: a constant, or
    // what is stored as well, has one of its own here.
    product.held = Assembly(product.held).build(b, "");
    for (Value pair : product.held)
      leftNames.push_back(assembly.add(pair, "r"));
  }

  // One piece of assembly, since ptxas takes accumulators that other code is
  // between for no longer the same.
  Type element = op.getLhsType().getElementType();
  StringRef type = element.isBF16() ? "bf16" : element.isF16() ? "f16" : "e4m3";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "{ .reg .pred adds; .reg .b64 left, right; "
     << "wgmma.fence.sync.aligned; ";
  for (int64_t k = 0; k < steps; ++k) {
    if (k == 0)
      os << "setp." << (startsAtZero ? "ne" : "eq") << ".b32 adds, 0, 0; ";
    else if (k == 1 && startsAtZero)
      os << "setp.eq.b32 adds, 0, 0; ";
    if (left)
      os << "add.s64 left, " << leftName << ", " << left->getStep(k) << "; ";
    os << "add.s64 right, " << rightName << ", " << right.getStep(k) << "; "
       << llvm::formatv("wgmma.mma_async.sync.aligned.m64n{0}k{1}.f32.{2}.{2} ",
                        layout.getColumns(), terms, type)
       << assembly.listResults() << ", ";
    if (left)
      os << "left";
    else
      os << "{" << llvm::join(ArrayRef(leftNames).slice(4 * k, 4), ", ") << "}";
    os << ", right, adds, 1, 1";
    // Of elements of 16 bits, whether they lie transposed.
    if (left && elementBytes == 2)
      os << ", " << int(form.lhsTransposed);
    if (elementBytes == 2)
      os << ", " << int(form.rhsIsKxN);
    os << "; ";
  }
  os << "wgmma.commit_group.sync.aligned; }";

  product.result = op.getResult();
  for (Value operand : {op.getLhs(), op.getRhs()})
    if (vector::TransferReadOp read = getTile(operand, TileAxes::Both).read)
      product.memory.push_back(read.getBase());
  product.layout = layout;
  product.accumulators = assembly.build(b, text);
  productsInFlight.push_back(std::move(product));
  return success();
}

//===----------------------------------------------------------------------===//
// Products that iterations leave in flight
//===----------------------------------------------------------------------===//

/// Whether iterations release tiles while products that they have started run.
static bool leavesProducts(scf::ForOp loop) {
  return llvm::any_of(
      loop.getBody()->getOps<tile::ReleaseOp>(),
      [](tile::ReleaseOp release) { return release.getPending() != 0; });
}

/// Whether nothing reads what the loop carries but a product that adds to it.
static bool isOnlyAddedTo(scf::ForOp loop, unsigned position) {
  Value sum = loop.getYieldedValues()[position];
  BlockArgument before = loop.getRegionIterArg(position);
  auto product = sum.getDefiningOp<vector::ContractionOp>();
  return product && product->getBlock() == loop.getBody() &&
         product.getAcc() == before && before.hasOneUse() && sum.hasOneUse();
}

bool Distributor::continuesProducts(scf::ForOp loop) const {
  return usesWgmma && warps % kWarpsOfGroup == 0 && leavesProducts(loop) &&
         llvm::all_of(productsInFlight, [&](const GroupProduct &product) {
           auto position = llvm::find(loop.getInitArgs(), product.result);
           return product.held.empty() && product.result.hasOneUse() &&
                  position != loop.getInitArgs().end() &&
                  isOnlyAddedTo(loop, position.getIndex());
         });
}

void Distributor::startInFlight(scf::ForOp loop) {
  for (unsigned i = 0, e = loop.getNumRegionIterArgs(); i < e; ++i) {
    if (!isOnlyAddedTo(loop, i))
      continue;
    GroupProduct product;
    product.result = loop.getRegionIterArg(i);
    product.isOfOtherIteration = true;
    const Tile &tile = getTile(product.result);
    product.layout = tile.layout;
    product.accumulators = tile.values;
    productsInFlight.push_back(std::move(product));
  }
}

size_t Distributor::countLeftInFlight(Block &block) const {
  auto loop = dyn_cast<scf::ForOp>(block.getParentOp());
  if (!loop || !leavesProducts(loop))
    return 0;
  auto isLeft = [&](const GroupProduct &product) {
    auto position = llvm::find(loop.getYieldedValues(), product.result);
    return product.held.empty() && position != loop.getYieldedValues().end() &&
           isOnlyAddedTo(loop, position.getIndex());
  };
  size_t count = 0;
  while (count < productsInFlight.size() &&
         isLeft(productsInFlight.end()[-1 - ptrdiff_t(count)]))
    ++count;
  return count;
}

SmallVector<std::pair<unsigned, GroupProduct>>
Distributor::passInFlight(scf::ForOp loop) {
  SmallVector<std::pair<unsigned, GroupProduct>> passed;
  for (GroupProduct &product : productsInFlight) {
    auto position = llvm::find(loop.getYieldedValues(), product.result);
    setElements(product.result, TileAxes::Both, product.layout,
                product.accumulators);
    product.result = loop.getResult(position.getIndex());
    product.isOfOtherIteration = true;
    passed.emplace_back(position.getIndex(), std::move(product));
  }
  productsInFlight.clear();
  return passed;
}

GroupProduct *Distributor::findAddedTo(vector::ContractionOp op) {
  auto isAddedTo = [&](const GroupProduct &product) {
    return product.result == op.getAcc() && product.result.hasOneUse() &&
           product.held.empty();
  };
  auto *found = llvm::find_if(productsInFlight, isAddedTo);
  return found == productsInFlight.end() ? nullptr : found;
}

//===----------------------------------------------------------------------===//
// Waits
//===----------------------------------------------------------------------===//

size_t Distributor::countProductsBefore(Operation *op) const {
  if (auto loop = dyn_cast<scf::ForOp>(op); loop && continuesProducts(loop))
    return 0;
  if (auto release = dyn_cast<tile::ReleaseOp>(op);
      release && release.getPending() != 0)
    return productsInFlight.size() -
           std::min<size_t>(release.getPending(), productsInFlight.size());
  // What another thread or another iteration may write, is read until products
  // are finished, and groups are counted where they are started.
  bool isBoundary =
      isa<gpu::BarrierOp, scf::ForOp>(op) ||
      op->walk([&](Operation *inner) {
          return isa<gpu::BarrierOp, tile::ReleaseOp, vector::ContractionOp>(
                     inner) &&
                         inner != op
                     ? WalkResult::interrupt()
                     : WalkResult::advance();
        }).wasInterrupted();
  if (isBoundary)
    return productsInFlight.size();
  size_t count = 0;
  auto isWaitedFor = [&](const GroupProduct &product) {
    if (auto release = dyn_cast<tile::ReleaseOp>(op))
      return product.isOfOtherIteration ||
             llvm::any_of(product.memory, [&](Value memory) {
               auto acquire = memory.getDefiningOp<tile::AcquireOp>();
               return acquire && acquire.getRing() == release.getRing();
             });
    if (auto next = dyn_cast<vector::ContractionOp>(op);
        next && next.getAcc() == product.result && product.result.hasOneUse() &&
        product.held.empty())
      return false;
    return llvm::any_of(product.result.getUsers(),
                        [&](Operation *user) { return op->isAncestor(user); });
  };
  for (auto [i, product] : llvm::enumerate(productsInFlight))
    if (isWaitedFor(product))
      count = i + 1;
  return count;
}

std::string Distributor::orderSums(Assembly &assembly) {
  // ptxas would compute the exponentials that a softmax adds up behind the
  // wait, when the tensor cores have nothing to do, but moves no store there.
  Value last;
  for (Value sum : sumsMeanwhile)
    if (sum.getType().isF32() && sum.getParentBlock() == b.getInsertionBlock())
      last = last ? LLVM::MaxNumOp::create(b, last, sum).getResult() : sum;
  if (!last)
    return "";
  if (!orderingBytes) {
    orderingBytes = sharedBytes;
    sharedBytes += kWarpThreads * warps;
  }
  Value place = b.advance(b.advance(sharedMemory, *orderingBytes), thread);
  std::string address =
      assembly.add(LLVM::PtrToIntOp::create(b, b.getI32Type(), place), "r");
  std::string value =
      assembly.add(LLVM::BitcastOp::create(b, b.getI32Type(), last), "r");
  return "st.shared.b8 [" + address + "], " + value + "; ";
}

void Distributor::waitForProducts(size_t count) {
  if (count == 0)
    return;
  SmallVector<Value> accumulators, held;
  for (const GroupProduct &product :
       ArrayRef(productsInFlight).take_front(count)) {
    llvm::append_range(accumulators, product.accumulators);
    llvm::append_range(held, product.held);
  }
  size_t numLeft = productsInFlight.size() - count;
  auto forget = [&] {
    productsInFlight.erase(productsInFlight.begin(),
                           productsInFlight.begin() + count);
  };
  if (accumulators.empty()) {
    // Their registers are those of products that go on.
    NVVM::WgmmaWaitGroupSyncOp::create(b, numLeft);
    forget();
    return;
  }
  // What is computed from accumulators, or instead of the registers that are
  // multiplied, may not move before the wait.
  Assembly assembly(accumulators);
  for (Value value : held)
    assembly.add(value, "r");
  std::string order = orderSums(assembly);
  SmallVector<Value> finished = assembly.build(
      b, llvm::formatv("{0}wgmma.wait_group.sync.aligned {1};", order, numLeft)
             .str());
  sumsMeanwhile.clear();
  size_t next = 0;
  for (const GroupProduct &product :
       ArrayRef(productsInFlight).take_front(count)) {
    size_t size = product.accumulators.size();
    if (size == 0)
      continue;
    setElements(product.result, TileAxes::Both, product.layout,
                ArrayRef(finished).slice(next, size));
    next += size;
  }
  forget();
}
