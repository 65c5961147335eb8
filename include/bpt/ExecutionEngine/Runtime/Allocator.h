//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The allocator of compiled code. It needs nothing but the C++ library, since
// code compiled ahead of time is linked with it too.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_RUNTIME_ALLOCATOR_H
#define BPT_EXECUTIONENGINE_RUNTIME_ALLOCATOR_H

#include <cstddef>
#include <utility>

namespace mlir::bpt::runtime {

/// Returns `size` bytes aligned to at least 64. When there is no memory left,
/// says so on stderr and ends the process with code 2: compiled code has no way
/// to go on.
void *allocate(size_t size, size_t alignment = 64);

/// Frees a block. A pointer that is not a live block of this allocator ends
/// the process with a message, before it does damage.
void deallocate(void *block);

/// Whether the pointer is the start of a live block.
bool isLive(const void *block);

/// Bytes asked for and not freed.
size_t getLiveBytes();

/// The largest value of getLiveBytes since the process started.
size_t getPeakBytes();

/// Returns what is kept for reuse to the system. Blocks are kept only as long
/// as live and kept bytes together are no more than the peak, so that keeping
/// them never makes the process larger than the program made it.
void releaseCache();

/// Fill new blocks with 0xFF bytes (NaN in every float type), so that a read
/// before a write shows. Off by default.
void setPoison(bool enable);

/// Measures what the code between construction and `getPeak` holds beyond the
/// blocks that it leaves as results. The peak is exact: a result counts as a
/// result from the moment it is allocated.
class WorkspaceMeter {
public:
  WorkspaceMeter();
  ~WorkspaceMeter();
  WorkspaceMeter(const WorkspaceMeter &) = delete;
  WorkspaceMeter &operator=(const WorkspaceMeter &) = delete;

  /// `results`: a live block and how many of its bytes are a result, each.
  size_t getPeak(const std::pair<void *, size_t> *results,
                 size_t numResults) const;

private:
  void *marker;
  size_t baseline;
};

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_RUNTIME_ALLOCATOR_H
