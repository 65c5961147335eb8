//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gives a block the work of several: it takes one item after the other, and its
// warps that copy begin the next one while those that compute finish the last.
//
//===----------------------------------------------------------------------===//

#include "Launches.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_PERSISTPASS
#include "bpt/Target/GPU/Launch/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
class Persister {
public:
  Persister(gpu::GPUFuncOp kernel, ArrayRef<gpu::LaunchFuncOp> launches)
      : kernel(kernel), entry(kernel.getBody().front()), launches(launches),
        b(kernel.getLoc(), kernel.getContext()) {}

  /// Why the blocks stay as they are; empty if they take several items.
  std::string run();

private:
  /// How many tiles of a ring an item fills at one place: those of a loop, or
  /// one.
  struct Tiles {
    Value lower, upper, step;
    bool operator==(const Tiles &other) const {
      return lower == other.lower && upper == other.upper && step == other.step;
    }
  };
  /// Rings that count alike.
  struct Counter {
    SmallVector<Tiles> perItem;
    SetVector<Value> rings;
  };

  std::string collect();
  std::string collectCounters();
  void prepare();
  /// Makes the operations of a role the body of a loop over items.
  void loopOverItems(Block &block, bool needsBarrier);
  /// A barrier orders what items write to workgroup memory that is no ring's.
  bool writesWorkgroupMemory();
  Value toNumber(Value index) {
    return arith::IndexCastUIOp::create(b, b.getI32Type(), index);
  }
  Value toIndex(Value number) {
    return arith::IndexCastUIOp::create(b, b.getIndexType(), number);
  }

  gpu::GPUFuncOp kernel;
  Block &entry;
  ArrayRef<gpu::LaunchFuncOp> launches;
  ImplicitLocOpBuilder b;
  tile::WarpRolesOp roles;
  /// What depends on the block, in order.
  SetVector<Operation *> ofItem;
  SmallVector<Counter> counters;
  /// Numbers of 32 bits, which take half the registers: all items, the blocks
  /// of the grid, the first place of this one, and the last place of all.
  Value items, grid, place, last;
};
} // namespace

std::string Persister::collect() {
  auto found = entry.getOps<tile::WarpRolesOp>();
  if (found.empty())
    return "no warps copy ahead of those that compute";
  roles = *found.begin();
  bool isElsewhere = false;
  kernel.walk([&](gpu::BlockIdOp id) {
    isElsewhere |=
        id.getDimension() != gpu::Dimension::x || id->getBlock() != &entry;
  });
  if (isElsewhere)
    return "blocks have several dimensions, or are told apart by one role only";
  for (Operation &op : entry) {
    if (&op == roles)
      continue;
    bool depends = isa<gpu::BlockIdOp>(op);
    op.walk([&](Operation *inner) {
      depends |= llvm::any_of(inner->getOperands(), [&](Value operand) {
        Operation *def = operand.getDefiningOp();
        return def && ofItem.contains(def);
      });
    });
    if (!depends)
      continue;
    if (!isMemoryEffectFree(&op))
      return "what both roles need of a block is read from memory";
    ofItem.insert(&op);
  }
  if (ofItem.empty())
    return "blocks do not differ";
  return collectCounters();
}

std::string Persister::collectCounters() {
  auto isKnownBefore = [&](Value value) {
    return !roles->isAncestor(value.getParentRegion()->getParentOp());
  };
  Region &producer = roles.getProducer();
  for (auto ring : entry.getOps<tile::CreateRingOp>()) {
    SmallVector<Tiles> perItem;
    bool isKnown = true;
    producer.walk([&](tile::FillOp fill) {
      if (fill.getRing() != ring.getRing())
        return;
      auto loop = dyn_cast<scf::ForOp>(fill->getParentOp());
      Operation *op = loop ? loop.getOperation() : fill.getOperation();
      isKnown &= op->getParentRegion() == &producer;
      if (loop) {
        perItem.push_back(
            {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()});
        isKnown &= isKnownBefore(loop.getLowerBound()) &&
                   isKnownBefore(loop.getUpperBound()) &&
                   isKnownBefore(loop.getStep());
      } else {
        perItem.emplace_back();
      }
    });
    if (!isKnown)
      return "how many tiles a block copies is not known before it begins";
    auto *counter = llvm::find_if(counters, [&](const Counter &other) {
      return other.perItem == perItem;
    });
    if (counter == counters.end())
      counter = &counters.emplace_back(Counter{std::move(perItem), {}});
    counter->rings.insert(ring.getRing());
  }
  return "";
}

void Persister::prepare() {
  unsigned number = kernel.getNumArguments();
  (void)kernel.insertArgument(number, b.getIndexType(), DictionaryAttr(),
                              kernel.getLoc());
  for (gpu::LaunchFuncOp launch : launches)
    launch.getKernelOperandsMutable().append(launch.getGridSizeX());

  b.setInsertionPoint(roles);
  items = toNumber(entry.getArgument(number));
  Value one = arith::ConstantIntOp::create(b, b.getI32Type(), 1);
  place = toNumber(gpu::BlockIdOp::create(b, gpu::Dimension::x));
  grid = toNumber(gpu::GridDimOp::create(b, gpu::Dimension::x));
  last = arith::SubIOp::create(b, grid, one);
}

void Persister::loopOverItems(Block &block, bool needsBarrier) {
  SmallVector<Operation *> own;
  for (Operation &op : block)
    own.push_back(&op);
  b.setInsertionPointToStart(&block);
  Value zero = arith::ConstantIntOp::create(b, b.getI32Type(), 0);
  SmallVector<Value> inits(counters.size(), zero);
  inits.push_back(place);
  auto loop = scf::ForOp::create(b, zero, items, grid, inits);
  loop.setUnsignedCmp(true);

  // Every second round goes backwards: who had the longest item of one has the
  // shortest of the next.
  b.setInsertionPointToStart(loop.getBody());
  Value now = loop.getRegionIterArgs().back();
  Value number = arith::AddIOp::create(b, loop.getInductionVar(), now);
  Value item = toIndex(number);
  IRMapping mapping;
  for (Operation *op : ofItem) {
    if (isa<gpu::BlockIdOp>(op))
      mapping.map(op->getResult(0), item);
    else
      b.clone(*op, mapping);
  }
  SmallVector<Value> yields;
  for (auto [counter, before] : llvm::zip(counters, loop.getRegionIterArgs())) {
    Value sum = before;
    for (const Tiles &tiles : counter.perItem) {
      Value count = tiles.lower
                        ? createTripCount(b, b.getLoc(),
                                          mapping.lookupOrDefault(tiles.lower),
                                          mapping.lookupOrDefault(tiles.upper),
                                          mapping.lookupOrDefault(tiles.step))
                        : arith::ConstantIndexOp::create(b, 1).getResult();
      sum = arith::AddIOp::create(b, sum, toNumber(count));
    }
    yields.push_back(sum);
  }
  yields.push_back(arith::SubIOp::create(b, last, now));

  // The last round may have fewer items than blocks.
  Value exists =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, items);
  auto branch = scf::IfOp::create(b, exists, /*withElseRegion=*/false);
  scf::YieldOp::create(b, yields);
  b.setInsertionPointToStart(branch.thenBlock());
  for (Operation *op : own)
    op->moveBefore(branch.thenYield());
  if (needsBarrier) {
    b.setInsertionPoint(branch.thenYield());
    gpu::BarrierOp::create(b);
  }
  for (auto [from, to] : mapping.getValueMap())
    from.replaceUsesWithIf(to, [&](OpOperand &use) {
      return loop->isProperAncestor(use.getOwner());
    });

  // Rings go on counting.
  loop.walk([&](Operation *op) {
    if (!isa<tile::FillOp, tile::AcquireOp, tile::ReleaseOp>(op))
      return;
    // Of all three the ring and the number come first.
    Value ring = op->getOperand(0);
    auto *counter = llvm::find_if(counters, [&](const Counter &other) {
      return other.rings.contains(ring);
    });
    b.setInsertionPoint(op);
    Value before =
        loop.getRegionIterArgs()[std::distance(counters.begin(), counter)];
    op->setOperand(
        1, arith::AddIOp::create(b, op->getOperand(1), toIndex(before)));
  });
}

bool Persister::writesWorkgroupMemory() {
  return roles.getConsumer()
      .walk([](vector::TransferWriteOp write) {
        return gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(
                   cast<MemRefType>(write.getBase().getType()))
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

std::string Persister::run() {
  if (std::string misfit = collect(); !misfit.empty())
    return misfit;
  prepare();
  bool needsBarrier = writesWorkgroupMemory();
  loopOverItems(roles.getProducer().front(), /*needsBarrier=*/false);
  loopOverItems(roles.getConsumer().front(), needsBarrier);
  for (Operation *op : llvm::reverse(ofItem))
    if (op->use_empty())
      op->erase();
  kernel->setAttr(tile::TileDialect::kPersistentAttrName, b.getUnitAttr());
  return "";
}

static std::string persist(gpu::GPUFuncOp kernel,
                           ArrayRef<gpu::LaunchFuncOp> launches) {
  auto schedule = kernel->getAttrOfType<tile::ScheduleAttr>(
      tile::TileDialect::kScheduleAttrName);
  if (schedule && !schedule.getPersistent())
    return "its schedule leaves it out";
  // The hardware gives the next block to who is done first.
  if (kernel->hasAttr(tile::TileDialect::kUnevenAttrName))
    return "blocks take unequally long, and the longest are not the first";
  return Persister(kernel, launches).run();
}

namespace {
struct PersistPass : bpt::impl::PersistPassBase<PersistPass> {
  void runOnOperation() override {
    auto name = [](StringRef name) {
      return remark::RemarkOpts::name(name).category("bpt-gpu");
    };
    for (auto &[kernel, launches] : findLaunches(getOperation())) {
      if (!kernel->hasAttr(tile::TileDialect::kWarpsAttrName))
        continue;
      std::string misfit = persist(kernel, launches);
      if (misfit.empty())
        remark::passed(kernel.getLoc(), name("Persistent"))
            << "a block takes one item of work after the other";
      else
        remark::missed(kernel.getLoc(), name("NotPersistent")) << misfit;
    }
  }
};
} // namespace
