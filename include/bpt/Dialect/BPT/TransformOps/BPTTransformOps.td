//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TRANSFORM_OPS
#define BPT_TRANSFORM_OPS

include "mlir/Dialect/Transform/IR/TransformDialect.td"
include "mlir/Dialect/Transform/IR/TransformTypes.td"
include "mlir/Dialect/Transform/Interfaces/MatchInterfaces.td"
include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/OpBase.td"

def FuseRowsOp : Op<Transform_Dialect, "bpt.fuse_rows", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<TransformOpInterface>,
    ReportTrackingListenerFailuresOpTrait]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "fuse the layers of a function into loops over blocks of rows";
  let description = [{
    Does what the pass `bpt-tile-rows` does, with one block size for all blocked
    operations in the bodies of the target functions (those already inside a
    loop excepted): one `scf.forall` for every result that has to be stored, with
    everything else fused into it. `fuse = false` in an operation's
    `#bpt.strategy` keeps its result stored here, too.

    Returns the loops made, none if one block holds all rows. It is a silenceable
    failure if an operation cannot be cut into blocks of rows, or if its strategy
    asks for other blocks.

    Example:

    ```mlir
    %loops = transform.bpt.fuse_rows %func rows = 256 : (!transform.any_op) -> !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$target,
                       ConfinedAttr<I64Attr, [IntPositive]>:$rows);
  let results = (outs TransformHandleTypeInterface:$loops);
  let assemblyFormat = "$target `rows` `=` $rows attr-dict `:` functional-type($target, $loops)";
}

def TileKeysOp : Op<Transform_Dialect, "bpt.tile_keys", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<TransformOpInterface>,
    ReportTrackingListenerFailuresOpTrait]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "turn attention into loops over key blocks with online softmax";
  let description = [{
    Does what the pass `bpt-tile-keys` does to each `bpt.attention`: loops over
    batch entries and heads, and inside them loops of `bpt.online_attention` over
    blocks of `keys` keys that skip the blocks its masks exclude (0: all keys in
    one step, without a loop). Where `score_rows` is given, the rows of a block
    take turns inside each block of keys, so many at a time, and rows that the
    masks exclude are skipped as well: a block of scores can stay in L1, and the
    panels of the keys serve all rows. Returns the online operations, one for
    each loop. Anything but `bpt.attention` is a silenceable failure.

    Example:

    ```mlir
    %steps = transform.bpt.tile_keys %attention keys = 256 score_rows = 32 : (!transform.any_op) -> !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$target,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$keys,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$score_rows);
  let results = (outs TransformHandleTypeInterface:$steps);
  let assemblyFormat = "$target `keys` `=` $keys (`score_rows` `=` $score_rows^)? attr-dict `:` functional-type($target, $steps)";
}

def SplitKeysOp : Op<Transform_Dialect, "bpt.split_keys", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<TransformOpInterface>,
    ReportTrackingListenerFailuresOpTrait]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "reduce parts of the keys in parallel and merge them";
  let description = [{
    Cuts the keys of one `bpt.online_attention` into `parts` parts of
    ⌈Sk / parts⌉ keys that a parallel loop reduces independently, each from
    acc = 0, m = lowest, l = 0. What follows merges them into the state that the
    operation started from: with M = max(m, m_1, …),

    ```
    l' = l · 2^(m − M) + Σ_p l_p · 2^(m_p − M),   acc' likewise
    ```

    The result does not depend on how many threads run the parts. It keeps many
    threads busy where there are few rows and many keys, as in decoding.
    Returns the operation of one part and the loop. Anything but
    `bpt.online_attention` is a silenceable failure.

    Example:

    ```mlir
    %part, %loop = transform.bpt.split_keys %online parts = 4
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    ```

    Source: the split of keys of flash decoding (Dao et al. 2023).
  }];
  let arguments = (ins TransformHandleTypeInterface:$target,
                       ConfinedAttr<I64Attr, [IntPositive]>:$parts);
  let results = (outs TransformHandleTypeInterface:$part,
                      TransformHandleTypeInterface:$loop);
  let assemblyFormat = [{
    $target `parts` `=` $parts attr-dict `:` functional-type(operands, results)
  }];
}

def TileHiddenOp : Op<Transform_Dialect, "bpt.tile_hidden", [
    FunctionalStyleTransformOpTrait, MemoryEffectsOpInterface, TransformOpInterface,
    TransformEachOpTrait, ReportTrackingListenerFailuresOpTrait]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "turn a feed-forward network into a loop over hidden blocks";
  let description = [{
    Does what the pass `bpt-tile-hidden` does to each `bpt.feed_forward`: a loop
    over blocks of `hidden` units that carries the sum in f32. Returns the
    operation inside the loop. Anything but `bpt.feed_forward` is a silenceable
    failure.

    Example:

    ```mlir
    %block = transform.bpt.tile_hidden %ffn hidden = 512 : (!transform.any_op) -> !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$target,
                       ConfinedAttr<I64Attr, [IntPositive]>:$hidden);
  let results = (outs TransformHandleTypeInterface:$block);
  let assemblyFormat = "$target `hidden` `=` $hidden attr-dict `:` functional-type($target, $block)";
  let extraClassDeclaration = [{
    ::mlir::DiagnosedSilenceableFailure applyToOne(
        ::mlir::transform::TransformRewriter &rewriter,
        ::mlir::Operation *target,
        ::mlir::transform::ApplyToEachResultList &results,
        ::mlir::transform::TransformState &state);
  }];
}

def MatchElementTypeOp : Op<Transform_Dialect, "bpt.match.element_type", [
    SingleOpMatcher, MatchOpInterface, MemoryEffectsOpInterface]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "a blocked operation on elements of some types";
  let description = [{
    Succeeds on a blocked operation whose first operand (queries, or rows) has
    one of the element types; otherwise it is a silenceable failure, and so no
    match. A GPU multiplies 16-bit types on tensor cores, in other blocks than
    it would f32.

    Example: operations on 16-bit types.

    ```mlir
    transform.bpt.match.element_type %op [f16, bf16] : !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$operand_handle, TypeArrayAttr:$types);
  let results = (outs);
  let assemblyFormat = "$operand_handle $types attr-dict `:` type($operand_handle)";
  let extraClassDeclaration = SingleOpMatcher.extraDeclaration;
}

def MatchSizeOp : Op<Transform_Dialect, "bpt.match.size", [
    SingleOpMatcher, MatchOpInterface, MemoryEffectsOpInterface]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "the size of a named dimension of a blocked operation";
  let description = [{
    Gives the size that the operand types state for one dimension of a blocked
    operation's table, as a parameter to compare with
    `transform.match.param.cmpi`; −1 for a dynamic size. The names are those of
    the diagnostics: `batch`, `query row`, `head`, `key`, `head_dim` and
    `value head_dim` of attention; `row`, `hidden`, `input` and `output` of a
    feed-forward network; and so on.

    Succeeds on a blocked operation that has the dimension; otherwise it is a
    silenceable failure, and so no match.

    Example: attention over many keys.

    ```mlir
    %keys = transform.bpt.match.size %op "key" : (!transform.any_op) -> !transform.param<i64>
    %many = transform.param.constant 4096 : i64 -> !transform.param<i64>
    transform.match.param.cmpi ge %keys, %many : !transform.param<i64>
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$operand_handle, StrAttr:$dimension);
  let results = (outs TransformParamTypeInterface:$size);
  let assemblyFormat = "$operand_handle $dimension attr-dict `:` functional-type($operand_handle, $size)";
  let extraClassDeclaration = SingleOpMatcher.extraDeclaration;
}

def MatchOperandOp : Op<Transform_Dialect, "bpt.match.operand", [
    SingleOpMatcher, MatchOpInterface, MemoryEffectsOpInterface]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "a blocked operation that has an optional operand";
  let description = [{
    Succeeds on a blocked operation that has the operand; otherwise it is a
    silenceable failure, and so no match. The names are those of the
    diagnostics: `bias`, `query_segments`, `key_segments` and `seed` of
    attention, and so on.

    Example: attention with dropout, whose random numbers take registers that
    larger blocks would need.

    ```mlir
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.operand %op "seed" : !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$operand_handle, StrAttr:$name);
  let results = (outs);
  let assemblyFormat = "$operand_handle $name attr-dict `:` type($operand_handle)";
  let extraClassDeclaration = SingleOpMatcher.extraDeclaration;
}

def MatchAloneOp : Op<Transform_Dialect, "bpt.match.alone", [
    SingleOpMatcher, MatchOpInterface, MemoryEffectsOpInterface]> {
  let cppNamespace = "::mlir::bpt";
  let summary = "a blocked operation whose loop over rows is its own";
  let description = [{
    Succeeds on a blocked operation that the plan of the loops over rows fuses
    with nothing: it gets a loop that computes nothing else, so its block size
    is no other operation's concern. Otherwise it is a silenceable failure, and
    so no match. Attention between the projections of a layer is no match;
    attention that a function is called for is one.

    Example: attention that no projection is fused with.

    ```mlir
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.bpt.match.alone %op : !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$operand_handle);
  let results = (outs);
  let assemblyFormat = "$operand_handle attr-dict `:` type($operand_handle)";
  let extraClassDeclaration = SingleOpMatcher.extraDeclaration;
}

#endif // BPT_TRANSFORM_OPS
