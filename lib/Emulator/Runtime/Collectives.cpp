//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Races.h"
#include "Scheduler.h"
#include "Worker.h"
#include <algorithm>
#include <cmath>

using namespace mlir::bpt::emulator;

//===----------------------------------------------------------------------===//
// Meeting
//===----------------------------------------------------------------------===//

static void execute(Warp &warp, uint32_t slot) {
  // The lanes may use the slot again as soon as they run.
  Rendezvous meeting = warp.rendezvous[slot];
  warp.rendezvous[slot].arrived = 0;
  warp.handlers[slot](warp, meeting.arguments.data(), meeting.arrived);
  wakeLanes(warp, meeting.arrived);
}

/// Of the meeting that the thread belongs to, or a free one.
static uint32_t findSlot(const Warp &warp, const char *name, uint32_t mask) {
  for (auto [i, meeting] : llvm::enumerate(warp.rendezvous))
    if (meeting.arrived && meeting.name == name && meeting.mask == mask)
      return static_cast<uint32_t>(i);
  // There are as many as lanes, each of which waits in one at most.
  for (auto [i, meeting] : llvm::enumerate(warp.rendezvous))
    if (!meeting.arrived)
      return static_cast<uint32_t>(i);
  llvm_unreachable("more meetings than lanes");
}

void mlir::bpt::emulator::collective(const char *name, uint32_t mask,
                                     bool aligned, uint32_t site,
                                     void *argument,
                                     CollectiveHandler handler) {
  Thread &thread = currentThread();
  Warp &warp = *thread.warp;
  uint32_t lane = 1u << thread.lane;
  if (!(mask & lane))
    fail(site, "the member mask {0:x} of {1} lacks the executing lane, {2}",
         mask, name, thread.lane);
  if (aligned && warp.alive != kAllLanes)
    fail(site,
         "{0} is .aligned: it needs all 32 lanes of the warp, of which {1}",
         name,
         warp.created == kAllLanes ? "some have exited"
                                   : "the block's size leaves some out");
  uint32_t slot = findSlot(warp, name, mask);
  Rendezvous &meeting = warp.rendezvous[slot];
  if (!meeting.arrived) {
    meeting.name = name;
    meeting.mask = mask;
    meeting.site = site;
    meeting.aligned = aligned;
    warp.handlers[slot] = handler;
  }
  if (aligned && meeting.site != site)
    fail(site,
         "{0} is .aligned, but other lanes of the warp have come to the one in "
         "line {1}",
         name, getLine(meeting.site));
  meeting.arrived |= lane;
  meeting.arguments[thread.lane] = argument;
  if (meeting.arrived == (mask & warp.alive))
    execute(warp, slot);
  else
    suspend(name, site);
}

void mlir::bpt::emulator::completeCollectives(Warp &warp) {
  for (auto [i, meeting] : llvm::enumerate(warp.rendezvous)) {
    if (!meeting.arrived)
      continue;
    if (meeting.aligned)
      failAt(*warp.threads[__builtin_ctz(meeting.arrived)], meeting.site,
             "{0} is .aligned: it needs all 32 lanes of the warp, of which "
             "some have exited",
             meeting.name);
    if (meeting.arrived == (meeting.mask & warp.alive))
      execute(warp, static_cast<uint32_t>(i));
  }
}

/// Calls `function(lane)` for each lane of a set.
template <typename Function>
static void forEachLane(uint32_t lanes, Function function) {
  for (uint32_t rest = lanes; rest; rest &= rest - 1)
    function(static_cast<uint32_t>(__builtin_ctz(rest)));
}

//===----------------------------------------------------------------------===//
// bar.warp.sync, elect, activemask
//===----------------------------------------------------------------------===//

void bpt_emu_bar_warp_sync(uint32_t mask, uint32_t site) {
  collective("bar.warp.sync", mask, /*aligned=*/false, site, nullptr,
             [](Warp &warp, void *const *, uint32_t lanes) {
               if (!detectsRaces())
                 return;
               SyncClock clock;
               forEachLane(lanes, [&](uint32_t lane) {
                 release(*warp.threads[lane], clock);
               });
               clock.known.fold();
               clock.proxied.fold();
               forEachLane(lanes, [&](uint32_t lane) {
                 acquireAll(*warp.threads[lane], clock);
               });
             });
}

uint64_t bpt_emu_elect(uint32_t mask, uint32_t site) {
  uint32_t leader = 0;
  collective("elect.sync", mask, /*aligned=*/false, site, &leader,
             [](Warp &, void *const *arguments, uint32_t lanes) {
               forEachLane(lanes, [&](uint32_t lane) {
                 *static_cast<uint32_t *>(arguments[lane]) =
                     __builtin_ctz(lanes);
               });
             });
  uint64_t isLeader = leader == currentThread().lane;
  return leader | isLeader << 32;
}

uint32_t bpt_emu_activemask(uint32_t site) {
  return 1u << currentThread().lane;
}

//===----------------------------------------------------------------------===//
// shfl
//===----------------------------------------------------------------------===//

namespace {
struct Shuffle {
  uint32_t value, b, c;
  uint32_t mask, site;
  uint32_t result = 0, predicate = 0;
};
} // namespace

/// What lanes that do not take part seem to hold.
static constexpr uint32_t kPoison = 0xFFFFFFFFu;

/// What an exited lane holds is not defined. Lanes outside the mask are read by
/// many reductions, which do not use what they get.
static void checkSource(const Warp &warp, uint32_t lane, uint32_t source,
                        const Shuffle &self) {
  bool isAlive = warp.alive >> source & 1;
  if (!isAlive && (self.mask >> source & 1))
    failAt(*warp.threads[lane], self.site,
           "shfl.sync reads from lane {0}, which {1}", source,
           warp.created >> source & 1 ? "has exited" : "the block lacks");
}

template <ShuffleMode mode>
static void shuffle(Warp &warp, void *const *arguments, uint32_t lanes) {
  forEachLane(lanes, [&](uint32_t lane) {
    auto &self = *static_cast<Shuffle *>(arguments[lane]);
    uint32_t b = self.b & 31, clamp = self.c & 31;
    uint32_t segment = self.c >> 8 & 31;
    int maxLane = (lane & segment) | (clamp & ~segment);
    int minLane = lane & segment;
    int source = 0;
    switch (mode) {
    case ShuffleMode::Up:
      source = int(lane) - int(b);
      self.predicate = source >= maxLane;
      break;
    case ShuffleMode::Down:
      source = int(lane + b);
      self.predicate = source <= maxLane;
      break;
    case ShuffleMode::Butterfly:
      source = int(lane ^ b);
      self.predicate = source <= maxLane;
      break;
    case ShuffleMode::Index:
      source = minLane | (b & ~segment);
      self.predicate = source <= maxLane;
      break;
    }
    if (!self.predicate)
      source = int(lane);
    checkSource(warp, lane, source, self);
    bool takesPart = lanes >> source & 1;
    self.result =
        takesPart ? static_cast<Shuffle *>(arguments[source])->value : kPoison;
  });
}

uint64_t bpt_emu_shfl(ShuffleMode mode, uint32_t value, uint32_t b, uint32_t c,
                      uint32_t mask, uint32_t site) {
  Shuffle self = {value, b, c, mask, site};
  switch (mode) {
  case ShuffleMode::Up:
    collective("shfl.sync.up", mask, /*aligned=*/false, site, &self,
               shuffle<ShuffleMode::Up>);
    break;
  case ShuffleMode::Down:
    collective("shfl.sync.down", mask, /*aligned=*/false, site, &self,
               shuffle<ShuffleMode::Down>);
    break;
  case ShuffleMode::Butterfly:
    collective("shfl.sync.bfly", mask, /*aligned=*/false, site, &self,
               shuffle<ShuffleMode::Butterfly>);
    break;
  case ShuffleMode::Index:
    collective("shfl.sync.idx", mask, /*aligned=*/false, site, &self,
               shuffle<ShuffleMode::Index>);
    break;
  }
  return self.result | uint64_t(self.predicate) << 32;
}

//===----------------------------------------------------------------------===//
// vote, match
//===----------------------------------------------------------------------===//

namespace {
struct Vote {
  uint32_t predicate;
  uint32_t ballot = 0, lanes = 0;
};
struct Match {
  uint64_t value;
  uint32_t same = 0, lanes = 0;
};
} // namespace

static void vote(Warp &, void *const *arguments, uint32_t lanes) {
  uint32_t ballot = 0;
  forEachLane(lanes, [&](uint32_t lane) {
    if (static_cast<Vote *>(arguments[lane])->predicate)
      ballot |= 1u << lane;
  });
  forEachLane(lanes, [&](uint32_t lane) {
    auto &self = *static_cast<Vote *>(arguments[lane]);
    self.ballot = ballot;
    self.lanes = lanes;
  });
}

uint32_t bpt_emu_vote(VoteMode mode, uint32_t predicate, uint32_t mask,
                      uint32_t site) {
  static constexpr const char *kNames[] = {"vote.sync.all", "vote.sync.any",
                                           "vote.sync.uni", "vote.sync.ballot"};
  Vote self = {predicate};
  collective(kNames[static_cast<uint32_t>(mode)], mask, /*aligned=*/false, site,
             &self, vote);
  switch (mode) {
  case VoteMode::All:
    return self.ballot == self.lanes;
  case VoteMode::Any:
    return self.ballot != 0;
  case VoteMode::Uniform:
    return self.ballot == self.lanes || self.ballot == 0;
  case VoteMode::Ballot:
    return self.ballot;
  }
  llvm_unreachable("vote mode");
}

static void match(Warp &, void *const *arguments, uint32_t lanes) {
  forEachLane(lanes, [&](uint32_t lane) {
    auto &self = *static_cast<Match *>(arguments[lane]);
    self.lanes = lanes;
    forEachLane(lanes, [&](uint32_t other) {
      if (static_cast<Match *>(arguments[other])->value == self.value)
        self.same |= 1u << other;
    });
  });
}

uint32_t bpt_emu_match_any(uint64_t value, uint32_t mask, uint32_t site) {
  Match self = {value};
  collective("match.any.sync", mask, /*aligned=*/false, site, &self, match);
  return self.same;
}

uint64_t bpt_emu_match_all(uint64_t value, uint32_t mask, uint32_t site) {
  Match self = {value};
  collective("match.all.sync", mask, /*aligned=*/false, site, &self, match);
  return self.same == self.lanes ? self.lanes | uint64_t(1) << 32 : 0;
}

//===----------------------------------------------------------------------===//
// redux
//===----------------------------------------------------------------------===//

namespace {
template <typename Value> struct Reduction {
  Value value;
  ReductionOp op;
  ElementKind type = ElementKind::B32;
  bool abs = false, propagateNaN = false;
  Value result = 0;
};
} // namespace

static uint32_t combine(const Reduction<uint32_t> &what, uint32_t a,
                        uint32_t b) {
  bool isSigned = what.type == ElementKind::S32;
  auto sa = static_cast<int32_t>(a), sb = static_cast<int32_t>(b);
  switch (what.op) {
  case ReductionOp::Add:
    return a + b;
  case ReductionOp::Min:
    return isSigned ? static_cast<uint32_t>(std::min(sa, sb)) : std::min(a, b);
  case ReductionOp::Max:
    return isSigned ? static_cast<uint32_t>(std::max(sa, sb)) : std::max(a, b);
  case ReductionOp::And:
    return a & b;
  case ReductionOp::Or:
    return a | b;
  case ReductionOp::Xor:
    return a ^ b;
  default:
    llvm_unreachable("not an operation of redux");
  }
}

static float combine(const Reduction<float> &what, float a, float b) {
  if (what.propagateNaN && (std::isnan(a) || std::isnan(b)))
    return std::nanf("");
  return what.op == ReductionOp::Min ? std::fmin(a, b) : std::fmax(a, b);
}

template <typename Value>
static void reduce(Warp &, void *const *arguments, uint32_t lanes) {
  auto get = [&](uint32_t lane) -> Reduction<Value> & {
    return *static_cast<Reduction<Value> *>(arguments[lane]);
  };
  uint32_t first = __builtin_ctz(lanes);
  Value result = get(first).value;
  forEachLane(lanes & (lanes - 1), [&](uint32_t lane) {
    result = combine(get(first), result, get(lane).value);
  });
  forEachLane(lanes, [&](uint32_t lane) { get(lane).result = result; });
}

uint32_t bpt_emu_redux(ReductionOp op, ElementKind type, uint32_t value,
                       uint32_t mask, uint32_t site) {
  Reduction<uint32_t> self = {value, op, type};
  collective("redux.sync", mask, /*aligned=*/false, site, &self,
             reduce<uint32_t>);
  return self.result;
}

float bpt_emu_redux_f32(ReductionOp op, uint32_t abs, uint32_t propagateNaN,
                        float value, uint32_t mask, uint32_t site) {
  Reduction<float> self = {abs ? std::fabs(value) : value, op};
  self.propagateNaN = propagateNaN;
  collective("redux.sync.f32", mask, /*aligned=*/false, site, &self,
             reduce<float>);
  return self.result;
}
