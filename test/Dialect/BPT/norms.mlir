// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --mlir-print-op-generic %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --emit-bytecode %s | bpt-opt | FileCheck %s

// CHECK-LABEL: func @layer_norm(
func.func @layer_norm(%x: tensor<1x?x768xf32>, %w: tensor<768xf32>, %b: tensor<768xf32>,
                      %e: tensor<1x?x768xf32>) -> tensor<1x?x768xf32> {
  // CHECK: bpt.layer_norm ins({{.*}} : tensor<1x?x768xf32>) weight({{.*}} : tensor<768xf32>) bias({{.*}} : tensor<768xf32>) outs({{.*}}) {eps = 9.99999974E-6 : f32}
  %n = bpt.layer_norm ins(%x : tensor<1x?x768xf32>) weight(%w : tensor<768xf32>) bias(%b : tensor<768xf32>)
      outs(%e : tensor<1x?x768xf32>) {eps = 1.0e-5 : f32} -> tensor<1x?x768xf32>
  return %n : tensor<1x?x768xf32>
}

// Weight and bias are optional, each by itself; eps may be 0.
// CHECK-LABEL: func @layer_norm_parts(
func.func @layer_norm_parts(%x: tensor<1x4x8xbf16>, %w: tensor<8xbf16>, %e: tensor<1x4x8xf32>)
    -> (tensor<1x4x8xf32>, tensor<1x4x8xf32>) {
  // CHECK: bpt.layer_norm ins({{.*}} : tensor<1x4x8xbf16>) bias({{.*}}) outs({{.*}} : tensor<1x4x8xf32>) {eps = 0.000000e+00 : f32}
  %n = bpt.layer_norm ins(%x : tensor<1x4x8xbf16>) bias(%w : tensor<8xbf16>)
      outs(%e : tensor<1x4x8xf32>) {eps = 0.0 : f32} -> tensor<1x4x8xf32>
  // CHECK: bpt.layer_norm ins({{.*}} : tensor<1x4x8xbf16>) outs({{.*}} : tensor<1x4x8xf32>)
  %m = bpt.layer_norm ins(%x : tensor<1x4x8xbf16>)
      outs(%e : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  return %n, %m : tensor<1x4x8xf32>, tensor<1x4x8xf32>
}

// The last dimension is normalised whatever the rank: here, every head.
// CHECK-LABEL: func @rms_norm(
func.func @rms_norm(%x: tensor<?x?x?x?xf16>, %w: tensor<?xf16>, %e: tensor<?x?x?x?xf16>) -> tensor<?x?x?x?xf16> {
  // CHECK: bpt.rms_norm ins({{.*}} : tensor<?x?x?x?xf16>) weight({{.*}} : tensor<?xf16>) outs({{.*}} : tensor<?x?x?x?xf16>)
  %n = bpt.rms_norm ins(%x : tensor<?x?x?x?xf16>) weight(%w : tensor<?xf16>)
      outs(%e : tensor<?x?x?x?xf16>) {eps = 1.0e-6 : f32} -> tensor<?x?x?x?xf16>
  // CHECK: bpt.rms_norm ins({{.*}} : tensor<?x?x?x?xf16>) outs(
  %m = bpt.rms_norm ins(%n : tensor<?x?x?x?xf16>)
      outs(%e : tensor<?x?x?x?xf16>) {eps = 1.0e-6 : f32} -> tensor<?x?x?x?xf16>
  return %m : tensor<?x?x?x?xf16>
}
