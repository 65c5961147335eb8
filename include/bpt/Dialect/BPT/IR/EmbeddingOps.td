//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMBEDDING_OPS
#define BPT_EMBEDDING_OPS

include "bpt/Dialect/BPT/IR/BPTBase.td"

def BPT_EmbeddingOp : BPT_BlockedOp<"embedding",
    [DeclareOpInterfaceMethods<BPT_BlockedOpInterface>,
     DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface>]> {
  let summary = "rows of a table chosen by ids";
  let description = [{
    ```
    result[b,s,:] = table[ids[b,s], :]
    ```

    An id outside [0, V) gives a row of zeros, so that padding ids such as −1
    are safe. **Shapes.** ids i32 or i64 `[B, S]`, table `[V, E]`, init and
    result `[B, S, E]`. `init` is written, not read.

    Example:

    ```mlir
    %x = bpt.embedding ins(%ids, %table : tensor<1x?xi32>, tensor<30522x384xf32>)
        outs(%e : tensor<1x?x384xf32>) -> tensor<1x?x384xf32>
    ```
  }];
  let arguments = (ins BPT_IdTensor2D:$ids, BPT_Tensor2D:$table, BPT_Tensor3D:$init);
  let results = (outs BPT_Tensor3D:$result);
  let assemblyFormat = [{
    `ins` `(` $ids `,` $table `:` type($ids) `,` type($table) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def BPT_RotaryEmbeddingOp : BPT_BlockedOp<"rotary_embedding", [
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface, ["locateTile"]>,
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface>]> {
  let summary = "rotary position embedding of every head";
  let description = [{
    With R = `dim` rotated components (all of the head by default), pair i of
    position t is rotated by the angle θ = t · base^(−2i/R):

    ```
    result[b,s,h,i0] = x[b,s,h,i0] · cos θ − x[b,s,h,i1] · sin θ
    result[b,s,h,i1] = x[b,s,h,i0] · sin θ + x[b,s,h,i1] · cos θ
    ```

    where (i0, i1) is (2i, 2i+1) for `kind = interleaved` and (i, i + R/2) for
    `half`. Components from R on pass through. Row s has position
    t = s + `position` (0 if absent; tiling adds the tile's offset). Angles are
    computed in f64, so that long contexts lose no precision. With `inverse` the
    rotation is by −θ, which is also its transpose, and so its gradient.

    **Shapes.** x, init and result `[B, S, H, D]`; D static, R even, R ≤ D;
    base > 0. `init` is written, not read.

    Example:

    ```mlir
    %r = bpt.rotary_embedding ins(%q : tensor<1x?x8x64xf32>) outs(%e : tensor<1x?x8x64xf32>)
        {kind = #bpt.rotary_kind<half>, dim = 32 : i64} -> tensor<1x?x8x64xf32>
    ```

    Source: Su et al. 2021.
  }];
  let arguments = (ins BPT_Tensor4D:$x, Optional<Index>:$position, BPT_Tensor4D:$init,
    BPT_RotaryKindAttr:$kind, OptionalAttr<I64Attr>:$dim, UnitAttr:$inverse,
    DefaultValuedAttr<F64Attr, "10000.0">:$base);
  let results = (outs BPT_Tensor4D:$result);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)` (`at` `(` $position^ `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    /// Number of rotated components.
    int64_t getRotatedDim();
  }];
}

#endif // BPT_EMBEDDING_OPS
