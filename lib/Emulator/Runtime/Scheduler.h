//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_SCHEDULER_H
#define BPT_LIB_EMULATOR_RUNTIME_SCHEDULER_H

#include "State.h"
#include "llvm/Support/FormatVariadic.h"
#include <string>
#include <utility>

namespace mlir::bpt::emulator {

/// The running thread waits until somebody wakes it; others run.
void suspend(const char *waitingFor, uint32_t site);
/// The running thread lets all others run that can, then goes on.
void yield(const char *waitingFor, uint32_t site);
void wake(Thread &thread);
void wakeLanes(Warp &warp, uint32_t lanes);

/// Profile mode: waits until the lanes that are to run this block together run.
void enterBlock(uint32_t block);

/// Ends the running thread.
[[noreturn]] void exitThread(uint32_t site);

/// An asynchronous operation that the thread issues: it is carried out as late
/// as it may be, or at once (LaunchOptions::eager).
void issueAsync(Thread &thread, Delivery delivery);
/// Carries out the oldest asynchronous operation of the cluster.
void deliverOldest(Cluster &cluster);

/// Waits until all live lanes of `mask` have come, and has the last one execute
/// `handler` for them. Lanes that come to operations of different names or
/// masks do not meet. `aligned`: all lanes of the warp, at the same
/// instruction.
void collective(const char *name, uint32_t mask, bool aligned, uint32_t site,
                void *argument, CollectiveHandler handler);
/// After lanes have exited: operations that waited only for them.
void completeCollectives(Warp &warp);
/// The same for the CTA's barriers.
void completeBarriers(Cta &cta);
/// And for the cluster's.
void completeClusterBarrier(Cluster &cluster);

/// Abandons the launch. Nothing on the fibre's stack is destroyed, which is why
/// the message is made here, of arguments that own nothing.
[[noreturn]] void abandon(const Thread &thread, uint32_t site);
std::string &getErrorBuffer();

template <typename... Args>
[[noreturn]] void failAt(const Thread &thread, uint32_t site,
                         const char *format, Args &&...args) {
  getErrorBuffer() = llvm::formatv(format, std::forward<Args>(args)...).str();
  abandon(thread, site);
}
template <typename... Args>
[[noreturn]] void fail(uint32_t site, const char *format, Args &&...args) {
  failAt(currentThread(), site, format, std::forward<Args>(args)...);
}

/// "PTX line 12: `bar.sync 0;`"
std::string describeSite(const LaunchState &launch, uint32_t site);
/// The PTX line of a site of the running launch.
uint32_t getLine(uint32_t site);
/// "block (0,0,0), thread (3,0,0)"
std::string describeThread(const Thread &thread);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_SCHEDULER_H
