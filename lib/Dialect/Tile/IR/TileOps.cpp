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

#define GET_OP_CLASSES
#include "bpt/Dialect/Tile/IR/TileOps.cpp.inc"

void TileDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "bpt/Dialect/Tile/IR/TileTypes.cpp.inc"
      >();
}

void TileDialect::initialize() {
  registerTypes();
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

LogicalResult FillOp::verify() {
  auto source = cast<MemRefType>(getSource().getType());
  Type element = getRing().getType().getBuffers().getElementType();
  if (gpu::GPUDialect::isWorkgroupMemoryAddressSpace(source.getMemorySpace()))
    return emitOpError("copies from global memory, but its source is ")
           << source;
  if (source.getElementType() != element)
    return emitOpError("copies elements as they are, but the source has ")
           << source.getElementType() << " and the ring " << element;
  return checkProducer(*this);
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
