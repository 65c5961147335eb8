// RUN: bpt-opt %s --bpt-bind-arguments=arguments=1 --split-input-file --verify-diagnostics

// expected-error @below {{there is no function 'main' with a body}}
module {
  func.func private @main(%x: tensor<4xf32>, %w: tensor<4xf32>)
}

// -----

// expected-error @below {{function 'main' has no argument 1 to bind; it takes 1}}
func.func @main(%x: tensor<4xf32>) {
  return
}

// -----

// expected-error @below {{argument 1 is of type 'memref<4xf32>'; only tensors can be bound, which no call changes}}
func.func @main(%x: tensor<4xf32>, %state: memref<4xf32>) {
  return
}

// -----

// expected-error @below {{function 'main' is called in the module, with all of its arguments; none of them can be bound}}
func.func @main(%x: tensor<4xf32>, %w: tensor<4xf32>) {
  return
}
func.func @other(%x: tensor<4xf32>) {
  call @main(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> ()
  return
}
