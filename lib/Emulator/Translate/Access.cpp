//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;

StateSpace emulator::parseSpace(StringRef name) {
  return llvm::StringSwitch<StateSpace>(name)
      .Case("global", StateSpace::Global)
      .Cases({"shared", "shared::cta"}, StateSpace::SharedCta)
      .Case("shared::cluster", StateSpace::SharedCluster)
      .Case("local", StateSpace::Local)
      .Case("const", StateSpace::Const)
      .StartsWith("param", StateSpace::Param)
      .Default(StateSpace::Generic);
}

Semantics emulator::parseSemantics(StringRef name) {
  return llvm::StringSwitch<Semantics>(name)
      .Case("relaxed", Semantics::Relaxed)
      .Case("acquire", Semantics::Acquire)
      .Case("release", Semantics::Release)
      .Case("acq_rel", Semantics::AcquireRelease)
      .Case("sc", Semantics::SequentiallyConsistent)
      .Default(Semantics::Weak);
}

Scope emulator::parseScope(StringRef name) {
  return llvm::StringSwitch<Scope>(name)
      .Case("cta", Scope::Cta)
      .Case("cluster", Scope::Cluster)
      .Case("sys", Scope::Sys)
      .Default(Scope::Gpu);
}

ReductionOp emulator::parseReduction(StringRef name) {
  return llvm::StringSwitch<ReductionOp>(name)
      .Case("add", ReductionOp::Add)
      .Case("min", ReductionOp::Min)
      .Case("max", ReductionOp::Max)
      .Case("inc", ReductionOp::Inc)
      .Case("dec", ReductionOp::Dec)
      .Case("and", ReductionOp::And)
      .Case("or", ReductionOp::Or)
      .Case("xor", ReductionOp::Xor)
      .Case("exch", ReductionOp::Exchange)
      .Default(ReductionOp::CompareAndSwap);
}
