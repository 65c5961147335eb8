// RUN: bpt-opt %s --split-input-file --bpt-tile-sums --canonicalize --cse | FileCheck %s

#chunked = #bpt.strategy<chunk = 512>

// What is row by row is computed in the loop that carries the sum, and stored
// where something else reads it.
// CHECK-LABEL: func @sum(
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x2048x64xf32>, %[[DY:[^:]*]]: tensor<1x2048x32xf32>
// CHECK: %[[D:.*]]:2 = scf.for %[[I:.*]] = %c0 to %c2048 step %c512 iter_args(%[[DX0:.*]] = %{{.*}}, %[[DW0:.*]] = %{{.*}}) -> (tensor<1x2048x64xf32>, tensor<64x32xf32>)
// CHECK: %[[DYI:.*]] = tensor.extract_slice %[[DY]][0, %[[I]], 0] [1, 512, 32]
// CHECK: %[[DXI:.*]] = bpt.linear ins(%[[DYI]]
// CHECK: %[[DX1:.*]] = tensor.insert_slice %[[DXI]] into %[[DX0]][0, %[[I]], 0]
// CHECK: %[[XI:.*]] = tensor.extract_slice %[[X]][0, %[[I]], 0] [1, 512, 64]
// CHECK: %[[DW1:.*]] = bpt.linear_weight_gradient ins(%[[XI]], %[[DYI]] {{.*}} outs(%[[DW0]]
// CHECK: scf.yield %[[DX1]], %[[DW1]]
// CHECK: return %[[D]]#0, %[[D]]#1
func.func @sum(%x: tensor<1x2048x64xf32>, %dy: tensor<1x2048x32xf32>, %wt: tensor<32x64xf32>, %zx: tensor<1x2048x64xf32>, %zw: tensor<64x32xf32>) -> (tensor<1x2048x64xf32>, tensor<64x32xf32>) {
  %e = tensor.empty() : tensor<1x2048x64xf32>
  %c = arith.constant 0.0 : f32
  %z = linalg.fill ins(%c : f32) outs(%e : tensor<1x2048x64xf32>) -> tensor<1x2048x64xf32>
  %dx = bpt.linear ins(%dy, %wt : tensor<1x2048x32xf32>, tensor<32x64xf32>) outs(%z : tensor<1x2048x64xf32>) -> tensor<1x2048x64xf32>
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x2048x64xf32>, tensor<1x2048x32xf32>) outs(%zw : tensor<64x32xf32>) {bpt.strategy = #chunked} -> tensor<64x32xf32>
  return %dx, %dw : tensor<1x2048x64xf32>, tensor<64x32xf32>
}

// -----

#chunked = #bpt.strategy<chunk = 512>

// An operation that another loop reads whole is a loop before it, and cheap
// operations are repeated: the norm is in both, its result in memory nowhere.
// CHECK-LABEL: func @two_loops(
// CHECK: %[[K:.*]] = scf.for {{.*}} -> (tensor<1x2048x1x64xf32>)
// CHECK:   bpt.rms_norm
// CHECK:   bpt.linear
// CHECK: %[[D:.*]]:3 = scf.for
// CHECK:   bpt.rms_norm
// CHECK:   bpt.attention_backward ins(%{{.*}}, %[[K]], %[[K]]
// CHECK:   bpt.linear_weight_gradient
func.func @two_loops(%x: tensor<1x2048x64xf32>, %w: tensor<64x1x64xf32>, %q: tensor<1x2048x1x64xf32>, %r: tensor<1x2048x1xf32>, %zw: tensor<64x1x64xf32>) -> (tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>, tensor<64x1x64xf32>) {
  %e = tensor.empty() : tensor<1x2048x64xf32>
  %eh = tensor.empty() : tensor<1x2048x1x64xf32>
  %c = arith.constant 0.0 : f32
  %z = linalg.fill ins(%c : f32) outs(%eh : tensor<1x2048x1x64xf32>) -> tensor<1x2048x1x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x2048x64xf32>) outs(%e : tensor<1x2048x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x2048x64xf32>
  %k = bpt.linear ins(%n, %w : tensor<1x2048x64xf32>, tensor<64x1x64xf32>) outs(%z : tensor<1x2048x1x64xf32>) -> tensor<1x2048x1x64xf32>
  %d:3 = bpt.attention_backward ins(%q, %k, %k : tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>)
      statistics(%r, %r : tensor<1x2048x1xf32>, tensor<1x2048x1xf32>)
      cotangent(%q, %r : tensor<1x2048x1x64xf32>, tensor<1x2048x1xf32>)
      outs(%z, %z, %z : tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>) {causal, bpt.strategy = #chunked}
      -> tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>
  %dw = bpt.linear_weight_gradient ins(%n, %d#0 : tensor<1x2048x64xf32>, tensor<1x2048x1x64xf32>) outs(%zw : tensor<64x1x64xf32>) {bpt.strategy = #chunked} -> tensor<64x1x64xf32>
  return %d#1, %d#2, %dw : tensor<1x2048x1x64xf32>, tensor<1x2048x1x64xf32>, tensor<64x1x64xf32>
}

// -----

#chunked = #bpt.strategy<chunk = 512>

// Chunks stay inside an entry of the batch; the last one may be smaller.
// CHECK-LABEL: func @batch_and_remainder(
// CHECK: scf.for %[[B:.*]] = %c0 to %c3 step %c1
// CHECK:   scf.for %[[I:.*]] = %c0 to %{{.*}} step %c512
// CHECK:     %[[N:.*]] = affine.min
// CHECK:     tensor.extract_slice %{{.*}}[%[[B]], %[[I]], 0] [1, %[[N]], 64]
func.func @batch_and_remainder(%x: tensor<3x?x64xf32>, %zw: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %x : tensor<3x?x64xf32>, tensor<3x?x64xf32>) outs(%zw : tensor<64x64xf32>) {bpt.strategy = #chunked} -> tensor<64x64xf32>
  return %dw : tensor<64x64xf32>
}

// -----

#chunked = #bpt.strategy<chunk = 512>

// One chunk needs no loop.
// CHECK-LABEL: func @one_chunk(
// CHECK-NOT: scf.for
func.func @one_chunk(%x: tensor<1x512x64xf32>, %zw: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %x : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%zw : tensor<64x64xf32>) {bpt.strategy = #chunked} -> tensor<64x64xf32>
  return %dw : tensor<64x64xf32>
}

// -----

#chunked = #bpt.strategy<chunk = 512>

// The forward pass is not drawn into the loops of the backward pass.
// CHECK-LABEL: func @forward(
// CHECK: %[[Y:.*]] = bpt.rms_norm ins(%{{.*}} : tensor<1x2048x64xf32>)
// CHECK: bpt.barrier %[[Y]]
// CHECK: scf.for
// CHECK-NOT: bpt.rms_norm
func.func @forward(%x: tensor<1x2048x64xf32>, %dy: tensor<1x2048x64xf32>, %zw: tensor<64x64xf32>) -> (tensor<1x2048x64xf32>, tensor<64x64xf32>) {
  %e = tensor.empty() : tensor<1x2048x64xf32>
  %y = bpt.rms_norm ins(%x : tensor<1x2048x64xf32>) outs(%e : tensor<1x2048x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x2048x64xf32>
  %kept = bpt.barrier %y after %dy : tensor<1x2048x64xf32>, tensor<1x2048x64xf32>
  %dw = bpt.linear_weight_gradient ins(%kept, %dy : tensor<1x2048x64xf32>, tensor<1x2048x64xf32>) outs(%zw : tensor<64x64xf32>) {bpt.strategy = #chunked} -> tensor<64x64xf32>
  return %y, %dw : tensor<1x2048x64xf32>, tensor<64x64xf32>
}
