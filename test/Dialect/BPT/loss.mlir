// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --mlir-print-op-generic %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --emit-bytecode %s | bpt-opt | FileCheck %s

// CHECK-LABEL: func @cross_entropy(
func.func @cross_entropy(%h: tensor<1x?x64xbf16>, %w: tensor<64x1000xbf16>, %y: tensor<1x?xi32>,
                         %e: tensor<1x?xf32>) -> tensor<1x?xf32> {
  // CHECK: bpt.cross_entropy ins({{.*}} : tensor<1x?x64xbf16>, tensor<64x1000xbf16>, tensor<1x?xi32>) outs({{.*}} : tensor<1x?xf32>) -> tensor<1x?xf32>
  %loss = bpt.cross_entropy ins(%h, %w, %y : tensor<1x?x64xbf16>, tensor<64x1000xbf16>, tensor<1x?xi32>)
      outs(%e : tensor<1x?xf32>) -> tensor<1x?xf32>
  return %loss : tensor<1x?xf32>
}

// CHECK-LABEL: func @cross_entropy_lse(
func.func @cross_entropy_lse(%h: tensor<?x?x?xf32>, %w: tensor<?x?xf32>, %y: tensor<?x?xi64>,
                             %e: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  // CHECK: bpt.cross_entropy ins({{.*}}) outs({{.*}}, {{.*}} : tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>, tensor<?x?xf32>
  %r:2 = bpt.cross_entropy ins(%h, %w, %y : tensor<?x?x?xf32>, tensor<?x?xf32>, tensor<?x?xi64>)
      outs(%e, %e : tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>, tensor<?x?xf32>
  return %r#0, %r#1 : tensor<?x?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func @options(
func.func @options(%h: tensor<1x?x64xbf16>, %w: tensor<64x1000xbf16>, %y: tensor<1x?xi32>,
                   %e: tensor<1x?xf32>) -> tensor<1x?xf32> {
  // CHECK: bpt.cross_entropy {{.*}} outs({{.*}} : tensor<1x?xf32>) {label_smoothing = 1.000000e-01 : f32, z_loss = 9.99999974E-5 : f32} -> tensor<1x?xf32>
  %loss = bpt.cross_entropy ins(%h, %w, %y : tensor<1x?x64xbf16>, tensor<64x1000xbf16>, tensor<1x?xi32>)
      outs(%e : tensor<1x?xf32>) {label_smoothing = 0.1 : f32, z_loss = 1.0e-4 : f32} -> tensor<1x?xf32>
  return %loss : tensor<1x?xf32>
}
