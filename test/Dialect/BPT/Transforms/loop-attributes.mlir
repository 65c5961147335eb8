// RUN: bpt-opt %s --bpt-split-feed-forward --bpt-tile-rows | FileCheck %s

// What another dialect says of an operation is said of the loop over its blocks, and
// of that of what it is fused into; what a network is made of, of each part.

// CHECK-LABEL: func @fused
func.func @fused(%q: tensor<1x64x2x8xf32>, %w: tensor<2x8x16xf32>, %y: tensor<1x64x16xf32>) -> tensor<1x64x16xf32> {
  // CHECK: scf.forall
  // CHECK: } {bpt_tile.schedule = #bpt_tile.schedule<overlap = false>}
  %0 = bpt.attention ins(%q, %q, %q : tensor<1x64x2x8xf32>, tensor<1x64x2x8xf32>, tensor<1x64x2x8xf32>) outs(%q : tensor<1x64x2x8xf32>) {bpt.strategy = #bpt.strategy<rows = 32>, bpt_tile.schedule = #bpt_tile.schedule<overlap = false>} -> tensor<1x64x2x8xf32>
  %1 = bpt.linear ins(%0, %w : tensor<1x64x2x8xf32>, tensor<2x8x16xf32>) outs(%y : tensor<1x64x16xf32>) {bpt.strategy = #bpt.strategy<rows = 32>} -> tensor<1x64x16xf32>
  return %1 : tensor<1x64x16xf32>
}

// CHECK-LABEL: func @network
func.func @network(%x: tensor<1x64x8xf32>, %w1: tensor<8x16xf32>, %w2: tensor<16x8xf32>) -> tensor<1x64x8xf32> {
  // CHECK: } {bpt_tile.simt = "asked for"}
  // CHECK: } {bpt_tile.simt = "asked for"}
  %0 = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x64x8xf32>, tensor<8x16xf32>, tensor<16x8xf32>) outs(%x : tensor<1x64x8xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<rows = 32, store_hidden = true>, bpt_tile.simt = "asked for"} -> tensor<1x64x8xf32>
  return %0 : tensor<1x64x8xf32>
}
