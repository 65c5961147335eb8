// RUN: bpt-opt %s --bpt-tile-hidden --canonicalize --cse | FileCheck %s

// The bias of the second projection goes into the destination, before the loop.

// CHECK-LABEL: func @biased
// CHECK: %[[START:.+]] = linalg.generic
// CHECK:   arith.addf
// CHECK: %[[SUM:.+]] = scf.for %[[F:.+]] = %c0 to %c256 step %c64 iter_args(%[[ACC:.+]] = %[[START]])
// CHECK:   %[[W1:.+]] = tensor.extract_slice %arg1[0, %[[F]]] [64, 64]
// CHECK:   %[[W2:.+]] = tensor.extract_slice %arg2[%[[F]], 0] [64, 64]
// CHECK:   %[[B1:.+]] = tensor.extract_slice %arg3[%[[F]]] [64]
// CHECK:   bpt.feed_forward ins(%arg0, %[[W1]], %[[W2]] {{.*}} up_bias(%[[B1]]
// CHECK-NOT: down_bias
// CHECK-SAME: outs(%[[ACC]]
// CHECK: return %[[SUM]]
func.func @biased(%x: tensor<1x32x64xf32>, %w1: tensor<64x256xf32>, %w2: tensor<256x64xf32>,
                  %b1: tensor<256xf32>, %b2: tensor<64xf32>, %e: tensor<1x32x64xf32>) -> tensor<1x32x64xf32> {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x32x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>) up_bias(%b1 : tensor<256xf32>) down_bias(%b2 : tensor<64xf32>) outs(%e : tensor<1x32x64xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<hidden = 64>} -> tensor<1x32x64xf32>
  return %y : tensor<1x32x64xf32>
}

// A bf16 result is summed in f32 and rounded once, after the loop.

// CHECK-LABEL: func @narrow
// CHECK: scf.for {{.*}} -> (tensor<1x32x64xf32>)
// CHECK:   bpt.feed_forward {{.*}} -> tensor<1x32x64xf32>
// CHECK: linalg.generic
// CHECK:   arith.truncf
// CHECK: return %{{.+}} : tensor<1x32x64xbf16>
func.func @narrow(%x: tensor<1x32x64xbf16>, %w1: tensor<64x256xbf16>, %w2: tensor<256x64xbf16>,
                  %e: tensor<1x32x64xbf16>) -> tensor<1x32x64xbf16> {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x32x64xbf16>, tensor<64x256xbf16>, tensor<256x64xbf16>) outs(%e : tensor<1x32x64xbf16>) {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<hidden = 64>} -> tensor<1x32x64xbf16>
  return %y : tensor<1x32x64xbf16>
}

// Blocks as large as the axis: no loop.

// CHECK-LABEL: func @one_block
// CHECK-NOT: scf.for
// CHECK: bpt.feed_forward
func.func @one_block(%x: tensor<1x32x64xf32>, %w1: tensor<64x256xf32>, %w2: tensor<256x64xf32>,
                     %e: tensor<1x32x64xf32>) -> tensor<1x32x64xf32> {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x32x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>) outs(%e : tensor<1x32x64xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<hidden = 256>} -> tensor<1x32x64xf32>
  return %y : tensor<1x32x64xf32>
}
