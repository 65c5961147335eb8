//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_DISTRIBUTE_LAYOUT_H
#define BPT_TARGET_GPU_DISTRIBUTE_LAYOUT_H

#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <string>

namespace mlir::bpt {

/// The axes of a tile along which its elements differ. A value along rows only
/// is the same in every column, and so on.
enum class TileAxes : uint8_t { None = 0, Rows = 1, Columns = 2, Both = 3 };

inline bool hasRows(TileAxes axes) { return uint8_t(axes) & 1; }
inline bool hasColumns(TileAxes axes) { return uint8_t(axes) & 2; }
inline TileAxes operator|(TileAxes a, TileAxes b) {
  return TileAxes(uint8_t(a) | uint8_t(b));
}

/// How a tile lies in the registers of a block's lanes.
///
/// The tile's rows are dealt to the warps in order, `rows / warps` to each. A
/// warp's part consists of fragments of 16 rows and 8 columns, the accumulator
/// of mma.sync.m16n8k16. A lane holds of each fragment the rows lane / 4 and
/// lane / 4 + 8, and the columns 2 (lane % 4) and the next. So a lane's
/// elements are the product of its *row slots*, 8 rows apart, and its *column
/// slots*, pairs that are 8 columns apart. Along an axis that the tile does not
/// have there is one slot, and all lanes along that axis hold the same.
///
/// The same registers, packed in pairs of 16 bits, are the left operand of
/// mma.sync.m16n8k16: two accumulators side by side are one operand of 16x16.
class FragmentLayout {
public:
  FragmentLayout() = default;
  FragmentLayout(TileAxes axes, int64_t rows, int64_t columns, int64_t warps)
      : axes(axes), rows(rows), columns(columns), warps(warps) {}

  /// What is wrong with such a layout; empty if nothing is.
  static std::string explainMisfit(TileAxes axes, int64_t rows, int64_t columns,
                                   int64_t warps);

  TileAxes getAxes() const { return axes; }
  int64_t getRows() const { return rows; }
  int64_t getColumns() const { return columns; }
  int64_t getRowsPerWarp() const { return rows / warps; }

  int64_t getNumRowSlots() const {
    return hasRows(axes) ? rows / warps / 8 : 1;
  }
  int64_t getNumColumnSlots() const {
    return hasColumns(axes) ? columns / 4 : 1;
  }
  int64_t getNumElements() const {
    return getNumRowSlots() * getNumColumnSlots();
  }

  /// Rows from a warp's first row plus lane / 4 to a slot's row.
  static int64_t getRowOffset(int64_t rowSlot) { return 8 * rowSlot; }
  /// Columns from 2 (lane % 4) to a slot's column.
  static int64_t getColumnOffset(int64_t columnSlot) {
    return columnSlot / 2 * 8 + columnSlot % 2;
  }

  /// The place of an element among a lane's elements: fragment by fragment,
  /// in a fragment row by row, so that the neighbours of a pair are adjacent.
  int64_t getIndex(int64_t rowSlot, int64_t columnSlot) const;
  int64_t getRowSlot(int64_t index) const;
  int64_t getColumnSlot(int64_t index) const;

  /// The same tile with other axes.
  FragmentLayout withAxes(TileAxes other) const {
    return FragmentLayout(other, rows, columns, warps);
  }

  void print(llvm::raw_ostream &os) const;

private:
  TileAxes axes = TileAxes::None;
  int64_t rows = 1, columns = 1, warps = 1;
};

/// How a tile lies in workgroup memory: row by row, in chunks of 16 bytes
/// (what cp.async writes, and one row of what ldmatrix reads), which are
/// permuted within a row by an exclusive or with the row, so that the chunks
/// of eight neighbouring rows at one column lie in different banks.
///
/// In *panels*, as wgmma reads it, a tile is cut into columns of 128, 64 or 32
/// bytes, one panel behind the other, and each lies like that: the permutation
/// is then the hardware's swizzle of that many bytes.
class SharedTileLayout {
public:
  static constexpr int64_t kChunkBytes = 16;

  SharedTileLayout() = default;
  SharedTileLayout(int64_t rows, int64_t columns, int64_t elementBytes,
                   bool inPanels = false)
      : rows(rows), columns(columns), elementBytes(elementBytes),
        inPanels(inPanels && canLieInPanels()) {}

  /// What is wrong with such a layout; empty if nothing is.
  std::string explainMisfit() const;

  int64_t getRows() const { return rows; }
  int64_t getColumns() const { return columns; }
  int64_t getElementBytes() const { return elementBytes; }
  int64_t getRowBytes() const { return columns * elementBytes; }
  int64_t getTileBytes() const { return rows * getRowBytes(); }
  int64_t getElementsPerChunk() const { return kChunkBytes / elementBytes; }

  /// Whether wgmma can read such a tile.
  bool isInPanels() const { return inPanels; }
  /// Bytes of a row that lie together: from one row of a panel to the next.
  int64_t getPanelRowBytes() const;
  /// From one panel to the next.
  int64_t getPanelBytes() const { return rows * getPanelRowBytes(); }
  int64_t getChunksPerPanelRow() const {
    return getPanelRowBytes() / kChunkBytes;
  }
  /// Eight rows of a panel: what the permutation repeats after, and what its
  /// first byte must be a multiple of.
  int64_t getAlignment() const;

  /// Chunk c of row r lies at c ^ ((r >> shift) & mask). Rows that are a
  /// multiple of 8 apart are permuted in the same way.
  int64_t getSwizzleMask() const;
  int64_t getSwizzleShift() const;
  int64_t getSwizzledChunk(int64_t row, int64_t chunk) const {
    return chunk ^ ((row >> getSwizzleShift()) & getSwizzleMask());
  }

  void print(llvm::raw_ostream &os) const;

private:
  bool canLieInPanels() const;

  int64_t rows = 0, columns = 0, elementBytes = 1;
  bool inPanels = false;
};

} // namespace mlir::bpt

#endif // BPT_TARGET_GPU_DISTRIBUTE_LAYOUT_H
