//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VectorClock.h"
#include <algorithm>

using namespace mlir::bpt::emulator;

/// Beyond that, `extra` is searched too slowly.
static constexpr size_t kMaxExtra = 8;

void VectorClock::Array::raise(Agent agent, uint32_t step) {
  if (agent >= steps.size())
    steps.resize(agent + 1);
  steps[agent] = std::max(steps[agent], step);
}

uint32_t VectorClock::get(Agent agent) const {
  uint32_t step = getShared(agent);
  for (auto [otherAgent, otherStep] : extra)
    if (otherAgent == agent)
      step = std::max(step, otherStep);
  return step;
}

void VectorClock::raise(Agent agent, uint32_t step) {
  if (getShared(agent) >= step)
    return;
  if (shared && shared->UseCount() == 1) {
    shared->raise(agent, step);
    return;
  }
  for (auto &[otherAgent, otherStep] : extra) {
    if (otherAgent == agent) {
      otherStep = std::max(otherStep, step);
      return;
    }
  }
  extra.push_back({agent, step});
  if (extra.size() > kMaxExtra)
    fold();
}

void VectorClock::fold() {
  if (extra.empty())
    return;
  if (!shared || shared->UseCount() > 1) {
    ArrayPtr copy = llvm::makeIntrusiveRefCnt<Array>();
    if (shared) {
      copy->steps = shared->steps;
      if (!origin)
        origin = shared;
    }
    shared = copy;
  }
  for (auto [agent, step] : extra)
    shared->raise(agent, step);
  extra.clear();
}

void VectorClock::joinArray(const ArrayPtr &other) {
  if (!other || other == shared || other == origin)
    return;
  if (!shared) {
    shared = other;
    return;
  }
  const std::vector<uint32_t> &theirs = other->steps;
  const std::vector<uint32_t> &ours = shared->steps;
  size_t common = std::min(theirs.size(), ours.size());
  bool oursCovers = ours.size() >= theirs.size();
  bool theirsCovers = theirs.size() >= ours.size();
  for (size_t i = 0; i < common; ++i) {
    oursCovers &= ours[i] >= theirs[i];
    theirsCovers &= theirs[i] >= ours[i];
  }
  if (oursCovers)
    return;
  if (theirsCovers) {
    shared = other;
    origin.reset();
    return;
  }
  ArrayPtr merged = llvm::makeIntrusiveRefCnt<Array>();
  merged->steps = ours.size() >= theirs.size() ? ours : theirs;
  for (size_t i = 0; i < common; ++i)
    merged->steps[i] = std::max(ours[i], theirs[i]);
  origin = other;
  shared = merged;
}

void VectorClock::join(const VectorClock &other) {
  if (shared && other.origin == shared) {
    shared = other.shared;
    origin = other.origin;
  } else {
    joinArray(other.shared);
  }
  for (auto [agent, step] : other.extra)
    raise(agent, step);
}
