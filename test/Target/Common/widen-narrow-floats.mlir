// RUN: bpt-opt %s --bpt-widen-narrow-floats | FileCheck %s

// CHECK-LABEL: func @add
// CHECK: arith.extf %{{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK: arith.addf %{{.*}} : vector<16xf32>
// CHECK: arith.truncf %{{[0-9]+}} : vector<16xf32> to vector<16xbf16>
// CHECK-NOT: fastmath
func.func @add(%a: vector<16xbf16>, %b: vector<16xbf16>) -> vector<16xbf16> {
  %s = arith.addf %a, %b : vector<16xbf16>
  return %s : vector<16xbf16>
}
