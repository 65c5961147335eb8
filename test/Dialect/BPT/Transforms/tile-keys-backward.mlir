// RUN: bpt-opt %s --split-input-file --bpt-tile-keys --canonicalize --cse | FileCheck %s

// Parallel over batch entries and key heads; rows and keys in order. Blocks of
// keys that a causal mask leaves whole are computed without it, those past it
// not at all.
// CHECK-LABEL: func @causal(
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (2, 4) step (1, 2) shared_outs
// CHECK: scf.for %[[R:.*]] = %c0 to %c512 step %c64
// CHECK: scf.for %{{.*}} = %c0 to %{{.*}} step %c128
// CHECK: bpt.attention_backward
// CHECK-NOT: causal
// CHECK: scf.for
// CHECK: bpt.attention_backward {{.*}} at({{.*}}) diagonal({{.*}}) {{.*}} {bpt.strategy = {{.*}}, causal}
func.func @causal(%q: tensor<2x512x4x32xf32>, %k: tensor<2x512x2x32xf32>, %r: tensor<2x512x4xf32>) -> (tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>) {
  %d:3 = bpt.attention_backward ins(%q, %k, %k : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>)
      statistics(%r, %r : tensor<2x512x4xf32>, tensor<2x512x4xf32>)
      cotangent(%q, %r : tensor<2x512x4x32xf32>, tensor<2x512x4xf32>)
      outs(%q, %k, %k : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>)
      {causal, bpt.strategy = #bpt.strategy<rows = 64, keys = 128>} -> tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>
  return %d#0, %d#1, %d#2 : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>
}

// -----

// A gradient of the bias that batch entries share is summed over them in order.
// CHECK-LABEL: func @shared_bias(
// CHECK: scf.forall (%{{.*}}) in (4)
// CHECK: scf.for %{{.*}} = %c0 to %c2 step %c1
// CHECK: bpt.attention_backward
func.func @shared_bias(%q: tensor<2x64x4x32xf32>, %r: tensor<2x64x4xf32>, %b: tensor<1x4x64x64xf32>) -> tensor<1x4x64x64xf32> {
  %d:4 = bpt.attention_backward ins(%q, %q, %q : tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>)
      bias(%b : tensor<1x4x64x64xf32>)
      statistics(%r, %r : tensor<2x64x4xf32>, tensor<2x64x4xf32>)
      cotangent(%q, %r : tensor<2x64x4x32xf32>, tensor<2x64x4xf32>)
      outs(%q, %q, %q, %b : tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<1x4x64x64xf32>)
      -> tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<1x4x64x64xf32>
  return %d#3 : tensor<1x4x64x64xf32>
}

// -----

// Of queries alone: rows and heads are parallel too, also where heads share keys.
// CHECK-LABEL: func @query(
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) = (0, 0, 0) to (2, 512, 4) step (1, 64, 1)
// CHECK: scf.for %{{.*}} = %c0 to %{{.*}} step %c128
// CHECK: bpt.attention_backward
// CHECK-SAME: -> tensor<1x64x1x32xf32>
// CHECK: scf.for
func.func @query(%q: tensor<2x512x4x32xf32>, %k: tensor<2x512x2x32xf32>, %r: tensor<2x512x4xf32>) -> tensor<2x512x4x32xf32> {
  %d = bpt.attention_backward ins(%q, %k, %k : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>)
      statistics(%r, %r : tensor<2x512x4xf32>, tensor<2x512x4xf32>)
      cotangent(%q, %r : tensor<2x512x4x32xf32>, tensor<2x512x4xf32>)
      outs(%q : tensor<2x512x4x32xf32>)
      {causal, gradients = #bpt.attention_gradients<query>, bpt.strategy = #bpt.strategy<rows = 64, keys = 128>} -> tensor<2x512x4x32xf32>
  return %d : tensor<2x512x4x32xf32>
}

// -----

// Of keys and values alone: blocks of keys are parallel. Rows before a block's
// first key see none of it; those from its last key on all of it. A block of rows
// is taken head by head, of the two that share the keys, in one loop.
// CHECK-DAG: #[[BLOCK:.*]] = affine_map<(d0) -> ((d0 ceildiv 64) * 64, 512)>
// CHECK-DAG: #[[FROM:.*]] = affine_map<(d0) -> ((d0 floordiv 64) * 128)>
// CHECK-DAG: #[[TO:.*]] = affine_map<(d0) -> (d0 * 2)>
// CHECK-DAG: #[[HEAD:.*]] = affine_map<(d0) -> ((d0 floordiv 64) mod 2)>
// CHECK-DAG: #[[ROWS:.*]] = affine_map<(d0) -> ((d0 floordiv 128) * 64)>
// CHECK-LABEL: func @key_value(
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %[[K:.*]]) = (0, 0, 0) to (2, 4, 512) step (1, 2, 128)
// CHECK: %[[TOP:.*]] = affine.max #{{.*}}(%[[K]])
// CHECK: %[[LAST:.*]] = affine.max #{{.*}}(%[[K]])
// CHECK: %[[B:.*]] = affine.min #[[BLOCK]](%[[LAST]])
// CHECK: %[[W:.*]] = affine.max #{{.*}}(%[[TOP]], %[[B]])
// CHECK: %[[A:.*]] = affine.apply #[[FROM]](%[[TOP]])
// CHECK: %[[E:.*]] = affine.apply #[[TO]](%[[W]])
// CHECK: scf.for %[[N:.*]] = %[[A]] to %[[E]] step %c64
// CHECK-DAG: %[[H:.*]] = affine.apply #[[HEAD]](%[[N]])
// CHECK-DAG: %[[R:.*]] = affine.apply #[[ROWS]](%[[N]])
// CHECK: tensor.extract_slice %{{.*}}[0, %[[R]], %[[H]], 0] [1, 64, 1, 32]
// CHECK: bpt.attention_backward {{.*}} causal
// CHECK-SAME: -> tensor<1x128x1x32xf32>, tensor<1x128x1x32xf32>
// CHECK: scf.for %{{.*}} = %[[E]] to %c1024 step %c64
// CHECK: bpt.attention_backward
// CHECK-NOT: causal
// CHECK-NOT: scf.for
// CHECK: scf.forall.in_parallel
func.func @key_value(%q: tensor<2x512x4x32xf32>, %k: tensor<2x512x2x32xf32>, %r: tensor<2x512x4xf32>) -> (tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>) {
  %d:2 = bpt.attention_backward ins(%q, %k, %k : tensor<2x512x4x32xf32>, tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>)
      statistics(%r, %r : tensor<2x512x4xf32>, tensor<2x512x4xf32>)
      cotangent(%q, %r : tensor<2x512x4x32xf32>, tensor<2x512x4xf32>)
      outs(%k, %k : tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>)
      {causal, gradients = #bpt.attention_gradients<key_value>, bpt.strategy = #bpt.strategy<rows = 64, keys = 128>} -> tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>
  return %d#0, %d#1 : tensor<2x512x2x32xf32>, tensor<2x512x2x32xf32>
}

// -----

// A gradient of the bias that heads share: they run in order.
// CHECK-LABEL: func @shared_bias_of_query(
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (2, 64) step (1, 32)
// CHECK: scf.for %{{.*}} = %c0 to %c4 step %c1
// CHECK: bpt.attention_backward
func.func @shared_bias_of_query(%q: tensor<2x64x4x32xf32>, %r: tensor<2x64x4xf32>, %b: tensor<2x1x64x64xf32>) -> tensor<2x1x64x64xf32> {
  %d:2 = bpt.attention_backward ins(%q, %q, %q : tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>, tensor<2x64x4x32xf32>)
      bias(%b : tensor<2x1x64x64xf32>)
      statistics(%r, %r : tensor<2x64x4xf32>, tensor<2x64x4xf32>)
      cotangent(%q, %r : tensor<2x64x4x32xf32>, tensor<2x64x4xf32>)
      outs(%q, %b : tensor<2x64x4x32xf32>, tensor<2x1x64x64xf32>)
      {gradients = #bpt.attention_gradients<query>, bpt.strategy = #bpt.strategy<rows = 32>}
      -> tensor<2x64x4x32xf32>, tensor<2x1x64x64xf32>
  return %d#1 : tensor<2x1x64x64xf32>
}

// -----

// With a window, the rows that see a block of 128 keys end 99 behind its last key;
// those that see all of it, 100 behind its first.
// CHECK-DAG: #[[END:.*]] = affine_map<(d0) -> (512, d0 + 227)>
// CHECK-DAG: #[[WHOLE:.*]] = affine_map<(d0) -> (512, d0 + 100)>
// CHECK-LABEL: func @key_value_window(
// CHECK: scf.forall (%[[K:.*]]) = (0) to (512) step (128)
// CHECK-DAG: affine.min #[[END]](%[[K]])
// CHECK-DAG: affine.min #[[WHOLE]](%[[K]])
// CHECK-COUNT-3: scf.for
// CHECK-NOT: scf.for
// CHECK: scf.forall.in_parallel
func.func @key_value_window(%q: tensor<1x512x1x32xf32>, %r: tensor<1x512x1xf32>) -> (tensor<1x512x1x32xf32>, tensor<1x512x1x32xf32>) {
  %d:2 = bpt.attention_backward ins(%q, %q, %q : tensor<1x512x1x32xf32>, tensor<1x512x1x32xf32>, tensor<1x512x1x32xf32>)
      statistics(%r, %r : tensor<1x512x1xf32>, tensor<1x512x1xf32>)
      cotangent(%q, %r : tensor<1x512x1x32xf32>, tensor<1x512x1xf32>)
      outs(%q, %q : tensor<1x512x1x32xf32>, tensor<1x512x1x32xf32>)
      {causal, window = 100 : i64, gradients = #bpt.attention_gradients<key_value>, bpt.strategy = #bpt.strategy<rows = 64, keys = 128>} -> tensor<1x512x1x32xf32>, tensor<1x512x1x32xf32>
  return %d#0, %d#1 : tensor<1x512x1x32xf32>, tensor<1x512x1x32xf32>
}

// -----

// Inside a block of keys, smaller blocks of the rows take turns; rows that see
// none of the keys are left out.
// CHECK-LABEL: func @score_rows(
// CHECK: scf.for %{{.*}} = %c0 to %c1024 step %c512
// CHECK: scf.for %{{.*}} = %c0 to %{{.*}} step %c128
// CHECK: scf.for %{{.*}} = %c0 to %c512 step %c64
// CHECK: bpt.attention_backward
// CHECK-SAME: -> tensor<1x64x1x32xf32>, tensor<1x128x1x32xf32>, tensor<1x128x1x32xf32>
// CHECK: scf.for %[[K:.*]] = %{{.*}} to %{{.*}} step %c128
// CHECK: %[[FIRST:.*]] = affine.apply
// CHECK: scf.for %{{.*}} = %[[FIRST]] to %[[WHOLE:.*]] step %c64
// CHECK: bpt.attention_backward
// CHECK-SAME: causal
// CHECK: scf.for %{{.*}} = %[[WHOLE]] to %c512 step %c64
// CHECK: bpt.attention_backward
// CHECK-NOT: causal
func.func @score_rows(%q: tensor<1x1024x1x32xf32>, %r: tensor<1x1024x1xf32>) -> (tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) {
  %d:3 = bpt.attention_backward ins(%q, %q, %q : tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>)
      statistics(%r, %r : tensor<1x1024x1xf32>, tensor<1x1024x1xf32>)
      cotangent(%q, %r : tensor<1x1024x1x32xf32>, tensor<1x1024x1xf32>)
      outs(%q, %q, %q : tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>)
      {causal, bpt.strategy = #bpt.strategy<rows = 512, keys = 128, score_rows = 64>} -> tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>
  return %d#0, %d#1, %d#2 : tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>
}

// -----

// A tile of at most one block of rows, which is what is left of the last one,
// gets no loop over blocks.
// CHECK-LABEL: func @last_rows(
// CHECK-NOT: scf.forall
// CHECK: scf.for %{{.*}} = %c0 to %c512 step %c128
// CHECK: bpt.attention_backward
func.func @last_rows(%q: tensor<1x100x1x32xf32>, %k: tensor<1x512x1x32xf32>, %r: tensor<1x100x1xf32>, %at: index) -> tensor<1x?x1x32xf32> {
  %size = affine.min affine_map<(d0) -> (100 - d0, 64)>(%at)
  %qs = tensor.extract_slice %q[0, %at, 0, 0] [1, %size, 1, 32] [1, 1, 1, 1] : tensor<1x100x1x32xf32> to tensor<1x?x1x32xf32>
  %rs = tensor.extract_slice %r[0, %at, 0] [1, %size, 1] [1, 1, 1] : tensor<1x100x1xf32> to tensor<1x?x1xf32>
  %d = bpt.attention_backward ins(%qs, %k, %k : tensor<1x?x1x32xf32>, tensor<1x512x1x32xf32>, tensor<1x512x1x32xf32>)
      statistics(%rs, %rs : tensor<1x?x1xf32>, tensor<1x?x1xf32>)
      cotangent(%qs, %rs : tensor<1x?x1x32xf32>, tensor<1x?x1xf32>)
      outs(%qs : tensor<1x?x1x32xf32>)
      {bpt.strategy = #bpt.strategy<rows = 64, keys = 128>, gradients = #bpt.attention_gradients<query>} -> tensor<1x?x1x32xf32>
  return %d : tensor<1x?x1x32xf32>
}

// -----

// Rows that are one block, which three heads share: a loop over the heads.
// CHECK: #[[HEAD:.*]] = affine_map<(d0) -> ((d0 floordiv 64) mod 3)>
// CHECK-LABEL: func @heads_of_few_rows(
// CHECK: scf.for %[[N:.*]] = %c0 to %c192 step %c64
// CHECK: %[[H:.*]] = affine.apply #[[HEAD]](%[[N]])
// CHECK: tensor.extract_slice %{{.*}}[0, 0, %[[H]], 0] [1, 50, 1, 32]
// CHECK: bpt.attention_backward
// CHECK-SAME: -> tensor<1x40x1x32xf32>
func.func @heads_of_few_rows(%q: tensor<1x50x3x32xf32>, %k: tensor<1x40x1x32xf32>, %r: tensor<1x50x3xf32>) -> tensor<1x40x1x32xf32> {
  %d = bpt.attention_backward ins(%q, %k, %k : tensor<1x50x3x32xf32>, tensor<1x40x1x32xf32>, tensor<1x40x1x32xf32>)
      statistics(%r, %r : tensor<1x50x3xf32>, tensor<1x50x3xf32>)
      cotangent(%q, %r : tensor<1x50x3x32xf32>, tensor<1x50x3xf32>)
      outs(%k : tensor<1x40x1x32xf32>)
      {gradients = #bpt.attention_gradients<key>, bpt.strategy = #bpt.strategy<rows = 64, keys = 128>} -> tensor<1x40x1x32xf32>
  return %d : tensor<1x40x1x32xf32>
}
