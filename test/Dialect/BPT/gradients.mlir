// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt %s --mlir-print-op-generic | bpt-opt | FileCheck %s

// CHECK-LABEL: @attention_backward
// CHECK: bpt.attention_backward ins(%{{.*}}) bias(%{{.*}} : tensor<1x4x5x7xf32>) segments(%{{.*}} : tensor<2x5xi32>, tensor<2x7xi32>)
// CHECK-SAME: statistics(%{{.*}}, %{{.*}} : tensor<2x5x4xf32>, tensor<2x5x4xf32>) cotangent(%{{.*}} : tensor<2x5x4x8xf32>, tensor<2x5x4xf32>)
// CHECK-SAME: {causal, scale = 5.000000e-01 : f32, window = 3 : i64} score {
func.func @attention_backward(%q: tensor<2x5x4x8xf32>, %k: tensor<2x7x2x8xf32>, %bias: tensor<1x4x5x7xf32>,
                              %qs: tensor<2x5xi32>, %ks: tensor<2x7xi32>, %row: tensor<2x5x4xf32>)
    -> (tensor<2x5x4x8xf32>, tensor<2x7x2x8xf32>, tensor<2x7x2x8xf32>, tensor<1x4x5x7xf32>) {
  %d:4 = bpt.attention_backward
      ins(%q, %k, %k : tensor<2x5x4x8xf32>, tensor<2x7x2x8xf32>, tensor<2x7x2x8xf32>)
      bias(%bias : tensor<1x4x5x7xf32>)
      segments(%qs, %ks : tensor<2x5xi32>, tensor<2x7xi32>)
      statistics(%row, %row : tensor<2x5x4xf32>, tensor<2x5x4xf32>)
      cotangent(%q, %row : tensor<2x5x4x8xf32>, tensor<2x5x4xf32>)
      outs(%q, %k, %k, %bias : tensor<2x5x4x8xf32>, tensor<2x7x2x8xf32>, tensor<2x7x2x8xf32>, tensor<1x4x5x7xf32>)
      {causal, window = 3 : i64, scale = 0.5 : f32} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %t = math.tanh %s : f32
      bpt.yield %t : f32
  } -> tensor<2x5x4x8xf32>, tensor<2x7x2x8xf32>, tensor<2x7x2x8xf32>, tensor<1x4x5x7xf32>
  return %d#0, %d#1, %d#2, %d#3 : tensor<2x5x4x8xf32>, tensor<2x7x2x8xf32>, tensor<2x7x2x8xf32>, tensor<1x4x5x7xf32>
}

// CHECK-LABEL: @attention_backward_tile
// CHECK: at(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) diagonal(%{{.*}}) statistics(
func.func @attention_backward_tile(%q: tensor<1x5x1x8xbf16>, %k: tensor<1x7x1x8xbf16>, %row: tensor<1x5x1xf32>,
                                   %dq: tensor<1x5x1x8xf32>, %dk: tensor<1x7x1x8xf32>, %i: index) -> tensor<1x5x1x8xf32> {
  %d:3 = bpt.attention_backward
      ins(%q, %k, %k : tensor<1x5x1x8xbf16>, tensor<1x7x1x8xbf16>, tensor<1x7x1x8xbf16>)
      at(%i, %i, %i, %i) diagonal(%i)
      statistics(%row, %row : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %row : tensor<1x5x1x8xbf16>, tensor<1x5x1xf32>)
      outs(%dq, %dk, %dk : tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>)
      {causal} -> tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>
  return %d#0 : tensor<1x5x1x8xf32>
}

// The gradients of some inputs; that of the bias comes with that of the queries.
// CHECK-LABEL: @attention_backward_query
// CHECK: %{{.*}}:2 = bpt.attention_backward {{.*}} outs(%{{.*}}, %{{.*}} : tensor<1x5x1x8xf32>, tensor<1x1x5x7xf32>) {gradients = #bpt.attention_gradients<query>} -> tensor<1x5x1x8xf32>, tensor<1x1x5x7xf32>
// CHECK: %{{.*}}:2 = bpt.attention_backward {{.*}} outs(%{{.*}}, %{{.*}} : tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>) {gradients = #bpt.attention_gradients<key_value>}
func.func @attention_backward_query(%q: tensor<1x5x1x8xf32>, %k: tensor<1x7x1x8xf32>, %row: tensor<1x5x1xf32>, %b: tensor<1x1x5x7xf32>)
    -> (tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>) {
  %d:2 = bpt.attention_backward ins(%q, %k, %k : tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>)
      bias(%b : tensor<1x1x5x7xf32>)
      statistics(%row, %row : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %row : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%q, %b : tensor<1x5x1x8xf32>, tensor<1x1x5x7xf32>)
      {gradients = #bpt.attention_gradients<query>} -> tensor<1x5x1x8xf32>, tensor<1x1x5x7xf32>
  %e:2 = bpt.attention_backward ins(%q, %k, %k : tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>)
      statistics(%row, %row : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %row : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%k, %k : tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>)
      {gradients = #bpt.attention_gradients<key_value>} -> tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>
  return %d#0, %e#0 : tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>
}

// CHECK-LABEL: @attention_backward_key_alone
// CHECK: bpt.attention_backward {{.*}} {gradients = #bpt.attention_gradients<key>} -> tensor<1x7x1x8xf32>
// CHECK: bpt.attention_backward {{.*}} {gradients = #bpt.attention_gradients<value>} -> tensor<1x7x1x8xf32>
func.func @attention_backward_key_alone(%q: tensor<1x5x1x8xf32>, %k: tensor<1x7x1x8xf32>, %row: tensor<1x5x1xf32>)
    -> (tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>) {
  %d = bpt.attention_backward ins(%q, %k, %k : tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>)
      statistics(%row, %row : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %row : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%k : tensor<1x7x1x8xf32>) {gradients = #bpt.attention_gradients<key>} -> tensor<1x7x1x8xf32>
  %e = bpt.attention_backward ins(%q, %k, %k : tensor<1x5x1x8xf32>, tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>)
      statistics(%row, %row : tensor<1x5x1xf32>, tensor<1x5x1xf32>)
      cotangent(%q, %row : tensor<1x5x1x8xf32>, tensor<1x5x1xf32>)
      outs(%k : tensor<1x7x1x8xf32>) {gradients = #bpt.attention_gradients<value>} -> tensor<1x7x1x8xf32>
  return %d, %e : tensor<1x7x1x8xf32>, tensor<1x7x1x8xf32>
}

// CHECK-LABEL: @linear_weight_gradient
// CHECK: bpt.linear_weight_gradient ins(%{{.*}}, %{{.*}} : tensor<2x?x4x8xbf16>, tensor<2x?x16xbf16>) outs(%{{.*}} : tensor<4x8x16xf32>) -> tensor<4x8x16xf32>
func.func @linear_weight_gradient(%x: tensor<2x?x4x8xbf16>, %dy: tensor<2x?x16xbf16>, %z: tensor<4x8x16xf32>) -> tensor<4x8x16xf32> {
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<2x?x4x8xbf16>, tensor<2x?x16xbf16>) outs(%z : tensor<4x8x16xf32>) -> tensor<4x8x16xf32>
  return %dw : tensor<4x8x16xf32>
}

// CHECK-LABEL: @embedding_gradient
// CHECK: bpt.embedding_gradient ins(%{{.*}}, %{{.*}} : tensor<2x?xi64>, tensor<2x?x16xf16>) outs(%{{.*}} : tensor<9x16xf32>) -> tensor<9x16xf32>
func.func @embedding_gradient(%ids: tensor<2x?xi64>, %dx: tensor<2x?x16xf16>, %z: tensor<9x16xf32>) -> tensor<9x16xf32> {
  %dt = bpt.embedding_gradient ins(%ids, %dx : tensor<2x?xi64>, tensor<2x?x16xf16>) outs(%z : tensor<9x16xf32>) -> tensor<9x16xf32>
  return %dt : tensor<9x16xf32>
}

// CHECK-LABEL: @cross_entropy_backward
// CHECK: bpt.cross_entropy_backward ins(%{{.*}}) cotangent(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x?xf32>, tensor<1x?xf32>, tensor<1x?xf32>)
func.func @cross_entropy_backward(%h: tensor<1x?x8xf32>, %w: tensor<8x11xf32>, %y: tensor<1x?xi32>, %r: tensor<1x?xf32>) -> (tensor<1x?x8xf32>, tensor<8x11xf32>) {
  %d:2 = bpt.cross_entropy_backward
      ins(%h, %w, %y : tensor<1x?x8xf32>, tensor<8x11xf32>, tensor<1x?xi32>)
      cotangent(%r, %r, %r : tensor<1x?xf32>, tensor<1x?xf32>, tensor<1x?xf32>)
      outs(%h, %w : tensor<1x?x8xf32>, tensor<8x11xf32>) -> tensor<1x?x8xf32>, tensor<8x11xf32>
  return %d#0, %d#1 : tensor<1x?x8xf32>, tensor<8x11xf32>
}

// CHECK-LABEL: @barrier
// CHECK: bpt.barrier %{{.*}} after %{{.*}} : tensor<?x8xf32>, f32
func.func @barrier(%x: tensor<?x8xf32>, %after: f32) -> tensor<?x8xf32> {
  %again = bpt.barrier %x after %after : tensor<?x8xf32>, f32
  return %again : tensor<?x8xf32>
}

// CHECK-LABEL: @inverse_rotation
// CHECK: bpt.rotary_embedding ins(%{{.*}}) outs(%{{.*}}) {inverse, kind = #bpt.rotary_kind<half>}
func.func @inverse_rotation(%x: tensor<1x?x2x8xf32>) -> tensor<1x?x2x8xf32> {
  %y = bpt.rotary_embedding ins(%x : tensor<1x?x2x8xf32>) outs(%x : tensor<1x?x2x8xf32>) {inverse, kind = #bpt.rotary_kind<half>} -> tensor<1x?x2x8xf32>
  return %y : tensor<1x?x2x8xf32>
}
