// RUN: bpt-opt %s --split-input-file --bpt-record-signature | FileCheck %s

// CHECK-LABEL: func.func @named
// CHECK-SAME: bpt.signature = {args = ["x", ""], results = ["", "y"], type = (tensor<2x?xf32>, tensor<i32>) -> (tensor<2x?xf32>, tensor<i32>)}
// CHECK-SAME: llvm.emit_c_interface
func.func @named(%x: tensor<2x?xf32> {bpt.name = "x"}, %n: tensor<i32>)
    -> (tensor<2x?xf32>, tensor<i32> {bpt.name = "y"}) {
  return %x, %n : tensor<2x?xf32>, tensor<i32>
}

// A function of something else than tensors is not called from outside.
// CHECK-LABEL: func.func @scalar
// CHECK-NOT: bpt.signature
// CHECK: return
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// CHECK-LABEL: func.func private @helper
// CHECK-NOT: bpt.signature
// CHECK: return
func.func private @helper(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// What is recorded stays: lowering may have changed the type since.
// CHECK-LABEL: func.func @recorded
// CHECK-SAME: bpt.signature = {args = [], results = [], type = () -> ()}
func.func @recorded(%x: tensor<2xf32>)
    attributes {bpt.signature = {args = [], results = [], type = () -> ()}} {
  return
}
