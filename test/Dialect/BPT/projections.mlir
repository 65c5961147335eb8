// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --mlir-print-op-generic %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --emit-bytecode %s | bpt-opt | FileCheck %s

// CHECK-LABEL: func @linear(
func.func @linear(%x: tensor<2x?x64xf32>, %w: tensor<64x32xf32>, %b: tensor<32xf32>,
                  %e: tensor<2x?x32xf32>) -> tensor<2x?x32xf32> {
  // CHECK: bpt.linear ins({{.*}} : tensor<2x?x64xf32>, tensor<64x32xf32>) bias({{.*}} : tensor<32xf32>) outs({{.*}} : tensor<2x?x32xf32>) -> tensor<2x?x32xf32>
  %y = bpt.linear ins(%x, %w : tensor<2x?x64xf32>, tensor<64x32xf32>) bias(%b : tensor<32xf32>)
      outs(%e : tensor<2x?x32xf32>) -> tensor<2x?x32xf32>
  return %y : tensor<2x?x32xf32>
}

// Heads are split by the contraction, into f32 from bf16.
// CHECK-LABEL: func @split_heads(
func.func @split_heads(%x: tensor<1x8x64xbf16>, %w: tensor<64x4x16xbf16>, %b: tensor<4x16xbf16>,
                       %e: tensor<1x8x4x16xf32>) -> tensor<1x8x4x16xf32> {
  // CHECK: bpt.linear ins({{.*}} : tensor<1x8x64xbf16>, tensor<64x4x16xbf16>) bias({{.*}} : tensor<4x16xbf16>) outs({{.*}} : tensor<1x8x4x16xf32>)
  %y = bpt.linear ins(%x, %w : tensor<1x8x64xbf16>, tensor<64x4x16xbf16>) bias(%b : tensor<4x16xbf16>)
      outs(%e : tensor<1x8x4x16xf32>) -> tensor<1x8x4x16xf32>
  return %y : tensor<1x8x4x16xf32>
}

// ... and merged by it.
// CHECK-LABEL: func @merge_heads(
func.func @merge_heads(%x: tensor<?x?x?x?xf16>, %w: tensor<?x?x?xf16>, %e: tensor<?x?x?xf16>) -> tensor<?x?x?xf16> {
  // CHECK: bpt.linear ins({{.*}} : tensor<?x?x?x?xf16>, tensor<?x?x?xf16>) outs({{.*}} : tensor<?x?x?xf16>)
  %y = bpt.linear ins(%x, %w : tensor<?x?x?x?xf16>, tensor<?x?x?xf16>)
      outs(%e : tensor<?x?x?xf16>) -> tensor<?x?x?xf16>
  return %y : tensor<?x?x?xf16>
}

// CHECK-LABEL: func @transposed(
func.func @transposed(%x: tensor<1x8x64xf16>, %w: tensor<4x16x64xf16>, %e: tensor<1x8x4x16xf16>) -> tensor<1x8x4x16xf16> {
  // CHECK: bpt.linear ins({{.*}} : tensor<1x8x64xf16>, tensor<4x16x64xf16>) outs({{.*}} : tensor<1x8x4x16xf16>) {transposed}
  %y = bpt.linear ins(%x, %w : tensor<1x8x64xf16>, tensor<4x16x64xf16>) outs(%e : tensor<1x8x4x16xf16>)
      {transposed} -> tensor<1x8x4x16xf16>
  return %y : tensor<1x8x4x16xf16>
}

// Scales of whole tensors; the bias is of the type of the destination.
// CHECK-LABEL: func @scales_of_tensors(
func.func @scales_of_tensors(%x: tensor<1x8x64xf8E4M3FN>, %w: tensor<64x32xf8E4M3FN>, %s: tensor<f32>,
                             %b: tensor<32xbf16>, %e: tensor<1x8x32xbf16>) -> tensor<1x8x32xbf16> {
  // CHECK: bpt.linear ins({{.*}} : tensor<1x8x64xf8E4M3FN>, tensor<64x32xf8E4M3FN>) scales({{.*}} : tensor<f32>, tensor<f32>) bias({{.*}} : tensor<32xbf16>) outs({{.*}} : tensor<1x8x32xbf16>)
  %y = bpt.linear ins(%x, %w : tensor<1x8x64xf8E4M3FN>, tensor<64x32xf8E4M3FN>)
      scales(%s, %s : tensor<f32>, tensor<f32>) bias(%b : tensor<32xbf16>)
      outs(%e : tensor<1x8x32xbf16>) -> tensor<1x8x32xbf16>
  return %y : tensor<1x8x32xbf16>
}

// Of 200 inputs the second block has 72; one dimension is not cut.
// CHECK-LABEL: func @scales_of_blocks(
func.func @scales_of_blocks(%x: tensor<1x?x200xf8E4M3FN>, %w: tensor<48x200xf8E4M3FN>, %xs: tensor<1x?x2xf32>,
                            %ws: tensor<1x2xf32>, %e: tensor<1x?x48xf32>) -> tensor<1x?x48xf32> {
  // CHECK: bpt.linear ins({{.*}}) scales({{.*}} : tensor<1x?x2xf32>, tensor<1x2xf32>) outs({{.*}}) {transposed, weight_blocks = array<i64: 0, 128>, x_blocks = array<i64: 1, 1, 128>}
  %y = bpt.linear ins(%x, %w : tensor<1x?x200xf8E4M3FN>, tensor<48x200xf8E4M3FN>)
      scales(%xs, %ws : tensor<1x?x2xf32>, tensor<1x2xf32>) outs(%e : tensor<1x?x48xf32>)
      {transposed, x_blocks = array<i64: 1, 1, 128>, weight_blocks = array<i64: 0, 128>} -> tensor<1x?x48xf32>
  return %y : tensor<1x?x48xf32>
}

// CHECK-LABEL: func @feed_forward(
func.func @feed_forward(%x: tensor<1x8x16xf32>, %w1: tensor<16x32xf32>, %w2: tensor<32x24xf32>,
                        %e: tensor<1x8x24xf32>) -> tensor<1x8x24xf32> {
  // CHECK: bpt.feed_forward ins({{.*}} : tensor<1x8x16xf32>, tensor<16x32xf32>, tensor<32x24xf32>) outs({{.*}}) {activation = #bpt.activation<relu>}
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x8x16xf32>, tensor<16x32xf32>, tensor<32x24xf32>)
      outs(%e : tensor<1x8x24xf32>) {activation = #bpt.activation<relu>} -> tensor<1x8x24xf32>
  return %y : tensor<1x8x24xf32>
}

// CHECK-LABEL: func @feed_forward_all_parts(
func.func @feed_forward_all_parts(
    %x: tensor<?x?x16xbf16>, %w1: tensor<16x?xbf16>, %w2: tensor<?x16xbf16>, %b1: tensor<?xbf16>,
    %w3: tensor<16x?xbf16>, %b3: tensor<?xbf16>, %b2: tensor<16xbf16>, %e: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  // CHECK: bpt.feed_forward ins({{.*}}) up_bias({{.*}} : tensor<?xbf16>) gate({{.*}} : tensor<16x?xbf16>)
  // CHECK-SAME: gate_bias({{.*}} : tensor<?xbf16>) down_bias({{.*}} : tensor<16xbf16>) outs({{.*}} : tensor<?x?x16xf32>)
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<?x?x16xbf16>, tensor<16x?xbf16>, tensor<?x16xbf16>)
      up_bias(%b1 : tensor<?xbf16>) gate(%w3 : tensor<16x?xbf16>) gate_bias(%b3 : tensor<?xbf16>)
      down_bias(%b2 : tensor<16xbf16>)
      outs(%e : tensor<?x?x16xf32>) {activation = #bpt.activation<silu>} -> tensor<?x?x16xf32>
  return %y : tensor<?x?x16xf32>
}

// Every activation has a keyword.
// CHECK-LABEL: func @activations(
func.func @activations(%x: tensor<1x2x2xf32>, %w: tensor<2x2xf32>) -> tensor<1x2x2xf32> {
  // CHECK: #bpt.activation<gelu>
  %a = bpt.feed_forward ins(%x, %w, %w : tensor<1x2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>)
      outs(%x : tensor<1x2x2xf32>) {activation = #bpt.activation<gelu>} -> tensor<1x2x2xf32>
  // CHECK: #bpt.activation<gelu_tanh>
  %b = bpt.feed_forward ins(%a, %w, %w : tensor<1x2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>)
      outs(%x : tensor<1x2x2xf32>) {activation = #bpt.activation<gelu_tanh>} -> tensor<1x2x2xf32>
  // CHECK: #bpt.activation<quick_gelu>
  %c = bpt.feed_forward ins(%b, %w, %w : tensor<1x2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>)
      outs(%x : tensor<1x2x2xf32>) {activation = #bpt.activation<quick_gelu>} -> tensor<1x2x2xf32>
  return %c : tensor<1x2x2xf32>
}
