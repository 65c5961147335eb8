// RUN: bpt-opt %s --bpt-lower-pack --canonicalize | FileCheck %s

// A pack at the top of a function writes its panels in parallel, each once.
// CHECK-LABEL: func @weight
// CHECK-NOT: linalg.pack
// CHECK: scf.forall (%[[N:.*]]) in (24)
// CHECK: %[[AT:.*]] = affine.apply {{.*}}(%[[N]])
// CHECK: %[[SRC:.*]] = tensor.extract_slice %arg0[0, %[[AT]]] [768, 32]
// CHECK-NOT: linalg.fill
// CHECK: tensor.parallel_insert_slice %[[SRC]] into %{{.*}}[%[[N]], 0, 0] [1, 768, 32]
func.func @weight(%b: tensor<768x768xf32>) -> tensor<24x768x32xf32> {
  %e = tensor.empty() : tensor<24x768x32xf32>
  %p = linalg.pack %b outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32] into %e : tensor<768x768xf32> -> tensor<24x768x32xf32>
  return %p : tensor<24x768x32xf32>
}

// The last panel of a size that 32 does not divide is padded.
// CHECK-LABEL: func @padded
// CHECK: tensor.extract_slice %arg0[0, 0] [32, 59]
// CHECK: linalg.generic
// CHECK: tensor.extract_slice %arg0[32, 0] [19, 59]
// CHECK: linalg.fill
// CHECK: linalg.generic
// CHECK: tensor.insert_slice
func.func @padded(%b: tensor<51x59xf32>) -> tensor<2x59x32xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x59x32xf32>
  %p = linalg.pack %b padding_value(%z : f32) inner_dims_pos = [0] inner_tiles = [32] into %e : tensor<51x59xf32> -> tensor<2x59x32xf32>
  return %p : tensor<2x59x32xf32>
}

// For a dynamic size that is decided when it runs; inside a loop the panels are
// a loop of one thread.
// CHECK-LABEL: func @dynamic_in_loop
// CHECK: scf.for
// CHECK: scf.for
// CHECK-NOT: scf.forall
// CHECK: scf.if
// CHECK: linalg.fill
func.func @dynamic_in_loop(%b: tensor<?x64xf32>, %e: tensor<?x64x32xf32>, %lb: index, %ub: index) -> tensor<?x64x32xf32> {
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  %r = scf.for %i = %lb to %ub step %c1 iter_args(%d = %e) -> tensor<?x64x32xf32> {
    %p = linalg.pack %b padding_value(%z : f32) inner_dims_pos = [0] inner_tiles = [32] into %d : tensor<?x64xf32> -> tensor<?x64x32xf32>
    scf.yield %p : tensor<?x64x32xf32>
  }
  return %r : tensor<?x64x32xf32>
}

// Rows in pairs, which alternate in the panel.
// CHECK-LABEL: func @pairs
// CHECK: scf.forall
// CHECK: %[[ROWS:.*]] = tensor.extract_slice %arg0[0, %{{.*}}] [16, 32]
// CHECK: %[[PAIRS:.*]] = tensor.expand_shape %[[ROWS]] {{\[\[}}0, 1], [2]] output_shape [8, 2, 32]
// CHECK: linalg.generic {indexing_maps = [#[[PAIR:.*]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[PAIRS]] : tensor<8x2x32xbf16>) outs(%{{.*}} : tensor<8x32x2xbf16>)
// CHECK-NOT: linalg.fill
// CHECK: scf.forall.in_parallel
func.func @pairs(%b: tensor<16x64xbf16>) -> tensor<2x8x32x2xbf16> {
  %e = tensor.empty() : tensor<2x8x32x2xbf16>
  %p = linalg.pack %b outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [32, 2] into %e : tensor<16x64xbf16> -> tensor<2x8x32x2xbf16>
  return %p : tensor<2x8x32x2xbf16>
}

// The row that an odd number leaves over has zeros beside it.
// CHECK-LABEL: func @odd_pairs
// CHECK: scf.forall
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1, 2]] output_shape [32, 3, 2]
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<32x3x2xbf16>)
// CHECK: %[[LAST:.*]] = tensor.extract_slice %{{.*}}[3, 0, 0] [1, 32, 2]
// CHECK: linalg.fill {{.*}} outs(%[[LAST]]
// CHECK: tensor.extract_slice %{{.*}}[3, 0, 0] [1, 32, 1]
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<32x1xbf16>)
func.func @odd_pairs(%b: tensor<64x7xbf16>) -> tensor<2x4x32x2xbf16> {
  %z = arith.constant 0.0 : bf16
  %e = tensor.empty() : tensor<2x4x32x2xbf16>
  %p = linalg.pack %b padding_value(%z : bf16) inner_dims_pos = [0, 1] inner_tiles = [32, 2] into %e : tensor<64x7xbf16> -> tensor<2x4x32x2xbf16>
  return %p : tensor<2x4x32x2xbf16>
}
