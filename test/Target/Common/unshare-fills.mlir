// RUN: bpt-opt %s --bpt-unshare-fills | FileCheck %s

// CHECK-LABEL: @products
// CHECK: %[[E:.*]] = tensor.empty()
// CHECK: %[[Z:.*]] = linalg.fill {{.*}} outs(%[[E]]
// CHECK: %[[A:.*]] = linalg.matmul {{.*}} outs(%[[Z]]
// CHECK: %[[Y:.*]] = linalg.fill {{.*}} outs(%[[E]]
// CHECK: linalg.matmul ins(%[[A]], {{.*}} outs(%[[Y]]
func.func @products(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %a = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %b = linalg.matmul ins(%a, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %b : tensor<4x4xf32>
}

// Views are repeated with what they show.
// CHECK-LABEL: @views
// CHECK: %[[Z:.*]] = linalg.fill
// CHECK: %[[V:.*]] = tensor.collapse_shape %[[Z]]
// CHECK: linalg.exp {{.*}} outs(%[[V]]
// CHECK: %[[Y:.*]] = linalg.fill
// CHECK: %[[W:.*]] = tensor.collapse_shape %[[Y]]
// CHECK: linalg.log {{.*}} outs(%[[W]]
func.func @views(%x: tensor<16xf32>) -> tensor<16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %v = tensor.collapse_shape %z [[0, 1]] : tensor<4x4xf32> into tensor<16xf32>
  %a = linalg.exp ins(%x : tensor<16xf32>) outs(%v : tensor<16xf32>) -> tensor<16xf32>
  %b = linalg.log ins(%a : tensor<16xf32>) outs(%v : tensor<16xf32>) -> tensor<16xf32>
  return %b : tensor<16xf32>
}

// What is only read is shared, and what fills a tensor of a caller stays.
// CHECK-LABEL: @shared
// CHECK-COUNT-2: linalg.fill
// CHECK-NOT: linalg.fill
func.func @shared(%x: tensor<4xf32>, %given: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %a = linalg.add ins(%z, %x : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %b = linalg.mul ins(%z, %a : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%given : tensor<4xf32>) -> tensor<4xf32>
  %c = linalg.exp ins(%x : tensor<4xf32>) outs(%f : tensor<4xf32>) -> tensor<4xf32>
  %d = linalg.log ins(%x : tensor<4xf32>) outs(%f : tensor<4xf32>) -> tensor<4xf32>
  return %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// What is written before a call and what is written after it are two buffers,
// neither of which is there during the call.
// CHECK-LABEL: func @calls(
// CHECK-DAG:   %[[FIRST:.*]] = tensor.empty() : tensor<4x4xf32>
// CHECK-DAG:   %[[SECOND:.*]] = tensor.empty() : tensor<4x4xf32>
// CHECK:       %[[A:.*]] = linalg.add {{.*}} outs(%[[X:.*]] :
// CHECK:       %[[B:.*]] = linalg.add ins(%[[A]], %{{.*}}) outs(%[[X]] :
// CHECK:       call @other
// CHECK-NOT:   outs(%[[X]] :
// CHECK:       return
func.func private @other(tensor<4x4xf32>) -> tensor<4x4xf32>
func.func @calls(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.add ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %b = linalg.add ins(%a, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %c = call @other(%b) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %d = linalg.add ins(%c, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %d : tensor<4x4xf32>
}
