//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// setmaxnreg: warps of a block give registers back, and others take them. A
// block starts with what its threads have, and no more.
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include "State.h"

using namespace mlir::bpt::emulator;

static constexpr uint32_t kRegistersOfMultiprocessor = 65536;
static constexpr uint32_t kRegisterUnit = 8;
static constexpr uint32_t kMaxRegisters = 255;

uint32_t KernelDescription::getInitialRegisters() const {
  // What ptxas compiles for: it ignores setmaxnreg where this is not known.
  if (maxRegisters)
    return maxRegisters;
  uint64_t threads =
      requiredBlock.product() ? requiredBlock.product() : maxBlock.product();
  if (minBlocks == 0 || threads == 0)
    return 0;
  uint64_t registers = kRegistersOfMultiprocessor / (minBlocks * threads);
  return std::min<uint64_t>(registers / kRegisterUnit * kRegisterUnit,
                            kMaxRegisters);
}

namespace {
struct RegisterCount {
  uint32_t count, site;
};
} // namespace

static const RegisterCount &getCount(void *const *arguments) {
  return *static_cast<const RegisterCount *>(arguments[0]);
}

static void giveBack(Warp &warp, void *const *arguments, uint32_t) {
  const RegisterCount &wanted = getCount(arguments);
  if (wanted.count > warp.registers)
    fail(wanted.site,
         "setmaxnreg.dec to {0} registers, but a thread of the warp has {1}",
         wanted.count, warp.registers);
  Cta &cta = *warp.cta;
  cta.freeRegisters += (warp.registers - wanted.count) * kWarpSize;
  warp.registers = wanted.count;
  for (Thread *thread : cta.registerWaiters)
    wake(*thread);
  cta.registerWaiters.clear();
}

static void checkIncrease(Warp &warp, void *const *arguments, uint32_t) {
  const RegisterCount &wanted = getCount(arguments);
  if (wanted.count < warp.registers)
    fail(wanted.site,
         "setmaxnreg.inc to {0} registers, but a thread of the warp has {1}",
         wanted.count, warp.registers);
}

/// Whether the warp has them, or can have them now.
static bool take(Warp &warp, uint32_t count) {
  if (warp.registers >= count)
    return true;
  uint32_t missing = (count - warp.registers) * kWarpSize;
  if (warp.cta->freeRegisters < missing)
    return false;
  warp.cta->freeRegisters -= missing;
  warp.registers = count;
  return true;
}

void bpt_emu_setmaxnreg(uint32_t isIncrease, uint32_t count, uint32_t site) {
  const char *name = isIncrease ? "setmaxnreg.inc" : "setmaxnreg.dec";
  if (count < 24 || count > 256 || count % kRegisterUnit)
    fail(site,
         "setmaxnreg takes a multiple of 8 from 24 to 256, and {0} is not",
         count);
  Thread &thread = currentThread();
  Warp &warp = *thread.warp;
  if (warp.registers == 0)
    fail(site,
         "{0} has no effect: ptxas ignores it where neither .maxnreg nor "
         ".minnctapersm with .reqntid or .maxntid says how many registers a "
         "thread starts with",
         name);
  RegisterCount wanted = {count, site};
  collective(name, kAllLanes, /*aligned=*/true, site, &wanted,
             isIncrease ? checkIncrease : giveBack);
  while (isIncrease && !take(warp, count)) {
    warp.cta->registerWaiters.push_back(&thread);
    suspend(name, site);
  }
}
