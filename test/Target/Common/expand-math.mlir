// RUN: bpt-opt %s --bpt-expand-math | FileCheck %s

// CHECK-LABEL: func @exp2
// CHECK-NOT: math.exp2
// CHECK-COUNT-6: math.fma {{.*}} vector<16xf32>
// CHECK: arith.shli {{.*}} vector<16xi32>
// CHECK: arith.cmpf oge
// CHECK: arith.select
func.func @exp2(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp2 %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func @exp_scalar
// CHECK-NOT: math.exp
// CHECK: math.fma {{.*}} : f32
func.func @exp_scalar(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// CHECK-LABEL: func @double_is_libm
// CHECK: math.exp2 %{{.*}} : f64
func.func @double_is_libm(%x: f64) -> f64 {
  %y = math.exp2 %x : f64
  return %y : f64
}

// CHECK-LABEL: func @tanh_erf
// CHECK-NOT: math.tanh
// CHECK-NOT: math.erf
func.func @tanh_erf(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.tanh %x : vector<16xf32>
  %z = math.erf %y : vector<16xf32>
  return %z : vector<16xf32>
}
