// RUN: bpt-opt %s --bpt-differentiate="function=f wrt=w" | FileCheck %s
// RUN: bpt-opt %s --bpt-differentiate="function=f keep=attention" --remarks-filter=bpt-differentiate -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: remark: [Passed] kept {{.*}}keeps 0 results of the forward pass, 0 bytes

// The gradient of x is not asked for: nothing is made for it.
// CHECK-LABEL: func @f_vjp(
// CHECK-SAME: -> (tensor<1x4x7xf32>, tensor<6x7xf32>)
// CHECK: bpt.linear ins
// CHECK-NOT: bpt.linear ins
// CHECK: bpt.linear_weight_gradient
func.func @f(%x: tensor<1x4x6xf32> {bpt.name = "x"}, %w: tensor<6x7xf32> {bpt.name = "w"}, %init: tensor<1x4x7xf32>) -> tensor<1x4x7xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x4x6xf32>, tensor<6x7xf32>) outs(%init : tensor<1x4x7xf32>) -> tensor<1x4x7xf32>
  return %y : tensor<1x4x7xf32>
}
