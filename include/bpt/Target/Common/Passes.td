//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_COMMON_PASSES
#define BPT_TARGET_COMMON_PASSES

include "mlir/Pass/PassBase.td"

def LowerAssertionsPass : Pass<"bpt-lower-assertions", "::mlir::ModuleOp"> {
  let summary = "Let a failed assertion end the call with one line";
  let description = [{
    Upstream lowers `cf.assert` to a call of `abort`, which says nothing and
    looks like a crash. Here a failed assertion calls `bptReportFailure` of the
    runtime with its message, which ends the call: it does not return.

    ```mlir
    cf.assert %ok, "sizes differ"
    ```
    becomes
    ```mlir
    scf.if %fails {
      %message = llvm.mlir.addressof @bpt_message : !llvm.ptr
      llvm.call @bptReportFailure(%message) : (!llvm.ptr) -> ()
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::scf::SCFDialect"];
}

def ProtectArgumentsPass
    : Pass<"bpt-protect-arguments", "::mlir::func::FuncOp"> {
  let summary = "Mark the tensors that a public function takes as read-only";
  let description = [{
    The caller of a compiled function owns its arguments, and they are never
    written. Bufferization would otherwise update an argument in place when it
    is a destination. The pass gives every tensor argument of a public function
    `bufferization.writable = false`, and the function `llvm.emit_c_interface`,
    the calling convention through which it is run.

    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32>
    ```
    becomes
    ```mlir
    func.func @main(%x: tensor<4xf32> {bufferization.writable = false})
      -> tensor<4xf32> attributes {llvm.emit_c_interface}
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def UnshareFillsPass : Pass<"bpt-unshare-fills", "::mlir::func::FuncOp"> {
  let summary = "Give every use of a filled tensor one of its own";
  let description = [{
    Sums start from tensors of zeros, and equal ones become one by CSE. As it is to
    be there for the next sum, bufferization copies it for each, and it lives as
    long as the last has not begun: as many bytes again as the largest, in a loss
    that is not blocked as many as all its logits. This pass runs before
    bufferization and repeats `linalg.fill`, and the views of it, before each use;
    what they fill is the same buffer, if results exist one after the other.

    ```mlir
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
    %a = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
    %b = linalg.matmul ins(%a, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
    ```
    becomes
    ```mlir
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
    %a = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
    %y = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
    %b = linalg.matmul ins(%a, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%y : tensor<4x4xf32>) -> tensor<4x4xf32>
    ```

    In the same way an empty tensor that is a destination before and after a call
    becomes one for each: a buffer for both would be there during the call.
  }];
}

def ShortenLifetimesPass : Pass<"bpt-shorten-lifetimes", "::mlir::func::FuncOp"> {
  let summary = "Allocate buffers before their first use, free them after their last";
  let description = [{
    Bufferization allocates a buffer where its empty tensor was, which may be long
    before it is written, and upstream's deallocation frees everything where its
    block ends, so that a function holds at its end all that it has ever allocated.
    This pass runs before `bufferization.dealloc` is lowered. It moves
    every `memref.alloc` down to the first operation that uses it. And it takes out
    of `bufferization.dealloc` the buffers that the block certainly owns,
    allocated there or given by a call, and that do not leave it, and frees each
    after the last operation that uses it or a view of it. What a call gives is no
    view of its arguments: deallocation has made it the caller's own.
    Upstream's `optimize-allocation-liveness` knows no buffers that calls
    give, and not the one operation that frees several.

    ```mlir
    %a = memref.alloc() : memref<4xf32>
    %b = memref.alloc() : memref<4xf32>
    "test.use"(%a) : (memref<4xf32>) -> ()
    "test.use"(%b) : (memref<4xf32>) -> ()
    bufferization.dealloc (%a, %b : memref<4xf32>, memref<4xf32>) if (%true, %true)
    ```
    becomes
    ```mlir
    %a = memref.alloc() : memref<4xf32>
    "test.use"(%a) : (memref<4xf32>) -> ()
    memref.dealloc %a : memref<4xf32>
    %b = memref.alloc() : memref<4xf32>
    "test.use"(%b) : (memref<4xf32>) -> ()
    memref.dealloc %b : memref<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def ExpandMathPass : Pass<"bpt-expand-math", "::mlir::func::FuncOp"> {
  let summary = "Write f32 exponentials and their kin as arithmetic";
  let description = [{
    A call of libm for each element would cost more than everything else in an
    online softmax. f32 `math.exp2` and `math.exp`, scalar or vector, become a
    polynomial of degree 6 on the fraction, and an addition to the exponent
    bits. `math.exp2`: relative error at most 1.2e-7, exact at integers, 0 below
    -126 (also at minus infinity; no denormal results), infinity from 128 on,
    NaN for NaN. `math.exp`: relative error at most 2e-7 everywhere (the
    reduction of the argument is carried out in two floats), 0 below
    -87.33654, infinity above 88.72283. `math.tanh`, `erf`, `log`, `log2`,
    `log1p` and `expm1` in f32 use upstream's polynomial approximations. Other
    types are left to libm.

    ```mlir
    %y = math.exp2 %x : vector<16xf32>
    ```
    becomes about 15 operations of arith and math.fma on vector<16xf32>.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def WidenNarrowFloatsPass
    : Pass<"bpt-widen-narrow-floats"> {
  let summary = "Compute in f32 what is written in bf16, f16 or f8E4M3FN";
  let description = [{
    Hosts have no arithmetic on bf16 and f8E4M3FN, and most have none on f16. Every
    arith operation of these types is done in f32 and rounded, which gives the same
    result: f32 has more than twice their digits.

    ```mlir
    %s = arith.addf %a, %b : vector<16xbf16>
    ```
    becomes
    ```mlir
    %x = arith.extf %a : vector<16xbf16> to vector<16xf32>
    %y = arith.extf %b : vector<16xbf16> to vector<16xf32>
    %z = arith.addf %x, %y : vector<16xf32>
    %s = arith.truncf %z : vector<16xf32> to vector<16xbf16>
    ```
    Upstream's patterns, without the fast-math flags that they put on the
    conversions and that the LLVM dialect has no place for.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandFloat8Pass : Pass<"bpt-expand-float8"> {
  let summary = "Convert f8E4M3FN by arithmetic on integers";
  let description = [{
    LLVM has no type for floats of 8 bits, which are integers to it. The pass
    writes conversions to and from f8E4M3FN, of numbers and of vectors, as
    arithmetic on their digits. To wider types they are exact. From them they round
    to nearest even, and saturate: what is larger than 448, infinity too, becomes
    448 with its sign, and NaN stays NaN. Upstream's expansions know other types of
    8 bits only. f64 is converted by way of f32.

    ```mlir
    %y = arith.extf %x : vector<16xf8E4M3FN> to vector<16xf32>
    ```
    becomes the digits as those of an f16, which is extended and scaled:
    ```mlir
    %h = arith.bitcast %digits : vector<16xi16> to vector<16xf16>
    %e = arith.extf %h : vector<16xf16> to vector<16xf32>
    %v = arith.mulf %e, %c256 : vector<16xf32>
    %y = arith.select %isNaN, %nan, %v : vector<16xi1>, vector<16xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

#endif // BPT_TARGET_COMMON_PASSES
