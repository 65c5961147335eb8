// RUN: bpt-opt %s --bpt-differentiate="function=chain keep=nothing" | FileCheck %s --check-prefixes=CHAIN,NOTHING
// RUN: bpt-opt %s --bpt-differentiate="function=chain keep=everything" | FileCheck %s --check-prefixes=CHAIN,EVERYTHING
// RUN: bpt-opt %s --bpt-differentiate="function=partly keep=everything wrt=w" | FileCheck %s --check-prefix=PARTLY
// RUN: bpt-opt %s --bpt-differentiate="function=two keep=everything" | FileCheck %s --check-prefix=TWO
// RUN: bpt-opt %s --bpt-differentiate="function=aside wrt=x" | FileCheck %s --check-prefix=ASIDE
// RUN: bpt-opt %s --bpt-differentiate="function=nested keep=everything" | FileCheck %s --check-prefix=NESTED
// RUN: bpt-opt %s --bpt-differentiate="function=chain keep=everything" --remarks-filter=bpt-differentiate 2>&1 | FileCheck %s --check-prefix=REMARK

// One pair of functions for all calls of @layer; what is kept of a layer is an
// additional result of its forward pass.
// EVERYTHING-LABEL: func.func private @layer_forward
// EVERYTHING: %[[Y:.*]] = bpt.linear
// EVERYTHING: %[[Z:.*]] = linalg.exp
// EVERYTHING: return %[[Z]], %[[Y]]
// NOTHING-NOT: @layer_forward
// CHAIN: func.func private @layer_backward(
// NOTHING-SAME: bpt.name = "cotangent"}) -> (tensor<1x?x8xf32>, tensor<8x8xf32>)
// EVERYTHING-SAME: bpt.name = "cotangent"}, %{{.*}} {bpt.name = "kept.0"}) -> (tensor<1x?x8xf32>, tensor<8x8xf32>)
// CHAIN-NOT: @layer_backward_
func.func private @layer(%x: tensor<1x?x8xf32>, %w: tensor<8x8xf32>) -> tensor<1x?x8xf32> {
  %c1 = arith.constant 1 : index
  %s = tensor.dim %x, %c1 : tensor<1x?x8xf32>
  %e = tensor.empty(%s) : tensor<1x?x8xf32>
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %y = bpt.linear ins(%x, %w : tensor<1x?x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %z = linalg.exp ins(%y : tensor<1x?x8xf32>) outs(%e : tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  return %z : tensor<1x?x8xf32>
}

// CHAIN-LABEL: func.func @chain_vjp(
// CHAIN-SAME: %[[X:.*]]: tensor<1x?x8xf32>, %[[W1:.*]]: tensor<8x8xf32>, %[[W2:.*]]: tensor<8x8xf32>, %[[DY:.*]]: tensor<1x?x8xf32>
// NOTHING: %[[Y1:.*]] = call @layer(%[[X]], %[[W1]])
// NOTHING: %[[Y2:.*]] = call @layer(%[[Y1]], %[[W2]])
// NOTHING: %[[B:.*]] = bpt.barrier %[[Y1]] after %[[DY]]
// NOTHING: %[[D2:.*]]:2 = call @layer_backward(%[[B]], %[[W2]], %[[DY]])
// NOTHING: %[[B1:.*]] = bpt.barrier %[[X]] after %[[D2]]#0
// NOTHING: %[[D1:.*]]:2 = call @layer_backward(%[[B1]], %[[W1]], %[[D2]]#0)
// NOTHING: return %[[Y2]], %[[D1]]#0, %[[D1]]#1, %[[D2]]#1
// EVERYTHING: %[[Y1:.*]]:2 = call @layer_forward(%[[X]], %[[W1]])
// EVERYTHING: %[[Y2:.*]]:2 = call @layer_forward(%[[Y1]]#0, %[[W2]])
// EVERYTHING: %[[D2:.*]]:2 = call @layer_backward(%{{.*}}, %[[W2]], %[[DY]], %{{.*}})
// EVERYTHING: %[[D1:.*]]:2 = call @layer_backward(%{{.*}}, %[[W1]], %[[D2]]#0, %{{.*}})
// EVERYTHING: return %[[Y2]]#0, %[[D1]]#0, %[[D1]]#1, %[[D2]]#1

// REMARK: keeps 1 results of the forward pass, 0 bytes + those of tensor<1x?x8xf32>"
// REMARK: keeps 3 results of the forward pass
func.func @chain(%x: tensor<1x?x8xf32>, %w1: tensor<8x8xf32>, %w2: tensor<8x8xf32>) -> tensor<1x?x8xf32> {
  %y = call @layer(%x, %w1) : (tensor<1x?x8xf32>, tensor<8x8xf32>) -> tensor<1x?x8xf32>
  %z = call @layer(%y, %w2) : (tensor<1x?x8xf32>, tensor<8x8xf32>) -> tensor<1x?x8xf32>
  return %z : tensor<1x?x8xf32>
}

// A call by whose operands no gradient is wanted stays; which gradients a
// backward function gives depends on the call.
// PARTLY: func.func private @layer_backward(
// PARTLY-SAME: -> tensor<8x8xf32>
// PARTLY-LABEL: func.func @partly_vjp(
// PARTLY: call @layer(
// PARTLY: call @layer_forward(
// PARTLY: call @layer_backward(
func.func @partly(%x: tensor<1x?x8xf32>, %v: tensor<8x8xf32>, %w: tensor<8x8xf32> {bpt.name = "w"}) -> tensor<1x?x8xf32> {
  %y = call @layer(%x, %v) : (tensor<1x?x8xf32>, tensor<8x8xf32>) -> tensor<1x?x8xf32>
  %z = call @layer(%y, %w) : (tensor<1x?x8xf32>, tensor<8x8xf32>) -> tensor<1x?x8xf32>
  return %z : tensor<1x?x8xf32>
}

// The cotangent of a result that nothing reads is zero; a result that is no
// float has none. What is a result anyway is not kept twice.
// TWO-NOT: @pair_forward
// TWO: func.func private @pair_backward(%{{.*}}: tensor<4xf32> {bpt.name = "cotangent.0"}, %{{.*}}: tensor<4xf32> {bpt.name = "cotangent.1"}, %{{.*}}: tensor<4xf32> {bpt.name = "kept.0"}) -> tensor<4xf32>
func.func private @pair(%x: tensor<4xf32>, %n: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xi32>, tensor<4xf32>) {
  %y = math.exp %x : tensor<4xf32>
  %z = math.sin %y : tensor<4xf32>
  return %y, %n, %z : tensor<4xf32>, tensor<4xi32>, tensor<4xf32>
}
// TWO-LABEL: func.func @two_vjp(
// TWO: call @pair(
// TWO: %[[ZERO:.*]] = linalg.fill
// TWO: call @pair_backward(%{{.*}}, %[[ZERO]], %{{.*}})
func.func @two(%x: tensor<4xf32>, %n: tensor<4xi32>) -> tensor<4xf32> {
  %y:3 = call @pair(%x, %n) : (tensor<4xf32>, tensor<4xi32>) -> (tensor<4xf32>, tensor<4xi32>, tensor<4xf32>)
  return %y#0 : tensor<4xf32>
}

// Nothing flows back through a call that gives no float, whatever it is given;
// one of a function that calls itself, which may not end, is not dropped.
// ASIDE-LABEL: func.func private @with_endless_backward
// ASIDE: call @endless
// ASIDE-LABEL: func.func @aside_vjp(
// ASIDE: call @count(
// ASIDE-NOT: @count_
func.func private @count(tensor<4xf32>) -> tensor<4xi32>
func.func private @endless(%n: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @endless(%n) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func private @with_endless(%x: tensor<4xf32>, %n: tensor<4xf32>) -> tensor<4xf32> {
  %r = call @endless(%n) : (tensor<4xf32>) -> tensor<4xf32>
  %y = arith.addf %x, %r : tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @aside(%x: tensor<4xf32> {bpt.name = "x"}, %n: tensor<4xf32>) -> tensor<4xf32> {
  %c = call @count(%x) : (tensor<4xf32>) -> tensor<4xi32>
  %y = call @with_endless(%x, %n) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// What an inner call keeps passes through the outer one.
// NESTED: func.func private @inner_forward(%{{.*}}) -> (tensor<4xf32>, tensor<4xf32>)
// NESTED: func.func private @inner_backward(
// NESTED: func.func private @outer_forward(%{{.*}}) -> (tensor<4xf32>, tensor<4xf32>)
// NESTED: call @inner_forward
// NESTED: func.func private @outer_backward(
// NESTED-NOT: call @inner_forward
// NESTED: call @inner_backward
// NESTED: func.func @nested_vjp(
// NESTED: call @outer_forward
// NESTED: call @outer_backward
func.func private @inner(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = math.sin %x : tensor<4xf32>
  %z = math.sin %y : tensor<4xf32>
  return %z : tensor<4xf32>
}
func.func private @outer(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @inner(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @nested(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @outer(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
