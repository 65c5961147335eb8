// RUN: bpt-opt %s --split-input-file --verify-diagnostics --bpt-differentiate="function=main accumulate" | FileCheck %s

// Gradients are added, in f32, to memrefs that the caller has; the results are
// those of the function.
// CHECK-LABEL: func.func @main_vjp(
// CHECK-SAME: %[[X:.*]]: tensor<3x4xf32> {bpt.name = "x"}, %[[N:.*]]: tensor<2xi32>, %[[U:.*]]: tensor<4xbf16>, %[[DY:.*]]: tensor<3x4xf32> {bpt.name = "cotangent"}
// CHECK-SAME: %[[GX:.*]]: memref<3x4xf32> {bpt.name = "gradient.x"}, %[[GU:.*]]: memref<4xf32> {bpt.name = "gradient.2"}) -> tensor<3x4xf32> {
// CHECK: %[[HELD:.*]] = bufferization.to_tensor %[[GX]] restrict writable : memref<3x4xf32> to tensor<3x4xf32>
// CHECK: %[[Y:.*]] = math.exp %[[X]]
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} outs(%[[HELD]] : tensor<3x4xf32>)
// CHECK: arith.addf
// CHECK: bufferization.materialize_in_destination %[[SUM]] in restrict writable %[[GX]]
// CHECK-NOT: materialize_in_destination
// CHECK: return %[[Y]] : tensor<3x4xf32>
func.func @main(%x: tensor<3x4xf32> {bpt.name = "x"}, %n: tensor<2xi32>, %unused: tensor<4xbf16>) -> tensor<3x4xf32> {
  %y = math.exp %x : tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

// The sum of a 16-bit gradient is in f32.
// CHECK-LABEL: func.func @main_vjp(
// CHECK-SAME: memref<4xf32> {bpt.name = "gradient.0"}
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<4xbf16>) outs(%{{.*}} : tensor<4xf32>)
// CHECK: arith.extf %{{.*}} : bf16 to f32
func.func @main(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  %y = math.exp %x : tensor<4xbf16>
  return %y : tensor<4xbf16>
}

// -----

// expected-error @+1 {{the gradient of argument 0 cannot be accumulated: it is no tensor}}
func.func @main(%x: f32) -> f32 {
  return %x : f32
}

// -----

// What is summed over the rows begins with what is held, and is added to nothing.
// CHECK-LABEL: func.func @main_vjp(
// CHECK-SAME: %[[GX:.*]]: memref<1x5x4xf32> {bpt.name = "gradient.x"}, %[[GW:.*]]: memref<4x3xf32> {bpt.name = "gradient.w"})
// CHECK: %[[HELD:.*]] = bufferization.to_tensor %[[GW]] restrict writable
// CHECK: %[[SUM:.*]] = bpt.linear_weight_gradient {{.*}} outs(%[[HELD]] :
// CHECK-NEXT: bufferization.materialize_in_destination %[[SUM]] in restrict writable %[[GW]]
func.func @main(%x: tensor<1x5x4xf32> {bpt.name = "x"}, %w: tensor<4x3xf32> {bpt.name = "w"}) -> tensor<1x5x3xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x5x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x5x3xf32>) -> tensor<1x5x3xf32>
  %y = bpt.linear ins(%x, %w : tensor<1x5x4xf32>, tensor<4x3xf32>) outs(%f : tensor<1x5x3xf32>) -> tensor<1x5x3xf32>
  return %y : tensor<1x5x3xf32>
}
