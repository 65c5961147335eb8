// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --mlir-print-op-generic %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --emit-bytecode %s | bpt-opt | FileCheck %s

// Options at their defaults are not printed.
// CHECK-LABEL: func @attention(
func.func @attention(%q: tensor<1x16x4x8xf32>, %e: tensor<1x16x4x8xf32>) -> tensor<1x16x4x8xf32> {
  // CHECK: bpt.strategy = #bpt.strategy<rows = 128, keys = 64>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x16x4x8xf32>, tensor<1x16x4x8xf32>, tensor<1x16x4x8xf32>)
      outs(%e : tensor<1x16x4x8xf32>) {bpt.strategy = #bpt.strategy<keys = 64, rows = 128, hidden = 0>}
      -> tensor<1x16x4x8xf32>
  return %o : tensor<1x16x4x8xf32>
}

// CHECK-LABEL: func @feed_forward(
func.func @feed_forward(%x: tensor<1x8x16xf32>, %w: tensor<16x16xf32>) -> tensor<1x8x16xf32> {
  // CHECK: bpt.strategy = #bpt.strategy<rows = 4, hidden = 8, fuse = false>
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x8x16xf32>, tensor<16x16xf32>, tensor<16x16xf32>)
      outs(%x : tensor<1x8x16xf32>)
      {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<rows = 4, hidden = 8, fuse = false>}
      -> tensor<1x8x16xf32>
  return %y : tensor<1x8x16xf32>
}

// CHECK-LABEL: func @stored(
func.func @stored(%x: tensor<1x8x16xf32>, %w: tensor<16x16xf32>) -> tensor<1x8x16xf32> {
  // CHECK: bpt.strategy = #bpt.strategy<rows = 4, columns = 8, chunk = 64, store_hidden = true>
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x8x16xf32>, tensor<16x16xf32>, tensor<16x16xf32>)
      outs(%x : tensor<1x8x16xf32>)
      {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<rows = 4, chunk = 64, store_hidden = true, columns = 8>}
      -> tensor<1x8x16xf32>
  return %y : tensor<1x8x16xf32>
}

// CHECK-LABEL: func @cross_entropy(
func.func @cross_entropy(%h: tensor<1x8x16xf32>, %w: tensor<16x100xf32>, %y: tensor<1x8xi32>,
                         %e: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // CHECK: bpt.strategy = #bpt.strategy<rows = 4, vocab = 32>
  %loss = bpt.cross_entropy ins(%h, %w, %y : tensor<1x8x16xf32>, tensor<16x100xf32>, tensor<1x8xi32>)
      outs(%e : tensor<1x8xf32>) {bpt.strategy = #bpt.strategy<rows = 4, vocab = 32>} -> tensor<1x8xf32>
  return %loss : tensor<1x8xf32>
}

// Arguments have names.
// CHECK-LABEL: func @named(
//  CHECK-SAME:   %{{.*}}: tensor<4xf32> {bpt.name = "ln1.weight"}
func.func @named(%w: tensor<4xf32> {bpt.name = "ln1.weight"}) {
  return
}
