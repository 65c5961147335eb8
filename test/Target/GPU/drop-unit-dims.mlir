// RUN: bpt-opt %s --bpt-gpu-drop-unit-dims --split-input-file | FileCheck %s

// The sum with the residual has the two dimensions of the product before it; the
// length of a block may be known at run time only.

// CHECK-LABEL: func @residual(
// CHECK: scf.forall
// CHECK-DAG: tensor.extract_slice %{{.+}} : tensor<1x?x64xf32> to tensor<?x64xf32>
// CHECK:     linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%{{.+}}, %{{.+}} : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK:       arith.addf
// CHECK:     tensor.insert_slice %{{.+}} : tensor<?x64xf32> into tensor<1x?x64xf32>
// CHECK-NOT: linalg.add
func.func @residual(%x: tensor<1x100x64xf32>, %p: tensor<1x100x64xf32>) -> tensor<1x100x64xf32> {
  %e = tensor.empty() : tensor<1x100x64xf32>
  %r = scf.forall (%i) = (0) to (100) step (32) shared_outs(%out = %e) -> (tensor<1x100x64xf32>) {
    %size = affine.min affine_map<(d0) -> (32, 100 - d0)>(%i)
    %xs = tensor.extract_slice %x[0, %i, 0] [1, %size, 64] [1, 1, 1] : tensor<1x100x64xf32> to tensor<1x?x64xf32>
    %ps = tensor.extract_slice %p[0, %i, 0] [1, %size, 64] [1, 1, 1] : tensor<1x100x64xf32> to tensor<1x?x64xf32>
    %es = tensor.extract_slice %out[0, %i, 0] [1, %size, 64] [1, 1, 1] : tensor<1x100x64xf32> to tensor<1x?x64xf32>
    %sum = linalg.add ins(%xs, %ps : tensor<1x?x64xf32>, tensor<1x?x64xf32>) outs(%es : tensor<1x?x64xf32>) -> tensor<1x?x64xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %sum into %out[0, %i, 0] [1, %size, 64] [1, 1, 1] : tensor<1x?x64xf32> into tensor<1x100x64xf32>
    }
  }
  return %r : tensor<1x100x64xf32>
}

// -----

// Products, fills, and what is not in a block stay as they are.

// CHECK-LABEL: func @others(
// CHECK: linalg.add {{.*}} tensor<1x8x8xf32>
// CHECK: scf.forall
// CHECK:   linalg.fill {{.*}} tensor<1x8x8xf32>
// CHECK:   linalg.batch_matmul
func.func @others(%x: tensor<1x8x8xf32>) -> tensor<4x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<1x8x8xf32>
  %two = linalg.add ins(%x, %x : tensor<1x8x8xf32>, tensor<1x8x8xf32>) outs(%e1 : tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  %e = tensor.empty() : tensor<4x8x8xf32>
  %r = scf.forall (%i) in (4) shared_outs(%out = %e) -> (tensor<4x8x8xf32>) {
    %es = tensor.extract_slice %out[%i, 0, 0] [1, 8, 8] [1, 1, 1] : tensor<4x8x8xf32> to tensor<1x8x8xf32>
    %z = linalg.fill ins(%zero : f32) outs(%es : tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    %p = linalg.batch_matmul ins(%two, %two : tensor<1x8x8xf32>, tensor<1x8x8xf32>) outs(%z : tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %p into %out[%i, 0, 0] [1, 8, 8] [1, 1, 1] : tensor<1x8x8xf32> into tensor<4x8x8xf32>
    }
  }
  return %r : tensor<4x8x8xf32>
}
