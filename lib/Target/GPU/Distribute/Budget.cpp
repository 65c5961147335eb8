//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "AxisAnalysis.h"
#include "CopiedOperands.h"
#include "Warps.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bpt;

//===----------------------------------------------------------------------===//
// Workgroup memory
//===----------------------------------------------------------------------===//

void WorkgroupBytes::addBuffers(MemRefType buffers) {
  // The widest panels begin at multiples of this.
  constexpr int64_t kPanelAlignment = 1024;
  bytes = llvm::alignTo(bytes, kPanelAlignment) +
          buffers.getNumElements() * buffers.getElementTypeBitWidth() / 8;
}

void WorkgroupBytes::addRing(MemRefType buffers) {
  constexpr int64_t kBytesOfBarriers = 2 * 8;
  addBuffers(buffers);
  bytes += buffers.getDimSize(0) * kBytesOfBarriers;
}

int64_t WorkgroupBytes::getTotal(int64_t warps) const {
  return bytes + kWarpThreads * warps;
}

static int64_t getWarps(gpu::GPUFuncOp program) {
  return program->getAttrOfType<IntegerAttr>(tile::TileDialect::kWarpsAttrName)
      .getInt();
}

static bool hasRoles(gpu::GPUFuncOp program) {
  return program.walk([](tile::WarpRolesOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

int64_t bpt::countWorkgroupBytes(gpu::GPUFuncOp program) {
  WorkgroupBytes bytes;
  program.walk([&](Operation *op) {
    // Others are errors when they are laid out.
    if (auto alloc = dyn_cast<memref::AllocOp>(op);
        alloc && alloc.getType().hasStaticShape() &&
        alloc.getType().getElementType().isIntOrFloat())
      bytes.addBuffers(alloc.getType());
    if (auto ring = dyn_cast<tile::CreateRingOp>(op))
      bytes.addRing(ring.getRing().getType().getBuffers());
  });
  return bytes.getTotal(hasRoles(program) ? getWarps(program) : 0);
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

std::optional<std::pair<int64_t, int64_t>>
bpt::getRegistersOfRoles(int64_t consumerGroups, bool isOneThread) {
  switch (consumerGroups) {
  case 2:
    // A thread that computes no addresses needs few.
    return isOneThread ? std::pair{24, 240} : std::pair{40, 232};
  case 3:
    return {{32, 160}};
  default:
    return std::nullopt;
  }
}

/// What a thread of warps that compute may have at most.
static int64_t getAvailableRegisters(int64_t warps, bool hasRoles) {
  constexpr int64_t kOfMultiprocessor = 65536, kMaxOfThread = 255, kUnit = 8;
  if (hasRoles)
    if (auto registers = getRegistersOfRoles(warps / kWarpsOfGroup,
                                             /*isOneThread=*/true))
      return registers->second;
  int64_t threads = kWarpThreads * (warps + (hasRoles ? kProducerWarps : 0));
  return std::min(kMaxOfThread, kOfMultiprocessor / threads / kUnit * kUnit);
}

namespace {
/// Tiles in registers at a point of the program.
struct LiveTiles {
  DenseSet<Value> values;
  int64_t registers = 0;
};

/// Follows the tiles of a program from its end to its beginning.
class RegisterCounter {
public:
  RegisterCounter(gpu::GPUFuncOp program, int64_t warps)
      : warps(warps), axes(program, warps) {
    if (hasRoles(program))
      program.walk([&](vector::ContractionOp product) { hold(product); });
    visit(program.getBody().front(), {});
  }

  int64_t getMost() const { return most; }

private:
  /// A product that runs while others compute reads its left operand until its
  /// result is used.
  void hold(vector::ContractionOp product) {
    if (Operation *first = getFirstUser(product, product->getBlock()))
      heldAt[first].push_back(product.getLhs());
  }

  /// Registers of a lane that hold the value.
  int64_t getSize(Value value) const;
  void add(Value value, LiveTiles &live) const {
    if (int64_t size = getSize(value); size && live.values.insert(value).second)
      live.registers += size;
  }
  void remove(Value value, LiveTiles &live) const {
    if (live.values.erase(value))
      live.registers -= getSize(value);
  }

  /// From what is live at the end of a block to what is at its beginning.
  LiveTiles visit(Block &block, LiveTiles live);
  void visit(Operation &op, LiveTiles &live);
  void visitRegions(Operation &op, LiveTiles &live);

  int64_t warps;
  AxisAnalysis axes;
  DenseMap<Operation *, SmallVector<Value, 1>> heldAt;
  int64_t most = 0;
};
} // namespace

/// The axes along which the elements of a tile differ, so that a lane has one
/// value for all along the others.
static TileAxes getVaryingAxes(Value value) {
  Operation *op = value.getDefiningOp();
  DenseElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant.isSplat() ? TileAxes::None : TileAxes::Both;
  if (auto broadcast = dyn_cast_or_null<vector::BroadcastOp>(op)) {
    auto source = dyn_cast<VectorType>(broadcast.getSourceType());
    if (!source)
      return TileAxes::None;
    // A line is broadcast along its trailing dimension.
    return source.getRank() == 2 ? AxisAnalysis::getOwnAxes(source)
                                 : TileAxes::Columns;
  }
  if (!op || !OpTrait::hasElementwiseMappableTraits(op))
    return TileAxes::Both;
  TileAxes axes = TileAxes::None;
  for (Value operand : op->getOperands())
    axes = axes | getVaryingAxes(operand);
  return axes;
}

int64_t RegisterCounter::getSize(Value value) const {
  auto type = dyn_cast<VectorType>(value.getType());
  // Positions and masks are computed element by element, where they are used.
  if (!type || !type.getElementType().isIntOrFloat() ||
      type.getElementType().isInteger(1))
    return 0;
  Operation *op = value.getDefiningOp();
  if (matchPattern(value, m_Constant()) || isa_and_present<vector::StepOp>(op))
    return 0;
  // So are tiles that are made of lines along one axis.
  if (type.getRank() == 2 && AxisAnalysis::getOwnAxes(type) == TileAxes::Both &&
      getVaryingAxes(value) != TileAxes::Both)
    return 0;
  // Operands lie in workgroup memory.
  if (auto read = dyn_cast_or_null<vector::TransferReadOp>(op);
      read && llvm::all_of(read->getUses(), isFactorUse))
    return 0;

  SmallVector<TileAxes, 2> all = axes.getAxes(value);
  int64_t elements = 0;
  for (TileAxes axis : all) {
    bool isLine = type.getRank() == 1;
    int64_t rows = isLine && !hasRows(axis) ? 1 : type.getDimSize(0);
    int64_t columns = !isLine            ? type.getDimSize(1)
                      : hasColumns(axis) ? type.getDimSize(0)
                                         : 1;
    if (!FragmentLayout::explainMisfit(axis, rows, columns, warps).empty())
      continue;
    elements += FragmentLayout(axis, rows, columns, warps).getNumElements();
  }
  return llvm::divideCeil(elements * type.getElementTypeBitWidth(), 32);
}

LiveTiles RegisterCounter::visit(Block &block, LiveTiles live) {
  for (Operation &op : llvm::reverse(block))
    visit(op, live);
  for (BlockArgument argument : block.getArguments())
    remove(argument, live);
  return live;
}

void RegisterCounter::visit(Operation &op, LiveTiles &live) {
  int64_t results = 0;
  for (Value result : op.getResults()) {
    results += getSize(result);
    remove(result, live);
  }
  for (Value held : heldAt.lookup(&op))
    add(held, live);
  if (op.getNumRegions() != 0)
    return visitRegions(op, live);

  // What is done element by element takes the registers of what it needs no
  // more, and what lies between is never there as a tile.
  if (OpTrait::hasElementwiseMappableTraits(&op)) {
    for (Value operand : op.getOperands())
      add(operand, live);
    return;
  }
  // A product adds to its sum in place.
  int64_t across = live.registers;
  if (auto product = dyn_cast<vector::ContractionOp>(op))
    add(product.getAcc(), live);
  int64_t reused = std::min(live.registers - across, results);
  for (Value operand : op.getOperands())
    add(operand, live);
  most = std::max(most, live.registers + results - reused);
}

void RegisterCounter::visitRegions(Operation &op, LiveTiles &live) {
  // What iterations use is there in all of them.
  if (isa<LoopLikeOpInterface>(op)) {
    SetVector<Value> used;
    getUsedValuesDefinedAbove(op.getRegions(), used);
    for (Value value : used)
      add(value, live);
  }
  LiveTiles after = live;
  for (Region &region : op.getRegions())
    for (Block &block : region)
      for (Value value : visit(block, after).values)
        add(value, live);
  for (Value operand : op.getOperands())
    add(operand, live);
}

Need bpt::countRegisters(gpu::GPUFuncOp program) {
  // Addresses, counters, and fragments on their way to a product.
  constexpr int64_t kOthers = 16;
  int64_t warps = getWarps(program);
  return {RegisterCounter(program, warps).getMost() + kOthers,
          getAvailableRegisters(warps, hasRoles(program))};
}
