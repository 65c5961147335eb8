//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTE_DISTRIBUTOR_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTE_DISTRIBUTOR_H

#include "AxisAnalysis.h"
#include "LaneBuilder.h"
#include "MemoryView.h"
#include "Warps.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Distribute/Layout.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::bpt {

/// What a lane holds of a tile of the program.
struct Tile {
  enum class Form {
    /// The elements of `layout`; elements of 16 bits that are neighbours in a
    /// row are pairs, vector<2xT>.
    Registers,
    /// The same value everywhere.
    Uniform,
    /// A number of rows or columns plus one value: row + base, column + base.
    Position,
    /// A tile that stays in workgroup memory until a contraction reads it.
    Operand
  };

  Form form = Form::Registers;
  /// Divides the value of a uniform tile or a position.
  int64_t divisor = 1;
  FragmentLayout layout;
  SmallVector<Value> values;
  vector::TransferReadOp read;
};

/// Whether a lane can move elements of a type to memory, and from that of the
/// workgroup; reports at `op` if not.
LogicalResult checkLaneType(Operation *op, Type element);

/// Whether neighbours in a row of a tile along `axes` share a register.
bool isPaired(Type laneType, TileAxes axes);

/// Where a transfer meets a tile of workgroup memory.
struct SharedAccess {
  SharedTileLayout layout;
  /// The tile's first element, and where the transfer begins in it, as i32.
  Value base, row, column;
  /// The transfer begins at the tile's first column.
  bool atFirstColumn = false;
  /// It begins at the tile's first row, too.
  bool isWhole = false;
  /// Pairs of neighbours in a row are aligned.
  bool paired = false;
};

/// Where a transfer meets global memory, from one lane's view.
struct GlobalAccess {
  /// The lane's first element.
  Value base;
  Extent rowStride, columnStride;
  int64_t elementBytes = 1;
  /// The lane's row and column within the tile, and the rows and columns of
  /// the tile that exist, as i32; null where the transfer is in bounds.
  Value row, column, rowsLeft, columnsLeft;
  /// Pairs of neighbours in a row are adjacent and aligned, and either both
  /// exist or none.
  bool paired = false;

  Value getRowAddress(LaneBuilder &b, int64_t rowSlot) const;
  Value getElementAddress(LaneBuilder &b, Value rowAddress,
                          int64_t columnSlot) const;
  /// Whether a row, or a column, exists; null if it surely does.
  Value isRowInBounds(LaneBuilder &b, int64_t rowSlot) const;
  Value isColumnInBounds(LaneBuilder &b, int64_t columnSlot) const;
};

/// Addresses of chunks of one workgroup tile. A lane's row and chunk are given
/// once; steps from there are constants, which mostly become the immediate
/// offset of the instruction.
class ChunkAddress {
public:
  /// `row` and `chunk` are i32. `isLow` says that chunk is 0, or at most 1 and
  /// all steps are even, so that a step only flips bits of the permuted chunk.
  ChunkAddress(LaneBuilder &b, const SharedTileLayout &layout, Value base,
               Value row, Value chunk, bool isLow);

  /// The chunk `rowStep` rows (a multiple of 8) and `chunkStep` chunks on.
  Value get(int64_t rowStep, int64_t chunkStep);

private:
  LaneBuilder &b;
  SharedTileLayout layout;
  /// Of the lane's row; if `isLow`, of its chunk.
  Value address;
  Value swizzle, chunk;
  bool isLow;
};

/// Which of the operands' dimensions is which of a matrix product.
struct ProductForm {
  /// The left operand is KxM, not MxK; the right is KxN, not NxK.
  bool lhsTransposed = false, rhsIsKxN = false;
};

/// The left operand of a product, of which a lane has four registers of pairs
/// for each fragment of 16x16.
struct LeftOperand {
  /// In registers, in the order of `layout`.
  SmallVector<Value> pairs;
  FragmentLayout layout;
  /// In workgroup memory, MxK or KxM.
  std::optional<ChunkAddress> address;
  bool isTransposed = false;
};

/// One value of a loop or branch: a scalar, or a tile along some axes.
struct Carried {
  unsigned position;
  /// None for a scalar.
  TileAxes axes;
  FragmentLayout layout;
  /// The types of a lane's values of it.
  SmallVector<Type> types;
};

/// A ring of buffers, and the barriers of each: one that says that it is full,
/// then, behind those of all buffers, one that says that it is free.
struct Ring {
  MemoryView buffers;
  Value barriers;
  /// The hardware fills it, and not threads.
  bool isFromMap = false;
};

/// Threads that share the work of a copy.
struct ThreadGroup {
  /// The number of a thread among them.
  Value thread;
  int64_t count;
  /// Pieces that a thread copies without a loop.
  int64_t maxUnrolled;
};

class Assembly;

/// A product of warpgroups that has been started.
struct GroupProduct {
  Value result;
  /// What it reads of workgroup memory; of one of another iteration, that is
  /// not known here.
  SmallVector<Value, 2> memory;
  bool isOfOtherIteration = false;
  FragmentLayout layout;
  /// None if they are those of a later product, which adds to its result.
  SmallVector<Value> accumulators;
  /// Registers that are read until it is finished.
  SmallVector<Value> held;
};

/// An operand that stays in workgroup memory is read when it is multiplied.
/// That is the same only if nothing in between changes what is there, or lets
/// other warps go on to where it is changed: returns such an operation, or
/// null.
Operation *findChangeBefore(vector::TransferReadOp read, Operation *use);
/// The same as an error at `use`.
LogicalResult checkUnchanged(vector::TransferReadOp read, Operation *use);

/// Rewrites a tile program, operation by operation, into what one lane
/// executes. A failure has been reported at the operation that caused it.
class Distributor {
public:
  Distributor(LLVM::LLVMFuncOp kernel, Value sharedMemory,
              const AxisAnalysis &axes, int64_t warps, bool usesWgmma,
              bool printLayouts);

  void mapArgument(Value argument, Value laneArgument, Type type);
  /// Gives `memory` a place in workgroup memory; reports misfits at `op`.
  LogicalResult allocateShared(Operation *op, Value memory);
  FailureOr<MemoryView> allocateShared(Operation *op, MemRefType type);
  /// Waits at the end for the products in flight that were started in it.
  LogicalResult distributeBlock(Block &block);

  /// Bytes of workgroup memory that the program uses.
  int64_t getSharedBytes() const { return llvm::alignTo(sharedBytes, 128); }

  LaneBuilder b;

private:
  LogicalResult distribute(Operation *op);

  // Control flow (ControlFlow.cpp).
  LogicalResult distributeFor(scf::ForOp op);
  /// The number of a warp's first lane, which is that of all: ptxas then knows.
  Value shareFirst(Value number);
  /// What the thread's number says of its lane and warp.
  void setThread(Value number);
  LogicalResult distributeIf(scf::IfOp op);
  /// What a loop or branch carries for its results.
  FailureOr<SmallVector<Carried>> getCarried(Operation *op,
                                             StringRef memoryError);
  /// A lane's values of what is carried, one after the other, and back.
  SmallVector<Value> flatten(ArrayRef<Carried> carried, ValueRange values);
  void bind(ArrayRef<Carried> carried, ValueRange values, ValueRange flat);

  // Tiles in registers (Elementwise.cpp, Reduction.cpp, Contract.cpp).
  LogicalResult distributeConstant(arith::ConstantOp op);
  LogicalResult distributeBroadcast(vector::BroadcastOp op);
  LogicalResult distributeShapeCast(vector::ShapeCastOp op);
  LogicalResult distributeStep(vector::StepOp op);
  LogicalResult distributeCreateMask(vector::CreateMaskOp op);
  LogicalResult distributeConstantMask(vector::ConstantMaskOp op);
  /// The elements before `bounds` (i32), one for each dimension.
  LogicalResult distributeMask(Operation *op, ArrayRef<Value> bounds);
  LogicalResult distributeElementwise(Operation *op);
  LogicalResult distributeElementwise(Operation *op, TileAxes axes);
  LogicalResult distributeScalar(Operation *op);
  LogicalResult distributeReduction(vector::MultiDimReductionOp op);
  LogicalResult distributeContract(vector::ContractionOp op);
  FailureOr<LeftOperand> getLeftOperand(vector::ContractionOp op,
                                        const FragmentLayout &layout,
                                        bool isTransposed);
  LogicalResult multiplyByWarps(vector::ContractionOp op,
                                const ProductForm &form,
                                const FragmentLayout &layout,
                                const SharedAccess &rhs);
  /// Whether warpgroups may multiply, each 64 rows (GroupProduct.cpp).
  bool isGroupProduct(vector::ContractionOp op, const ProductForm &form,
                      const FragmentLayout &layout, const SharedAccess &rhs);
  LogicalResult multiplyByGroups(vector::ContractionOp op,
                                 const ProductForm &form,
                                 const FragmentLayout &layout,
                                 const SharedAccess &rhs);
  /// How many of the products in flight must be finished before `op`.
  size_t countProductsBefore(Operation *op) const;
  /// The product in flight that `op` may add to while it runs, or null.
  GroupProduct *findAddedTo(vector::ContractionOp op);
  /// Whether the products in flight are those that a loop goes on adding to,
  /// and its iterations leave them in flight.
  bool continuesProducts(scf::ForOp loop) const;
  /// Puts the sums that an iteration finds in flight there.
  void startInFlight(scf::ForOp loop);
  /// Takes those from there that it leaves in flight, by position, and makes
  /// their registers what the loop carries.
  SmallVector<std::pair<unsigned, GroupProduct>> passInFlight(scf::ForOp loop);
  /// How many products the end of `block` leaves in flight.
  size_t countLeftInFlight(Block &block) const;
  /// Waits for the first `count` products in flight.
  void waitForProducts(size_t count);
  /// A store that keeps the sums, and all they are made of, before a wait: its
  /// text, with operands that are added. Empty if there are no sums.
  std::string orderSums(Assembly &assembly);
  /// The registers of a fragment of 16 rows `m` and 16 terms `k`.
  SmallVector<Value> getLeftFragment(LeftOperand &lhs, int64_t m, int64_t k);
  /// The registers of a fragment of 16 rows and 32 terms `k` of 8 bits, from
  /// those of the other lanes of the rows.
  SmallVector<Value> getFloat8Fragment(const LeftOperand &lhs, int64_t k);

  // Memory (MemoryView.cpp, GlobalMemory.cpp, SharedMemory.cpp, Copies.cpp).
  LogicalResult distributeReinterpretCast(memref::ReinterpretCastOp op);
  LogicalResult distributeSubView(memref::SubViewOp op);
  LogicalResult distributeCollapseShape(memref::CollapseShapeOp op);
  LogicalResult distributeExpandShape(memref::ExpandShapeOp op);
  LogicalResult distributeDim(memref::DimOp op);
  LogicalResult distributeLoad(memref::LoadOp op);
  LogicalResult distributeRead(vector::TransferReadOp op);
  LogicalResult distributeWrite(vector::TransferWriteOp op);
  LogicalResult readGlobal(vector::TransferReadOp op, TileAxes axes);
  LogicalResult writeGlobal(vector::TransferWriteOp op);
  LogicalResult readShared(vector::TransferReadOp op, TileAxes axes);
  LogicalResult writeShared(vector::TransferWriteOp op);
  LogicalResult distributeAsyncCopy(tile::AsyncCopyOp op);
  /// Copies a tile to `dest` by all of `group`, and says whether the copies are
  /// asynchronous; those of too few bytes are not.
  FailureOr<bool> copyTile(Operation *op, Value source, Value row, Value column,
                           const SharedTileLayout &layout, Value dest,
                           const ThreadGroup &group);

  // Rings (Rings.cpp).
  LogicalResult distributeRing(tile::CreateRingOp op);
  LogicalResult distributeFill(tile::FillOp op);
  LogicalResult fillFromMap(tile::FillOp op, Value full, Value dest);
  LogicalResult distributeProducer(Region &producer);
  /// A branch for the first thread of those that copy.
  Block *createForFirstProducer();
  LogicalResult distributeAcquire(tile::AcquireOp op);
  LogicalResult distributeRelease(tile::ReleaseOp op);
  LogicalResult distributeRoles(tile::WarpRolesOp op);
  LogicalResult distributeConsumer(Region &consumer);
  LogicalResult distributeTakeTurn();
  LogicalResult distributePassTurn();
  /// Announces that the turn is that of `group`.
  void giveTurn(Value group);
  /// The buffer of a ring's tile `number`, and how often it was used before.
  std::pair<Value, Value> getRingPlace(tile::RingType type, Value number);
  void waitForBarrier(Value barrier, Value parity);
  void distributeBarrier();

  // Values of the program in the kernel.
  Value getScalar(Value value) const { return scalars.lookup(value); }
  SmallVector<Value> getScalars(ValueRange values) const;
  const Tile &getTile(Value value, TileAxes axes) const;
  /// The tile of a vector that its type gives the axes of.
  const Tile &getTile(Value value) const;
  const MemoryView &getView(Value value) const;
  void setTile(Value value, TileAxes axes, Tile tile);
  /// Sets a tile from its elements, in the order of its layout.
  void setElements(Value value, TileAxes axes, const FragmentLayout &layout,
                   ArrayRef<Value> elements);

  /// The layout of a vector along `axes`; reports a misfit at `op`.
  FailureOr<FragmentLayout> getLayout(Operation *op, VectorType type,
                                      TileAxes axes);
  /// The axes along which a line is computed, which must be `only`.
  FailureOr<bool> isWanted(Operation *op, Value line, TileAxes only,
                           StringRef what);

  /// The type of a lane's element; `index` is i32 in a tile, i64 otherwise.
  Type getLaneType(Type type) const;
  Type getScalarType(Type type) const;
  /// Element `index` of the layout `as`, of a tile along fewer axes too.
  Value getElement(const Tile &tile, const FragmentLayout &as, int64_t index);
  SmallVector<Value> getElements(const Tile &tile, const FragmentLayout &as);
  /// A tile of 16 bits, or of 8 bits as integers, as pairs of neighbours in a
  /// row.
  SmallVector<Value> getPairs(const Tile &tile, const FragmentLayout &as);
  /// Elements of the columns `position` & `bits`, of which equal ones are known
  /// to be: they are one value.
  SmallVector<Value> getBitsOfColumns(const Tile &position, int64_t bits,
                                      const FragmentLayout &as);
  /// The operation `op` on one element of each operand.
  FailureOr<SmallVector<Value>>
  applyElementwise(Operation *op, ValueRange operands, TypeRange results);

  /// A lane's row of its warp's part: warp * rowsPerWarp + lane / 4.
  Value getLaneRow(int64_t rowsPerWarp);
  /// warp * rowsPerWarp, the first row of the warp's part.
  Value getWarpRow(int64_t rowsPerWarp);

  /// The first element of the buffer that the leading indices of a workgroup
  /// memref choose.
  Value getSharedBuffer(const MemoryView &view, ValueRange leading);
  FailureOr<SharedAccess> getSharedAccess(VectorTransferOpInterface op);
  FailureOr<GlobalAccess> getGlobalAccess(VectorTransferOpInterface op,
                                          TileAxes axes,
                                          const FragmentLayout &layout);
  /// Of lanes that hold the same element, one that is to store it; null if
  /// every lane holds its own.
  Value getStoringLane(TileAxes axes);

  int64_t warps;
  bool usesWgmma, printLayouts;
  const AxisAnalysis &axes;
  IRMapping scalars;
  DenseMap<std::pair<Value, unsigned>, Tile> tiles;
  DenseMap<Value, MemoryView> views;
  DenseMap<Value, Ring> rings;
  /// The consumer of warp roles is what is distributed.
  bool isConsumer = false;
  /// What is distributed is executed by one thread.
  bool isOneThread = false;
  /// By rows per warp: the first row of the warp (0), the row of the lane (1).
  DenseMap<std::pair<int64_t, unsigned>, Value> rowOrigins;
  /// In the order in which they were started.
  SmallVector<GroupProduct> productsInFlight;
  /// The lane's parts of the last sums of rows while products were in flight.
  SmallVector<Value> sumsMeanwhile;
  /// A byte of workgroup memory for each thread, if it is used.
  std::optional<int64_t> orderingBytes;
  Value sharedMemory, thread, lane, warp, laneRow, laneColumn;
  int64_t sharedBytes = 0;
};

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTE_DISTRIBUTOR_H
