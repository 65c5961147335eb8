// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --mlir-print-op-generic %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --emit-bytecode %s | bpt-opt | FileCheck %s

// CHECK-LABEL: func @plain(
//  CHECK-SAME:   %[[Q:.*]]: tensor<1x16x4x8xf32>, %[[K:.*]]: tensor<1x32x4x8xf32>, %[[V:.*]]: tensor<1x32x4x6xf32>, %[[E:.*]]: tensor<1x16x4x6xf32>
func.func @plain(%q: tensor<1x16x4x8xf32>, %k: tensor<1x32x4x8xf32>,
                 %v: tensor<1x32x4x6xf32>, %e: tensor<1x16x4x6xf32>) -> tensor<1x16x4x6xf32> {
  // CHECK: bpt.attention ins(%[[Q]], %[[K]], %[[V]] : tensor<1x16x4x8xf32>, tensor<1x32x4x8xf32>, tensor<1x32x4x6xf32>)
  // CHECK-SAME: outs(%[[E]] : tensor<1x16x4x6xf32>) -> tensor<1x16x4x6xf32>
  %o = bpt.attention ins(%q, %k, %v : tensor<1x16x4x8xf32>, tensor<1x32x4x8xf32>, tensor<1x32x4x6xf32>)
      outs(%e : tensor<1x16x4x6xf32>) -> tensor<1x16x4x6xf32>
  return %o : tensor<1x16x4x6xf32>
}

// CHECK-LABEL: func @dynamic(
func.func @dynamic(%q: tensor<?x?x?x?xbf16>, %k: tensor<?x?x?x?xbf16>,
                   %v: tensor<?x?x?x?xbf16>, %e: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {
  // CHECK: bpt.attention ins({{.*}} : tensor<?x?x?x?xbf16>, tensor<?x?x?x?xbf16>, tensor<?x?x?x?xbf16>) outs({{.*}} : tensor<?x?x?x?xf32>)
  %o = bpt.attention ins(%q, %k, %v : tensor<?x?x?x?xbf16>, tensor<?x?x?x?xbf16>, tensor<?x?x?x?xbf16>)
      outs(%e : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}

// CHECK-LABEL: func @zero_sizes(
func.func @zero_sizes(%q: tensor<0x0x0x8xf32>, %k: tensor<0x0x0x8xf32>,
                      %v: tensor<0x0x0x0xf32>, %e: tensor<0x0x0x0xf32>) -> tensor<0x0x0x0xf32> {
  // CHECK: bpt.attention
  %o = bpt.attention ins(%q, %k, %v : tensor<0x0x0x8xf32>, tensor<0x0x0x8xf32>, tensor<0x0x0x0xf32>)
      outs(%e : tensor<0x0x0x0xf32>) -> tensor<0x0x0x0xf32>
  return %o : tensor<0x0x0x0xf32>
}

// Everything at once, in the order in which it is written.
// CHECK-LABEL: func @all_parts(
//  CHECK-SAME:   %[[AT:[a-z0-9]+]]: index, %[[D:[a-z0-9]+]]: index
func.func @all_parts(%q: tensor<2x16x4x8xf16>, %k: tensor<2x32x2x8xf16>, %v: tensor<2x32x2x8xf16>,
                     %bias: tensor<1x4x16x32xf32>, %qs: tensor<2x16xi64>, %ks: tensor<2x32xi64>,
                     %e: tensor<2x16x4x8xf16>, %lse: tensor<2x16x4xf32>, %i: index, %d: index)
    -> (tensor<2x16x4x8xf16>, tensor<2x16x4xf32>) {
  // CHECK: bpt.attention ins(
  // CHECK-SAME: bias({{.*}} : tensor<1x4x16x32xf32>) segments({{.*}}, {{.*}} : tensor<2x16xi64>, tensor<2x32xi64>)
  // CHECK-SAME: at(%[[AT]], %[[AT]], %[[AT]]) diagonal(%[[D]])
  // CHECK-SAME: outs({{.*}}, {{.*}} : tensor<2x16x4x8xf16>, tensor<2x16x4xf32>)
  // CHECK-SAME: {causal, scale = 5.000000e-01 : f32, window = 7 : i64} score {
  // CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index):
  // CHECK-NEXT:   bpt.yield %[[S]] : f32
  // CHECK-NEXT: } -> tensor<2x16x4x8xf16>, tensor<2x16x4xf32>
  %o:2 = bpt.attention
      ins(%q, %k, %v : tensor<2x16x4x8xf16>, tensor<2x32x2x8xf16>, tensor<2x32x2x8xf16>)
      bias(%bias : tensor<1x4x16x32xf32>)
      segments(%qs, %ks : tensor<2x16xi64>, tensor<2x32xi64>)
      at(%i, %i, %i) diagonal(%d)
      outs(%e, %lse : tensor<2x16x4x8xf16>, tensor<2x16x4xf32>)
      {causal, window = 7 : i64, scale = 0.5 : f32} score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %kj: index):
      bpt.yield %s : f32
  } -> tensor<2x16x4x8xf16>, tensor<2x16x4xf32>
  return %o#0, %o#1 : tensor<2x16x4x8xf16>, tensor<2x16x4xf32>
}

// The region may read values from above, and use its indices.
// CHECK-LABEL: func @score_region_reads_from_above(
func.func @score_region_reads_from_above(
    %q: tensor<1x?x8x64xf32>, %k: tensor<1x?x8x64xf32>, %v: tensor<1x?x8x64xf32>,
    %slopes: tensor<8xf32>, %e: tensor<1x?x8x64xf32>) -> tensor<1x?x8x64xf32> {
  // CHECK: score {
  // CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %{{.*}}: index, %[[H:.*]]: index, %[[I:.*]]: index, %[[J:.*]]: index):
  // CHECK-NEXT:   tensor.extract %{{.*}}[%[[H]]]
  // CHECK-NEXT:   arith.subi %[[J]], %[[I]]
  %o = bpt.attention
      ins(%q, %k, %v : tensor<1x?x8x64xf32>, tensor<1x?x8x64xf32>, tensor<1x?x8x64xf32>)
      outs(%e : tensor<1x?x8x64xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %slope = tensor.extract %slopes[%h] : tensor<8xf32>
      %distance = arith.subi %j, %i : index
      %integer = arith.index_cast %distance : index to i32
      %float = arith.sitofp %integer : i32 to f32
      %penalty = arith.mulf %slope, %float : f32
      %r = arith.addf %s, %penalty : f32
      bpt.yield %r : f32
  } -> tensor<1x?x8x64xf32>
  return %o : tensor<1x?x8x64xf32>
}

// CHECK-LABEL: func @online(
func.func @online(%q: tensor<1x16x4x8xbf16>, %k: tensor<1x32x2x8xbf16>, %v: tensor<1x32x2x6xbf16>,
                  %acc: tensor<1x16x4x6xf32>, %m: tensor<1x16x4xf32>, %l: tensor<1x16x4xf32>)
    -> (tensor<1x16x4x6xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>) {
  // CHECK: bpt.online_attention ins({{.*}}) outs({{.*}} : tensor<1x16x4x6xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>)
  // CHECK-SAME: -> tensor<1x16x4x6xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>
  %r:3 = bpt.online_attention
      ins(%q, %k, %v : tensor<1x16x4x8xbf16>, tensor<1x32x2x8xbf16>, tensor<1x32x2x6xbf16>)
      outs(%acc, %m, %l : tensor<1x16x4x6xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>)
      -> tensor<1x16x4x6xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>
  return %r#0, %r#1, %r#2 : tensor<1x16x4x6xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>
}

// CHECK-LABEL: func @online_all_parts(
func.func @online_all_parts(
    %q: tensor<1x16x4x8xf32>, %k: tensor<1x32x4x8xf32>, %v: tensor<1x32x4x8xf32>,
    %bias: tensor<1x1x16x32xf32>, %qs: tensor<1x16xi32>, %ks: tensor<1x32xi32>,
    %acc: tensor<1x16x4x8xf32>, %m: tensor<1x16x4xf32>, %l: tensor<1x16x4xf32>, %i: index)
    -> tensor<1x16x4x8xf32> {
  // CHECK: bpt.online_attention ins({{.*}}) bias({{.*}}) segments({{.*}}) at({{.*}}) diagonal({{.*}}) outs({{.*}}) {causal} score {
  %r:3 = bpt.online_attention
      ins(%q, %k, %v : tensor<1x16x4x8xf32>, tensor<1x32x4x8xf32>, tensor<1x32x4x8xf32>)
      bias(%bias : tensor<1x1x16x32xf32>) segments(%qs, %ks : tensor<1x16xi32>, tensor<1x32xi32>)
      at(%i, %i, %i, %i) diagonal(%i)
      outs(%acc, %m, %l : tensor<1x16x4x8xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>) {causal} score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %kj: index):
      bpt.yield %s : f32
  } -> tensor<1x16x4x8xf32>, tensor<1x16x4xf32>, tensor<1x16x4xf32>
  return %r#0 : tensor<1x16x4x8xf32>
}

// Scales of f8E4M3FN: of rows of a head, of heads, and of the whole tensor.
// CHECK-LABEL: func @scales(
func.func @scales(%q: tensor<1x?x4x8xf8E4M3FN>, %k: tensor<1x32x2x8xf8E4M3FN>, %qs: tensor<1x?x4x1xf32>, %ks: tensor<1x1x2x1xf32>,
                  %vs: tensor<f32>, %e: tensor<1x?x4x8xf16>) -> tensor<1x?x4x8xf16> {
  // CHECK: bpt.attention ins({{.*}}) scales({{.*}} : tensor<1x?x4x1xf32>, tensor<1x1x2x1xf32>, tensor<f32>) outs({{.*}} : tensor<1x?x4x8xf16>) {key_blocks = array<i64: 0, 0, 1, 0>, query_blocks = array<i64: 1, 16, 1, 0>}
  %o = bpt.attention ins(%q, %k, %k : tensor<1x?x4x8xf8E4M3FN>, tensor<1x32x2x8xf8E4M3FN>, tensor<1x32x2x8xf8E4M3FN>)
      scales(%qs, %ks, %vs : tensor<1x?x4x1xf32>, tensor<1x1x2x1xf32>, tensor<f32>) outs(%e : tensor<1x?x4x8xf16>)
      {query_blocks = array<i64: 1, 16, 1, 0>, key_blocks = array<i64: 0, 0, 1, 0>} -> tensor<1x?x4x8xf16>
  return %o : tensor<1x?x4x8xf16>
}

// CHECK-LABEL: func @transposed_values(
func.func @transposed_values(%q: tensor<1x?x4x8xf16>, %k: tensor<1x32x2x8xf16>, %v: tensor<1x2x6x32xf16>, %e: tensor<1x?x4x6xf16>) -> tensor<1x?x4x6xf16> {
  // CHECK: bpt.attention ins({{.*}} : tensor<1x?x4x8xf16>, tensor<1x32x2x8xf16>, tensor<1x2x6x32xf16>) outs({{.*}}) {value_transposed}
  %o = bpt.attention ins(%q, %k, %v : tensor<1x?x4x8xf16>, tensor<1x32x2x8xf16>, tensor<1x2x6x32xf16>) outs(%e : tensor<1x?x4x6xf16>)
      {value_transposed} -> tensor<1x?x4x6xf16>
  return %o : tensor<1x?x4x6xf16>
}
