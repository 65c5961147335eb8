//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lets the hardware copy the tiles of rings: what a kernel's warps that copy
// read of an argument is described to it by a tensor map, which launches make.
//
//===----------------------------------------------------------------------===//

#include "Launches.h"
#include "TilePlace.h"
#include "bpt/Target/GPU/Distribute/KnownDivisor.h"
#include "bpt/Target/GPU/Distribute/Layout.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TENSORMAPSPASS
#include "bpt/Target/GPU/Launch/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// The tensor maps of one kernel and of its launches.
class KernelMaps {
public:
  KernelMaps(gpu::GPUFuncOp kernel, ArrayRef<gpu::LaunchFuncOp> launches)
      : kernel(kernel), entry(kernel.getBody().front()), launches(launches),
        b(kernel.getContext()) {}

  void run();

private:
  /// One copy, and what it would be of a map.
  struct Copy {
    tile::FillOp fill;
    TilePlace place;
    tile::TensorMapType type;
    SmallVector<int64_t> permutation;
  };

  /// Why the hardware cannot do a copy; empty if it can.
  std::string plan(Copy &copy);
  std::string checkStrides(const Copy &copy);
  void replace(const Copy &copy);
  /// The kernel's argument for a map.
  Value getMap(const Copy &copy, Location loc);
  /// The memref of a place where the kernel is launched.
  Value createTensor(gpu::LaunchFuncOp launch, const TilePlace &place);

  gpu::GPUFuncOp kernel;
  Block &entry;
  ArrayRef<gpu::LaunchFuncOp> launches;
  OpBuilder b;
  SmallVector<std::pair<Copy, Value>> maps;
};
} // namespace

std::string KernelMaps::checkStrides(const Copy &copy) {
  // What the hardware asks of the address and of strides.
  constexpr int64_t kBytes = 16;
  const TilePlace &place = copy.place;
  int64_t bytes = copy.type.getElementType().getIntOrFloatBitWidth() / 8;
  if (getKnownDivisor(place.getOffset()) * bytes % kBytes != 0)
    return "the tensor is not known to begin at a multiple of 16 bytes";
  if (!isConstantIntValue(place.getStride(copy.permutation.back()), 1))
    return "the elements of a row are not adjacent";
  for (int64_t dim : ArrayRef(copy.permutation).drop_back())
    if (getKnownDivisor(place.getStride(dim)) * bytes % kBytes != 0)
      return "a stride is not known to be a multiple of 16 bytes";
  return "";
}

std::string KernelMaps::plan(Copy &copy) {
  FailureOr<TilePlace> place = TilePlace::find(copy.fill.getSource(), kernel);
  if (failed(place))
    return "where the tile lies is not a view of an argument";
  copy.place = std::move(*place);
  MemRefType tile = copy.fill.getRing().getType().getTileType();
  SmallVector<int64_t, 2> dims;
  for (int64_t dim : {0, 1}) {
    std::optional<int64_t> tensorDim = copy.place.getTensorDim(dim);
    if (!tensorDim)
      return "where the tile lies is not a view of an argument";
    if (!copy.place.endsWithTensor(dim, copy.fill.getIndices()[dim],
                                   tile.getDimSize(dim)))
      return "it reads from a part of a dimension, beyond which zeros begin";
    dims.push_back(*tensorDim);
  }
  int64_t rank = copy.place.getRank();
  if (rank > tile::TensorMapType::kMaxRank)
    return "the tensor has more than five dimensions";
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(dims, dim))
      copy.permutation.push_back(dim);
  llvm::append_range(copy.permutation, dims);

  int64_t rows = tile.getDimSize(0);
  SharedTileLayout layout(rows, tile.getDimSize(1),
                          tile.getElementTypeBitWidth() / 8,
                          /*inPanels=*/true);
  if (!layout.isInPanels() || rows > tile::TensorMapType::kMaxBoxSize)
    return "the tile does not consist of boxes of the hardware";
  SmallVector<int64_t> box(rank - 2, 1);
  box.append({rows, layout.getPanelRowBytes() / layout.getElementBytes()});
  copy.type =
      tile::TensorMapType::get(b.getContext(), box, tile.getElementType());
  return checkStrides(copy);
}

Value KernelMaps::createTensor(gpu::LaunchFuncOp launch,
                               const TilePlace &place) {
  IRMapping mapping;
  mapping.map(entry.getArguments().take_front(launch.getNumKernelOperands()),
              launch.getKernelOperands());
  b.setInsertionPoint(launch);
  return place.createTensor(b, launch.getLoc(), mapping);
}

Value KernelMaps::getMap(const Copy &copy, Location loc) {
  for (auto &[other, map] : maps)
    if (other.place.isSameTensor(copy.place) && other.type == copy.type &&
        other.permutation == copy.permutation)
      return map;
  for (gpu::LaunchFuncOp launch : launches) {
    Value tensor = createTensor(launch, copy.place);
    Value map = tile::CreateTensorMapOp::create(b, loc, copy.type, tensor,
                                                copy.permutation);
    launch.getKernelOperandsMutable().append(map);
  }
  unsigned number = kernel.getNumArguments();
  (void)kernel.insertArgument(number, copy.type, DictionaryAttr(), loc);
  Value map = entry.getArgument(number);
  maps.emplace_back(copy, map);
  return map;
}

void KernelMaps::replace(const Copy &copy) {
  tile::FillOp fill = copy.fill;
  Value map = getMap(copy, fill.getLoc());
  b.setInsertionPoint(fill);
  SmallVector<Value> first =
      copy.place.getIndices(b, fill.getLoc(), fill.getIndices());
  SmallVector<Value> indices;
  for (int64_t dim : copy.permutation)
    indices.push_back(first[dim]);
  tile::FillOp::create(b, fill.getLoc(), fill.getRing(), fill.getNumber(), map,
                       indices);
  fill.erase();
}

void KernelMaps::run() {
  auto name = [](StringRef name) {
    return remark::RemarkOpts::name(name).category("bpt-gpu");
  };
  // Those of one ring all or none.
  llvm::MapVector<Value, SmallVector<tile::FillOp>> rings;
  kernel.walk([&](tile::FillOp fill) {
    if (!fill.isFromMap())
      rings[fill.getRing()].push_back(fill);
  });
  for (auto &[ring, fills] : rings) {
    SmallVector<Copy> copies;
    std::string misfit;
    for (tile::FillOp fill : fills) {
      copies.push_back({fill, {}, {}, {}});
      misfit = plan(copies.back());
      if (!misfit.empty())
        break;
    }
    Location loc = copies.back().fill.getLoc();
    if (!misfit.empty()) {
      remark::missed(loc, name("NoTensorMap"))
          << "threads copy the tiles, not the hardware: " + misfit;
      continue;
    }
    for (const Copy &copy : copies)
      replace(copy);
    remark::passed(loc, name("TensorMap")) << "the hardware copies the tiles";
  }
}

static bool usesTensorMaps(gpu::GPUFuncOp kernel) {
  auto schedule = kernel->getAttrOfType<tile::ScheduleAttr>(
      tile::TileDialect::kScheduleAttrName);
  return !schedule || schedule.getTensorMaps();
}

namespace {
struct TensorMapsPass : bpt::impl::TensorMapsPassBase<TensorMapsPass> {
  void runOnOperation() override {
    for (auto &[kernel, launches] : findLaunches(getOperation()))
      if (usesTensorMaps(kernel))
        KernelMaps(kernel, launches).run();
  }
};
} // namespace
