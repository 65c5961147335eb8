// RUN: bpt-opt %s --bpt-tile-rows --canonicalize --cse | FileCheck %s

#s = #bpt.strategy<rows = 128>

// One pre-norm layer: keys and values in loops of their own, all else in one.

// CHECK-LABEL: func @layer
// CHECK: %[[K:.+]] = scf.forall {{.*}} step (128)
// CHECK:   bpt.layer_norm
// CHECK:   bpt.linear
// CHECK: %[[V:.+]] = scf.forall {{.*}} step (128)
// CHECK:   bpt.layer_norm
// CHECK:   bpt.linear
// CHECK: %[[Y:.+]] = scf.forall (%[[I:.+]]) = (0) to (512) step (128)
// CHECK:   bpt.layer_norm
// CHECK:   bpt.linear
// CHECK:   bpt.attention ins(%{{.+}}, %[[K]], %[[V]] : tensor<1x128x4x16xf32>, tensor<1x512x4x16xf32>, tensor<1x512x4x16xf32>)
// CHECK-SAME: at(%{{.+}}, %[[I]], %{{.+}})
// CHECK:   bpt.linear
// CHECK:   linalg.add
// CHECK:   bpt.layer_norm
// CHECK:   bpt.feed_forward
// CHECK:   linalg.add
// CHECK-NOT: bpt.
// CHECK: return %[[Y]]
func.func @layer(%x: tensor<1x512x64xf32>, %wq: tensor<64x4x16xf32>, %wk: tensor<64x4x16xf32>,
                 %wv: tensor<64x4x16xf32>, %wo: tensor<4x16x64xf32>, %w1: tensor<64x256xf32>,
                 %w2: tensor<256x64xf32>) -> tensor<1x512x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %eh = tensor.empty() : tensor<1x512x4x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %zh = linalg.fill ins(%zero : f32) outs(%eh : tensor<1x512x4x16xf32>) -> tensor<1x512x4x16xf32>
  %n1 = bpt.layer_norm ins(%x : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x512x64xf32>
  %q = bpt.linear ins(%n1, %wq : tensor<1x512x64xf32>, tensor<64x4x16xf32>) outs(%zh : tensor<1x512x4x16xf32>) {bpt.strategy = #s} -> tensor<1x512x4x16xf32>
  %k = bpt.linear ins(%n1, %wk : tensor<1x512x64xf32>, tensor<64x4x16xf32>) outs(%zh : tensor<1x512x4x16xf32>) {bpt.strategy = #s} -> tensor<1x512x4x16xf32>
  %v = bpt.linear ins(%n1, %wv : tensor<1x512x64xf32>, tensor<64x4x16xf32>) outs(%zh : tensor<1x512x4x16xf32>) {bpt.strategy = #s} -> tensor<1x512x4x16xf32>
  %o = bpt.attention ins(%q, %k, %v : tensor<1x512x4x16xf32>, tensor<1x512x4x16xf32>, tensor<1x512x4x16xf32>) outs(%eh : tensor<1x512x4x16xf32>) {causal, bpt.strategy = #s} -> tensor<1x512x4x16xf32>
  %a = bpt.linear ins(%o, %wo : tensor<1x512x4x16xf32>, tensor<4x16x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  %h = linalg.add ins(%x, %a : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %n2 = bpt.layer_norm ins(%h : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x512x64xf32>
  %f = bpt.feed_forward ins(%n2, %w1, %w2 : tensor<1x512x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>) outs(%z : tensor<1x512x64xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #s} -> tensor<1x512x64xf32>
  %y = linalg.add ins(%h, %f : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  return %y : tensor<1x512x64xf32>
}

// A block size that does not divide the rows: the last block is smaller.

// CHECK-LABEL: func @remainder
// CHECK: scf.forall (%[[I:.+]]) = (0) to (200) step (128)
// CHECK:   %[[N:.+]] = affine.min #{{.+}}(%[[I]])
// CHECK:   tensor.extract_slice %{{.+}}[0, %[[I]], 0] [1, %[[N]], 64]
// CHECK:   bpt.rms_norm {{.*}} tensor<1x?x64xf32>
func.func @remainder(%x: tensor<1x200x64xf32>) -> tensor<1x200x64xf32> {
  %e = tensor.empty() : tensor<1x200x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x200x64xf32>) outs(%e : tensor<1x200x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x200x64xf32>
  return %n : tensor<1x200x64xf32>
}

// Batch entries are blocks of their own; one block of rows needs no row loop.

// CHECK-LABEL: func @batch
// CHECK: scf.forall (%[[B:.+]]) in (3)
// CHECK:   tensor.extract_slice %{{.+}}[%[[B]], 0, 0] [1, 100, 64]
func.func @batch(%x: tensor<3x100x64xf32>) -> tensor<3x100x64xf32> {
  %e = tensor.empty() : tensor<3x100x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<3x100x64xf32>) outs(%e : tensor<3x100x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<3x100x64xf32>
  return %n : tensor<3x100x64xf32>
}

// What fits in one block stays as it is.

// CHECK-LABEL: func @one_block
// CHECK-NOT: scf
// CHECK: bpt.rms_norm
func.func @one_block(%x: tensor<1x100x64xf32>) -> tensor<1x100x64xf32> {
  %e = tensor.empty() : tensor<1x100x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x100x64xf32>) outs(%e : tensor<1x100x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x100x64xf32>
  return %n : tensor<1x100x64xf32>
}

// An expensive result that two loops need is stored once and read by both: the
// sum, not the norms that each computes again.

// CHECK-LABEL: func @stored_once
// CHECK-COUNT-1: bpt.feed_forward
// CHECK-NOT: bpt.feed_forward
// CHECK: return
func.func @stored_once(%x: tensor<1x512x64xf32>, %w1: tensor<64x256xf32>, %w2: tensor<256x64xf32>,
                       %wk: tensor<64x64xf32>) -> (tensor<1x512x64xf32>, tensor<1x512x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %f = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x512x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>) outs(%z : tensor<1x512x64xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #s} -> tensor<1x512x64xf32>
  %y = linalg.add ins(%x, %f : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %n = bpt.rms_norm ins(%y : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x512x64xf32>
  %k = bpt.linear ins(%n, %wk : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  %r = linalg.add ins(%y, %n : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  return %k, %r : tensor<1x512x64xf32>, tensor<1x512x64xf32>
}

// fuse = false: the result is stored.

// CHECK-LABEL: func @not_fused
// CHECK: scf.forall
// CHECK:   bpt.rms_norm
// CHECK: scf.forall
// CHECK:   bpt.linear
func.func @not_fused(%x: tensor<1x512x64xf32>, %w: tensor<64x64xf32>) -> tensor<1x512x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #bpt.strategy<rows = 128, fuse = false>} -> tensor<1x512x64xf32>
  %y = bpt.linear ins(%n, %w : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  return %y : tensor<1x512x64xf32>
}

// Without a strategy nothing is cut.

// CHECK-LABEL: func @no_strategy
// CHECK-NOT: scf
func.func @no_strategy(%x: tensor<1x512x64xf32>) -> tensor<1x512x64xf32> {
  %e = tensor.empty() : tensor<1x512x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x512x64xf32>
  return %n : tensor<1x512x64xf32>
}


// Blocks of heads and of columns are loops of the same forall. Where a row of
// the result is a matrix, the first dimension is cut: 2 heads of 16 are 32
// columns.

// CHECK-LABEL: func @heads_and_columns
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (64, 4) step (32, 2)
// CHECK: bpt.linear {{.*}} -> tensor<1x32x2x16xf32>
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (64, 4) step (32, 1)
// CHECK: bpt.attention {{.*}} tensor<1x32x1x16xf32>, tensor<1x64x1x16xf32>
func.func @heads_and_columns(%x: tensor<1x64x64xf32>, %w: tensor<64x4x16xf32>, %k: tensor<1x64x2x16xf32>) -> tensor<1x64x4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x64x4x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x64x4x16xf32>) -> tensor<1x64x4x16xf32>
  %q = bpt.linear ins(%x, %w : tensor<1x64x64xf32>, tensor<64x4x16xf32>) outs(%z : tensor<1x64x4x16xf32>)
      {bpt.strategy = #bpt.strategy<rows = 32, columns = 32, fuse = false>} -> tensor<1x64x4x16xf32>
  %o = bpt.attention ins(%q, %k, %k : tensor<1x64x4x16xf32>, tensor<1x64x2x16xf32>, tensor<1x64x2x16xf32>)
      outs(%e : tensor<1x64x4x16xf32>) {bpt.strategy = #bpt.strategy<rows = 32, heads = 1, fuse = false>} -> tensor<1x64x4x16xf32>
  return %o : tensor<1x64x4x16xf32>
}

// With `group_heads`, a block has all heads that share the keys of `heads` heads.

// CHECK-LABEL: func @grouped_heads
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (64, 8) step (32, 4)
// CHECK: bpt.attention {{.*}} tensor<1x32x4x16xf32>, tensor<1x64x1x16xf32>
func.func @grouped_heads(%q: tensor<1x64x8x16xf32>, %k: tensor<1x64x2x16xf32>) -> tensor<1x64x8x16xf32> {
  %e = tensor.empty() : tensor<1x64x8x16xf32>
  %o = bpt.attention ins(%q, %k, %k : tensor<1x64x8x16xf32>, tensor<1x64x2x16xf32>, tensor<1x64x2x16xf32>)
      outs(%e : tensor<1x64x8x16xf32>) {bpt.strategy = #bpt.strategy<rows = 32, heads = 1, group_heads = true>} -> tensor<1x64x8x16xf32>
  return %o : tensor<1x64x8x16xf32>
}

// A cheap operation takes the rows of the loop that it becomes part of, here as it
// is read by the epilogue of another, though it would have a loop of its own.

// CHECK-LABEL: func @follows
// CHECK: scf.forall {{.*}} step (128)
// CHECK-DAG:   bpt.rms_norm
// CHECK-DAG:   bpt.linear
// CHECK:   linalg.add
// CHECK-NOT: scf.forall (
// CHECK: return
func.func @follows(%x: tensor<1x512x64xf32>, %w: tensor<64x64xf32>) -> tensor<1x512x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #bpt.strategy<rows = 32, fuse = false>} -> tensor<1x512x64xf32>
  %l = bpt.linear ins(%x, %w : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #bpt.strategy<rows = 128, fuse = false>} -> tensor<1x512x64xf32>
  %y = linalg.add ins(%n, %l : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  return %y : tensor<1x512x64xf32>
}

// The gradient of a bias that heads and batch entries share is summed over them:
// only rows are cut into blocks that run in parallel.

// CHECK-LABEL: func @shared_bias
// CHECK: scf.forall (%{{.+}}) = (0) to (64) step (32)
// CHECK:   bpt.attention_backward
func.func @shared_bias(%q: tensor<2x64x4x32xf32>, %r: tensor<2x64x4xf32>, %b: tensor<1x1x64x64xf32>) -> (tensor<2x64x4x32xf32>, tensor<1x1x64x64xf32>) {
  %d:2 = bpt.attention_backward ins(%q, %q, %q : tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>)
      bias(%b : tensor<1x1x64x64xf32>)
      statistics(%r, %r : tensor<2x64x4xf32>, tensor<2x64x4xf32>)
      cotangent(%q, %r : tensor<2x64x4x32xf32>, tensor<2x64x4xf32>)
      outs(%q, %b : tensor<2x64x4x32xf32>, tensor<1x1x64x64xf32>)
      {gradients = #bpt.attention_gradients<query>, bpt.strategy = #bpt.strategy<rows = 32, keys = 16, heads = 1>} -> tensor<2x64x4x32xf32>, tensor<1x1x64x64xf32>
  return %d#0, %d#1 : tensor<2x64x4x32xf32>, tensor<1x1x64x64xf32>
}

// Blocks that are larger than the rows are the same: all rows.

// CHECK-LABEL: func @larger_than_rows
// CHECK-NOT: scf.forall
func.func @larger_than_rows(%x: tensor<1x31x64xf32>, %w: tensor<64x64xf32>) -> tensor<1x31x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x31x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x31x64xf32>) -> tensor<1x31x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x31x64xf32>) outs(%e : tensor<1x31x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #bpt.strategy<rows = 64>} -> tensor<1x31x64xf32>
  %y = bpt.linear ins(%n, %w : tensor<1x31x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x31x64xf32>) {bpt.strategy = #bpt.strategy<rows = 128>} -> tensor<1x31x64xf32>
  return %y : tensor<1x31x64xf32>
}
