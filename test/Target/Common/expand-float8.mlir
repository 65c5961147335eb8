// RUN: bpt-opt %s --bpt-expand-float8 | FileCheck %s

// The digits are those of an f16, times 256; 0x7f is NaN.
// CHECK-LABEL: func @extend(
// CHECK: %[[BITS:.*]] = arith.bitcast %arg0 : vector<16xf8E4M3FN> to vector<16xi8>
// CHECK: %[[WIDE:.*]] = arith.extui %[[BITS]] : vector<16xi8> to vector<16xi16>
// CHECK: %[[MAGNITUDE:.*]] = arith.andi %[[WIDE]], %{{.*}} : vector<16xi16>
// CHECK: %[[HALF:.*]] = arith.bitcast %{{.*}} : vector<16xi16> to vector<16xf16>
// CHECK: %[[EXTENDED:.*]] = arith.extf %[[HALF]] : vector<16xf16> to vector<16xf32>
// CHECK: %[[SCALED:.*]] = arith.mulf %[[EXTENDED]], %cst{{.*}} : vector<16xf32>
// CHECK: %[[NAN:.*]] = arith.cmpi eq, %[[MAGNITUDE]],
// CHECK: arith.select %[[NAN]], %{{.*}}, %[[SCALED]] : vector<16xi1>, vector<16xf32>
func.func @extend(%x: vector<16xf8E4M3FN>) -> vector<16xf32> {
  %y = arith.extf %x : vector<16xf8E4M3FN> to vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func @truncate(
// CHECK: %[[BITS:.*]] = arith.bitcast %arg0 : f32 to i32
// The largest number is 448.
// CHECK: arith.constant 1138753536 : i32
// CHECK: arith.minui
// CHECK: arith.trunci %{{.*}} : i32 to i8
// CHECK: arith.bitcast %{{.*}} : i8 to f8E4M3FN
func.func @truncate(%x: f32) -> f8E4M3FN {
  %y = arith.truncf %x : f32 to f8E4M3FN
  return %y : f8E4M3FN
}

// Other types by way of f32.
// CHECK-LABEL: func @other_types(
// CHECK: %[[F32:.*]] = arith.select %{{.*}} : f32
// CHECK: arith.truncf %[[F32]] : f32 to bf16
// CHECK: %[[WIDE:.*]] = arith.extf %arg1 : f16 to f32
// CHECK: arith.bitcast %[[WIDE]] : f32 to i32
func.func @other_types(%x: f8E4M3FN, %h: f16) -> (bf16, f8E4M3FN) {
  %y = arith.extf %x : f8E4M3FN to bf16
  %z = arith.truncf %h : f16 to f8E4M3FN
  return %y, %z : bf16, f8E4M3FN
}

// CHECK-LABEL: func @kept(
// CHECK-NEXT: arith.extf %arg0 : f16 to f32
// CHECK-NEXT: return
func.func @kept(%x: f16) -> f32 {
  %y = arith.extf %x : f16 to f32
  return %y : f32
}
