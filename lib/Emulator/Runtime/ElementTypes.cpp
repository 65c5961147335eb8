//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementTypes.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include <algorithm>
#include <cmath>

using namespace mlir::bpt::emulator;

unsigned mlir::bpt::emulator::getBitWidth(ElementKind kind) {
  switch (kind) {
  case ElementKind::B1:
    return 1;
  case ElementKind::U4:
  case ElementKind::S4:
    return 4;
  case ElementKind::U8:
  case ElementKind::S8:
  case ElementKind::E4M3:
  case ElementKind::E5M2:
    return 8;
  case ElementKind::U16:
  case ElementKind::S16:
  case ElementKind::B16:
  case ElementKind::F16:
  case ElementKind::BF16:
    return 16;
  case ElementKind::U32:
  case ElementKind::S32:
  case ElementKind::B32:
  case ElementKind::TF32:
  case ElementKind::F32:
  case ElementKind::F16x2:
  case ElementKind::BF16x2:
    return 32;
  case ElementKind::U64:
  case ElementKind::S64:
  case ElementKind::B64:
  case ElementKind::F64:
    return 64;
  }
  llvm_unreachable("element kind");
}

template <typename Unsigned, typename Signed>
static uint64_t reduceInteger(ReductionOp op, bool isSigned, uint64_t first,
                              uint64_t second) {
  auto a = static_cast<Unsigned>(first), b = static_cast<Unsigned>(second);
  auto sa = static_cast<Signed>(a), sb = static_cast<Signed>(b);
  switch (op) {
  case ReductionOp::Add:
    return static_cast<Unsigned>(a + b);
  case ReductionOp::Min:
    return isSigned ? static_cast<Unsigned>(std::min(sa, sb)) : std::min(a, b);
  case ReductionOp::Max:
    return isSigned ? static_cast<Unsigned>(std::max(sa, sb)) : std::max(a, b);
  case ReductionOp::Inc:
    return a >= b ? 0 : static_cast<Unsigned>(a + 1);
  case ReductionOp::Dec:
    return a == 0 || a > b ? b : static_cast<Unsigned>(a - 1);
  case ReductionOp::And:
    return a & b;
  case ReductionOp::Or:
    return a | b;
  case ReductionOp::Xor:
    return a ^ b;
  case ReductionOp::Exchange:
  case ReductionOp::CompareAndSwap:
    return b;
  }
  llvm_unreachable("reduction");
}

template <typename Float>
static Float reduceFloat(ReductionOp op, Float a, Float b) {
  switch (op) {
  case ReductionOp::Add:
    return a + b;
  case ReductionOp::Min:
    return std::fmin(a, b);
  case ReductionOp::Max:
    return std::fmax(a, b);
  default:
    return b;
  }
}

static uint32_t reduceNarrow(ReductionOp op, ElementKind format, uint32_t a,
                             uint32_t b) {
  // The sum of two narrow floats, rounded to f32 and again, is rounded right.
  float sum = reduceFloat(op, bpt_emu_cvt_from_narrow(a, format),
                          bpt_emu_cvt_from_narrow(b, format));
  return bpt_emu_cvt_to_narrow(sum, format, Rounding::NearestEven, 0);
}

static uint64_t reducePair(ReductionOp op, ElementKind format, uint64_t a,
                           uint64_t b) {
  uint32_t low = reduceNarrow(op, format, a & 0xFFFF, b & 0xFFFF);
  uint32_t high = reduceNarrow(op, format, a >> 16 & 0xFFFF, b >> 16 & 0xFFFF);
  return low | high << 16;
}

uint64_t mlir::bpt::emulator::applyReduction(ReductionOp op, ElementKind kind,
                                             uint64_t a, uint64_t b) {
  switch (kind) {
  case ElementKind::F32:
    return llvm::bit_cast<uint32_t>(
        reduceFloat(op, llvm::bit_cast<float>(static_cast<uint32_t>(a)),
                    llvm::bit_cast<float>(static_cast<uint32_t>(b))));
  case ElementKind::F64:
    return llvm::bit_cast<uint64_t>(
        reduceFloat(op, llvm::bit_cast<double>(a), llvm::bit_cast<double>(b)));
  case ElementKind::F16:
  case ElementKind::BF16:
    return reduceNarrow(op, kind, a, b);
  case ElementKind::F16x2:
    return reducePair(op, ElementKind::F16, a, b);
  case ElementKind::BF16x2:
    return reducePair(op, ElementKind::BF16, a, b);
  default:
    break;
  }
  bool isSigned = kind == ElementKind::S8 || kind == ElementKind::S16 ||
                  kind == ElementKind::S32 || kind == ElementKind::S64;
  switch (getBitWidth(kind)) {
  case 8:
    return reduceInteger<uint8_t, int8_t>(op, isSigned, a, b);
  case 16:
    return reduceInteger<uint16_t, int16_t>(op, isSigned, a, b);
  case 32:
    return reduceInteger<uint32_t, int32_t>(op, isSigned, a, b);
  default:
    return reduceInteger<uint64_t, int64_t>(op, isSigned, a, b);
  }
}

bool mlir::bpt::emulator::isReducible(ReductionOp op, ElementKind kind) {
  bool isFloat = false;
  switch (kind) {
  case ElementKind::F16:
  case ElementKind::BF16:
  case ElementKind::F32:
  case ElementKind::F64:
  case ElementKind::F16x2:
  case ElementKind::BF16x2:
    isFloat = true;
    break;
  default:
    break;
  }
  switch (op) {
  case ReductionOp::Add:
  case ReductionOp::Min:
  case ReductionOp::Max:
  case ReductionOp::Exchange:
  case ReductionOp::CompareAndSwap:
    return true;
  default:
    return !isFloat;
  }
}
