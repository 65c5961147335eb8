// RUN: bpt-opt %s --bpt-differentiate=keep=attention | FileCheck %s

// What the score region reads of the function is computed again before the
// backward operation, also where only an operation inside reads it.
// CHECK-LABEL: func.func @main_vjp(
// CHECK-SAME: %[[Q:[^:]*]]: tensor<1x?x1x4xf32>, %[[K:[^:]*]]: tensor<1x?x1x4xf32>
// CHECK: %[[KEYS:.*]] = tensor.dim %[[K]]
// CHECK: bpt.attention
// CHECK: %[[AGAIN:.*]] = bpt.barrier %[[Q]]
// CHECK: %[[OFFSET:.*]] = arith.subi %[[KEYS]]
// CHECK: bpt.attention_backward
// CHECK: ^bb0(%[[S:.*]]: f32, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %[[KEY:.*]]: index):
// CHECK: %[[OLD:.*]] = arith.cmpi ult, %[[KEY]], %[[OFFSET]]
// CHECK: scf.if %[[OLD]]
// CHECK: arith.index_cast %[[OFFSET]]
func.func @main(%q: tensor<1x?x1x4xf32>, %k: tensor<1x?x1x4xf32>, %v: tensor<1x?x1x4xf32>) -> tensor<1x?x1x4xf32> {
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %q, %c1 : tensor<1x?x1x4xf32>
  %keys = tensor.dim %k, %c1 : tensor<1x?x1x4xf32>
  %offset = arith.subi %keys, %rows : index
  %init = tensor.empty(%rows) : tensor<1x?x1x4xf32>
  %result = bpt.attention ins(%q, %k, %v : tensor<1x?x1x4xf32>, tensor<1x?x1x4xf32>, tensor<1x?x1x4xf32>) outs(%init : tensor<1x?x1x4xf32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %row: index, %key: index):
    %old = arith.cmpi ult, %key, %offset : index
    %t = scf.if %old -> f32 {
      %i = arith.index_cast %offset : index to i32
      %f = arith.sitofp %i : i32 to f32
      %d = arith.subf %s, %f : f32
      scf.yield %d : f32
    } else {
      scf.yield %s : f32
    }
    bpt.yield %t : f32
  } -> tensor<1x?x1x4xf32>
  return %result : tensor<1x?x1x4xf32>
}
