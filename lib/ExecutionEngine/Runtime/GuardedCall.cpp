//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Runtime/GuardedCall.h"
#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include <atomic>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

using namespace mlir::bpt::runtime;

/// Weak: programs whose code has no parallel loops do without OpenMP.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" [[gnu::weak]] int omp_get_level();

static int getParallelLevel() { return omp_get_level ? omp_get_level() : 0; }

namespace {
struct Call {
  std::jmp_buf exit;
  uint64_t number;
  Call *outer;
  int level;
  std::string *message;
};
thread_local Call *current = nullptr;
std::atomic<uint64_t> numCalls{0};
} // namespace

// Compiled code has no destructors to run, and the functions of the runtime
// that it calls hold nothing when they fail: leaving both by a jump is defined.
bool mlir::bpt::runtime::callGuarded(void (*entry)(void **), void **descriptors,
                                     std::string &message,
                                     BlockAllocator *deviceMemory) {
  Call call;
  call.number = ++numCalls;
  call.outer = current;
  call.level = getParallelLevel();
  call.message = &message;
  current = &call;
  if (setjmp(call.exit) == 0) {
    entry(descriptors);
    current = call.outer;
    return true;
  }
  current = call.outer;
  getHostAllocator().deallocateOf(call.number);
  if (deviceMemory)
    deviceMemory->deallocateOf(call.number);
  return false;
}

void mlir::bpt::runtime::failCall(const char *message) {
  if (current && getParallelLevel() == current->level) {
    *current->message = message;
    std::longjmp(current->exit, 1);
  }
  std::fprintf(stderr, "%s\n", message);
  std::fflush(stderr);
  std::_Exit(2);
}

uint64_t mlir::bpt::runtime::getCurrentCall() {
  return current ? current->number : 0;
}
