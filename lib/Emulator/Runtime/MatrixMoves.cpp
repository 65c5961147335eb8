//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "ProfileRecorder.h"
#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"
#include <cstring>

using namespace mlir::bpt::emulator;

/// The 8x8 matrices of 16-bit elements that ldmatrix and stmatrix move. Lane
/// 4 * row + column / 2 holds two neighbouring elements of a row.
static constexpr uint32_t kRows = 8;
static constexpr uint32_t kRowBytes = 16;
static constexpr uint32_t kMaxMatrices = 4;

namespace {
using Matrix = std::array<std::array<uint16_t, kRows>, kRows>;

struct Move {
  uint32_t count;
  bool transpose;
  uint64_t address;
  uint32_t *values;
  uint32_t site;
};
} // namespace

static uint32_t getFragment(const Matrix &matrix, uint32_t lane,
                            bool transpose) {
  uint32_t row = lane / 4, column = lane % 4 * 2;
  uint32_t low = transpose ? matrix[column][row] : matrix[row][column];
  uint32_t high = transpose ? matrix[column + 1][row] : matrix[row][column + 1];
  return low | high << 16;
}

static void setFragment(Matrix &matrix, uint32_t lane, bool transpose,
                        uint32_t value) {
  uint32_t row = lane / 4, column = lane % 4 * 2;
  (transpose ? matrix[column][row] : matrix[row][column]) =
      static_cast<uint16_t>(value);
  (transpose ? matrix[column + 1][row] : matrix[row][column + 1]) =
      static_cast<uint16_t>(value >> 16);
}

/// Row `lane % 8` of matrix `lane / 8` is at the address that the lane gives.
static uint8_t *checkRow(Warp &warp, uint32_t lane, const Move &move,
                         bool isWrite) {
  Thread &thread = *warp.threads[lane];
  SharedPlace place =
      checkShared(thread, move.address, kRowBytes, kRowBytes, /*ownOnly=*/true,
                  isWrite ? "stmatrix" : "ldmatrix", move.site);
  if (isWrite)
    checkNoMbarrier(thread, place, kRowBytes, move.site);
  if (detectsRaces())
    raceShared(thread, *place.cta, place.offset, kRowBytes, !isWrite, isWrite,
               /*isStrong=*/false, move.site);
  if (isWrite)
    markInitialized(*place.cta, place.offset, kRowBytes);
  else
    checkInitialized(thread, place, kRowBytes, move.site);
  return getPointer(move.address);
}

static void record(void *const *arguments, bool isWrite) {
  Worker &worker = currentWorker();
  const Move &first = *static_cast<Move *>(arguments[0]);
  worker.report.accesses += first.count * kRows;
  if (!worker.recorder)
    return;
  WarpRequest request;
  request.site = first.site;
  request.kind = isWrite ? AccessKind::Store : AccessKind::Load;
  request.isShared = true;
  request.bytes = kRowBytes;
  uint32_t numRows = first.count * kRows;
  request.lanes = kAllLanes >> (kWarpSize - numRows);
  for (uint32_t lane = 0; lane < numRows; ++lane)
    request.addresses[lane] = static_cast<Move *>(arguments[lane])->address;
  worker.recorder->account(request);
}

static void load(Warp &warp, void *const *arguments, uint32_t) {
  const Move &first = *static_cast<Move *>(arguments[0]);
  std::array<Matrix, kMaxMatrices> matrices;
  for (uint32_t lane = 0; lane < first.count * kRows; ++lane) {
    const Move &move = *static_cast<Move *>(arguments[lane]);
    std::memcpy(&matrices[lane / kRows][lane % kRows],
                checkRow(warp, lane, move, /*isWrite=*/false), kRowBytes);
  }
  for (uint32_t lane = 0; lane < kWarpSize; ++lane)
    for (uint32_t i = 0; i < first.count; ++i)
      static_cast<Move *>(arguments[lane])->values[i] =
          getFragment(matrices[i], lane, first.transpose);
  record(arguments, /*isWrite=*/false);
}

static void store(Warp &warp, void *const *arguments, uint32_t) {
  const Move &first = *static_cast<Move *>(arguments[0]);
  std::array<Matrix, kMaxMatrices> matrices;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane)
    for (uint32_t i = 0; i < first.count; ++i)
      setFragment(matrices[i], lane, first.transpose,
                  static_cast<Move *>(arguments[lane])->values[i]);
  for (uint32_t lane = 0; lane < first.count * kRows; ++lane) {
    const Move &move = *static_cast<Move *>(arguments[lane]);
    std::memcpy(checkRow(warp, lane, move, /*isWrite=*/true),
                &matrices[lane / kRows][lane % kRows], kRowBytes);
  }
  record(arguments, /*isWrite=*/true);
}

void bpt_emu_ldmatrix(uint32_t count, uint32_t transpose, uint64_t address,
                      uint32_t *result, uint32_t site) {
  Move self = {count, transpose != 0, address, result, site};
  collective("ldmatrix", kAllLanes, /*aligned=*/true, site, &self, load);
}

void bpt_emu_stmatrix(uint32_t count, uint32_t transpose, uint64_t address,
                      const uint32_t *values, uint32_t site) {
  // Only read, by `store`.
  Move self = {count, transpose != 0, address, const_cast<uint32_t *>(values),
               site};
  collective("stmatrix", kAllLanes, /*aligned=*/true, site, &self, store);
}

uint32_t bpt_emu_movmatrix(uint32_t value, uint32_t site) {
  collective("movmatrix", kAllLanes, /*aligned=*/true, site, &value,
             [](Warp &, void *const *arguments, uint32_t) {
               Matrix matrix;
               for (uint32_t lane = 0; lane < kWarpSize; ++lane)
                 setFragment(matrix, lane, /*transpose=*/false,
                             *static_cast<uint32_t *>(arguments[lane]));
               for (uint32_t lane = 0; lane < kWarpSize; ++lane)
                 *static_cast<uint32_t *>(arguments[lane]) =
                     getFragment(matrix, lane, /*transpose=*/true);
             });
  return value;
}
