//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "CopiedOperands.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Distribute/Passes.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_GPUSCHEDULEPASS
#include "bpt/Target/GPU/Distribute/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static remark::RemarkOpts nameRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category("bpt-gpu");
}

namespace {

/// Whether a copy does what the read does; reports why if it does not.
LogicalResult checkCopyable(vector::TransferReadOp read) {
  std::string misfit = explainNoCopy(read);
  if (!misfit.empty())
    return read.emitOpError(misfit);
  return success();
}

/// The buffers of a program's loops. Loops that follow one another, as those
/// over unmasked and masked keys do, have the same.
class BufferPool {
public:
  /// What a loop before this one has copied by the same read, or null.
  Value findCopied(vector::TransferReadOp read, scf::ForOp loop) {
    auto [buffer, first] = copied.lookup(read);
    return buffer && precedes(first, loop) ? buffer : Value();
  }
  void setCopied(vector::TransferReadOp read, scf::ForOp loop, Value buffer) {
    copied[read] = {buffer, loop};
  }

  /// A buffer that no loop uses that runs at the same time, or null.
  Value take(MemRefType type, scf::ForOp loop) {
    for (auto &[buffer, user] : buffers)
      if (buffer.getType() == type && precedes(user, loop)) {
        user = loop;
        return buffer;
      }
    return {};
  }
  void add(Value buffer, scf::ForOp loop) { buffers.push_back({buffer, loop}); }

private:
  /// Whether all of loop `a` is over when `b` begins, as far as what contains
  /// both does not start again.
  static bool precedes(scf::ForOp a, scf::ForOp b) {
    for (Operation *op = a; op; op = op->getParentOp())
      if (Operation *other = op->getBlock()->findAncestorOpInBlock(*b))
        return op != other && op->isBeforeInBlock(other);
    return false;
  }

  DenseMap<Operation *, std::pair<Value, scf::ForOp>> copied;
  SmallVector<std::pair<Value, scf::ForOp>> buffers;
};

/// Schedules the copies of one loop.
class LoopScheduler {
public:
  LoopScheduler(scf::ForOp loop, int64_t stages, BufferPool &pool)
      : loop(loop), stages(stages), pool(pool), b(loop), loc(loop.getLoc()) {}

  LogicalResult run();

private:
  /// A tile that each iteration reads, or one that all iterations read.
  struct Copy {
    vector::TransferReadOp read;
    bool invariant;
    Value buffers;
    /// A loop before this one has copied it.
    bool isThere = false;
  };

  LogicalResult collect();
  void allocate(Copy &copy);
  /// The outermost loop that reads the tile again and again.
  scf::ForOp getOutermostReader(const Copy &copy);
  /// Starts the copies that iteration `iv` reads, to buffer `stage`.
  LogicalResult start(Value iv, Value stage);
  /// `value` as it would be in iteration `iv`.
  FailureOr<Value> cloneFor(Value value, IRMapping &mapping, Operation *user);
  void readShared(const Copy &copy, Value stage);
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }

  scf::ForOp loop;
  int64_t stages;
  BufferPool &pool;
  OpBuilder b;
  Location loc;
  SmallVector<Copy> copies;
  /// Other warps may still read a buffer when this loop begins.
  bool reusesBuffers = false;
};

LogicalResult LoopScheduler::collect() {
  for (auto read : loop.getBody()->getOps<vector::TransferReadOp>())
    if (isGlobalRead(read) && isOperandRead(read)) {
      if (failed(checkCopyable(read)))
        return failure();
      copies.push_back({read, /*invariant=*/false, {}});
    }
  if (copies.empty())
    return success();
  // Operands that the loop reads again and again need no registers meanwhile.
  SetVector<Operation *> outside;
  loop.walk([&](vector::ContractionOp contract) {
    for (Value operand : {contract.getLhs(), contract.getRhs()}) {
      auto read = operand.getDefiningOp<vector::TransferReadOp>();
      if (read && isGlobalRead(read) && !loop->isAncestor(read))
        outside.insert(read);
    }
  });
  for (Operation *op : outside) {
    auto read = cast<vector::TransferReadOp>(op);
    if (failed(checkCopyable(read)))
      return failure();
    copies.push_back({read, /*invariant=*/true, {}});
  }
  return success();
}

scf::ForOp LoopScheduler::getOutermostReader(const Copy &copy) {
  scf::ForOp reader = loop;
  while (auto outer = reader->getParentOfType<scf::ForOp>()) {
    if (outer->isAncestor(copy.read))
      break;
    reader = outer;
  }
  return reader;
}

void LoopScheduler::allocate(Copy &copy) {
  if (copy.invariant &&
      (copy.buffers = pool.findCopied(copy.read, getOutermostReader(copy)))) {
    copy.isThere = true;
    return;
  }
  VectorType tile = copy.read.getVectorType();
  SmallVector<int64_t> shape;
  if (!copy.invariant)
    shape.push_back(stages);
  llvm::append_range(shape, tile.getShape());
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get(shape, tile.getElementType(),
                              MemRefLayoutAttrInterface(), space);
  if (!copy.invariant && (copy.buffers = pool.take(type, loop))) {
    reusesBuffers = true;
    return;
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(
      &loop->getParentOfType<gpu::GPUFuncOp>().getBody().front());
  copy.buffers = memref::AllocOp::create(b, copy.read.getLoc(), type);
  if (copy.invariant)
    pool.setCopied(copy.read, getOutermostReader(copy), copy.buffers);
  else
    pool.add(copy.buffers, loop);
}

FailureOr<Value> LoopScheduler::cloneFor(Value value, IRMapping &mapping,
                                         Operation *user) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  if (!loop.getRegion().isAncestor(value.getParentRegion()))
    return value;
  Operation *op = value.getDefiningOp();
  if (!op || !isPure(op) || op->getNumRegions() != 0)
    return user->emitOpError("is read ahead, but where it reads depends on "
                             "more than the loop's counter and what is "
                             "computed before the loop");
  for (Value operand : op->getOperands()) {
    FailureOr<Value> cloned = cloneFor(operand, mapping, user);
    if (failed(cloned))
      return failure();
    mapping.map(operand, *cloned);
  }
  b.clone(*op, mapping);
  return mapping.lookup(value);
}

LogicalResult LoopScheduler::start(Value iv, Value stage) {
  Value exists = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, iv,
                                       loop.getUpperBound());
  auto branch = scf::IfOp::create(b, loc, exists, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), iv);
  for (Copy &copy : copies) {
    if (copy.invariant)
      continue;
    vector::TransferReadOp read = copy.read;
    SmallVector<Value> operands = {read.getBase(), read.getIndices()[0],
                                   read.getIndices()[1]};
    for (Value &operand : operands) {
      FailureOr<Value> cloned = cloneFor(operand, mapping, read);
      if (failed(cloned))
        return failure();
      operand = *cloned;
    }
    tile::AsyncCopyOp::create(b, read.getLoc(), operands[0], operands[1],
                              operands[2], copy.buffers, stage);
  }
  return success();
}

void LoopScheduler::readShared(const Copy &copy, Value stage) {
  vector::TransferReadOp read = copy.read;
  SmallVector<Value> indices;
  if (!copy.invariant)
    indices.push_back(stage);
  SmallVector<bool> inBounds(2, true);
  auto create = [&]() -> Value {
    SmallVector<Value> all = indices;
    all.append(2, constant(0));
    return vector::TransferReadOp::create(b, read.getLoc(),
                                          read.getVectorType(), copy.buffers,
                                          all, read.getPadding(), inBounds);
  };
  OpBuilder::InsertionGuard guard(b);
  if (!copy.invariant) {
    b.setInsertionPoint(read);
    read.getResult().replaceAllUsesWith(create());
    read.erase();
    return;
  }
  for (OpOperand &use : llvm::make_early_inc_range(read->getUses()))
    if (loop->isProperAncestor(use.getOwner()) && isFactorUse(use)) {
      b.setInsertionPoint(use.getOwner());
      use.set(create());
    }
  if (read->use_empty())
    read.erase();
}

LogicalResult LoopScheduler::run() {
  if (failed(collect()))
    return failure();
  if (copies.empty())
    return success();
  for (Copy &copy : copies)
    allocate(copy);

  // Before the loop: the first stages but one. If the loop runs again, other
  // warps may still read what it left.
  if (loop->getParentOfType<scf::ForOp>() || reusesBuffers)
    gpu::BarrierOp::create(b, loc);
  for (Copy &copy : copies)
    if (copy.invariant && !copy.isThere) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(getOutermostReader(copy));
      tile::AsyncCopyOp::create(
          b, copy.read.getLoc(), copy.read.getBase(), copy.read.getIndices()[0],
          copy.read.getIndices()[1], copy.buffers, ValueRange());
    }
  Value iv = loop.getLowerBound();
  for (int64_t stage = 0; stage < stages - 1; ++stage) {
    if (failed(start(iv, constant(stage))))
      return failure();
    tile::CommitCopiesOp::create(b, loc);
    iv = arith::AddIOp::create(b, loc, iv, loop.getStep());
  }

  // An iteration waits for its own stage. The barrier says that all threads'
  // copies are there, and that all have read the buffer that is filled next.
  b.setInsertionPointToStart(loop.getBody());
  tile::WaitCopiesOp::create(b, loc, stages - 2);
  gpu::BarrierOp::create(b, loc);
  Value number = arith::SubIOp::create(b, loc, loop.getInductionVar(),
                                       loop.getLowerBound());
  number = arith::DivUIOp::create(b, loc, number, loop.getStep());
  Value count = constant(stages);
  Value now = arith::RemUIOp::create(b, loc, number, count);
  Value ahead = constant(stages - 1);
  Value next = arith::AddIOp::create(b, loc, number, ahead);
  next = arith::RemUIOp::create(b, loc, next, count);
  Value distance = arith::MulIOp::create(b, loc, loop.getStep(), ahead);
  Value nextIv =
      arith::AddIOp::create(b, loc, loop.getInductionVar(), distance);
  if (failed(start(nextIv, next)))
    return failure();
  tile::CommitCopiesOp::create(b, loc);
  for (const Copy &copy : copies)
    readShared(copy, now);
  // A loop without iterations has not waited for what it would have kept.
  SetVector<Operation *> readers;
  for (const Copy &copy : copies)
    if (copy.invariant && !copy.isThere)
      readers.insert(getOutermostReader(copy));
  for (Operation *reader : readers) {
    b.setInsertionPointAfter(reader);
    tile::WaitCopiesOp::create(b, loc, 0);
  }
  return success();
}

/// Right operands outside of loops: copied, and waited for, where they are
/// read.
LogicalResult copyAtOnce(vector::TransferReadOp read) {
  if (failed(checkCopyable(read)))
    return failure();
  OpBuilder b(read);
  Location loc = read.getLoc();
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get(read.getVectorType().getShape(),
                              read.getVectorType().getElementType(),
                              MemRefLayoutAttrInterface(), space);
  Value buffer = memref::AllocOp::create(b, loc, type);
  tile::AsyncCopyOp::create(b, loc, read.getBase(), read.getIndices()[0],
                            read.getIndices()[1], buffer, ValueRange());
  tile::CommitCopiesOp::create(b, loc);
  tile::WaitCopiesOp::create(b, loc, 0);
  gpu::BarrierOp::create(b, loc);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  SmallVector<bool> inBounds(2, true);
  Value tile = vector::TransferReadOp::create(b, loc, read.getVectorType(),
                                              buffer, ValueRange{zero, zero},
                                              read.getPadding(), inBounds);
  read.getResult().replaceAllUsesWith(tile);
  read.erase();
  return success();
}

struct GPUSchedulePass : bpt::impl::GPUSchedulePassBase<GPUSchedulePass> {
  using Base::Base;

  void runOnOperation() override {
    if (stages < 2) {
      getOperation().emitOpError("is scheduled with stages = ")
          << int64_t(stages) << ", but a copy that is ahead takes at least 2";
      return signalPassFailure();
    }
    for (auto program : getOperation().getOps<gpu::GPUFuncOp>()) {
      if (!program->hasAttr(tile::TileDialect::kWarpsAttrName))
        continue;
      if (failed(scheduleTileProgram(
              program, {stages, warpRoles, overlap, pingPong, maxSharedBytes})))
        return signalPassFailure();
      reportBudget(program);
    }
  }

private:
  void reportBudget(gpu::GPUFuncOp program) {
    Need registers = countRegisters(program);
    std::string text =
        llvm::formatv("a thread needs {0} registers or more, of {1}; a block "
                      "{2} bytes of workgroup memory, of {3}",
                      registers.needed, registers.available,
                      countWorkgroupBytes(program), int64_t(maxSharedBytes));
    if (registers.fits())
      remark::analysis(program.getLoc(), nameRemark("Budget")) << text;
    else
      remark::missed(program.getLoc(), nameRemark("OverBudget"))
          << text + ": it will spill";
  }
};

} // namespace

LogicalResult bpt::scheduleCopies(gpu::GPUFuncOp program, int64_t stages) {
  SmallVector<scf::ForOp> loops;
  program.walk([&](scf::ForOp loop) { loops.push_back(loop); });
  BufferPool pool;
  for (scf::ForOp loop : loops)
    if (failed(LoopScheduler(loop, stages, pool).run()))
      return failure();
  SmallVector<vector::TransferReadOp> rest;
  program.walk([&](vector::TransferReadOp read) {
    if (isGlobalRead(read) && isOperandRead(read, /*rightOnly=*/true))
      rest.push_back(read);
  });
  for (vector::TransferReadOp read : rest)
    if (failed(copyAtOnce(read)))
      return failure();
  return success();
}

/// Rotates the loops of a program, if there are registers for what then passes
/// from iteration to iteration.
static OverlappedLoops overlapWithinBudget(gpu::GPUFuncOp program) {
  OwningOpRef<gpu::GPUFuncOp> before = program.clone();
  OverlappedLoops overlapped = overlapProducts(program);
  if (overlapped.moved == 0)
    return overlapped;
  Need registers = countRegisters(program);
  if (registers.fits())
    return overlapped;
  remark::missed(program.getLoc(), nameRemark("NoOverlap"))
      << llvm::formatv("a thread would need {0} registers or more, of {1}",
                       registers.needed, registers.available)
             .str();
  program.getBody().takeBody(before->getBody());
  return {};
}

LogicalResult bpt::scheduleTileProgram(gpu::GPUFuncOp program,
                                       const GPUSchedulePassOptions &options) {
  auto schedule = program->getAttrOfType<tile::ScheduleAttr>(
      tile::TileDialect::kScheduleAttrName);
  bool hasRoles = !schedule || schedule.getWarpRoles();
  bool overlaps = options.overlap && (!schedule || schedule.getOverlap());
  bool takesTurns = options.pingPong && (!schedule || schedule.getPingPong());
  if (options.warpRoles && !hasRoles)
    remark::missed(program.getLoc(), nameRemark("NoWarpRoles"))
        << "its schedule leaves them out";
  if (options.warpRoles && hasRoles) {
    orderForProducts(program);
    std::string misfit = assignWarpRoles(program, options.maxSharedBytes);
    if (misfit.empty()) {
      remark::passed(program.getLoc(), nameRemark("WarpRoles"))
          << "four warps copy while the others compute";
      OverlappedLoops overlapped;
      if (overlaps)
        overlapped = overlapWithinBudget(program);
      if (overlapped.kept != 0)
        remark::passed(program.getLoc(), nameRemark("Overlap"))
            << "the products of an iteration run during the next";
      if (overlapped.moved != 0) {
        remark::passed(program.getLoc(), nameRemark("Overlap"))
            << "the last product of an iteration runs during the next";
        if (takesTurns && takeTurns(program) != 0)
          remark::passed(program.getLoc(), nameRemark("PingPong"))
              << "warpgroups take turns to start products";
      }
      return success();
    }
    remark::missed(program.getLoc(), nameRemark("NoWarpRoles")) << misfit;
  }
  return scheduleCopies(program, options.stages);
}
