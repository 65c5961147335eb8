//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_OPS
#define BPT_OPS

include "bpt/Dialect/BPT/IR/AttentionOps.td"
include "bpt/Dialect/BPT/IR/DropoutOps.td"
include "bpt/Dialect/BPT/IR/EmbeddingOps.td"
include "bpt/Dialect/BPT/IR/GradientOps.td"
include "bpt/Dialect/BPT/IR/LossOps.td"
include "bpt/Dialect/BPT/IR/NormOps.td"
include "bpt/Dialect/BPT/IR/ProjectionOps.td"

#endif // BPT_OPS
