//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_CPU_PASSES
#define BPT_TARGET_CPU_PASSES

include "mlir/Pass/PassBase.td"

def PackContractionsPass : Pass<"bpt-pack-contractions", "::mlir::func::FuncOp"> {
  let summary = "Bring the operands of matrix products into register-tile form";
  let description = [{
    The register tile multiplies a few rows of A by a *panel* of B: `panel-width`
    neighbouring columns, so that one row of the panel is one or two vectors.
    This pass rewrites every `linalg.contract` of matrices so that

    * operands are f32 (f16 and bf16 are extended once, not in the inner loop);
    * B is `[N / width, K, width]` panels, made by `linalg.pack` and padded with
      zeros. A weight, a matrix that no surrounding loop changes, is packed once
      before the outermost loop; a block of it is then a block of its panels. A
      transposed B (keys) is packed before the outermost loop that does not change
      it, so that a block of keys serves all rows that take turns inside it, and
      so is a block of a larger tensor (values), whose rows lie so far apart that
      they meet in few lines of a cache. A B of its own whose rows consist of
      whole panels is read in place;
    * B is not copied at all where at most `panel-height` rows of A are multiplied
      by it, as in decoding: reading it takes as long as computing with it. The
      product then reads it as it lies, and a transposed B by dot products of
      rows. With `rows-in-place`, a B of f32 whose rows consist of whole panels is
      not copied either if that many rows of A, of all iterations of the loops
      around the product, are multiplied by it;
    * A is read in place by rows. A transposed A (the input of a projection, in
      the gradient of its weight) that is a block of a larger tensor is packed as
      `[M / height, K, height]` before the outermost loop that does not change
      it, if `panel-height` divides its rows;
    * C is `[M, N / width, width]`, in place if N is a multiple of the width.
      Otherwise the columns that are left, or all of them where nothing is there to
      be added to or overwritten, are computed in a scratch tile.

    More than 1024 terms are summed in steps where C has at most 1024 rows, so that a
    panel stays in L2 beside the rows that it is multiplied by.

    With `bf16-dot`, a product of two bf16 matrices, or of one with an f32 matrix,
    which is rounded, is one of pairs: A is `[M, K / 2, 2]`, a view if K is even,
    and B `[N / width, K / 2, width, 2]`; where K is odd, the last pair has a zero.
    The sums stay f32. Few rows and a transposed A that is not packed are extended
    to f32 as before.

    ```mlir
    %c = linalg.contract indexing_maps = [(m, n, k) -> (m, k), (k, n), (m, n)]
        ins(%a, %b : tensor<128x768xf32>, tensor<768x64xf32>) outs(%z : tensor<128x64xf32>)
    ```

    becomes, with a width of 32,

    ```mlir
    %panels = linalg.pack %b outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32]
        into %e : tensor<768x64xf32> -> tensor<2x768x32xf32>
    %c = linalg.contract indexing_maps = [(i, no, ni, k) -> (i, k), (no, k, ni), (i, no, ni)]
        ins(%a, %panels : ...) outs(%z3 : tensor<128x2x32xf32>)
    ```

    Source: the panels of Goto and van de Geijn 2008.
  }];
  let options = [
    Option<"panelWidth", "panel-width", "int64_t", /*default=*/"32",
           "Columns of a panel; two vectors of f32 (32 for AVX-512, 16 for AVX2). Even.">,
    Option<"panelHeight", "panel-height", "int64_t", /*default=*/"8",
           "Rows of the register tile, and of a panel of a transposed A.">,
    Option<"bf16Dot", "bf16-dot", "bool", /*default=*/"false",
           "Whether the host adds products of pairs of bf16 in one instruction (AVX512-BF16).">,
    Option<"rowsInPlace", "rows-in-place", "int64_t", /*default=*/"0",
           "How many rows may be multiplied by a matrix that is not packed for them.">,
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def SequenceCheckedLoopsPass
    : Pass<"bpt-sequence-checked-loops", "::mlir::ModuleOp"> {
  let summary = "Run loops whose iterations check sizes one after the other";
  let description = [{
    A failed assertion ends the call, and leaves its frames at once. A thread can
    leave its own frames only, not the parallel region of others. What BPT makes
    parallel is checked before; in loops that the program came with, an iteration
    may assert something itself or in a function that it calls. This pass makes
    such `scf.forall` and `scf.parallel` loops `scf.for` loops.

    ```mlir
    scf.forall (%i) in (%n) { cf.assert %ok, "sizes differ" ... }
    ```
    becomes
    ```mlir
    scf.for %i = %c0 to %n step %c1 { cf.assert %ok, "sizes differ" ... }
    ```

    Error: a `scf.parallel` with reductions cannot be made sequential.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def ScheduleParallelLoopsPass : Pass<"bpt-schedule-parallel-loops"> {
  let summary = "Give OpenMP work-sharing loops a dynamic schedule, longest first";
  let description = [{
    Row blocks of a causal layer differ in cost: a later block sees more keys.
    A static schedule hands one thread all the expensive ones. This pass sets
    `schedule(dynamic)` on every `omp.wsloop` that states none, and lets its
    iterations run from the last to the first: the longest blocks first, so that
    the short ones fill what is left in the end. Every block writes rows of its
    own, so the results are the same bits under any schedule and any number of
    threads.

    ```mlir
    omp.wsloop {
      omp.loop_nest (%i) : index = (%c0) to (%n) step (%c128) {
        "use"(%i) : (index) -> ()
    ```

    becomes

    ```mlir
    omp.wsloop schedule(dynamic) {
      omp.loop_nest (%i) : index = (%c0) to (%n) step (%c128) {
        // %last is the largest value of %i.
        %mirrored = arith.subi %last, %i : index
        "use"(%mirrored) : (index) -> ()
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::omp::OpenMPDialect"];
}

def LowerPackPass : Pass<"bpt-lower-pack", "::mlir::func::FuncOp"> {
  let summary = "Write linalg.pack and linalg.unpack as loops of copied panels";
  let description = [{
    linalg.pack has no bufferization of its own, and lowering it to pad,
    expand and transpose would copy the whole matrix more than once. A pack
    with one static inner tile becomes a loop over its panels, each a slice of
    the destination that is written once by a linalg copy (or transposition),
    in place:

    ```mlir
    %p = linalg.pack %b outer_dims_perm = [1, 0] inner_dims_pos = [1]
           inner_tiles = [32] into %e
         : tensor<768x768xf32> -> tensor<24x768x32xf32>
    ```
    becomes
    ```mlir
    %p = scf.forall (%n) in (24) shared_outs(%d = %e) -> tensor<24x768x32xf32> {
      %slot = tensor.extract_slice %d[%n, 0, 0] [1, 768, 32] [1, 1, 1]
      %src = tensor.extract_slice %b[0, %n * 32] [768, 32] [1, 1]
      %c = linalg.generic ins(%src) outs(%slot) { linalg.yield %in }
      scf.forall.in_parallel { tensor.parallel_insert_slice %c into %d... }
    }
    ```

    A matrix may have a second inner tile, of two: the rows of a panel are then
    taken in pairs, which alternate in it.

    Inside a loop the panels are an scf.for. Where the tile does not divide,
    the last panel is filled with the padding value and then overwritten in
    part; for a dynamic size that happens under an scf.if.
    Other packs, and linalg.unpack, are lowered as upstream does. An inner tile
    of dynamic size is an error.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def VerifyBufferizationPass
    : Pass<"bpt-verify-bufferization", "::mlir::func::FuncOp"> {
  let summary = "Report copies and block-local buffers without a small bound";
  let description = [{
    What makes blockwise computation blockwise is that a block's workspace does
    not grow with the sequence. A conflict that bufferization resolves by a
    copy can silently break that. This pass is an error on every memref.copy
    and bufferization.clone, and on every memref.alloc inside a loop, for which
    no constant bound of at most `max-bytes` bytes can be shown. Sizes such as
    `affine.min(128, %rest)` have a bound. Buffers that the function allocates
    outside all loops (results, packed weights) are not checked.
  }];
  let options = [
    Option<"maxBytes", "max-bytes", "int64_t", /*default=*/"1 << 24",
           "The most bytes that may be copied, or held by one block's buffer.">
  ];
}

def VectorizeContractionsPass
    : Pass<"bpt-vectorize-contractions", "::mlir::func::FuncOp"> {
  let summary = "Emit contractions on memrefs as register tiles";
  let description = [{
    Every contraction (linalg.contract, matmul, batch_matmul, a generic of that
    form, of any loop order) on memrefs whose f32 or f64 result is contiguous
    along a loop that one operand is contiguous along too, and the other does
    not use, becomes a register tile: up to 8 rows by 2 vectors. The reduction
    loop carries the accumulators as vectors, so they stay in registers by
    construction; a row is an element of one operand, broadcast, times a vector
    of the other. Operands of bf16 and f16 are widened as they are read.

    ```mlir
    linalg.contract indexing_maps = [#ik, #nkw, #inw]
      ins(%a, %b : memref<128x768xf32>, memref<24x768x32xf32>)
      outs(%c : memref<128x24x32xf32>)
    ```
    becomes
    ```mlir
    scf.for %n = 0 to 24 {
      scf.for %i = 0 to 128 step 8 {
        %r:16 = scf.for %k = 0 to 768 iter_args(%acc = ...) {
          %b0 = vector.load %b[%n, %k, 0]   // and %b1
          %a0 = memref.load %a[%i, %k]      // and 7 more rows, each broadcast
          %x0 = vector.fma %a0v, %b0, %acc0 // and 15 more
          scf.yield %x0, ...
        }
        // store the 16 vectors
      }
    }
    ```

    With `bf16-dot`, operands of bf16 whose last index is a loop over two terms
    are read as pairs, and an `x86vector.avx512.dot` takes the place of each
    `vector.fma`.

    Where panels of an operand come from beyond L2 (it has more than 4 MiB), each
    step of a tile also asks for a line of the next panel, `memref.prefetch`.

    A fill with zero of the accumulator right before becomes the loop's start
    value. Rows that are left over are a smaller tile (for a dynamic size, one
    for each power of two); columns that are left over are masked. Contractions
    of another form are left as they are, with a remark that says why.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"512",
           "Width of the host's vector registers in bits.">,
    Option<"bf16Dot", "bf16-dot", "bool", /*default=*/"false",
           "Whether the host adds products of pairs of bf16 in one instruction (AVX512-BF16).">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::mlir::x86vector::X86VectorDialect"
  ];
}

def VectorizeTilesPass
    : Pass<"bpt-vectorize-tiles", "::mlir::func::FuncOp"> {
  let summary = "Emit linalg ops on memrefs as loops over vectors";
  let description = [{
    Every linalg op on memrefs becomes loops. One loop becomes the lanes of a
    vector: one along which all operands are contiguous or the same. Four
    registers are processed at a time, what is left at the end under a mask.
    Reductions keep their result in registers: a reduction over the lanes keeps
    a vector of partial results, combined once a row; a reduction over another
    loop keeps a vector of results.

    ```mlir
    linalg.generic {iterator_types = ["parallel", "reduction"], ...}
      ins(%x : memref<8x256xf32>) outs(%sum : memref<8xf32>) { arith.addf }
    ```
    becomes
    ```mlir
    scf.for %i = 0 to 8 {
      %p = scf.for %j = 0 to 256 step 64 iter_args(%acc = dense<0.0>) {
        %v = vector.load %x[%i, %j] : vector<64xf32>
        scf.yield (arith.addf %v, %acc)
      }
      %s = vector.reduction <add>, %p, (memref.load %sum[%i])
      memref.store %s, %sum[%i]
    }
    ```

    A copy whose source and destination are contiguous along different loops
    (a transposition, a pack of keys) becomes square tiles that are transposed
    in registers, of elements or of pairs of 16 bits that stay neighbours; rows
    that alternate in the destination are interleaved. Any other op without such a loop becomes scalar loops, with a remark that says
    why. Strided memref.copy ops are treated as linalg copies.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"512",
           "Width of the host's vector registers in bits.">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def PrefetchBlocksPass
    : Pass<"bpt-prefetch-blocks", "::mlir::func::FuncOp"> {
  let summary = "Ask for the next block of rows before this one is read";
  let description = [{
    A loop that takes one block of rows after the other from an argument asks for
    the lines of the next block, `memref.prefetch`, before it reads the one that it
    has. Few rows of queries read keys and values of one head, rows that lie apart:
    the processor does not see a sequence in them, and reads them at less than half
    of the memory's rate.

    ```mlir
    scf.for %k = %c0 to %keys step %c32 {
      %block = memref.subview %key[0, %k, %head, 0] [1, 32, 1, 64] [1, 1, 1, 1]
      linalg.contract ... ins(%q, %block)
    }
    ```
    becomes
    ```mlir
    scf.for %k = %c0 to %keys step %c32 {
      %block = memref.subview %key[0, %k, %head, 0] [1, 32, 1, 64] [1, 1, 1, 1]
      scf.for %row = %c0 to %c32 step %c1 {
        %next = arith.minui (%k + 32 + %row), (%keys - 1)
        memref.prefetch %key[0, %next, %head, 0], read, locality<2>, data
        // and the other lines of the row
      }
      linalg.contract ... ins(%q, %block)
    }
    ```

    Left alone: blocks of more than 16 KiB, which are packed and read many times;
    arguments of less than 1 MiB, which are in a cache; rows of less than a line of
    64 bytes or in pieces; blocks whose size is not known or not the loop's step.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"
  ];
}

def AVX512MathPass : Pass<"bpt-avx512-math", "::mlir::func::FuncOp"> {
  let summary = "Compute powers of two with instructions of AVX-512";
  let description = [{
    `math.exp2` of vectors of whole AVX-512 registers of f32: `vreduceps` and
    `vrndscaleps` take x apart into f in [-1/2, 1/2] and a whole n, a polynomial
    gives 2^f, and `vscalefps` multiplies by 2^n, in place of arithmetic on the bits
    of the exponent and of what that needs against overflow. The bits of the result
    are those of `bpt-expand-math`: 0 below -126, infinity from 128, NaN of NaN.
    Other vectors and scalars are left to that pass.

    ```mlir
    %y = math.exp2 %x : vector<16xf32>
    ```
    becomes
    ```mlir
    %f = llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"(%x, ...)
    %n = math.roundeven %x : vector<16xf32>
    %p = vector.fma %c6, %f, %c5 : vector<16xf32> // and so on
    %normal = arith.cmpf uge, %x, %lowest : vector<16xf32>
    %y = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%p, %n, %zero, %normal, ...)
    ```

    Needs AVX512F and AVX512DQ.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def MoveBF16AsIntegersPass : Pass<"bpt-move-bf16-as-integers"> {
  let summary = "Load and store bf16 as i16 in the LLVM dialect";
  let description = [{
    For a host without bf16 instructions LLVM takes a masked load or store of
    bf16 apart into conversions, calls of `__truncsfbf2`, which a JIT does not
    find. The arithmetic on the bits is integer arithmetic by then; with loads
    and stores of i16 the bits are only moved.

    ```mlir
    %v = llvm.intr.masked.load %p, %mask, %zero : ... -> vector<32xbf16>
    ```
    becomes
    ```mlir
    %z = llvm.bitcast %zero : vector<32xbf16> to vector<32xi16>
    %i = llvm.intr.masked.load %p, %mask, %z : ... -> vector<32xi16>
    %v = llvm.bitcast %i : vector<32xi16> to vector<32xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def BindArgumentsPass : Pass<"bpt-bind-arguments", "::mlir::ModuleOp"> {
  let summary = "Split off what a function computes of bound arguments alone";
  let description = [{
    Weights are the same in every call, and so is what is computed of them alone:
    their panels (`bpt-pack-contractions`) above all. This pass splits a function
    in two. `<function>_bind` takes the *bound* arguments and computes what no
    other argument determines; the function itself takes the other arguments and
    what is kept of that. Whoever calls runs the first once, and the second as
    often as it likes.

    ```mlir
    func.func @main(%x: tensor<?x768xf32>, %w: tensor<768x768xf32>, %b: tensor<768xf32>) -> ... {
      %p = linalg.pack %w ... -> tensor<24x768x32xf32>
      %y = scf.forall ... { ... %x ... %p ... %b ... }
    ```

    becomes, with `arguments=1,2`,

    ```mlir
    func.func @main(%x: tensor<?x768xf32>, %b: tensor<768xf32>, %p: tensor<24x768x32xf32>) -> ...
        attributes {bpt.binding = {arguments = array<i64: 1>, function = @main_bind}} {
      %y = scf.forall ... { ... %x ... %p ... %b ... }
    }
    func.func @main_bind(%w: tensor<768x768xf32>, %b: tensor<768xf32>) -> tensor<24x768x32xf32> {
      %p = linalg.pack %w ... -> tensor<24x768x32xf32>
      return %p : tensor<24x768x32xf32>
    }
    ```

    The function takes, in this order, the arguments that are not bound, the
    bound ones that it reads as they are (`bpt.binding` has their numbers among
    the bound ones), and the results of the other function.

    Operations without side effects move that stand in the function's entry block
    and depend on bound arguments and constants only. What the function reads of
    them is kept, if it is a tensor that elements of bound arguments determine.
    Views of tensors, sizes and scalars are computed by every call, and so are
    constants, and tensors that the function updates in place, of which a call
    needs one of its own. Checks of sizes (`cf.assert`) of bound arguments are
    made when they are bound.

    `bpt.signature` of the function does not hold any more and is removed;
    `bpt-record-signature` records those of both.

    Errors: there is no such function or no such argument; a bound argument is
    not a tensor (a memref, which calls may write); the function is called in the
    module.

    Source: the separation of binding times of partial evaluation (Jones, Gomard
    and Sestoft 1993), here for arguments of a function.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"main\"",
           "The function to split.">,
    ListOption<"arguments", "arguments", "unsigned",
               "Numbers of the arguments to bind.">
  ];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

#endif // BPT_TARGET_CPU_PASSES
