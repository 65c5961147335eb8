//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Warps that copy and warps that compute, and the rings of buffers between
// them. Each buffer has two mbarriers: the threads that copy, or the hardware
// that does for one thread, arrive at one when it is full, one lane of each
// warp that computes at the other when it is free.
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "Distributor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bpt;

static constexpr int64_t kProducerThreads = kProducerWarps * kWarpThreads;
static constexpr int64_t kBarrierBytes = 8;
/// Warps that have given registers away copy in short loops.
static constexpr int64_t kMaxUnrolledOfProducer = 4;
/// A hardware barrier of the warps that compute; 0 is that of the block. Behind
/// it are those of warpgroups that take turns.
static constexpr int64_t kConsumerBarrier = 1, kFirstTurnBarrier = 2;

void Distributor::distributeBarrier() {
  // wgmma reads what threads have written by way of another proxy.
  if (usesWgmma)
    NVVM::FenceProxyOp::create(
        b, NVVM::ProxyKind::async_shared,
        NVVM::SharedSpaceAttr::get(b.getContext(),
                                   NVVM::SharedSpace::shared_cta));
  if (!isConsumer) {
    NVVM::Barrier0Op::create(b);
    return;
  }
  NVVM::BarrierOp::create(b, TypeRange(), b.getI32(kConsumerBarrier),
                          b.getI32(kWarpThreads * warps), nullptr, Value());
}

LogicalResult Distributor::distributeRing(tile::CreateRingOp op) {
  tile::RingType type = op.getRing().getType();
  FailureOr<MemoryView> buffers = allocateShared(op, type.getBuffers());
  if (failed(buffers))
    return failure();
  int64_t count = type.getNumBuffers();
  sharedBytes = llvm::alignTo(sharedBytes, kBarrierBytes);
  Ring ring{*buffers, b.advance(sharedMemory, sharedBytes)};
  ring.isFromMap = llvm::any_of(op.getRing().getUsers(), [](Operation *user) {
    auto fill = dyn_cast<tile::FillOp>(user);
    return fill && fill.isFromMap();
  });
  int64_t producers = ring.isFromMap ? 1 : kProducerThreads;
  sharedBytes += 2 * count * kBarrierBytes;
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, b.getI32(0));
  auto once = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(once.thenBlock());
  for (int64_t i = 0; i < 2 * count; ++i)
    NVVM::MBarrierInitOp::create(b, b.advance(ring.barriers, i * kBarrierBytes),
                                 b.getI32(i < count ? producers : warps),
                                 Value());
  rings[op.getRing()] = ring;
  return success();
}

std::pair<Value, Value> Distributor::getRingPlace(tile::RingType type,
                                                  Value number) {
  int64_t count = type.getNumBuffers();
  Value i = b.convertInt(getScalar(number), b.getI32Type());
  if (llvm::isPowerOf2_64(count))
    return {b.bitAnd(i, count - 1), b.shiftRight(i, llvm::Log2_64(count))};
  return {b.createOrFold<arith::RemUIOp>(i, b.getI32(count)),
          b.createOrFold<arith::DivUIOp>(i, b.getI32(count))};
}

void Distributor::waitForBarrier(Value barrier, Value parity) {
  // The longest that the hardware may suspend the thread before it looks again.
  constexpr int64_t kNanoseconds = 10000000;
  NVVM::MBarrierTryWaitParityOp::create(b, barrier, parity,
                                        b.getI32(kNanoseconds));
}

LogicalResult Distributor::distributeFill(tile::FillOp op) {
  // One thread starts what the hardware copies.
  OpBuilder::InsertionGuard guard(b);
  if (op.isFromMap() && !isOneThread)
    b.setInsertionPointToStart(createForFirstProducer());
  tile::RingType type = op.getRing().getType();
  Ring ring = rings.lookup(op.getRing());
  SharedTileLayout layout = ring.buffers.getSharedTile();
  auto [buffer, round] = getRingPlace(type, op.getNumber());
  Value full = b.advance(ring.barriers, b.mul(buffer, kBarrierBytes));
  // Before the first round all are free: the phase before the first is over.
  waitForBarrier(b.advance(full, type.getNumBuffers() * kBarrierBytes),
                 b.bitXor(b.bitAnd(round, 1), 1));
  Value dest =
      b.advance(ring.buffers.base, b.mul(buffer, layout.getTileBytes()));
  if (op.isFromMap())
    return fillFromMap(op, full, dest);
  ThreadGroup producers{b.add(thread, -kWarpThreads * warps), kProducerThreads,
                        kMaxUnrolledOfProducer};
  FailureOr<bool> isAsync =
      copyTile(op, op.getSource(), op.getIndices()[0], op.getIndices()[1],
               layout, dest, producers);
  if (failed(isAsync))
    return failure();
  if (*isAsync)
    NVVM::CpAsyncMBarrierArriveOp::create(b, full, /*noinc=*/true);
  else
    NVVM::MBarrierArriveOp::create(b, b.getI64Type(), full, Value());
  return success();
}

LogicalResult Distributor::fillFromMap(tile::FillOp op, Value full,
                                       Value dest) {
  auto map = cast<tile::TensorMapType>(op.getSource().getType());
  SharedTileLayout layout = rings.lookup(op.getRing()).buffers.getSharedTile();
  if (!layout.isInPanels() || layout.getPanelRowBytes() != map.getRowBytes())
    return op.emitOpError("copies boxes of ")
           << map
           << ", but the tile does not lie in panels of that width; "
              "panels are those of wgmma (option wgmma)";
  NVVM::MBarrierArriveExpectTxOp::create(
      b, Type(), full, b.getI32(layout.getTileBytes()), NVVM::MemScopeKind::CTA,
      /*relaxed=*/false, Value());
  // The hardware counts dimensions from the innermost one.
  SmallVector<Value> first;
  for (Value index : llvm::reverse(op.getIndices()))
    first.push_back(b.convertInt(getScalar(index), b.getI32Type()));
  auto cluster = LLVM::LLVMPointerType::get(
      b.getContext(), unsigned(NVVM::NVVMMemorySpace::SharedCluster));
  for (int64_t panel = 0;
       panel * layout.getPanelBytes() < layout.getTileBytes(); ++panel) {
    SmallVector<Value> box = first;
    box.front() = b.add(first.front(), panel * map.getBox().back());
    Value to = LLVM::AddrSpaceCastOp::create(
        b, cluster, b.advance(dest, panel * layout.getPanelBytes()));
    NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
        b, to, getScalar(op.getSource()), box, full, ValueRange(), Value(),
        Value(), NVVM::TMALoadMode::TILE, /*isCTAOnly=*/false,
        NVVM::CTAGroupKindAttr(), Value());
  }
  return success();
}

LogicalResult Distributor::distributeAcquire(tile::AcquireOp op) {
  tile::RingType type = op.getRing().getType();
  Ring ring = rings.lookup(op.getRing());
  auto [buffer, round] = getRingPlace(type, op.getNumber());
  waitForBarrier(b.advance(ring.barriers, b.mul(buffer, kBarrierBytes)),
                 b.bitAnd(round, 1));
  // Where threads have written the tile, wgmma reads it by way of another
  // proxy.
  if (usesWgmma && !ring.isFromMap)
    NVVM::FenceProxyOp::create(
        b, NVVM::ProxyKind::async_shared,
        NVVM::SharedSpaceAttr::get(b.getContext(),
                                   NVVM::SharedSpace::shared_cta));
  MemoryView view = ring.buffers;
  view.type = type.getTileType();
  view.base = b.advance(
      view.base, b.mul(buffer, ring.buffers.getSharedTile().getTileBytes()));
  views[op.getTile()] = view;
  return success();
}

LogicalResult Distributor::distributeRelease(tile::ReleaseOp op) {
  tile::RingType type = op.getRing().getType();
  Ring ring = rings.lookup(op.getRing());
  Value buffer = getRingPlace(type, op.getNumber()).first;
  // One lane speaks for what all of the warp have read.
  NVVM::SyncWarpOp::create(b, b.getI32(-1));
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, b.getI32(0));
  auto once = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(once.thenBlock());
  Value full = b.advance(ring.barriers, b.mul(buffer, kBarrierBytes));
  NVVM::MBarrierArriveOp::create(
      b, b.getI64Type(), b.advance(full, type.getNumBuffers() * kBarrierBytes),
      Value());
  return success();
}

Block *Distributor::createForFirstProducer() {
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread,
                                        b.getI32(kWarpThreads * warps));
  return scf::IfOp::create(b, isFirst, /*withElseRegion=*/false).thenBlock();
}

LogicalResult Distributor::distributeProducer(Region &producer) {
  if (producer.empty())
    return success();
  if (!isOneThread)
    return distributeBlock(producer.front());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(createForFirstProducer());
  return distributeBlock(producer.front());
}

LogicalResult Distributor::distributeRoles(tile::WarpRolesOp op) {
  // All see the barriers as they were made.
  NVVM::FenceMbarrierInitOp::create(b);
  distributeBarrier();
  Value isProducer = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, thread,
                                           b.getI32(kWarpThreads * warps));
  auto branch = scf::IfOp::create(b, isProducer, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  bool isFromMaps = !op.getProducer()
                         .walk([](tile::FillOp fill) {
                           return fill.isFromMap() ? WalkResult::advance()
                                                   : WalkResult::interrupt();
                         })
                         .wasInterrupted();
  auto registers = getRegistersOfRoles(warps / kWarpsOfGroup, isFromMaps);

  b.setInsertionPointToStart(branch.thenBlock());
  if (registers)
    NVVM::SetMaxRegisterOp::create(b, registers->first,
                                   NVVM::SetMaxRegisterAction::decrease);
  isOneThread = isFromMaps;
  LogicalResult produced = distributeProducer(op.getProducer());
  isOneThread = false;
  if (failed(produced))
    return failure();

  b.setInsertionPointToStart(branch.elseBlock());
  b.setLoc(op.getLoc());
  if (registers)
    NVVM::SetMaxRegisterOp::create(b, registers->second,
                                   NVVM::SetMaxRegisterAction::increase);
  isConsumer = true;
  LogicalResult consumed = distributeConsumer(op.getConsumer());
  isConsumer = false;
  return consumed;
}

//===----------------------------------------------------------------------===//
// Turns of warpgroups
//===----------------------------------------------------------------------===//

// The barrier of a group is one of its threads, which wait, and of those of the
// group before, which only arrive.

void Distributor::giveTurn(Value group) {
  NVVM::BarrierArriveOp::create(b, b.add(group, kFirstTurnBarrier),
                                b.getI32(2 * kWarpsOfGroup * kWarpThreads));
}

LogicalResult Distributor::distributeTakeTurn() {
  Value group = b.shiftRight(warp, 2);
  NVVM::BarrierOp::create(b, TypeRange(), b.add(group, kFirstTurnBarrier),
                          b.getI32(2 * kWarpsOfGroup * kWarpThreads), nullptr,
                          Value());
  return success();
}

LogicalResult Distributor::distributePassTurn() {
  Value next = b.add(b.shiftRight(warp, 2), 1);
  Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, next,
                                       b.getI32(warps / kWarpsOfGroup));
  giveTurn(arith::SelectOp::create(b, isLast, b.getI32(0), next));
  return success();
}

LogicalResult Distributor::distributeConsumer(Region &consumer) {
  if (consumer.empty())
    return success();
  if (!consumer.walk([](tile::TakeTurnOp) { return WalkResult::interrupt(); })
           .wasInterrupted())
    return distributeBlock(consumer.front());
  auto createForGroup = [&](int64_t number) {
    Value isGroup = arith::CmpIOp::create(
        b, arith::CmpIPredicate::eq, b.shiftRight(warp, 2), b.getI32(number));
    return scf::IfOp::create(b, isGroup, /*withElseRegion=*/false).thenBlock();
  };
  // The last group gives the first turn, and the first takes what is left over.
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(createForGroup(warps / kWarpsOfGroup - 1));
    giveTurn(b.getI32(0));
  }
  if (failed(distributeBlock(consumer.front())))
    return failure();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(createForGroup(0));
  return distributeTakeTurn();
}
