// RUN: bpt-opt %s --bpt-cpu-lower | FileCheck %s
// RUN: bpt-opt %s --bpt-cpu-lower=parallel=false | FileCheck %s --check-prefix=SERIAL
// RUN: bpt-opt %s --bpt-cpu-lower="parallel=false generic-allocation=false" | FileCheck %s --check-prefix=MALLOC
// RUN: bpt-opt %s --bpt-cpu-lower="parallel=false max-block-bytes=1048576" -o /dev/null

// Rows in parallel; the result is allocated through the runtime, nothing is
// copied, and the argument, though a destination, is not written.
// CHECK: llvm.func @_mlir_memref_to_llvm_alloc
// CHECK: llvm.func @main(
// CHECK: llvm.call @_mlir_memref_to_llvm_alloc
// CHECK: omp.wsloop schedule(dynamic)
// CHECK-NOT: memcpy
// CHECK-NOT: memrefCopy
// CHECK: llvm.func @_mlir_ciface_main
// SERIAL-NOT: omp.
// SERIAL: llvm.func @main(
// MALLOC: llvm.func @malloc
func.func @main(%x: tensor<256x64xf32>, %w: tensor<64x32xf32>) -> tensor<256x32xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<256x32xf32>
  %r = scf.forall (%i) = (0) to (256) step (64) shared_outs(%o = %e) -> tensor<256x32xf32> {
    %xs = tensor.extract_slice %x[%i, 0] [64, 64] [1, 1] : tensor<256x64xf32> to tensor<64x64xf32>
    %os = tensor.extract_slice %o[%i, 0] [64, 32] [1, 1] : tensor<256x32xf32> to tensor<64x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%os : tensor<64x32xf32>) -> tensor<64x32xf32>
    %m = linalg.matmul ins(%xs, %w : tensor<64x64xf32>, tensor<64x32xf32>) outs(%f : tensor<64x32xf32>) -> tensor<64x32xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %m into %o[%i, 0] [64, 32] [1, 1] : tensor<64x32xf32> into tensor<256x32xf32>
    }
  }
  return %r : tensor<256x32xf32>
}
