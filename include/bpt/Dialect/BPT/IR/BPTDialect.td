//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT
#define BPT_DIALECT

include "mlir/IR/OpBase.td"

def BPT_Dialect : Dialect {
  let name = "bpt";
  let cppNamespace = "::mlir::bpt";
  let summary = "Transformer layers that compile to blockwise loops";
  let description = [{
    The `bpt` dialect represents transformer layers as a handful of operations
    on ranked tensors. Every operation is *row-parallel along the query
    sequence* once keys and values exist, and says so in one table
    (`BlockedOpInterface`): which iteration dimension each dimension of each
    operand is, and which of them are reductions. Tiling, fusion of a whole
    layer into one loop over query blocks, and the loops over key blocks and
    hidden blocks all follow from that table through upstream's
    `TilingInterface`.

    Layouts: activations are `[batch, seq, embed]`, attention operands
    `[batch, seq, heads, head_dim]`. Heads are split and merged by the
    contraction of `bpt.linear` itself, so nothing reshapes between operations
    that are to be fused.

    Operations are in destination-passing style on tensors. Elements are
    `f32`, `f16` or `bf16`, and what `bpt.linear` and
    `bpt.attention` multiply may be `f8E4M3FN` with scales; **sums are always accumulated in f32**, and a
    destination may be f32 whatever the inputs are.

    Source: "Blockwise Parallel Transformer for Long Context Large Models",
    Liu and Abbeel, 2023 (arXiv 2305.19370).
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = [
    "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect",
  ];
  let extraClassDeclaration = [{
    void registerAttributes();

    /// Name of the discardable attribute that holds an operation's strategy.
    static constexpr ::llvm::StringLiteral kStrategyAttrName = "bpt.strategy";
    /// Name of the argument attribute that holds an argument's name.
    static constexpr ::llvm::StringLiteral kNameAttrName = "bpt.name";
  }];
  let hasCanonicalizer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
}

#endif // BPT_DIALECT
