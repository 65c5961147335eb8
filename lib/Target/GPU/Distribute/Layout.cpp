//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Distribute/Layout.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir::bpt;

std::string FragmentLayout::explainMisfit(TileAxes axes, int64_t rows,
                                          int64_t columns, int64_t warps) {
  if (hasRows(axes) && (rows == 0 || rows % (16 * warps) != 0))
    return llvm::formatv("{0} rows on {1} warps: each warp owns a multiple of "
                         "16 rows, so the rows must be a multiple of {2}",
                         rows, warps, 16 * warps);
  if (hasColumns(axes) && (columns == 0 || columns % 8 != 0))
    return llvm::formatv("{0} columns: fragments have 8 columns, so the "
                         "columns must be a multiple of 8",
                         columns);
  return {};
}

int64_t FragmentLayout::getIndex(int64_t rowSlot, int64_t columnSlot) const {
  if (axes != TileAxes::Both)
    return hasRows(axes) ? rowSlot : hasColumns(axes) ? columnSlot : 0;
  int64_t fragment = rowSlot / 2 * (columns / 8) + columnSlot / 2;
  return (fragment * 2 + rowSlot % 2) * 2 + columnSlot % 2;
}

int64_t FragmentLayout::getRowSlot(int64_t index) const {
  if (axes != TileAxes::Both)
    return hasRows(axes) ? index : 0;
  return index / 4 / (columns / 8) * 2 + index / 2 % 2;
}

int64_t FragmentLayout::getColumnSlot(int64_t index) const {
  if (axes != TileAxes::Both)
    return hasColumns(axes) ? index : 0;
  return index / 4 % (columns / 8) * 2 + index % 2;
}

void FragmentLayout::print(llvm::raw_ostream &os) const {
  switch (axes) {
  case TileAxes::None:
    os << "one value for all lanes";
    return;
  case TileAxes::Rows:
    os << "rows of " << getRowsPerWarp() << "x8 accumulators";
    break;
  case TileAxes::Columns:
    os << "columns of 16x" << columns << " accumulators";
    break;
  case TileAxes::Both:
    os << getRowsPerWarp() << "x" << columns << " accumulators";
    break;
  }
  os << " on " << warps << " warps, " << getNumElements()
     << " elements a lane: ";
  if (hasRows(axes))
    os << "row " << getRowsPerWarp() << " warp + lane / 4 + 8 i, i < "
       << getNumRowSlots();
  if (axes == TileAxes::Both)
    os << "; ";
  if (hasColumns(axes))
    os << "column 2 (lane % 4) + 8 j + {0, 1}, j < " << columns / 8;
}

std::string SharedTileLayout::explainMisfit() const {
  if (getRowBytes() % kChunkBytes != 0)
    return llvm::formatv("rows of {0} bytes: a row consists of whole chunks of "
                         "{1} bytes",
                         getRowBytes(), kChunkBytes);
  return {};
}

/// Every 128 bytes the banks start anew.
static constexpr int64_t kLineBytes = 128;

/// The largest power of two that divides a row, at most a line.
static int64_t getPermutedBytes(int64_t rowBytes) {
  return std::clamp(rowBytes & -rowBytes, SharedTileLayout::kChunkBytes,
                    kLineBytes);
}

bool SharedTileLayout::canLieInPanels() const {
  return elementBytes <= 2 && rows % 8 == 0 &&
         getPermutedBytes(getRowBytes()) >= 2 * kChunkBytes;
}

int64_t SharedTileLayout::getPanelRowBytes() const {
  return inPanels ? getPermutedBytes(getRowBytes()) : getRowBytes();
}

int64_t SharedTileLayout::getAlignment() const {
  return inPanels ? 8 * getPanelRowBytes() : kLineBytes;
}

int64_t SharedTileLayout::getSwizzleMask() const {
  // The chunks that a permutation keeps within a row.
  return getPermutedBytes(getRowBytes()) / kChunkBytes - 1;
}

int64_t SharedTileLayout::getSwizzleShift() const {
  // 8 / (mask + 1) neighbouring rows already lie in different banks.
  return 3 - llvm::Log2_64(getSwizzleMask() + 1);
}

void SharedTileLayout::print(llvm::raw_ostream &os) const {
  if (inPanels && getPanelBytes() != getTileBytes())
    os << getRowBytes() / getPanelRowBytes() << " panels of ";
  os << rows << " rows of " << getPanelRowBytes()
     << " bytes, chunk c of row r at c";
  if (getSwizzleMask() == 0)
    return;
  os << " ^ (r";
  if (getSwizzleShift() != 0)
    os << " >> " << getSwizzleShift();
  os << " & " << getSwizzleMask() << ")";
}
