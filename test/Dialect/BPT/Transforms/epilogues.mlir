// RUN: bpt-opt %s --bpt-tile-rows --canonicalize --cse | FileCheck %s

#s = #bpt.strategy<rows = 64, columns = 32, fuse = false>

// The only reader of a projection, element by element, is computed in its loop,
// which is cut as the projection asks.

// CHECK-LABEL: func @residual(
//       CHECK: %[[Y:.+]] = scf.forall (%[[I:.+]], %[[J:.+]]) = (0, 0) to (512, 64) step (64, 32)
//       CHECK:   %[[P:.+]] = bpt.linear {{.*}} tensor<64x32xf32>) bias(%{{.+}} : tensor<32xf32>)
//       CHECK:   %[[SUM:.+]] = linalg.add ins(%{{.+}}, %[[P]] :
//       CHECK:   tensor.parallel_insert_slice %[[SUM]] into %{{.+}}[0, %[[I]], %[[J]]] [1, 64, 32]
//   CHECK-NOT: linalg.add
//       CHECK: return %[[Y]]
func.func @residual(%x: tensor<1x512x64xf32>, %w: tensor<64x64xf32>, %b: tensor<64xf32>) -> tensor<1x512x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %p = bpt.linear ins(%x, %w : tensor<1x512x64xf32>, tensor<64x64xf32>) bias(%b : tensor<64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  %y = linalg.add ins(%x, %p : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  return %y : tensor<1x512x64xf32>
}

// So is what reads that, and two projections that meet are in one loop. What
// reads rows is not: every block of columns would need all of them.

// CHECK-LABEL: func @gate(
//       CHECK: %[[Z:.+]] = scf.forall (%{{.+}}, %{{.+}}) = (0, 0) to (512, 64) step (64, 32)
//       CHECK:   %[[U:.+]] = bpt.linear
//       CHECK:   %[[ACT:.+]] = linalg.exp ins(%[[U]]
//       CHECK:   %[[G:.+]] = bpt.linear
//       CHECK:   linalg.mul ins(%[[ACT]], %[[G]]
//       CHECK: scf.forall (%{{.+}}, %{{.+}}) = (0, 0) to (512, 64) step (64, 32)
//       CHECK:   tensor.extract_slice %[[Z]]
//       CHECK:   bpt.linear
//   CHECK-NOT: scf.forall (
func.func @gate(%x: tensor<1x512x64xf32>, %w1: tensor<64x64xf32>, %w3: tensor<64x64xf32>, %w2: tensor<64x64xf32>) -> tensor<1x512x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %u = bpt.linear ins(%x, %w1 : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  %g = bpt.linear ins(%x, %w3 : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  %a = linalg.exp ins(%u : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %m = linalg.mul ins(%a, %g : tensor<1x512x64xf32>, tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %y = bpt.linear ins(%m, %w2 : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  return %y : tensor<1x512x64xf32>
}

// Heads are cut in the same way, and the length may be known at run time only.

// CHECK-LABEL: func @heads(
//       CHECK: scf.forall (%{{.+}}, %[[H:.+]]) = (0, 0) to (%{{.+}}, 4) step (64, 2)
//       CHECK:   bpt.attention
//       CHECK:   %[[T:.+]] = linalg.tanh
//       CHECK:   tensor.parallel_insert_slice %[[T]] into %{{.+}}[0, %{{.+}}, %[[H]], 0] [1, %{{.+}}, 2, 8]
func.func @heads(%q: tensor<1x?x4x8xf32>, %k: tensor<1x?x4x8xf32>) -> tensor<1x?x4x8xf32> {
  %c1 = arith.constant 1 : index
  %s = tensor.dim %q, %c1 : tensor<1x?x4x8xf32>
  %e = tensor.empty(%s) : tensor<1x?x4x8xf32>
  %o = bpt.attention ins(%q, %k, %k : tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>) outs(%e : tensor<1x?x4x8xf32>) {bpt.strategy = #bpt.strategy<rows = 64, heads = 2, fuse = false>} -> tensor<1x?x4x8xf32>
  %t = linalg.tanh ins(%o : tensor<1x?x4x8xf32>) outs(%e : tensor<1x?x4x8xf32>) -> tensor<1x?x4x8xf32>
  return %t : tensor<1x?x4x8xf32>
}

// A result that is read twice is stored.

// CHECK-LABEL: func @read_twice(
//       CHECK: %[[P:.+]] = scf.forall
//       CHECK:   bpt.linear
//   CHECK-NOT:   linalg.exp
//       CHECK: linalg.exp ins(%[[P]] : tensor<1x512x64xf32>)
func.func @read_twice(%x: tensor<1x512x64xf32>, %w: tensor<64x64xf32>) -> (tensor<1x512x64xf32>, tensor<1x512x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x512x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  %p = bpt.linear ins(%x, %w : tensor<1x512x64xf32>, tensor<64x64xf32>) outs(%z : tensor<1x512x64xf32>) {bpt.strategy = #s} -> tensor<1x512x64xf32>
  %y = linalg.exp ins(%p : tensor<1x512x64xf32>) outs(%e : tensor<1x512x64xf32>) -> tensor<1x512x64xf32>
  return %p, %y : tensor<1x512x64xf32>, tensor<1x512x64xf32>
}
