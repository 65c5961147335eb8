// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt %s --canonicalize | FileCheck %s --check-prefix=CANON
// RUN: bpt-opt %s --bpt-decompose --canonicalize --cse | FileCheck %s --check-prefix=LINALG
// RUN: bpt-opt %s --bpt-differentiate="function=activations" | FileCheck %s --check-prefix=VJP

// CHECK-LABEL: @activations
// CHECK: bpt.dropout ins(%{{.*}} : tensor<1x?x8xf32>) seed(%{{.*}}) outs(%{{.*}} : tensor<1x?x8xf32>) {dropout = #bpt.dropout<rate = 1.000000e-01 : f64, stream = 4294967295>}

// The column without bits 4 and 5 counts, and they choose the word.
// LINALG-LABEL: @activations
//   LINALG-DAG: %[[FIRST:.*]] = arith.constant -766435501 : i32
//   LINALG-DAG: %[[SECOND:.*]] = arith.constant -845247145 : i32
//   LINALG-DAG: %[[BITS:.*]] = arith.constant 48 : i32
//   LINALG-DAG: %[[OTHERS:.*]] = arith.constant -49 : i32
//   LINALG-DAG: %[[THRESHOLD:.*]] = arith.constant 429496730 : i32
//   LINALG-DAG: %[[FACTOR:.*]] = arith.constant 1.111111
//       LINALG: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x?x8xf32>, tensor<i64>)
//       LINALG:   %[[COLUMN:.*]] = linalg.index 2
//       LINALG:   %[[K:.*]] = arith.index_cast %[[COLUMN]] : index to i32
//   LINALG-DAG:   %[[WHICH:.*]] = arith.andi %[[K]], %[[BITS]]
//   LINALG-DAG:   %[[COUNTER:.*]] = arith.andi %[[K]], %[[OTHERS]]
//       LINALG:   arith.mului_extended %[[COUNTER]], %[[FIRST]]
//       LINALG:   arith.mului_extended %{{.*}}, %[[SECOND]]
//       LINALG:   arith.cmpi eq, %[[WHICH]]
//       LINALG:   %[[KEEP:.*]] = arith.cmpi uge, %{{.*}}, %[[THRESHOLD]]
//       LINALG:   %[[SCALED:.*]] = arith.mulf %{{.*}}, %[[FACTOR]]
//       LINALG:   arith.select %[[KEEP]], %[[SCALED]], %{{.*}} : f32

// The gradient drops the same elements.
// VJP-LABEL: @activations_vjp(
// VJP-SAME: %{{.*}}: tensor<1x?x8xf32>, %[[SEED:[a-z0-9]+]]: tensor<i64>, %[[DY:[a-z0-9]+]]: tensor<1x?x8xf32>
// VJP: bpt.dropout ins(%[[DY]] : tensor<1x?x8xf32>) seed(%[[SEED]]) {{.*}} stream = 4294967295>
func.func @activations(%x: tensor<1x?x8xf32>, %seed: tensor<i64>) -> tensor<1x?x8xf32> {
  %y = bpt.dropout ins(%x : tensor<1x?x8xf32>) seed(%seed) outs(%x : tensor<1x?x8xf32>)
      {dropout = #bpt.dropout<rate = 0.1, stream = 4294967295>} -> tensor<1x?x8xf32>
  return %y : tensor<1x?x8xf32>
}

// CHECK-LABEL: @tile
// CHECK: bpt.dropout {{.*}} at(%{{.*}}, %{{.*}}, %{{.*}}) outs
func.func @tile(%x: tensor<1x4x8xbf16>, %seed: tensor<i64>, %b: index, %s: index, %e: index) -> tensor<1x4x8xbf16> {
  %y = bpt.dropout ins(%x : tensor<1x4x8xbf16>) seed(%seed) at(%b, %s, %e) outs(%x : tensor<1x4x8xbf16>)
      {dropout = #bpt.dropout<rate = 0.5>} -> tensor<1x4x8xbf16>
  return %y : tensor<1x4x8xbf16>
}

// What is dropped counts in the sum of the softmax: dropout comes after it.
// CHECK-LABEL: @attention
// CHECK: bpt.attention {{.*}} seed(%{{.*}}) outs({{.*}}) {causal, dropout = #bpt.dropout<rate = 5.000000e-01 : f64, stream = 2>}
// LINALG-LABEL: @attention
//       LINALG: math.exp2
//       LINALG: %[[P:.*]] = linalg.generic
//       LINALG:   math.exp2
//       LINALG: iterator_types = ["parallel", "reduction"]{{.*}} ins(%[[P]]
//       LINALG: %[[KEPT:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<i64>) outs(%[[P]]
//       LINALG:   arith.mului_extended
//       LINALG: linalg.contract {{.*}} ins(%[[KEPT]],
func.func @attention(%q: tensor<1x4x1x8xf32>, %k: tensor<1x6x1x8xf32>, %seed: tensor<i64>) -> tensor<1x4x1x8xf32> {
  %o = bpt.attention ins(%q, %k, %k : tensor<1x4x1x8xf32>, tensor<1x6x1x8xf32>, tensor<1x6x1x8xf32>) seed(%seed)
      outs(%q : tensor<1x4x1x8xf32>) {causal, dropout = #bpt.dropout<rate = 0.5, stream = 2>} -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// A rate of 0 drops nothing, and draws nothing.
// CANON-LABEL: @nothing
//  CANON-SAME: %[[X:[a-z0-9]+]]: tensor<1x4x8xf32>
//   CANON-NOT: dropout
//       CANON: bpt.attention ins({{.*}}) outs
//   CANON-NOT: dropout
//       CANON: return %[[X]],
func.func @nothing(%x: tensor<1x4x8xf32>, %q: tensor<1x4x1x8xf32>, %seed: tensor<i64>) -> (tensor<1x4x8xf32>, tensor<1x4x1x8xf32>) {
  %y = bpt.dropout ins(%x : tensor<1x4x8xf32>) seed(%seed) outs(%x : tensor<1x4x8xf32>)
      {dropout = #bpt.dropout<rate = 0.0>} -> tensor<1x4x8xf32>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>, tensor<1x4x1x8xf32>) seed(%seed)
      outs(%q : tensor<1x4x1x8xf32>) {dropout = #bpt.dropout<rate = 0.0>} -> tensor<1x4x1x8xf32>
  return %y, %o : tensor<1x4x8xf32>, tensor<1x4x1x8xf32>
}
