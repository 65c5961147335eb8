//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "Races.h"
#include "Scheduler.h"

using namespace mlir::bpt::emulator;

static void fence() {
  if (detectsRaces())
    fenceThread(currentThread());
}

void bpt_emu_fence(Semantics semantics, Scope scope, uint32_t site) { fence(); }

void bpt_emu_fence_mbarrier_init(uint32_t site) { fence(); }

void bpt_emu_fence_proxy_async(uint32_t spaces, uint32_t site) {
  // Only shared memory is shadowed for the async proxy.
  if (detectsRaces() && (spaces & kProxyShared))
    fenceAsyncProxy(currentThread());
}

void bpt_emu_fence_proxy_tensormap(Semantics semantics, Scope scope,
                                   uint64_t address, uint32_t site) {
  fence();
}

void bpt_emu_fence_proxy_alias(uint32_t site) {}
