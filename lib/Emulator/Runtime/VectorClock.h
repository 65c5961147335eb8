//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_VECTORCLOCK_H
#define BPT_LIB_EMULATOR_RUNTIME_VECTORCLOCK_H

#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <vector>

namespace mlir::bpt::emulator {

/// Who accesses memory: a thread of the cluster, or one of its asynchronous
/// engines (copies of a group, products of a group, copies of an mbarrier).
using Agent = uint16_t;
constexpr Agent kNoAgent = 0xFFFF;

/// For every agent, the last of its steps that is known to have happened.
///
/// After a barrier all threads know the same. They share one array then, and
/// what each learns on top is kept in `extra` until it grows.
class VectorClock {
public:
  uint32_t get(Agent agent) const;
  void raise(Agent agent, uint32_t step);
  void join(const VectorClock &other);
  /// Makes copies share their array.
  void fold();
  void clear() { *this = VectorClock(); }

private:
  struct Array : llvm::RefCountedBase<Array> {
    std::vector<uint32_t> steps;

    void raise(Agent agent, uint32_t step);
  };
  using ArrayPtr = llvm::IntrusiveRefCntPtr<Array>;

  uint32_t getShared(Agent agent) const {
    return shared && agent < shared->steps.size() ? shared->steps[agent] : 0;
  }
  void joinArray(const ArrayPtr &other);

  ArrayPtr shared;
  /// An array that `shared` contains; most of those joined are the same one.
  ArrayPtr origin;
  llvm::SmallVector<std::pair<Agent, uint32_t>, 2> extra;
};

/// What an object that threads synchronise through hands on: what its users
/// know, and what of that is ordered before the async proxy's accesses.
struct SyncClock {
  VectorClock known, proxied;

  void clear() {
    known.clear();
    proxied.clear();
  }
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_VECTORCLOCK_H
