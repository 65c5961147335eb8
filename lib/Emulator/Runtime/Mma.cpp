//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatrixElements.h"
#include "ProfileRecorder.h"
#include "Scheduler.h"
#include "Worker.h"
#include <vector>

using namespace mlir::bpt::emulator;

// The fragments of mma.sync. With g = lane / 4 and t = lane % 4, a register of
// A holds row g (of every second register row g + 8, where m is 16) and the
// t-th of four neighbouring groups of columns; the registers go through the
// rows first, then through the columns. A register of B is the same for column
// g. An accumulator is two neighbouring columns, 2 * t, of row g, then of row g
// + 8.

static constexpr uint32_t kMaxM = 16, kMaxN = 8, kMaxK = 256;

namespace {
struct Product {
  const MmaForm *form;
  const void *a, *b, *c;
  void *d;
  uint32_t site;
};

template <typename Element> struct Operands {
  Element a[kMaxM][kMaxK];
  Element b[kMaxK][kMaxN];
};
} // namespace

static const Product &getProduct(void *const *arguments, uint32_t lane) {
  return *static_cast<const Product *>(arguments[lane]);
}

/// Fills A and B with what `decode(registers, index, kind)` makes of a lane's
/// elements, `perRegister` in each register.
template <typename Element, typename Decode>
static void gather(void *const *arguments, const MmaForm &form,
                   uint32_t perRegister, Operands<Element> &operands,
                   Decode decode) {
  uint32_t rowBlocks = form.m / 8;
  uint32_t chunk = 4 * perRegister;
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    const Product &product = getProduct(arguments, lane);
    uint32_t g = lane / 4, t = lane % 4;
    for (uint32_t i = 0; i < form.m * form.k / kWarpSize; ++i) {
      uint32_t reg = i / perRegister, within = i % perRegister;
      uint32_t row = g + reg % rowBlocks * 8;
      uint32_t column = reg / rowBlocks * chunk + t * perRegister + within;
      operands.a[row][column] = decode(product.a, i, form.a);
    }
    for (uint32_t i = 0; i < form.k * form.n / kWarpSize; ++i) {
      uint32_t reg = i / perRegister, within = i % perRegister;
      uint32_t row = reg * chunk + t * perRegister + within;
      operands.b[row][g] = decode(product.b, i, form.b);
    }
  }
}

/// Calls `function(product, index, row, column)` for the elements of C and D.
template <typename Function>
static void forEachAccumulator(void *const *arguments, const MmaForm &form,
                               Function function) {
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    const Product &product = getProduct(arguments, lane);
    for (uint32_t i = 0; i < form.m * form.n / kWarpSize; ++i)
      function(product, i, lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2);
  }
}

static void multiplyFloats(void *const *arguments, const MmaForm &form) {
  uint32_t bits = getBitWidth(form.a);
  Operands<float> operands;
  gather(arguments, form, 32 / bits, operands,
         [&](const void *registers, uint32_t index, ElementKind kind) {
           return decodeFloat(
               getBits(static_cast<const uint32_t *>(registers), index, bits),
               kind);
         });
  float sums[kMaxM][kMaxN];
  forEachAccumulator(
      arguments, form,
      [&](const Product &product, uint32_t index, uint32_t row,
          uint32_t column) {
        sums[row][column] =
            form.c == ElementKind::F16
                ? decodeHalf(static_cast<const uint16_t *>(product.c)[index])
                : static_cast<const float *>(product.c)[index];
      });
  for (uint32_t row = 0; row < form.m; ++row)
    for (uint32_t k = 0; k < form.k; ++k)
      for (uint32_t column = 0; column < kMaxN; ++column)
        sums[row][column] += operands.a[row][k] * operands.b[k][column];
  forEachAccumulator(arguments, form,
                     [&](const Product &product, uint32_t index, uint32_t row,
                         uint32_t column) {
                       if (form.d == ElementKind::F16)
                         static_cast<uint16_t *>(product.d)[index] =
                             encodeHalf(sums[row][column]);
                       else
                         static_cast<float *>(product.d)[index] =
                             sums[row][column];
                     });
}

static void multiplyDoubles(void *const *arguments, const MmaForm &form) {
  Operands<double> operands;
  gather(arguments, form, 1, operands,
         [](const void *registers, uint32_t index, ElementKind) {
           return static_cast<const double *>(registers)[index];
         });
  double sums[kMaxM][kMaxN];
  forEachAccumulator(arguments, form,
                     [&](const Product &product, uint32_t index, uint32_t row,
                         uint32_t column) {
                       sums[row][column] =
                           static_cast<const double *>(product.c)[index];
                     });
  for (uint32_t row = 0; row < form.m; ++row)
    for (uint32_t k = 0; k < form.k; ++k)
      for (uint32_t column = 0; column < kMaxN; ++column)
        sums[row][column] += operands.a[row][k] * operands.b[k][column];
  forEachAccumulator(arguments, form,
                     [&](const Product &product, uint32_t index, uint32_t row,
                         uint32_t column) {
                       static_cast<double *>(product.d)[index] =
                           sums[row][column];
                     });
}

static int32_t multiplyElements(const MmaForm &form, int32_t a, int32_t b) {
  if (getMatrixDomain(form.a) == MatrixDomain::Integer)
    return a * b;
  return form.bitOp == BitOp::Xor ? a ^ b : a & b;
}

static void multiplyIntegers(void *const *arguments, const MmaForm &form) {
  uint32_t bits = getBitWidth(form.a);
  Operands<int32_t> operands;
  gather(arguments, form, 32 / bits, operands,
         [&](const void *registers, uint32_t index, ElementKind kind) {
           return decodeInteger(
               getBits(static_cast<const uint32_t *>(registers), index, bits),
               kind);
         });
  forEachAccumulator(arguments, form,
                     [&](const Product &product, uint32_t index, uint32_t row,
                         uint32_t column) {
                       int64_t sum =
                           static_cast<const int32_t *>(product.c)[index];
                       for (uint32_t k = 0; k < form.k; ++k)
                         sum += multiplyElements(form, operands.a[row][k],
                                                 operands.b[k][column]);
                       static_cast<int32_t *>(product.d)[index] =
                           wrapOrSaturate(sum, form.saturate);
                     });
}

static void multiply(Warp &, void *const *arguments, uint32_t) {
  const MmaForm &form = *getProduct(arguments, 0).form;
  switch (getMatrixDomain(form.a)) {
  case MatrixDomain::Float:
    multiplyFloats(arguments, form);
    break;
  case MatrixDomain::Double:
    multiplyDoubles(arguments, form);
    break;
  case MatrixDomain::Integer:
  case MatrixDomain::Bit:
    multiplyIntegers(arguments, form);
    break;
  }
  Worker &worker = currentWorker();
  ++worker.report.matrixProducts;
  if (worker.recorder)
    worker.recorder->countTensorOperations(uint64_t(2) * form.m * form.n *
                                           form.k);
}

void bpt_emu_mma(const MmaForm *form, const void *a, const void *b,
                 const void *c, void *d, uint32_t site) {
  if (form->aLayout != MatrixLayout::Row ||
      form->bLayout != MatrixLayout::Column)
    fail(site, "mma.sync of other layouts than row.col is not emulated");
  Product self = {form, a, b, c, d, site};
  collective("mma.sync", kAllLanes, /*aligned=*/true, site, &self, multiply);
}
