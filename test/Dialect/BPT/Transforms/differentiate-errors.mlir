// RUN: bpt-opt %s --split-input-file --verify-diagnostics --bpt-differentiate
// RUN: not bpt-opt %s --split-input-file --bpt-differentiate=function=other 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not bpt-opt %S/differentiate-wrt.mlir --bpt-differentiate="function=f wrt=v" 2>&1 | FileCheck %s --check-prefix=WRT

// OTHER: error: has no function '@other' to differentiate
// WRT: error: option wrt names 'v', but no argument is called that; there are: x w

// expected-error @+1 {{has no floating-point result, so there is nothing to differentiate}}
func.func @main(%x: tensor<2xi32>) -> tensor<2xi32> {
  return %x : tensor<2xi32>
}

// -----

// expected-error @+1 {{cannot be differentiated: it must be one block of operations}}
func.func private @main(tensor<2xf32>) -> tensor<2xf32>

// -----

// expected-error @+1 {{'@main_vjp' is what the gradient of '@main' would be called; rename one of them}}
func.func @main_vjp() {
  return
}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>, %n: index) -> tensor<2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{'scf.for' op has no gradient; implement 'DifferentiableOpInterface' for it}}
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<2xf32> {
    scf.yield %a : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<2xf32>) outs(%e : tensor<2xf32>) {
    ^bb0(%a: f32, %b: f32):
      // expected-error @+1 {{has no derivative; implement 'ScalarDerivativeOpInterface' for it}}
      %c = math.cbrt %a : f32
      linalg.yield %c : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>) -> tensor<f32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  // expected-error @+1 {{has no gradient: its result is read in its body by more than the sum that it yields}}
  %y = linalg.reduce { arith.mulf } ins(%x : tensor<2xf32>) outs(%one : tensor<f32>) dimensions = [0]
  return %y : tensor<f32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<3x2xf32> {
  %e = tensor.empty() : tensor<3x2xf32>
  // expected-error @+1 {{has no gradient by operand 0: its indexing map affine_map<(d0, d1) -> (d0 + d1)> is not a projected permutation}}
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i + j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<3x2xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
  } -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

func.func @main(%q: tensor<1x5x1x8xf32>, %slope: f32) -> tensor<1x5x1x8xf32> {
  %e = tensor.empty() : tensor<1x5x1x8xf32>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>) outs(%e : tensor<1x5x1x8xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      // expected-error @+1 {{reads a value whose gradient is wanted; a score region has a gradient by its score only}}
      %t = arith.mulf %s, %slope : f32
      bpt.yield %t : f32
  } -> tensor<1x5x1x8xf32>
  return %o : tensor<1x5x1x8xf32>
}

// -----

func.func @main(%q: tensor<1x5x1x8xf32>) -> tensor<1x5x1x8xf32> {
  %e = tensor.empty() : tensor<1x5x1x8xf32>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>, tensor<1x5x1x8xf32>) outs(%e : tensor<1x5x1x8xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      // expected-error @+1 {{has no derivative; implement 'ScalarDerivativeOpInterface' for it}}
      %t = math.cbrt %s : f32
      bpt.yield %t : f32
  } -> tensor<1x5x1x8xf32>
  return %o : tensor<1x5x1x8xf32>
}

// -----

func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{has no gradient on a tensor of dynamic shape; write it as a linalg operation}}
  %y = math.exp %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @main(%x: f32, %e: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{has no gradient by its scalar operand 0; make a tensor of it}}
  %y = linalg.fill ins(%x : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func private @extern(tensor<2xf32>) -> tensor<2xf32>
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'func.call' op has no gradient: '@extern' has no body}}
  %y = call @extern(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func private @again(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'func.call' op has no gradient: '@again' calls itself}}
  %y = call @again(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = call @again(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func private @blocks(%x: tensor<2xf32>) -> tensor<2xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<2xf32>
}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'func.call' op has no gradient: '@blocks' must be one block of operations}}
  %y = call @blocks(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func private @cbrt(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'math.cbrt' op has no gradient; implement 'DifferentiableOpInterface' for it}}
  %y = math.cbrt %x : tensor<2xf32>
  return %y : tensor<2xf32>
}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = call @cbrt(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<1x2x8xf8E4M3FN>, %w: tensor<8x4xf8E4M3FN>, %e: tensor<1x2x4xf32>) -> tensor<1x2x4xf32> {
  // expected-error @+1 {{has no gradient with respect to operands of f8E4M3FN and their scales; differentiate what is computed before they are rounded, or leave them out of 'wrt'}}
  %y = bpt.linear ins(%x, %w : tensor<1x2x8xf8E4M3FN>, tensor<8x4xf8E4M3FN>) outs(%e : tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @main(%q: tensor<1x4x2x8xf8E4M3FN>, %e: tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32> {
  // expected-error @+1 {{has no gradient, since its operands are of f8E4M3FN, have scales or lie transposed; differentiate what is computed before they are rounded, or leave them out of 'wrt'}}
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf8E4M3FN>, tensor<1x4x2x8xf8E4M3FN>, tensor<1x4x2x8xf8E4M3FN>)
      outs(%e : tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return %o : tensor<1x4x2x8xf32>
}
