//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatrixElements.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::bpt::emulator;

MatrixDomain mlir::bpt::emulator::getMatrixDomain(ElementKind operand) {
  switch (operand) {
  case ElementKind::B1:
    return MatrixDomain::Bit;
  case ElementKind::U4:
  case ElementKind::S4:
  case ElementKind::U8:
  case ElementKind::S8:
    return MatrixDomain::Integer;
  case ElementKind::F64:
    return MatrixDomain::Double;
  default:
    return MatrixDomain::Float;
  }
}

float mlir::bpt::emulator::decodeFloat(uint32_t bits, ElementKind kind) {
  return bpt_emu_cvt_from_narrow(bits, kind);
}

int32_t mlir::bpt::emulator::decodeInteger(uint32_t bits, ElementKind kind) {
  switch (kind) {
  case ElementKind::S4:
    return llvm::SignExtend32<4>(bits);
  case ElementKind::S8:
    return llvm::SignExtend32<8>(bits);
  default:
    return static_cast<int32_t>(bits);
  }
}
