// RUN: bpt-opt %s --bpt-split-feed-forward | FileCheck %s

// The sums stay in f32 until the activation; what is stored has the type of x.

// CHECK-LABEL: func @plain(
//  CHECK-SAME:   %[[X:.+]]: tensor<1x128x16xbf16>, %[[W1:.+]]: tensor<16x48xbf16>, %[[W2:.+]]: tensor<48x16xbf16>, %[[R:.+]]: tensor<1x128x16xbf16>
//       CHECK:   %[[E:.+]] = tensor.empty() : tensor<1x128x48xf32>
//       CHECK:   %[[ZERO:.+]] = linalg.fill {{.*}} outs(%[[E]]
//       CHECK:   %[[U:.+]] = bpt.linear ins(%[[X]], %[[W1]] : {{.*}}) outs(%[[ZERO]] : tensor<1x128x48xf32>) {bpt.strategy = #bpt.strategy<rows = 64, columns = 32, fuse = false>}
//       CHECK:   %[[Z:.+]] = linalg.generic {{.*}} ins(%[[U]] : tensor<1x128x48xf32>) outs(%{{.+}} : tensor<1x128x48xbf16>)
//       CHECK:     %[[ACT:.+]] = arith.maximumf
//       CHECK:     %[[ROUNDED:.+]] = arith.truncf %[[ACT]] : f32 to bf16
//       CHECK:     linalg.yield %[[ROUNDED]]
//       CHECK:   %[[Y:.+]] = bpt.linear ins(%[[Z]], %[[W2]] : {{.*}}) outs(%[[R]] : tensor<1x128x16xbf16>) {bpt.strategy = #bpt.strategy<rows = 64, columns = 32>}
//       CHECK:   return %[[Y]]
func.func @plain(%x: tensor<1x128x16xbf16>, %w1: tensor<16x48xbf16>, %w2: tensor<48x16xbf16>,
                 %r: tensor<1x128x16xbf16>) -> tensor<1x128x16xbf16> {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x128x16xbf16>, tensor<16x48xbf16>, tensor<48x16xbf16>)
      outs(%r : tensor<1x128x16xbf16>)
      {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<rows = 64, columns = 32, store_hidden = true>} -> tensor<1x128x16xbf16>
  return %y : tensor<1x128x16xbf16>
}

// Every bias goes with its projection, the gate into the activation's loop, and
// sizes known at run time come from the operands.

// CHECK-LABEL: func @gated(
//  CHECK-SAME:   %[[X:.+]]: tensor<?x?x16xf32>, %[[W1:.+]]: tensor<16x?xf32>, %[[B1:.+]]: tensor<?xf32>, %[[W3:.+]]: tensor<16x?xf32>, %[[B3:.+]]: tensor<?xf32>, %[[W2:.+]]: tensor<?x16xf32>, %[[B2:.+]]: tensor<16xf32>
//   CHECK-DAG:   %[[B:.+]] = tensor.dim %[[X]], %c0
//   CHECK-DAG:   %[[S:.+]] = tensor.dim %[[X]], %c1
//   CHECK-DAG:   %[[F:.+]] = tensor.dim %[[W1]], %c1
//       CHECK:   tensor.empty(%[[B]], %[[S]], %[[F]]) : tensor<?x?x?xf32>
//       CHECK:   %[[U:.+]] = bpt.linear ins(%[[X]], %[[W1]] : {{.*}}) bias(%[[B1]] : tensor<?xf32>)
//  CHECK-SAME:     chunk = 512, fuse = false
//       CHECK:   %[[G:.+]] = bpt.linear ins(%[[X]], %[[W3]] : {{.*}}) bias(%[[B3]] : tensor<?xf32>)
//  CHECK-SAME:     chunk = 512, fuse = false
//       CHECK:   %[[Z:.+]] = linalg.generic {{.*}} ins(%[[U]], %[[G]] :
//       CHECK:     ^bb0(%[[U0:.+]]: f32, %[[G0:.+]]: f32, %{{.+}}: f32):
//       CHECK:     %[[ACT:.+]] = arith.divf %[[U0]]
//       CHECK:     arith.mulf %[[ACT]], %[[G0]]
//       CHECK:   bpt.linear ins(%[[Z]], %[[W2]] : {{.*}}) bias(%[[B2]] : tensor<16xf32>)
//  CHECK-SAME:     chunk = 512, fuse = false
func.func @gated(%x: tensor<?x?x16xf32>, %w1: tensor<16x?xf32>, %b1: tensor<?xf32>, %w3: tensor<16x?xf32>,
                 %b3: tensor<?xf32>, %w2: tensor<?x16xf32>, %b2: tensor<16xf32>) -> tensor<?x?x16xf32> {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<?x?x16xf32>, tensor<16x?xf32>, tensor<?x16xf32>)
      up_bias(%b1 : tensor<?xf32>) gate(%w3 : tensor<16x?xf32>) gate_bias(%b3 : tensor<?xf32>) down_bias(%b2 : tensor<16xf32>)
      outs(%x : tensor<?x?x16xf32>)
      {activation = #bpt.activation<silu>, bpt.strategy = #bpt.strategy<rows = 64, chunk = 512, store_hidden = true, fuse = false>} -> tensor<?x?x16xf32>
  return %y : tensor<?x?x16xf32>
}

// Others stay as they are.

// CHECK-LABEL: func @not_stored(
//       CHECK:   bpt.feed_forward
//   CHECK-NOT:   bpt.linear
func.func @not_stored(%x: tensor<1x8x16xf32>, %w: tensor<16x16xf32>) -> tensor<1x8x16xf32> {
  %y = bpt.feed_forward ins(%x, %w, %w : tensor<1x8x16xf32>, tensor<16x16xf32>, tensor<16x16xf32>)
      outs(%x : tensor<1x8x16xf32>)
      {activation = #bpt.activation<relu>, bpt.strategy = #bpt.strategy<rows = 4, hidden = 8>} -> tensor<1x8x16xf32>
  return %y : tensor<1x8x16xf32>
}
