//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_VECTORIZE_PASSES
#define BPT_TARGET_GPU_VECTORIZE_PASSES

include "mlir/Pass/PassBase.td"

def UnifySizesPass : Pass<"bpt-unify-sizes", "::mlir::func::FuncOp"> {
  let summary = "Give sizes that an operation says are equal one name";
  let description = [{
    Keys and values of attention are as many, but where both are dynamic, MLIR
    knows two sizes. This pass gives the operands of every blocked operation the
    sizes that the first operand has, by slices that are the whole tensor, so that
    a block which ends where the keys end is seen to end where the values end.
    `bpt-check-sizes` is what makes sure that they are equal.

    ```mlir
    %r = bpt.attention ins(%q, %k, %v : ...)
    ```
    becomes
    ```mlir
    %keys = tensor.dim %k, %c1
    %values = tensor.extract_slice %v[0, 0, 0, 0] [1, %keys, 8, 64] [1, 1, 1, 1]
    %r = bpt.attention ins(%q, %k, %values : ...)
    ```
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def NarrowProductsPass : Pass<"bpt-narrow-products", "::mlir::func::FuncOp"> {
  let summary = "Give matrix products operands that tensor cores multiply";
  let description = [{
    The decomposition of an operation computes in f32. A product of a 16-bit
    tensor with an f32 one, which was computed from it or beside it, then has one
    wide operand, and tensor cores multiply 16-bit operands (and accumulate in
    f32). Where one operand of a `linalg.contract` is f16 or bf16, this pass

    * multiplies the other as it is stored, if it is a 16-bit tensor that is
      extended, and perhaps scaled by a constant or a value. The factor is applied
      behind the product, which is then exact: (s · q) kᵀ = s · (q kᵀ);
    * rounds any other f32 operand (the probabilities of attention, their gradient,
      a normed or activated row) to that type, once, as storing it in that type
      would. If it is f16, what else reads the operand reads it rounded, so that the
      sum of probabilities is that of those which are multiplied. Where the product
      is added to something, the operand takes the other's factor before it is
      rounded.

    An operand that is extended counts as 16-bit on either side. A product of two
    f32 tensors stays.

    ```mlir
    %s = linalg.generic ins(%q : tensor<64x64xbf16>) ... { arith.extf, arith.mulf %c }
    %p = linalg.contract ... ins(%s, %k : tensor<64x64xf32>, tensor<64x64xbf16>) outs(%zero)
    ```
    becomes
    ```mlir
    %t = linalg.contract ... ins(%q, %k : tensor<64x64xbf16>, tensor<64x64xbf16>) outs(%zero)
    %p = linalg.generic outs(%t) { arith.mulf %c }
    ```

    Source: Dao 2023 (P is rounded to the type of V, and dS to that of K; the scale
    is applied to the scores in f32).
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def TileProductsPass : Pass<"bpt-tile-products", "::mlir::func::FuncOp"> {
  let summary = "Cut the depth of matrix products into steps";
  let description = [{
    A block's product over all of the embedding has operands that no register
    file holds. This pass makes every `linalg.contract` of a block (in an
    `scf.forall`) that sums over more than `depth` terms a loop over steps of
    `depth`, which carries the sum. A product with an operand that the block
    computes stays whole: that operand is in registers. So does one of at most
    `kept-depth` terms in a loop of the block that multiplies the same operand in
    every iteration (queries, in a loop over keys), or of such an operand with
    something else (the last keys): it is fetched once. Of f8E4M3FN a step has
    twice as many terms, which are as many bytes; its sum begins at 0 and is added
    in f32 to those before, since tensor cores do not keep all digits of f32 in sums
    of more terms. A depth that the sum is not a multiple of is legal: the last step is smaller.

    ```mlir
    %c = linalg.contract ... ins(%a, %b : tensor<64x768xbf16>, tensor<768x64xbf16>) outs(%z)
    ```
    becomes
    ```mlir
    %c = scf.for %k = %c0 to %c768 step %c64 iter_args(%sum = %z) -> (tensor<64x64xf32>) {
      %next = linalg.contract ... ins(%ak, %bk : tensor<64x64xbf16>, tensor<64x64xbf16>) outs(%sum)
      scf.yield %next
    }
    ```
  }];
  let options = [
    Option<"depth", "depth", "int64_t", /*default=*/"64",
           "Terms of one step; at least 1.">,
    Option<"keptDepth", "kept-depth", "int64_t", /*default=*/"256",
           "Terms up to which a product with an operand that a loop keeps stays "
           "whole.">,
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def VectorizeBlocksPass : Pass<"bpt-vectorize-blocks", "::mlir::func::FuncOp"> {
  let summary = "Turn the linalg of a block into a tile program";
  let description = [{
    Rewrites every `linalg` operation of a block (an `scf.forall`) into `vector` values
    that are whole tiles, and carries them as such through the loops of the
    block: what a loop over keys read and wrote as a tensor becomes values it
    carries, which later live in registers.

    A dimension whose size is known only at run time (the last block of rows or
    keys) becomes a tile of its upper bound. Reads past the end give zeros, writes
    are left out, and a reduction sees its neutral element there. Masks that a
    value meets twice are folded, so whole blocks pay nothing. A value that leads
    to nothing but a write under a mask with the same edge is not masked on its
    way there: rows past the last one may be anything, if no sum sees them.

    ```mlir
    %c = linalg.contract ins(%a, %b : tensor<64x64xbf16>, tensor<?x64xbf16>) ...
    ```
    becomes
    ```mlir
    %vb = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [false, true]}
    %c = vector.contract ... %va, %vb, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    ```

    Tiles are padded to multiples of 16, which tensor cores multiply, and sums of
    f8E4M3FN to multiples of 32 terms. A block is
    left as it is, for the SIMT path, if it has no product, a product of f32, an
    operation without a vector form, a dimension without a constant upper bound,
    or a tile of more than `max-tile-elements`; a missed remark (`bpt-gpu`) names
    the operation and says why.
  }];
  let options = [
    Option<"maxTileElements", "max-tile-elements", "int64_t", /*default=*/"16384",
           "Elements of the largest tile that the registers of a block hold: "
           "64 rows of 256 columns are 128 registers of each of 128 threads.">,
    Option<"dropKnownEdges", "drop-known-edges", "bool", /*default=*/"false",
           "Leave columns past a constant edge unmasked, too, where nothing sees "
           "them. Products of warps leave them out; those of warpgroups compute "
           "them anyway, and must not have constants among their sums.">,
    Option<"float8", "float8", "bool", /*default=*/"false",
           "Products of f8E4M3FN are tile programs too: warpgroups multiply it.">,
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::ub::UBDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // BPT_TARGET_GPU_VECTORIZE_PASSES
