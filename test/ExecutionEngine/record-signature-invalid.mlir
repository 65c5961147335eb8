// RUN: bpt-opt %s --split-input-file --verify-diagnostics --bpt-record-signature=function=main

// expected-error @below {{there is no function 'main' with a body}}
module {
  func.func private @main(tensor<2xf32>)
}

// -----

// expected-error @below {{argument 1 is of type 'f32'; a function that is called from outside takes and returns ranked tensors (or memrefs without a layout)}}
func.func @main(%x: tensor<2xf32>, %y: f32) {
  return
}

// -----

// expected-error @below {{argument 0 has elements of type 'index'; supported are f64, f32, f16, bf16, f8E4M3FN, i1, i8, i16, i32 and i64}}
func.func @main(%x: tensor<2xindex>) -> tensor<2xindex> {
  return %x : tensor<2xindex>
}

// -----

// expected-error @below {{result 0 is of type 'i32'}}
func.func @main(%x: tensor<2xf32>, %n: tensor<i32>) -> i32 {
  %i = tensor.extract %n[] : tensor<i32>
  return %i : i32
}

// -----

// expected-error @below {{argument 0 is of type 'tensor<*xf32>'}}
func.func @main(%x: tensor<*xf32>) {
  return
}

// -----

// expected-error @below {{has no signature of tensors: record it with --bpt-record-signature before the function is lowered to LLVM}}
llvm.func @main(%x: !llvm.ptr) {
  llvm.return
}
