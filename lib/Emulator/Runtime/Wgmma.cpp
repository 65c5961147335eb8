//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "MatrixDescriptor.h"
#include "MatrixElements.h"
#include "ProfileRecorder.h"
#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"

using namespace mlir::bpt::emulator;

// Each warp of a warpgroup computes its 16 rows of the 64; fragments are those
// of mma.sync.

static constexpr uint32_t kRows = 16;
static constexpr uint32_t kMaxN = 256;
static constexpr uint32_t kOperandBytes = 32;
static constexpr uint32_t kChunkBytes = 16;
static constexpr uint32_t kWarpsPerGroup = 4;

namespace {
struct GroupProduct {
  const WgmmaForm *form;
  const uint32_t *a;
  uint64_t aDescriptor, bDescriptor;
  bool accumulates;
  void *accumulators;
  uint32_t site;
};

/// Operands as bits, as they lie in memory: for each row of A (column of B) the
/// 32 bytes along K.
using OperandRow = std::array<uint32_t, kOperandBytes / 4>;
struct Scratch {
  OperandRow a[kRows];
  OperandRow b[kMaxN];
  float floatA[kRows][kOperandBytes];
  float floatB[kOperandBytes][kMaxN];
  float sums[kRows][kMaxN];
};
} // namespace

static Scratch &getScratch() {
  // A handler does not suspend: one a host thread will do.
  static thread_local std::unique_ptr<Scratch> scratch =
      std::make_unique<Scratch>();
  return *scratch;
}

static const GroupProduct &getProduct(void *const *arguments, uint32_t lane) {
  return *static_cast<const GroupProduct *>(arguments[lane]);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Reads 16 bytes at an offset in the window, through the async proxy.
static const uint8_t *readChunk(Thread &thread, uint32_t offset,
                                uint32_t site) {
  uint64_t address = uint64_t(thread.cta->windowBegin) + offset;
  SharedPlace place =
      checkShared(thread, address, kChunkBytes, kChunkBytes, /*ownOnly=*/true,
                  "operand of wgmma.mma_async", site);
  checkInitialized(thread, place, kChunkBytes, site);
  if (detectsRaces()) {
    GroupCounter &counter = thread.warp->wgmma;
    raceAsync(thread, *place.cta, place.offset, kChunkBytes, /*isWrite=*/false,
              {counter.agent, counter.openStep(), /*isAsyncProxy=*/true}, site);
  }
  return getPointer(address);
}

/// Rows [first, first + count) of A, or columns of B, into `rows`.
static void readOperand(Thread &thread, uint64_t bits, bool transposed,
                        uint32_t first, uint32_t count, OperandRow *rows,
                        uint32_t site) {
  MatrixDescriptor descriptor(bits);
  if (descriptor.baseOffset)
    failAt(thread, site,
           "wgmma.mma_async: the base offset of a matrix descriptor, here {0}, "
           "is not emulated",
           descriptor.baseOffset);
  if (!transposed) {
    for (uint32_t i = 0; i < count; ++i)
      for (uint32_t chunk = 0; chunk < 2; ++chunk)
        std::memcpy(rows[i].data() + chunk * kChunkBytes / 4,
                    readChunk(thread,
                              descriptor.getKMajorChunk(first + i, chunk),
                              site),
                    kChunkBytes);
    return;
  }
  // Only 16-bit elements: 16 of them along K.
  for (uint32_t k = 0; k < kOperandBytes / 2; ++k) {
    for (uint32_t mn = 0; mn < count; mn += 8) {
      std::array<uint16_t, 8> chunk;
      std::memcpy(
          chunk.data(),
          readChunk(thread, descriptor.getMNMajorChunk(first + mn, k), site),
          kChunkBytes);
      for (uint32_t i = 0; i < 8; ++i)
        std::memcpy(reinterpret_cast<uint8_t *>(rows[mn + i].data()) + 2 * k,
                    &chunk[i], 2);
    }
  }
}

/// A from registers: those of a lane hold rows g and g + 8 of the first chunk,
/// then of the second, t-th word.
static void gatherA(void *const *arguments, OperandRow *rows) {
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    const uint32_t *registers = getProduct(arguments, lane).a;
    for (uint32_t i = 0; i < 4; ++i)
      rows[lane / 4 + i % 2 * 8][i / 2 * 4 + lane % 4] = registers[i];
  }
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Calls `function(product, index, row, column)` for the warp's elements of D.
template <typename Function>
static void forEachAccumulator(void *const *arguments, uint32_t n,
                               Function function) {
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    const GroupProduct &product = getProduct(arguments, lane);
    for (uint32_t i = 0; i < n / 2; ++i)
      function(product, i, lane / 4 + i / 2 % 2 * 8,
               i / 4 * 8 + lane % 4 * 2 + i % 2);
  }
}

static void multiplyFloats(void *const *arguments, const WgmmaForm &form,
                           Scratch &scratch) {
  uint32_t bits = getBitWidth(form.a);
  float sign = static_cast<float>(form.scaleA * form.scaleB);
  for (uint32_t row = 0; row < kRows; ++row)
    for (uint32_t k = 0; k < form.k; ++k)
      scratch.floatA[row][k] =
          sign * decodeFloat(getBits(scratch.a[row].data(), k, bits), form.a);
  for (uint32_t column = 0; column < form.n; ++column)
    for (uint32_t k = 0; k < form.k; ++k)
      scratch.floatB[k][column] =
          decodeFloat(getBits(scratch.b[column].data(), k, bits), form.b);
  bool isHalf = form.d == ElementKind::F16;
  forEachAccumulator(
      arguments, form.n,
      [&](const GroupProduct &product, uint32_t index, uint32_t row,
          uint32_t column) {
        float &sum = scratch.sums[row][column];
        if (!product.accumulates)
          sum = 0;
        else if (isHalf)
          sum = decodeHalf(
              static_cast<const uint16_t *>(product.accumulators)[index]);
        else
          sum = static_cast<const float *>(product.accumulators)[index];
      });
  for (uint32_t row = 0; row < kRows; ++row) {
    for (uint32_t k = 0; k < form.k; ++k) {
      float a = scratch.floatA[row][k];
      for (uint32_t column = 0; column < form.n; ++column)
        scratch.sums[row][column] += a * scratch.floatB[k][column];
    }
  }
  forEachAccumulator(arguments, form.n,
                     [&](const GroupProduct &product, uint32_t index,
                         uint32_t row, uint32_t column) {
                       float sum = scratch.sums[row][column];
                       if (isHalf)
                         static_cast<uint16_t *>(product.accumulators)[index] =
                             encodeHalf(sum);
                       else
                         static_cast<float *>(product.accumulators)[index] =
                             sum;
                     });
}

static void multiplyIntegers(void *const *arguments, const WgmmaForm &form,
                             Scratch &scratch) {
  uint32_t bits = getBitWidth(form.a);
  bool isBit = getMatrixDomain(form.a) == MatrixDomain::Bit;
  forEachAccumulator(
      arguments, form.n,
      [&](const GroupProduct &product, uint32_t index, uint32_t row,
          uint32_t column) {
        int32_t &accumulator =
            static_cast<int32_t *>(product.accumulators)[index];
        int64_t sum = product.accumulates ? accumulator : 0;
        for (uint32_t k = 0; k < form.k; ++k) {
          int32_t a =
              decodeInteger(getBits(scratch.a[row].data(), k, bits), form.a);
          int32_t b =
              decodeInteger(getBits(scratch.b[column].data(), k, bits), form.b);
          sum += isBit ? a & b : a * b;
        }
        accumulator = wrapOrSaturate(sum, form.saturate);
      });
}

static void checkUniform(Warp &warp, void *const *arguments) {
  const GroupProduct &first = getProduct(arguments, 0);
  for (uint32_t lane = 1; lane < kWarpSize; ++lane) {
    const GroupProduct &other = getProduct(arguments, lane);
    if ((!first.a && other.aDescriptor != first.aDescriptor) ||
        other.bDescriptor != first.bDescriptor ||
        other.accumulates != first.accumulates)
      failAt(*warp.threads[lane], first.site,
             "wgmma.mma_async: the matrix descriptors and scale-d have to be "
             "the same in all lanes of the warp");
  }
}

static void multiply(Warp &warp, void *const *arguments, uint32_t) {
  const GroupProduct &first = getProduct(arguments, 0);
  const WgmmaForm &form = *first.form;
  checkUniform(warp, arguments);
  Thread &thread = *warp.threads[0];
  if (!warp.wgmmaFenced)
    failAt(thread, first.site,
           "wgmma.fence.sync.aligned has to come before the first "
           "wgmma.mma_async");
  GroupCounter &counter = warp.wgmma;
  if (detectsRaces() && counter.agent == kNoAgent)
    counter.agent = warp.cta->cluster->addAgent(/*isAsyncProxy=*/true);
  ++counter.open;
  Scratch &scratch = getScratch();
  uint32_t warpInGroup = warp.index % kWarpsPerGroup;
  if (first.a)
    gatherA(arguments, scratch.a);
  else
    readOperand(thread, first.aDescriptor, form.transposeA, warpInGroup * kRows,
                kRows, scratch.a, first.site);
  readOperand(thread, first.bDescriptor, form.transposeB, 0, form.n, scratch.b,
              first.site);
  if (getMatrixDomain(form.a) == MatrixDomain::Float)
    multiplyFloats(arguments, form, scratch);
  else
    multiplyIntegers(arguments, form, scratch);

  Worker &worker = currentWorker();
  ++worker.report.matrixProducts;
  if (!worker.recorder)
    return;
  worker.recorder->countTensorOperations(uint64_t(2) * kRows * form.n * form.k);
  // B is read once for the group's warps.
  worker.recorder->countWgmmaOperand(
      (first.a ? 0 : kRows * kOperandBytes) +
      (warpInGroup == 0 ? form.n * kOperandBytes : 0));
}

//===----------------------------------------------------------------------===//
// The instructions
//===----------------------------------------------------------------------===//

/// A warpgroup is four warps from a multiple of four.
static void checkWarpgroup(uint32_t site) {
  const Thread &thread = currentThread();
  uint32_t first = thread.warp->index / kWarpsPerGroup * kWarpsPerGroup;
  if (first + kWarpsPerGroup > thread.cta->warps.size())
    fail(site,
         "wgmma is for whole warpgroups of 128 threads; the block has {0}",
         thread.cta->numThreads);
}

template <typename Function>
static void forEachWarpOfGroup(Warp &warp, Function function) {
  uint32_t first = warp.index / kWarpsPerGroup * kWarpsPerGroup;
  for (uint32_t i = 0; i < kWarpsPerGroup; ++i)
    function(warp.cta->warps[first + i]);
}

static bool hasGroupCommitted(Warp &warp, uint32_t count) {
  bool result = true;
  forEachWarpOfGroup(
      warp, [&](Warp &other) { result &= other.wgmma.committed >= count; });
  return result;
}

void bpt_emu_wgmma_fence(uint32_t site) {
  checkWarpgroup(site);
  collective(
      "wgmma.fence", kAllLanes, /*aligned=*/true, site, nullptr,
      [](Warp &warp, void *const *, uint32_t) { warp.wgmmaFenced = true; });
}

void bpt_emu_wgmma_mma_async(const WgmmaForm *form, const uint32_t *a,
                             uint64_t aDescriptor, uint64_t bDescriptor,
                             uint32_t scaleD, void *accumulators,
                             uint32_t site) {
  checkWarpgroup(site);
  GroupProduct self = {form,         a,   aDescriptor, bDescriptor, scaleD != 0,
                       accumulators, site};
  collective("wgmma.mma_async", kAllLanes, /*aligned=*/true, site, &self,
             multiply);
}

void bpt_emu_wgmma_commit_group(uint32_t site) {
  checkWarpgroup(site);
  collective("wgmma.commit_group", kAllLanes, /*aligned=*/true, site, nullptr,
             [](Warp &warp, void *const *, uint32_t) {
               ++warp.wgmma.committed;
               warp.wgmma.open = 0;
               forEachWarpOfGroup(warp, [](Warp &other) {
                 wakeLanes(other, std::exchange(other.wgmmaWaiters, 0));
               });
             });
}

void bpt_emu_wgmma_wait_group(uint32_t pending, uint32_t site) {
  checkWarpgroup(site);
  collective("wgmma.wait_group", kAllLanes, /*aligned=*/true, site, &pending,
             [](Warp &warp, void *const *arguments, uint32_t) {
               GroupCounter &counter = warp.wgmma;
               uint32_t pending = *static_cast<uint32_t *>(arguments[0]);
               if (counter.committed > pending)
                 counter.retired =
                     std::max(counter.retired, counter.committed - pending);
             });
  // Groups are the warpgroup's: complete when its other warps' parts are, too.
  Thread &thread = currentThread();
  Warp &warp = *thread.warp;
  uint32_t retired = warp.wgmma.retired;
  while (!hasGroupCommitted(warp, retired)) {
    warp.wgmmaWaiters |= 1u << thread.lane;
    suspend("wgmma.wait_group", site);
  }
  if (detectsRaces() && retired)
    forEachWarpOfGroup(warp, [&](Warp &other) {
      observe(thread, other.wgmma.agent, retired);
    });
}
