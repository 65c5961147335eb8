//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a call of compiled code ends that cannot go on: a size does not fit, or
// there is no memory. Like all of this folder it needs no LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_RUNTIME_GUARDEDCALL_H
#define BPT_EXECUTIONENGINE_RUNTIME_GUARDEDCALL_H

#include "bpt/ExecutionEngine/Runtime/BlockAllocator.h"
#include <string>

namespace mlir::bpt::runtime {

/// Calls the entry of a compiled function. True if it returned. Where it
/// reports a failure it is left at once, as by an exception: what this thread
/// has allocated in the call and not freed goes back, to the host's allocator
/// and to `deviceMemory`, and `message` is the one line.
///
/// A thread leaves its own call only, and no parallel region: code that checks
/// sizes in a parallel loop is compiled without threads for it. What fails in a
/// region all the same (memory for a block of rows) ends the process.
bool callGuarded(void (*entry)(void **), void **descriptors,
                 std::string &message, BlockAllocator *deviceMemory = nullptr);

/// Ends the guarded call of this thread. Where there is none: prints the line
/// and ends the process with exit code 2.
[[noreturn]] void failCall(const char *message);

/// The number of this thread's guarded call, whose the blocks are that it
/// allocates; 0: none. No two calls have the same.
uint64_t getCurrentCall();

} // namespace mlir::bpt::runtime

#endif // BPT_EXECUTIONENGINE_RUNTIME_GUARDEDCALL_H
