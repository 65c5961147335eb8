//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BulkGroups.h"
#include "ElementTypes.h"
#include "Mbarriers.h"
#include "ProfileRecorder.h"
#include "Races.h"
#include "Scheduler.h"
#include "Swizzle.h"
#include "TensorMapFields.h"
#include "Worker.h"
#include <cstring>

using namespace mlir::bpt::emulator;

/// Of the box in shared memory.
static constexpr uint32_t kBoxAlignment = 128;

namespace {
/// The copy of one box: a map and where the box begins.
struct BoxCopy {
  TensorMapFields map;
  std::array<int32_t, kMaxTensorRank> origin = {};
  uint32_t elementBytes = 0;
  /// Elements that are copied, by dimension.
  std::array<uint32_t, kMaxTensorRank> count = {1, 1, 1, 1, 1};

  uint32_t getRowBytes() const { return count[0] * elementBytes; }
  uint32_t getBytes() const {
    return getRowBytes() * count[1] * count[2] * count[3] * count[4];
  }
  /// What the box may touch: swizzles permute whole patterns.
  uint32_t getTouchedBytes() const {
    uint32_t pattern = std::max(getSwizzleBytes(map.swizzle), 16u);
    return (getBytes() + pattern - 1) / pattern * pattern;
  }

  /// Calls `function(offset, address, begin, end)` for each row of the box: its
  /// offset in the box, and where in global memory element 0 of it would be;
  /// elements [begin, end) are in the tensor.
  template <typename Function> void forEachRow(Function function) const;
};
} // namespace

template <typename Function> void BoxCopy::forEachRow(Function function) const {
  int64_t width = count[0];
  int64_t begin = std::clamp<int64_t>(-int64_t(origin[0]), 0, width);
  int64_t end = std::clamp<int64_t>(int64_t(map.dims[0]) - origin[0], 0, width);
  uint32_t offset = 0;
  std::array<uint32_t, kMaxTensorRank> index = {};
  for (index[4] = 0; index[4] < count[4]; ++index[4]) {
    for (index[3] = 0; index[3] < count[3]; ++index[3]) {
      for (index[2] = 0; index[2] < count[2]; ++index[2]) {
        for (index[1] = 0; index[1] < count[1]; ++index[1]) {
          bool isInside = true;
          uint64_t address =
              map.address + int64_t(origin[0]) * int64_t(elementBytes);
          for (unsigned d = 1; d < map.rank; ++d) {
            int64_t position =
                origin[d] + int64_t(index[d]) * map.elementStrides[d];
            isInside &= position >= 0 && position < int64_t(map.dims[d]);
            address += uint64_t(position) * map.strides[d - 1];
          }
          uint32_t last = isInside ? static_cast<uint32_t>(end) : 0;
          uint32_t first = std::min(static_cast<uint32_t>(begin), last);
          function(offset, address, first, last);
          offset += getRowBytes();
        }
      }
    }
  }
}

static TensorMapFields readMap(Thread &thread, uint64_t address,
                               const char *what, uint32_t site) {
  if (address % alignof(TensorMap))
    failAt(thread, site, "{0}: the tensor map at {1:x} is not 64-byte aligned",
           what, address);
  if (!isParameter(currentWorker().launch, address, sizeof(TensorMap)))
    checkGlobal(thread, address, sizeof(TensorMap), alignof(TensorMap),
                /*isWrite=*/false, "tensor map", site);
  TensorMapFields map = decode(*reinterpret_cast<const TensorMap *>(address));
  if (map.magic != TensorMapFields::kMagic)
    failAt(thread, site, "{0}: there is no tensor map at {1:x}", what, address);
  return map;
}

static BoxCopy makeCopy(Thread &thread, uint64_t address, uint32_t rank,
                        const int32_t *coordinates, const char *what,
                        uint32_t site) {
  BoxCopy copy;
  copy.map = readMap(thread, address, what, site);
  if (copy.map.rank != rank)
    failAt(thread, site,
           "{0}: the instruction is for {1} dimensions, the tensor map has {2}",
           what, rank, copy.map.rank);
  getErrorBuffer() = findProblem(copy.map);
  if (!getErrorBuffer().empty()) {
    getErrorBuffer().insert(0, "invalid tensor map: ");
    abandon(thread, site);
  }
  copy.elementBytes = getByteWidth(copy.map.type);
  for (uint32_t d = 0; d < rank; ++d) {
    copy.origin[d] = coordinates[d];
    // The innermost element stride is not looked at.
    uint32_t stride = d == 0 ? 1 : copy.map.elementStrides[d];
    copy.count[d] = (copy.map.box[d] + stride - 1) / stride;
  }
  return copy;
}

/// `isPlain`: it races with the accesses of other clusters.
static void checkTensor(Thread &thread, const BoxCopy &copy, bool isWrite,
                        bool isPlain, const char *what, uint32_t site) {
  ProfileRecorder *recorder = currentWorker().recorder.get();
  copy.forEachRow([&](uint32_t, uint64_t address, uint32_t begin,
                      uint32_t end) {
    if (begin == end)
      return;
    uint64_t first = address + uint64_t(begin) * copy.elementBytes;
    uint32_t bytes = (end - begin) * copy.elementBytes;
    checkGlobal(thread, first, bytes, copy.elementBytes, isWrite, what, site);
    if (isPlain)
      raceGrid(thread, first, bytes, isWrite, site);
    if (!recorder)
      return;
    if (isWrite)
      recorder->countAsyncStore(first, bytes);
    else
      recorder->countAsyncLoad(first, bytes);
  });
}

/// Where the element is that the box has at `offset`.
static uint8_t *getElement(uint64_t box, const BoxCopy &copy, uint32_t offset) {
  return getPointer(swizzle(static_cast<uint32_t>(box) + offset,
                            getSwizzleBytes(copy.map.swizzle)));
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

static void fillBox(const BoxCopy &copy, uint64_t box) {
  uint8_t outside = copy.map.fill == TensorMapFill::NaN ? 0xFF : 0;
  copy.forEachRow([&](uint32_t offset, uint64_t address, uint32_t begin,
                      uint32_t end) {
    for (uint32_t i = 0; i < copy.count[0]; ++i) {
      uint8_t *to = getElement(box, copy, offset + i * copy.elementBytes);
      if (i >= begin && i < end)
        std::memcpy(to, getPointer(address + uint64_t(i) * copy.elementBytes),
                    copy.elementBytes);
      else
        std::memset(to, outside, copy.elementBytes);
    }
  });
}

static void loadBox(Thread &thread, const BoxCopy &copy, uint64_t box,
                    uint64_t mbarrier, uint32_t site) {
  MbarrierPlace where = findMbarrier(thread, mbarrier, /*ownOnly=*/false,
                                     "mbarrier of cp.async.bulk.tensor", site);
  SharedPlace place =
      checkAsyncWrite(thread, box, copy.getTouchedBytes(), kBoxAlignment, where,
                      "destination of cp.async.bulk.tensor", site);
  std::memset(getPointer(box), 0xFF, copy.getTouchedBytes());
  issueAsync(thread, [=, &thread] {
    fillBox(copy, box);
    markInitialized(*place.cta, place.offset, copy.getTouchedBytes());
    updateMbarrier(thread, where, 0, -int64_t(copy.getBytes()), site);
  });
}

void bpt_emu_tma_load(uint64_t destination, uint64_t map, uint32_t rank,
                      const int32_t *coordinates, uint64_t mbarrier,
                      uint32_t isMulticast, uint32_t ctaMask, uint32_t site) {
  Thread &thread = currentThread();
  BoxCopy copy =
      makeCopy(thread, map, rank, coordinates, "cp.async.bulk.tensor", site);
  checkTensor(thread, copy, /*isWrite=*/false, /*isPlain=*/true,
              "source of cp.async.bulk.tensor", site);
  if (!isMulticast)
    return loadBox(thread, copy, destination, mbarrier, site);
  forEachMulticastTarget(ctaMask, site, [&](uint32_t target) {
    loadBox(thread, copy, bpt_emu_mapa(destination, target, site),
            bpt_emu_mapa(mbarrier, target, site), site);
  });
}

void bpt_emu_tma_prefetch(uint64_t map, uint32_t rank,
                          const int32_t *coordinates, uint32_t site) {
  makeCopy(currentThread(), map, rank, coordinates,
           "cp.async.bulk.prefetch.tensor", site);
}

//===----------------------------------------------------------------------===//
// Stores and reductions
//===----------------------------------------------------------------------===//

/// Calls `function(global address, shared element)` for the box's elements that
/// are in the tensor.
template <typename Function>
static void forEachElement(const BoxCopy &copy, uint64_t box,
                           Function function) {
  copy.forEachRow(
      [&](uint32_t offset, uint64_t address, uint32_t begin, uint32_t end) {
        for (uint32_t i = begin; i < end; ++i)
          function(address + uint64_t(i) * copy.elementBytes,
                   getElement(box, copy, offset + i * copy.elementBytes));
      });
}

void bpt_emu_tma_store(uint64_t map, uint32_t rank, const int32_t *coordinates,
                       uint64_t source, uint32_t site) {
  Thread &thread = currentThread();
  BoxCopy copy =
      makeCopy(thread, map, rank, coordinates, "cp.async.bulk.tensor", site);
  checkBulkSource(thread, source, copy.getBytes(), kBoxAlignment,
                  "source of cp.async.bulk.tensor", site);
  checkTensor(thread, copy, /*isWrite=*/true, /*isPlain=*/true,
              "destination of cp.async.bulk.tensor", site);
  addToBulkGroup(thread, [=] {
    forEachElement(copy, source, [&](uint64_t address, const uint8_t *element) {
      std::memcpy(getPointer(address), element, copy.elementBytes);
    });
  });
}

void bpt_emu_tma_reduce(uint64_t map, uint32_t rank, const int32_t *coordinates,
                        uint64_t source, ReductionOp op, uint32_t site) {
  Thread &thread = currentThread();
  BoxCopy copy = makeCopy(thread, map, rank, coordinates,
                          "cp.reduce.async.bulk.tensor", site);
  ElementKind type = getElementKind(copy.map.type);
  if (!isReducible(op, type))
    fail(site, "cp.reduce.async.bulk.tensor: the tensor map's elements are "
               "floats, which this operation is not for");
  checkBulkSource(thread, source, copy.getBytes(), kBoxAlignment,
                  "source of cp.reduce.async.bulk.tensor", site);
  checkTensor(thread, copy, /*isWrite=*/true, /*isPlain=*/false,
              "destination of cp.reduce.async.bulk.tensor", site);
  addToBulkGroup(thread, [=] {
    forEachElement(copy, source, [&](uint64_t address, const uint8_t *element) {
      uint64_t operand = 0;
      std::memcpy(&operand, element, copy.elementBytes);
      updateElement(address, op, type, operand);
    });
  });
}
