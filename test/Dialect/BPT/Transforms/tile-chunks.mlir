// RUN: bpt-opt %s --bpt-tile-chunks --canonicalize --cse | FileCheck %s

#s = #bpt.strategy<rows = 64, chunk = 256, fuse = false>

// One pre-norm layer: keys and values of all rows share a loop and the norm,
// everything else is in a second one, whatever 'fuse' says, and reads them whole.

// CHECK-LABEL: func @layer(
//       CHECK: %[[KV:.+]]:2 = scf.for %[[J:.+]] = %c0 to %c1024 step %c256
//       CHECK:   %[[N:.+]] = bpt.layer_norm
//   CHECK-NOT:   bpt.layer_norm
//       CHECK:   %[[K:.+]] = bpt.linear ins(%[[N]]
//       CHECK:   tensor.insert_slice %[[K]] into %{{.+}}[0, %[[J]], 0, 0] [1, 256, 4, 16]
//       CHECK:   %[[V:.+]] = bpt.linear ins(%[[N]]
//       CHECK:   tensor.insert_slice %[[V]] into %{{.+}}[0, %[[J]], 0, 0] [1, 256, 4, 16]
//       CHECK: %[[Y:.+]] = scf.for %[[I:.+]] = %c0 to %c1024 step %c256
//       CHECK:   tensor.extract_slice %{{.+}}[0, %[[I]], 0] [1, 256, 64]
//       CHECK:   bpt.layer_norm
//       CHECK:   bpt.linear
//       CHECK:   bpt.attention ins(%{{.+}}, %[[KV]]#0, %[[KV]]#1 : tensor<1x256x4x16xf32>, tensor<1x1024x4x16xf32>, tensor<1x1024x4x16xf32>)
//  CHECK-SAME:     at(%{{.+}}, %[[I]], %{{.+}})
//       CHECK:   bpt.linear
//       CHECK:   linalg.add
//       CHECK:   bpt.layer_norm
//       CHECK:   bpt.feed_forward
//       CHECK:   linalg.add
//   CHECK-NOT: bpt.
//       CHECK: return %[[Y]]
func.func @layer(%x: tensor<1x1024x64xf32>, %wq: tensor<64x4x16xf32>, %wk: tensor<64x4x16xf32>,
                 %wv: tensor<64x4x16xf32>, %wo: tensor<4x16x64xf32>, %w1: tensor<64x256xf32>,
                 %w2: tensor<256x64xf32>) -> tensor<1x1024x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x1024x64xf32>
  %eh = tensor.empty() : tensor<1x1024x4x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1024x64xf32>) -> tensor<1x1024x64xf32>
  %zh = linalg.fill ins(%zero : f32) outs(%eh : tensor<1x1024x4x16xf32>) -> tensor<1x1024x4x16xf32>
  %n1 = bpt.layer_norm ins(%x : tensor<1x1024x64xf32>) outs(%e : tensor<1x1024x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x1024x64xf32>
  %q = bpt.linear ins(%n1, %wq : tensor<1x1024x64xf32>, tensor<64x4x16xf32>) outs(%zh : tensor<1x1024x4x16xf32>) {bpt.strategy = #s} -> tensor<1x1024x4x16xf32>
  %k = bpt.linear ins(%n1, %wk : tensor<1x1024x64xf32>, tensor<64x4x16xf32>) outs(%zh : tensor<1x1024x4x16xf32>) {bpt.strategy = #s} -> tensor<1x1024x4x16xf32>
  %v = bpt.linear ins(%n1, %wv : tensor<1x1024x64xf32>, tensor<64x4x16xf32>) outs(%zh : tensor<1x1024x4x16xf32>) {bpt.strategy = #s} -> tensor<1x1024x4x16xf32>
  %o = bpt.attention ins(%q, %k, %v : tensor<1x1024x4x16xf32>, tensor<1x1024x4x16xf32>, tensor<1x1024x4x16xf32>) outs(%eh : tensor<1x1024x4x16xf32>) {causal, bpt.strategy = #s} -> tensor<1x1024x4x16xf32>
  %a = bpt.linear ins(%o, %wo : tensor<1x1024x4x16xf32>, tensor<4x16x64xf32>) outs(%z : tensor<1x1024x64xf32>) {bpt.strategy = #s} -> tensor<1x1024x64xf32>
  %h = linalg.add ins(%x, %a : tensor<1x1024x64xf32>, tensor<1x1024x64xf32>) outs(%e : tensor<1x1024x64xf32>) -> tensor<1x1024x64xf32>
  %n2 = bpt.layer_norm ins(%h : tensor<1x1024x64xf32>) outs(%e : tensor<1x1024x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x1024x64xf32>
  %f = bpt.feed_forward ins(%n2, %w1, %w2 : tensor<1x1024x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>) outs(%z : tensor<1x1024x64xf32>) {activation = #bpt.activation<relu>, bpt.strategy = #s} -> tensor<1x1024x64xf32>
  %y = linalg.add ins(%h, %f : tensor<1x1024x64xf32>, tensor<1x1024x64xf32>) outs(%e : tensor<1x1024x64xf32>) -> tensor<1x1024x64xf32>
  return %y : tensor<1x1024x64xf32>
}

// The last chunk is smaller. What lies between operations is as large as it, not
// a slice of something that holds all rows.

// CHECK-LABEL: func @remainder(
//       CHECK: %[[OUT:.+]] = tensor.empty() : tensor<1x600x64xf32>
//   CHECK-NOT: tensor.empty
//       CHECK: scf.for %[[I:.+]] = %c0 to %c600 step %c256 iter_args(%{{.+}} = %[[OUT]])
//       CHECK:   %[[SIZE:.+]] = affine.min #{{.+}}(%[[I]])
//       CHECK:   %[[ROWS:.+]] = tensor.extract_slice %{{.+}}[0, %[[I]], 0] [1, %[[SIZE]], 64]
//       CHECK:   %[[E:.+]] = tensor.empty(%[[SIZE]]) : tensor<1x?x64xf32>
//       CHECK:   %[[N:.+]] = bpt.rms_norm ins(%[[ROWS]] : {{.*}}) outs(%[[E]]
//       CHECK:   bpt.linear ins(%[[N]]
func.func @remainder(%x: tensor<1x600x64xf32>, %w: tensor<64x64xf32>) -> tensor<1x600x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x600x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x600x64xf32>) -> tensor<1x600x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x600x64xf32>) outs(%e : tensor<1x600x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x600x64xf32>
  %y = bpt.linear ins(%n, %w : tensor<1x600x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x600x64xf32>) {bpt.strategy = #s} -> tensor<1x600x64xf32>
  return %y : tensor<1x600x64xf32>
}

// Two projections over a length that is known at run time only share a loop.

// CHECK-LABEL: func @dynamic(
//  CHECK-SAME:   %[[X:.+]]: tensor<1x?x64xf32>
//       CHECK: %[[S:.+]] = tensor.dim %[[X]], %c1
//       CHECK: %[[R:.+]]:2 = scf.for %[[I:.+]] = %c0 to %[[S]] step %c256
//       CHECK:   affine.min #{{.+}}(%[[I]])[%[[S]]]
//       CHECK:   bpt.rms_norm
//   CHECK-NOT:   bpt.rms_norm
//       CHECK:   bpt.linear
//       CHECK:   bpt.linear
//       CHECK:   bpt.rotary_embedding {{.*}} at(%[[I]])
//   CHECK-NOT: scf.for
//       CHECK: return %[[R]]#1, %[[R]]#0
func.func @dynamic(%x: tensor<1x?x64xf32>, %wk: tensor<64x2x32xf32>, %wv: tensor<64x2x32xf32>) -> (tensor<1x?x2x32xf32>, tensor<1x?x2x32xf32>) {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %s = tensor.dim %x, %c1 : tensor<1x?x64xf32>
  %e = tensor.empty(%s) : tensor<1x?x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x?x64xf32>) outs(%e : tensor<1x?x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<1x?x64xf32>
  %eh = tensor.empty(%s) : tensor<1x?x2x32xf32>
  %z = linalg.fill ins(%zero : f32) outs(%eh : tensor<1x?x2x32xf32>) -> tensor<1x?x2x32xf32>
  %v = bpt.linear ins(%n, %wv : tensor<1x?x64xf32>, tensor<64x2x32xf32>) outs(%z : tensor<1x?x2x32xf32>) {bpt.strategy = #s} -> tensor<1x?x2x32xf32>
  %k = bpt.linear ins(%n, %wk : tensor<1x?x64xf32>, tensor<64x2x32xf32>) outs(%z : tensor<1x?x2x32xf32>) {bpt.strategy = #s} -> tensor<1x?x2x32xf32>
  %c0 = arith.constant 0 : index
  %r = bpt.rotary_embedding ins(%k : tensor<1x?x2x32xf32>) at(%c0) outs(%eh : tensor<1x?x2x32xf32>) {kind = #bpt.rotary_kind<half>, dim = 32 : i64, bpt.strategy = #s} -> tensor<1x?x2x32xf32>
  return %r, %v : tensor<1x?x2x32xf32>, tensor<1x?x2x32xf32>
}

// Short sequences: as many as make a chunk.

// CHECK-LABEL: func @short(
// CHECK: scf.for %[[B:.+]] = %c0 to %c8 step %c2
// CHECK-NOT: scf.for
// CHECK:   tensor.extract_slice %{{.+}}[%[[B]], 0, 0] [2, 100, 64]
func.func @short(%x: tensor<8x100x64xf32>) -> tensor<8x100x64xf32> {
  %e = tensor.empty() : tensor<8x100x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<8x100x64xf32>) outs(%e : tensor<8x100x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<8x100x64xf32>
  return %n : tensor<8x100x64xf32>
}

// Long ones: one after the other.

// CHECK-LABEL: func @long(
// CHECK: scf.for %[[B:.+]] = %c0 to %c3 step %c1
// CHECK:   scf.for %[[I:.+]] = %c0 to %c1024 step %c256
// CHECK:     tensor.extract_slice %{{.+}}[%[[B]], %[[I]], 0] [1, 256, 64]
func.func @long(%x: tensor<3x1024x64xf32>) -> tensor<3x1024x64xf32> {
  %e = tensor.empty() : tensor<3x1024x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<3x1024x64xf32>) outs(%e : tensor<3x1024x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<3x1024x64xf32>
  return %n : tensor<3x1024x64xf32>
}

// Of a length that is not known: as many as fit, at least one, also if they are
// empty.

// CHECK-LABEL: func @batch_of_any_length(
// CHECK: %[[S:.+]] = tensor.dim %{{.+}}, %c1
// CHECK: %[[DIVISOR:.+]] = arith.maxui %[[S]], %c1
// CHECK: %[[FIT:.+]] = arith.divui %c256, %[[DIVISOR]]
// CHECK: %[[ENTRIES:.+]] = arith.maxui %[[FIT]], %c1
// CHECK: scf.for %{{.+}} = %c0 to %c3 step %[[ENTRIES]]
// CHECK:   scf.for %{{.+}} = %c0 to %[[S]] step %c256
func.func @batch_of_any_length(%x: tensor<3x?x64xf32>) -> tensor<3x?x64xf32> {
  %c1 = arith.constant 1 : index
  %s = tensor.dim %x, %c1 : tensor<3x?x64xf32>
  %e = tensor.empty(%s) : tensor<3x?x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<3x?x64xf32>) outs(%e : tensor<3x?x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<3x?x64xf32>
  return %n : tensor<3x?x64xf32>
}

// A loop that reads the result of another stays behind it.

// CHECK-LABEL: func @dependent(
// CHECK: %[[K:.+]] = scf.for
// CHECK:   bpt.linear
// CHECK: scf.for
// CHECK:   bpt.attention ins(%{{.+}}, %[[K]], %[[K]] :
func.func @dependent(%x: tensor<1x512x2x8xf32>, %w: tensor<2x8x2x8xf32>) -> tensor<1x512x2x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x2x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x2x8xf32>) -> tensor<1x512x2x8xf32>
  %k = bpt.linear ins(%x, %w : tensor<1x512x2x8xf32>, tensor<2x8x2x8xf32>) outs(%z : tensor<1x512x2x8xf32>) {bpt.strategy = #s} -> tensor<1x512x2x8xf32>
  %o = bpt.attention ins(%x, %k, %k : tensor<1x512x2x8xf32>, tensor<1x512x2x8xf32>, tensor<1x512x2x8xf32>) outs(%e : tensor<1x512x2x8xf32>) {bpt.strategy = #s} -> tensor<1x512x2x8xf32>
  return %o : tensor<1x512x2x8xf32>
}

// One chunk needs no loop, and without the option there is none.

// CHECK-LABEL: func @one_chunk(
// CHECK-NOT: scf.for
// CHECK: return
func.func @one_chunk(%x: tensor<2x128x64xf32>, %y: tensor<1x512x64xf32>) -> (tensor<2x128x64xf32>, tensor<1x512x64xf32>) {
  %e = tensor.empty() : tensor<2x128x64xf32>
  %n = bpt.rms_norm ins(%x : tensor<2x128x64xf32>) outs(%e : tensor<2x128x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #s} -> tensor<2x128x64xf32>
  %f = tensor.empty() : tensor<1x512x64xf32>
  %m = bpt.rms_norm ins(%y : tensor<1x512x64xf32>) outs(%f : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32, bpt.strategy = #bpt.strategy<rows = 64>} -> tensor<1x512x64xf32>
  return %n, %m : tensor<2x128x64xf32>, tensor<1x512x64xf32>
}
