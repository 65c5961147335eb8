// RUN: bpt-opt %s --split-input-file --bpt-tile-columns --canonicalize | FileCheck %s

// CHECK-LABEL: func @weight(
// CHECK: scf.forall (%[[J:.*]]) = (0) to (256) step (128) shared_outs(%[[OUT:.*]] = %{{.*}}) -> (tensor<64x256xf32>)
// CHECK: tensor.extract_slice %{{.*}}[0, 0, %[[J]]] [1, 512, 128]
// CHECK: bpt.linear_weight_gradient {{.*}} -> tensor<64x128xf32>
// CHECK: tensor.parallel_insert_slice %{{.*}} into %[[OUT]][0, %[[J]]] [64, 128]
func.func @weight(%x: tensor<1x512x64xf32>, %dy: tensor<1x512x256xf32>, %z: tensor<64x256xf32>) -> tensor<64x256xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x512x64xf32>, tensor<1x512x256xf32>) outs(%z : tensor<64x256xf32>) {bpt.strategy = #bpt.strategy<columns = 128>} -> tensor<64x256xf32>
  return %dw : tensor<64x256xf32>
}

// -----

// Where a row of the result is a matrix, whole heads that make about so many.
// CHECK-LABEL: func @heads(
// CHECK: scf.forall (%{{.*}}) = (0) to (8) step (2)
// CHECK: bpt.linear_weight_gradient {{.*}} -> tensor<64x2x64xf32>
func.func @heads(%x: tensor<1x512x64xf32>, %dy: tensor<1x512x8x64xf32>, %z: tensor<64x8x64xf32>) -> tensor<64x8x64xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x512x64xf32>, tensor<1x512x8x64xf32>) outs(%z : tensor<64x8x64xf32>) {bpt.strategy = #bpt.strategy<columns = 128>} -> tensor<64x8x64xf32>
  return %dw : tensor<64x8x64xf32>
}

// -----

// CHECK-LABEL: func @table(
// CHECK: scf.forall (%{{.*}}) = (0) to (64) step (32)
// CHECK: bpt.embedding_gradient {{.*}} -> tensor<1000x32xf32>
func.func @table(%ids: tensor<1x?xi32>, %dx: tensor<1x?x64xf32>, %z: tensor<1000x64xf32>) -> tensor<1000x64xf32> {
  %dt = bpt.embedding_gradient ins(%ids, %dx : tensor<1x?xi32>, tensor<1x?x64xf32>) outs(%z : tensor<1000x64xf32>) {bpt.strategy = #bpt.strategy<columns = 32>} -> tensor<1000x64xf32>
  return %dt : tensor<1000x64xf32>
}

// -----

// One block needs no loop.
// CHECK-LABEL: func @narrow(
// CHECK-NOT: scf.forall
func.func @narrow(%x: tensor<1x512x64xf32>, %z: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %x : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%z : tensor<64x64xf32>) {bpt.strategy = #bpt.strategy<columns = 128>} -> tensor<64x64xf32>
  return %dw : tensor<64x64xf32>
}

// -----

// With rows, blocks are cut along the inputs as well, and the rows are summed in
// order.
// CHECK-LABEL: func @square(
// CHECK: scf.forall (%[[N:.*]], %[[K:.*]]) = (0, 0) to (256, 100) step (64, 64) shared_outs(
// CHECK: scf.for %{{.*}} = %c0 to %c2 step %c1
// CHECK: scf.for %[[S:.*]] = %c0 to %c512 step %c32
// CHECK: bpt.linear_weight_gradient ins(%{{.*}}, %{{.*}} : tensor<1x32x?xf32>, tensor<1x32x64xf32>)
// CHECK: scf.forall.in_parallel
func.func @square(%x: tensor<2x512x100xf32>, %dy: tensor<2x512x256xf32>, %z: tensor<100x256xf32>) -> tensor<100x256xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<2x512x100xf32>, tensor<2x512x256xf32>) outs(%z : tensor<100x256xf32>) {bpt.strategy = #bpt.strategy<columns = 64, rows = 32>} -> tensor<100x256xf32>
  return %dw : tensor<100x256xf32>
}
