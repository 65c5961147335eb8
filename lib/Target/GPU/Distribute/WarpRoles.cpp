//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Splits a tile program into warps that copy what products multiply, and warps
// that do all the rest.
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "CopiedOperands.h"
#include "Warps.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::bpt;

static constexpr int64_t kMaxWarps = 32;
static constexpr int64_t kMaxBuffers = 4;

namespace {
class RoleSplitter {
public:
  RoleSplitter(gpu::GPUFuncOp program, int64_t maxSharedBytes)
      : program(program), body(program.getBody().front()),
        maxSharedBytes(maxSharedBytes), b(program.getContext()) {}

  /// Why it cannot be split, before anything is changed; empty if it is.
  std::string run();

private:
  /// A read that becomes a tile of a ring.
  struct Copy {
    vector::TransferReadOp read;
    /// The loop in whose iterations it is read; null for one that is read once.
    scf::ForOp loop;
    Value ring;
    /// The tile's number, in the loop's first iteration.
    Value first;
  };
  /// A ring, of one loop or of what follows one another.
  struct PlannedRing {
    tile::RingType type;
    /// The loop that used it last; null after what is read once.
    scf::ForOp user;
    Value ring;
    /// The number of the user's first tile.
    Value next;
  };

  std::string collect();
  std::string checkOrder();
  /// Whether all warps may compute the operation.
  bool isShared(Operation *op) const;
  bool isSharedValue(Value value) const;
  /// The ring of `count` buffers for what is copied, or of as many as it needs.
  tile::RingType getRingType(Copy copy, int64_t count);
  int64_t getNumWarps();
  /// Bytes of workgroup memory with so many buffers.
  int64_t countBytes(int64_t count);
  /// A ring that is free when what is copied is read, or null.
  static PlannedRing *findRing(MutableArrayRef<PlannedRing> planned, Copy copy,
                               tile::RingType type);
  std::string chooseBuffers();
  void createRing(Copy &copy);
  Value getNumber(OpBuilder &at, Copy copy, Value iv);
  void produce(Block &block);
  void fill(OpBuilder &at, const Copy &copy, IRMapping &mapping, Value iv);
  void consume(Block &block, ArrayRef<Operation *> ops);
  void read(const Copy &copy);
  void readOften(const Copy &copy);

  gpu::GPUFuncOp program;
  Block &body;
  int64_t maxSharedBytes;
  OpBuilder b;
  /// In the order in which they are read.
  SmallVector<Copy> copies;
  SetVector<Operation *> shared;
  SmallVector<PlannedRing> rings;
  int64_t numBuffers = 0;
};
} // namespace

bool RoleSplitter::isSharedValue(Value value) const {
  Operation *op = value.getDefiningOp();
  return op ? shared.contains(op) : true;
}

bool RoleSplitter::isShared(Operation *op) const {
  if (isa<memref::AllocOp>(op))
    return true;
  auto isTile = [](Type type) { return isa<VectorType>(type); };
  if (!isMemoryEffectFree(op) || (llvm::any_of(op->getResultTypes(), isTile) &&
                                  !isa<arith::ConstantOp>(op)))
    return false;
  return llvm::all_of(op->getOperands(),
                      [&](Value value) { return isSharedValue(value); }) &&
         !op->walk([&](Operation *inner) {
              return llvm::any_of(inner->getOperands(),
                                  [&](Value value) {
                                    Operation *def = value.getDefiningOp();
                                    return def && !op->isAncestor(def) &&
                                           !shared.contains(def);
                                  })
                         ? WalkResult::interrupt()
                         : WalkResult::advance();
            }).wasInterrupted();
}

std::string RoleSplitter::collect() {
  for (Operation &op : body)
    if (isShared(&op))
      shared.insert(&op);
  // In the program's order, which is that in which tiles are waited for.
  std::string misfit;
  program.walk<WalkOrder::PreOrder>([&](vector::TransferReadOp read) {
    if (!isGlobalRead(read) || !isOperandRead(read))
      return;
    if (read->getBlock() == &body) {
      // What is multiplied once, from registers, is read there.
      bool isForLoop = llvm::any_of(read->getUsers(), [](Operation *user) {
        return isa<scf::ForOp>(user->getParentOp());
      });
      if (isForLoop || isOperandRead(read, /*rightOnly=*/true))
        copies.push_back({read, nullptr, {}, {}});
      return;
    }
    auto loop = dyn_cast<scf::ForOp>(read->getParentOp());
    if (!loop || loop->getBlock() != &body)
      misfit = "an operand is read in a loop in another one, or in a branch";
    copies.push_back({read, loop, {}, {}});
  });
  if (!misfit.empty())
    return misfit;
  if (llvm::none_of(copies, [](const Copy &copy) { return copy.loop; }))
    return "no loop reads operands";
  return "";
}

std::string RoleSplitter::checkOrder() {
  for (Copy copy : copies) {
    if (!explainNoCopy(copy.read).empty())
      return "an operand is read in a way that is no copy";
    // Where it is read is known to warps that do nothing else.
    SmallVector<Value> places = {copy.read.getBase()};
    llvm::append_range(places, copy.read.getIndices());
    scf::ForOp loop = copy.loop;
    if (loop)
      llvm::append_range(places,
                         ArrayRef<Value>{loop.getLowerBound(),
                                         loop.getUpperBound(), loop.getStep()});
    while (!places.empty()) {
      Value place = places.pop_back_val();
      Operation *op = place.getDefiningOp();
      if (!op ? loop && place.getParentBlock() == loop.getBody() &&
                    place != loop.getInductionVar()
              : !shared.contains(op) &&
                    (!loop || op->getBlock() != loop.getBody() || !isPure(op) ||
                     op->getNumRegions() != 0))
        return "where an operand lies depends on more than the loop's counter "
               "and what is computed before";
      if (op && !shared.contains(op))
        llvm::append_range(places, op->getOperands());
    }
  }
  // Copies run ahead of what the program writes.
  Operation *last = copies.back().loop ? copies.back().loop.getOperation()
                                       : copies.back().read.getOperation();
  WalkResult writes = program.walk([&](Operation *op) {
    auto write = dyn_cast<vector::TransferWriteOp>(op);
    if (!write || gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(
                      cast<MemRefType>(write.getBase().getType())))
      return WalkResult::advance();
    Operation *ancestor = body.findAncestorOpInBlock(*op);
    return ancestor == last || ancestor->isBeforeInBlock(last)
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  if (writes.wasInterrupted())
    return "it writes memory before it has read all operands";
  return "";
}

tile::RingType RoleSplitter::getRingType(Copy copy, int64_t count) {
  // More buffers than tiles would stay empty.
  if (!copy.loop)
    count = 1;
  else if (std::optional<APInt> trips = copy.loop.getStaticTripCount())
    count = std::clamp<int64_t>(trips->getSExtValue(), 1, count);
  VectorType tile = copy.read.getVectorType();
  SmallVector<int64_t> shape = {count};
  llvm::append_range(shape, tile.getShape());
  auto space = gpu::AddressSpaceAttr::get(program.getContext(),
                                          gpu::AddressSpace::Workgroup);
  return tile::RingType::get(program.getContext(),
                             MemRefType::get(shape, tile.getElementType(),
                                             MemRefLayoutAttrInterface(),
                                             space));
}

RoleSplitter::PlannedRing *
RoleSplitter::findRing(MutableArrayRef<PlannedRing> planned, Copy copy,
                       tile::RingType type) {
  MemRefType wanted = type.getBuffers();
  for (PlannedRing &ring : planned) {
    MemRefType buffers = ring.type.getBuffers();
    // A tile with fewer rows is the first rows of a buffer.
    if (ring.user && ring.user != copy.loop &&
        buffers.getElementType() == wanted.getElementType() &&
        buffers.getDimSize(2) == wanted.getDimSize(2) &&
        buffers.getDimSize(1) >= wanted.getDimSize(1) &&
        buffers.getDimSize(0) >= wanted.getDimSize(0))
      return &ring;
  }
  return nullptr;
}

int64_t RoleSplitter::countBytes(int64_t count) {
  WorkgroupBytes bytes;
  program.walk(
      [&](memref::AllocOp alloc) { bytes.addBuffers(alloc.getType()); });
  SmallVector<PlannedRing> planned;
  for (Copy copy : copies) {
    tile::RingType type = getRingType(copy, count);
    if (PlannedRing *ring = findRing(planned, copy, type)) {
      ring->user = copy.loop;
      continue;
    }
    planned.push_back({type, copy.loop, {}, {}});
    bytes.addRing(type.getBuffers());
  }
  return bytes.getTotal(getNumWarps());
}

std::string RoleSplitter::chooseBuffers() {
  for (numBuffers = kMaxBuffers; numBuffers >= 2; --numBuffers)
    if (countBytes(numBuffers) <= maxSharedBytes)
      return "";
  return "two buffers of each operand do not fit: they take " +
         std::to_string(countBytes(2)) +
         " bytes of workgroup memory, and a "
         "block has " +
         std::to_string(maxSharedBytes);
}

Value bpt::createTripCount(OpBuilder &b, Location loc, Value lower, Value upper,
                           Value step) {
  Value length = b.createOrFold<arith::SubIOp>(loc, upper, lower);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  length = b.createOrFold<arith::MaxSIOp>(loc, length, zero);
  return b.createOrFold<arith::CeilDivUIOp>(loc, length, step);
}

void RoleSplitter::createRing(Copy &copy) {
  Location loc = copy.read.getLoc();
  tile::RingType type = getRingType(copy, numBuffers);
  if (PlannedRing *ring = findRing(rings, copy, type)) {
    scf::ForOp user = ring->user;
    ring->next = b.createOrFold<arith::AddIOp>(
        loc, ring->next,
        createTripCount(b, user.getLoc(), user.getLowerBound(),
                        user.getUpperBound(), user.getStep()));
    ring->user = copy.loop;
    copy.ring = ring->ring;
    copy.first = ring->next;
    return;
  }
  copy.ring = tile::CreateRingOp::create(b, loc, type);
  copy.first = arith::ConstantIndexOp::create(b, loc, 0);
  rings.push_back({type, copy.loop, copy.ring, copy.first});
}

Value RoleSplitter::getNumber(OpBuilder &at, Copy copy, Value iv) {
  if (!copy.loop)
    return copy.first;
  Location loc = copy.read.getLoc();
  scf::ForOp loop = copy.loop;
  Value number = at.createOrFold<arith::SubIOp>(loc, iv, loop.getLowerBound());
  number = at.createOrFold<arith::DivUIOp>(loc, number, loop.getStep());
  return at.createOrFold<arith::AddIOp>(loc, copy.first, number);
}

void RoleSplitter::fill(OpBuilder &at, const Copy &copy, IRMapping &mapping,
                        Value iv) {
  vector::TransferReadOp read = copy.read;
  SmallVector<Value> places = {read.getBase(), read.getIndices()[0],
                               read.getIndices()[1]};
  auto clone = [&](auto &&self, Value value) -> Value {
    Operation *op = value.getDefiningOp();
    if (mapping.contains(value) || !op || shared.contains(op))
      return mapping.lookupOrDefault(value);
    for (Value operand : op->getOperands())
      self(self, operand);
    at.clone(*op, mapping);
    return mapping.lookup(value);
  };
  for (Value &place : places)
    place = clone(clone, place);
  tile::FillOp::create(at, read.getLoc(), copy.ring, getNumber(at, copy, iv),
                       places[0], ValueRange(places).drop_front());
}

void RoleSplitter::produce(Block &block) {
  OpBuilder at = OpBuilder::atBlockEnd(&block);
  scf::ForOp open;
  IRMapping mapping;
  for (Copy copy : copies) {
    if (!copy.loop) {
      at.setInsertionPointToEnd(&block);
      open = nullptr;
      mapping.clear();
      fill(at, copy, mapping, Value());
      continue;
    }
    scf::ForOp loop = copy.loop;
    if (open != loop) {
      at.setInsertionPointToEnd(&block);
      auto own = scf::ForOp::create(at, loop.getLoc(), loop.getLowerBound(),
                                    loop.getUpperBound(), loop.getStep());
      at.setInsertionPoint(own.getBody()->getTerminator());
      mapping.clear();
      mapping.map(loop.getInductionVar(), own.getInductionVar());
      open = loop;
    }
    fill(at, copy, mapping, mapping.lookup(loop.getInductionVar()));
  }
}

/// The read of a whole tile of workgroup memory.
static Value readTile(OpBuilder &at, vector::TransferReadOp read,
                      Value memory) {
  Value zero = arith::ConstantIndexOp::create(at, read.getLoc(), 0);
  return vector::TransferReadOp::create(
      at, read.getLoc(), read.getVectorType(), memory, ValueRange{zero, zero},
      read.getPadding(), SmallVector<bool>(2, true));
}

/// The last of some operations, or of those of `block` that contain them.
static Operation *getLast(ArrayRef<Operation *> ops, Block *block) {
  Operation *last = nullptr;
  for (Operation *op : ops) {
    Operation *ancestor = block->findAncestorOpInBlock(*op);
    if (!last || last->isBeforeInBlock(ancestor))
      last = ancestor;
  }
  return last;
}

/// Where a tile that `last` is the last to use has been read. A product is over
/// when its result is used: to wait for it then costs nothing.
static Operation *getEndOfUse(Operation *last) {
  return isa<vector::ContractionOp>(last) ? getFirstUser(last, last->getBlock())
                                          : last;
}

void RoleSplitter::read(const Copy &copy) {
  vector::TransferReadOp read = copy.read;
  scf::ForOp loop = copy.loop;
  OpBuilder at(read);
  Value number = getNumber(at, copy, loop.getInductionVar());
  Value memory = tile::AcquireOp::create(at, read.getLoc(), copy.ring, number);
  Value tile = readTile(at, read, memory);
  read.getResult().replaceAllUsesWith(tile);
  Operation *last =
      getEndOfUse(getLast(llvm::to_vector(tile.getUsers()), loop.getBody()));
  if (last->hasTrait<OpTrait::IsTerminator>())
    at.setInsertionPoint(last);
  else
    at.setInsertionPointAfter(last);
  tile::ReleaseOp::create(at, read.getLoc(), copy.ring, number);
  read.erase();
}

void RoleSplitter::readOften(const Copy &copy) {
  vector::TransferReadOp read = copy.read;
  OpBuilder at(read);
  Value memory =
      tile::AcquireOp::create(at, read.getLoc(), copy.ring, copy.first);
  SmallVector<Operation *> products;
  for (OpOperand &use : llvm::make_early_inc_range(read->getUses()))
    if (isFactorUse(use)) {
      at.setInsertionPoint(use.getOwner());
      use.set(readTile(at, read, memory));
      products.push_back(use.getOwner());
    }
  at.setInsertionPointAfter(getEndOfUse(getLast(products, read->getBlock())));
  tile::ReleaseOp::create(at, read.getLoc(), copy.ring, copy.first);
  if (read->use_empty())
    read.erase();
}

void RoleSplitter::consume(Block &block, ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    op->moveBefore(&block, block.end());
  for (Copy copy : copies)
    copy.loop ? read(copy) : readOften(copy);
}

int64_t RoleSplitter::getNumWarps() {
  return program->getAttrOfType<IntegerAttr>(tile::TileDialect::kWarpsAttrName)
      .getInt();
}

std::string RoleSplitter::run() {
  if (getNumWarps() + kProducerWarps > kMaxWarps)
    return "a block has at most 32 warps";
  for (auto check : {&RoleSplitter::collect, &RoleSplitter::checkOrder,
                     &RoleSplitter::chooseBuffers})
    if (std::string misfit = (this->*check)(); !misfit.empty())
      return misfit;

  SmallVector<Operation *> own;
  for (Operation &op : body.without_terminator())
    if (!shared.contains(&op))
      own.push_back(&op);
  // What all warps compute comes first.
  for (Operation *op : shared)
    if (!op->hasTrait<OpTrait::IsTerminator>())
      op->moveBefore(&body, body.getTerminator()->getIterator());
  b.setInsertionPoint(body.getTerminator());
  for (Copy &copy : copies)
    createRing(copy);
  auto roles = tile::WarpRolesOp::create(b, program.getLoc());
  produce(roles.getProducer().emplaceBlock());
  consume(roles.getConsumer().emplaceBlock(), own);
  std::array<int32_t, 3> threads = {
      int32_t(kWarpThreads * (getNumWarps() + kProducerWarps)), 1, 1};
  program.setKnownBlockSize(ArrayRef<int32_t>(threads));
  return "";
}

std::string bpt::assignWarpRoles(gpu::GPUFuncOp program,
                                 int64_t maxSharedBytes) {
  return RoleSplitter(program, maxSharedBytes).run();
}
