// RUN: bpt-opt %s --bpt-adamw="learning-rate=0.5 clip=0 weight-decay=0" | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: bpt-opt %s --bpt-adamw="learning-rate=0.5 warmup=2 steps=10 wrt=w" | FileCheck %s --check-prefixes=WRT,SCHEDULE
// RUN: bpt-opt %s --bpt-adamw --bpt-cpu | FileCheck %s --check-prefix=CPU

// CHECK-LABEL: func.func @main_adamw(
// CHECK-SAME: %[[STEP:.*]]: tensor<i64> {bpt.name = "step"}, %[[W:.*]]: memref<8x4xbf16> {bpt.name = "w"}, %[[B:.*]]: memref<4xf32> {bpt.name = "b"}
// CHECK-SAME: %[[GW:.*]]: memref<8x4xf32> {bpt.name = "gradient.w"}, %[[GB:.*]]: memref<4xf32> {bpt.name = "gradient.b"}
// CHECK-SAME: {bpt.name = "moment1.w"}, {{.*}} {bpt.name = "moment1.b"}, {{.*}} {bpt.name = "moment2.w"}, {{.*}} {bpt.name = "moment2.b"})
// CHECK-SAME: -> (tensor<f32> {bpt.name = "gradient_norm"}, tensor<f32> {bpt.name = "learning_rate"})

// The norm is that of all gradients, summed in f64; without a schedule, the rate
// is a constant, and without a limit nothing is clipped.
// CHECK: %[[N1:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<8x4xf32>) outs(%{{.*}} : tensor<f64>)
// CHECK: %[[N2:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<4xf32>) outs(%[[N1]] : tensor<f64>)
// CHECK: %[[NORM:.*]] = math.sqrt
// PLAIN-NOT: math.cos
// PLAIN: %[[FINITE:.*]] = arith.cmpf olt, %[[NORM]]
// PLAIN-NOT: arith.minimumf
// PLAIN: linalg.generic {{.*}} outs(%{{.*}} : tensor<8x4xbf16>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>)
// PLAIN: arith.select %[[FINITE]], %{{.*}} : bf16
// PLAIN-COUNT-8: bufferization.materialize_in_destination

// WRT: func.func @main_adamw(%{{[^:]*}}: tensor<i64> {bpt.name = "step"}, %{{[^:]*}}: memref<8x4xbf16> {bpt.name = "w"}, %{{[^:]*}}: memref<8x4xf32> {bpt.name = "gradient.w"}, %{{[^:]*}}: memref<8x4xf32> {bpt.name = "moment1.w"}, %{{[^:]*}}: memref<8x4xf32> {bpt.name = "moment2.w"})
// SCHEDULE: math.cos
// SCHEDULE: arith.cmpf olt
// SCHEDULE: arith.select
// SCHEDULE: arith.minimumf

// Nothing is allocated but the two results and the sum's scalars.
// CPU-LABEL: llvm.func @main_adamw
// CPU-NOT: llvm.call @memrefCopy
func.func @main(%x: tensor<2x8xi32> {bpt.name = "x"}, %w: tensor<8x4xbf16> {bpt.name = "w"}, %b: tensor<4xf32> {bpt.name = "b"}) -> tensor<4xf32> {
  return %b : tensor<4xf32>
}
