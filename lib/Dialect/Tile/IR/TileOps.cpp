//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::bpt::tile;

#include "bpt/Dialect/Tile/IR/TileDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "bpt/Dialect/Tile/IR/TileTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "bpt/Dialect/Tile/IR/TileAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "bpt/Dialect/Tile/IR/TileOps.cpp.inc"

void TileDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "bpt/Dialect/Tile/IR/TileTypes.cpp.inc"
      >();
}

void TileDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "bpt/Dialect/Tile/IR/TileAttributes.cpp.inc"
      >();
}

void TileDialect::initialize() {
  registerTypes();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "bpt/Dialect/Tile/IR/TileOps.cpp.inc"
      >();
}

LogicalResult AsyncCopyOp::verify() {
  auto source = cast<MemRefType>(getSource().getType());
  auto dest = dyn_cast<MemRefType>(getDest().getType());
  if (!dest || dest.getRank() < 2)
    return emitOpError("writes a tile of two dimensions, but its destination "
                       "is ")
           << getDest().getType();
  if (!gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(dest))
    return emitOpError("copies to workgroup memory, but its destination is ")
           << dest;
  if (gpu::GPUDialect::isWorkgroupMemoryAddressSpace(source.getMemorySpace()))
    return emitOpError("copies from global memory, but its source is ")
           << source;
  if (source.getElementType() != dest.getElementType())
    return emitOpError("copies elements as they are, but the source has ")
           << source.getElementType() << " and the destination "
           << dest.getElementType();
  if (!dest.hasStaticShape())
    return emitOpError("needs a static destination, which is the size of the "
                       "tile; got ")
           << dest;
  if (int64_t(getDestIndices().size()) != dest.getRank() - 2)
    return emitOpError("takes ")
           << dest.getRank() - 2
           << " indices of its destination, all but the tile's two, got "
           << getDestIndices().size();
  return success();
}

LogicalResult RingType::verify(function_ref<InFlightDiagnostic()> emitError,
                               MemRefType buffers) {
  if (buffers.getRank() == 3 && buffers.hasStaticShape() &&
      buffers.getDimSize(0) > 0 && buffers.getLayout().isIdentity() &&
      gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(buffers))
    return success();
  return emitError() << "a ring has buffers in workgroup memory, a memref of "
                        "number x rows x columns without a layout; got "
                     << buffers;
}

MemRefType RingType::getTileType() const {
  MemRefType buffers = getBuffers();
  return MemRefType::get(buffers.getShape().drop_front(),
                         buffers.getElementType(), MemRefLayoutAttrInterface(),
                         buffers.getMemorySpace());
}

/// Checks that an operation on a ring stands where it may.
static LogicalResult checkRole(Operation *op, StringRef role,
                               unsigned regionNumber) {
  Region *region = op->getParentRegion();
  while (region && !isa<WarpRolesOp>(region->getParentOp()))
    region = region->getParentRegion();
  if (region && region->getRegionNumber() == regionNumber)
    return success();
  return op->emitOpError("stands outside of the ")
         << role << " of bpt_tile.warp_roles";
}

static LogicalResult checkProducer(Operation *op) {
  return checkRole(op, "producer", 0);
}
static LogicalResult checkConsumer(Operation *op) {
  return checkRole(op, "consumer", 1);
}

Type TensorMapType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> box;
  Type element;
  if (parser.parseLess() ||
      parser.parseDimensionList(box, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseGreater())
    return {};
  return parser.getChecked<TensorMapType>(loc, parser.getContext(), box,
                                          element);
}

void TensorMapType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getBox());
  printer << 'x' << getElementType() << '>';
}

LogicalResult
TensorMapType::verify(function_ref<InFlightDiagnostic()> emitError,
                      ArrayRef<int64_t> box, Type elementType) {
  unsigned bits =
      elementType.isIntOrFloat() ? elementType.getIntOrFloatBitWidth() : 0;
  if (bits != 8 && bits != 16)
    return emitError() << "a tensor map is of elements of 8 or 16 bits; got "
                       << elementType;
  if (box.empty() || int64_t(box.size()) > kMaxRank)
    return emitError() << "a tensor map has 1 to 5 dimensions; got "
                       << box.size();
  for (int64_t size : box)
    if (size < 1 || size > kMaxBoxSize)
      return emitError() << "a box has 1 to 256 elements along a dimension; "
                            "got "
                         << size;
  if (!llvm::is_contained({32, 64, 128}, 2 * box.back()))
    return emitError() << "a row of a box has the 32, 64 or 128 bytes of a "
                          "swizzle; got "
                       << 2 * box.back();
  return success();
}

int64_t TensorMapType::getRowBytes() const {
  return getBox().back() * (getElementType().getIntOrFloatBitWidth() / 8);
}

LogicalResult CreateTensorMapOp::verify() {
  auto tensor = cast<MemRefType>(getTensor().getType());
  TensorMapType map = getMap().getType();
  if (tensor.getElementType() != map.getElementType())
    return emitOpError("describes elements as they are, but the tensor has ")
           << tensor.getElementType() << " and the map "
           << map.getElementType();
  if (tensor.getRank() != map.getRank())
    return emitOpError("describes all dimensions, but the tensor has ")
           << tensor.getRank() << " and the map " << map.getRank();
  SmallVector<int64_t> dims(getPermutation());
  llvm::sort(dims);
  if (!llvm::equal(dims, llvm::seq<int64_t>(tensor.getRank())))
    return emitOpError("takes a permutation of the ")
           << tensor.getRank() << " dimensions, got [" << getPermutation()
           << "]";
  auto [strides, offset] = tensor.getStridesAndOffset();
  if (strides[getPermutation().back()] != 1)
    return emitOpError("needs adjacent elements along the last dimension of "
                       "the map, but dimension ")
           << getPermutation().back() << " of " << tensor
           << " is not known to have a stride of 1";
  return success();
}

/// Checks that the boxes of a map are the panels of the ring's tile.
static LogicalResult checkPanels(FillOp op, TensorMapType map) {
  ArrayRef<int64_t> box = map.getBox();
  MemRefType tile = op.getRing().getType().getTileType();
  if (box.size() < 2 || box.take_back(2).front() != tile.getDimSize(0) ||
      tile.getDimSize(1) % box.back() != 0 ||
      !llvm::all_of(box.drop_back(2), [](int64_t size) { return size == 1; }))
    return op.emitOpError("copies a tile of ")
           << tile.getDimSize(0) << " x " << tile.getDimSize(1)
           << " as boxes of all its rows, next to each other; got " << map;
  return success();
}

LogicalResult FillOp::verify() {
  Type type = getSource().getType(), sourceElement;
  size_t rank = 2;
  if (auto map = dyn_cast<TensorMapType>(type)) {
    sourceElement = map.getElementType();
    rank = map.getRank();
    if (failed(checkPanels(*this, map)))
      return failure();
  } else {
    auto source = cast<MemRefType>(type);
    sourceElement = source.getElementType();
    if (gpu::GPUDialect::isWorkgroupMemoryAddressSpace(source.getMemorySpace()))
      return emitOpError("copies from global memory, but its source is ")
             << source;
  }
  if (getIndices().size() != rank)
    return emitOpError("takes ")
           << rank << " indices of its source, got " << getIndices().size();
  Type element = getRing().getType().getBuffers().getElementType();
  if (sourceElement != element)
    return emitOpError("copies elements as they are, but the source has ")
           << sourceElement << " and the ring " << element;
  return checkProducer(*this);
}

LogicalResult CreateRingOp::verify() {
  // Threads arrive at the barriers of some rings, the hardware at others'.
  FillOp first;
  for (Operation *user : getRing().getUsers())
    if (auto fill = dyn_cast<FillOp>(user)) {
      if (!first)
        first = fill;
      else if (first.isFromMap() != fill.isFromMap())
        return fill.emitOpError("copies from a ")
               << (fill.isFromMap() ? "tensor map" : "memref")
               << ", but another fill of the ring from a "
               << (first.isFromMap() ? "tensor map" : "memref");
    }
  return success();
}

void AcquireOp::build(OpBuilder &builder, OperationState &state, Value ring,
                      Value number) {
  build(builder, state, cast<RingType>(ring.getType()).getTileType(), ring,
        number);
}

LogicalResult AcquireOp::verify() {
  MemRefType tile = getRing().getType().getTileType();
  if (getTile().getType() != tile)
    return emitOpError("gives one of the ring's buffers, ")
           << tile << ", not " << getTile().getType();
  return checkConsumer(*this);
}

LogicalResult ReleaseOp::verify() { return checkConsumer(*this); }

LogicalResult TakeTurnOp::verify() { return checkConsumer(*this); }

LogicalResult PassTurnOp::verify() { return checkConsumer(*this); }

LogicalResult WarpRolesOp::verify() {
  if ((*this)->getParentOfType<WarpRolesOp>())
    return emitOpError("stands in another; warps have one role");
  return success();
}

LogicalResult TileDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  if (attribute.getName() == kWarpsAttrName) {
    auto warps = dyn_cast<IntegerAttr>(attribute.getValue());
    if (!warps || warps.getValue().slt(1) || warps.getValue().sgt(32))
      return op->emitOpError() << "attribute '" << kWarpsAttrName
                               << "' must be a number of warps, 1 to 32, got "
                               << attribute.getValue();
  }
  if (attribute.getName() == kSimtAttrName &&
      !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError()
           << "attribute '" << kSimtAttrName
           << "' must be a string that says why, got " << attribute.getValue();
  if (attribute.getName() == kScheduleAttrName &&
      !isa<ScheduleAttr>(attribute.getValue()))
    return op->emitOpError()
           << "attribute '" << kScheduleAttrName
           << "' must be #bpt_tile.schedule, got " << attribute.getValue();
  if (attribute.getName() == kSharedBytesAttrName) {
    auto bytes = dyn_cast<IntegerAttr>(attribute.getValue());
    if (!bytes || bytes.getValue().isNegative())
      return op->emitOpError()
             << "attribute '" << kSharedBytesAttrName
             << "' must be a number of bytes, got " << attribute.getValue();
  }
  return success();
}

LogicalResult TileDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                    unsigned argIndex,
                                                    NamedAttribute attribute) {
  if (attribute.getName() != kDivisorAttrName)
    return success();
  auto divisor = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!divisor || !divisor.getValue().isStrictlyPositive())
    return op->emitOpError()
           << "attribute '" << kDivisorAttrName << "' of argument " << argIndex
           << " must be a positive integer, got " << attribute.getValue();
  return success();
}
