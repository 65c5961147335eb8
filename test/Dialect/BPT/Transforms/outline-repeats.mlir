// RUN: bpt-opt %s --split-input-file --bpt-outline-repeats | FileCheck %s
// RUN: bpt-opt %s --split-input-file --bpt-outline-repeats --remarks-filter=bpt-outline-repeats -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: bpt-opt %s --split-input-file --bpt-outline-repeats --bpt-check-sizes | FileCheck %s --check-prefix=PLACES

!h = tensor<1x8x2x4xf32>
!w = tensor<2x4x2x4xf32>

// What a layer gives to the next is an argument and a result; weights are
// arguments; what costs nothing is cloned.
// CHECK-LABEL: func private @weights_layer(
// CHECK-SAME:    %[[X:.*]]: tensor<1x8x2x4xf32>, %[[W:.*]]: tensor<2x4x2x4xf32>) -> tensor<1x8x2x4xf32> {
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0.0
// CHECK-DAG:     tensor.empty
// CHECK:         linalg.fill ins(%[[ZERO]]
// CHECK-NEXT:    %[[Q:.*]] = bpt.linear ins(%[[X]], %[[W]] :
// CHECK-NEXT:    %[[Y:.*]] = bpt.attention ins(%[[Q]], %[[X]], %[[X]] :
// CHECK-NEXT:    return %[[Y]]
// CHECK-LABEL: func @weights(
// CHECK-NEXT:    %[[A:.*]] = call @weights_layer(%arg0, %arg1)
// CHECK-NEXT:    %[[B:.*]] = call @weights_layer(%[[A]], %arg2)
// CHECK-NEXT:    return %[[B]]
// REMARK: outline-repeats.mlir:[[@LINE+5]]:{{.*}}'weights_layer' computes 2 repeats, operations in each: 2
func.func @weights(%x: !h, %w1: !w, %w2: !w) -> !h {
  %e = tensor.empty() : !h
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%e : !h) -> !h
  %q1 = bpt.linear ins(%x, %w1 : !h, !w) outs(%z : !h) -> !h
  %y1 = bpt.attention ins(%q1, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %q2 = bpt.linear ins(%y1, %w2 : !h, !w) outs(%z : !h) -> !h
  %y2 = bpt.attention ins(%q2, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// A value that is the same in every layer is one argument.
// CHECK-LABEL: func private @carried_layer(%arg0: tensor<1x8x2x4xf32>, %arg1: tensor<1x8x2x4xf32>)
// CHECK:         bpt.attention ins(%arg0, %arg0, %arg1 :
// CHECK-LABEL: func @carried(
// CHECK-NEXT:    %[[A:.*]] = call @carried_layer(%arg0, %arg1)
// CHECK-NEXT:    %[[B:.*]] = call @carried_layer(%[[A]], %arg1)
// CHECK-NEXT:    %[[C:.*]] = call @carried_layer(%[[B]], %arg1)
// CHECK-NEXT:    return %[[C]]
func.func @carried(%x: !h, %v: !h) -> !h {
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %v : !h, !h, !h) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %v : !h, !h, !h) outs(%e : !h) -> !h
  %y3 = bpt.attention ins(%y2, %y2, %v : !h, !h, !h) outs(%e : !h) -> !h
  return %y3 : !h
}

// -----

!h = tensor<1x?x2x4xf32>

// A size is that of an argument, where one is known to have it.
// CHECK-LABEL: func private @sizes_layer(%arg0: tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
// CHECK:         %[[S:.*]] = tensor.dim %arg0, %{{.*}}
// CHECK:         tensor.empty(%[[S]])
// CHECK-LABEL: func @sizes(
func.func @sizes(%x: !h) -> !h {
  %c1 = arith.constant 1 : index
  %s = tensor.dim %x, %c1 : !h
  %e = tensor.empty(%s) : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x?x2x4xf32>

// CHECK-LABEL: func private @passed_size_layer(%arg0: tensor<1x?x2x4xf32>, %arg1: index)
// CHECK-NOT:     tensor.dim
// CHECK:         tensor.empty(%arg1)
// CHECK-LABEL: func @passed_size(
// CHECK:         %[[S:.*]] = tensor.dim %arg1
// CHECK:         call @passed_size_layer(%arg0, %[[S]])
func.func @passed_size(%x: !h, %other: tensor<?xf32>) -> !h {
  %c0 = arith.constant 0 : index
  %s = tensor.dim %other, %c0 : tensor<?xf32>
  %e = tensor.empty(%s) : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!x = tensor<1x8x8xf32>
!h = tensor<1x8x2x4xf32>
!w = tensor<8x2x4xf32>

// A layer begins where least is passed to the next: at the narrow tensor, not
// where the operations that repeat begin.
// CHECK-LABEL: func private @rotation_layer(%arg0: tensor<1x8x8xf32>, %arg1: tensor<8x2x4xf32>, %arg2: tensor<2x4x8xf32>) -> tensor<1x8x8xf32>
// CHECK:         bpt.linear
// CHECK:         bpt.attention
// CHECK:         bpt.linear
// CHECK-NEXT:    %[[Y:.*]] = linalg.add
// CHECK-NEXT:    return %[[Y]]
// CHECK-LABEL: func @rotation(
// CHECK:         %[[X:.*]] = linalg.add
// CHECK-NEXT:    %[[A:.*]] = call @rotation_layer(%[[X]], %arg2, %arg3)
// CHECK-NEXT:    %[[B:.*]] = call @rotation_layer(%[[A]], %arg2, %arg3)
// CHECK-NEXT:    return %[[B]]
func.func @rotation(%tokens: !x, %places: !x, %w1: !w, %w2: tensor<2x4x8xf32>) -> !x {
  %e = tensor.empty() : !x
  %f = tensor.empty() : !h
  %x = linalg.add ins(%tokens, %places : !x, !x) outs(%e : !x) -> !x
  %q1 = bpt.linear ins(%x, %w1 : !x, !w) outs(%f : !h) -> !h
  %a1 = bpt.attention ins(%q1, %q1, %q1 : !h, !h, !h) outs(%f : !h) -> !h
  %o1 = bpt.linear ins(%a1, %w2 : !h, tensor<2x4x8xf32>) outs(%e : !x) -> !x
  %y1 = linalg.add ins(%x, %o1 : !x, !x) outs(%e : !x) -> !x
  %q2 = bpt.linear ins(%y1, %w1 : !x, !w) outs(%f : !h) -> !h
  %a2 = bpt.attention ins(%q2, %q2, %q2 : !h, !h, !h) outs(%f : !h) -> !h
  %o2 = bpt.linear ins(%a2, %w2 : !h, tensor<2x4x8xf32>) outs(%e : !x) -> !x
  %y2 = linalg.add ins(%y1, %o2 : !x, !x) outs(%e : !x) -> !x
  return %y2 : !x
}

// -----

!h = tensor<1x8x2x4xf32>

// CHECK-LABEL: func @attributes(
// CHECK-COUNT-2: bpt.attention
func.func @attributes(%x: !h) -> !h {
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) {causal} -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!x = tensor<1x8x4xf32>
!w = tensor<4x4xf32>

// A block of rows passes through both products; a call would store what is
// between them.
// CHECK-LABEL: func @row_by_row(
// CHECK-COUNT-2: bpt.linear
func.func @row_by_row(%x: !x, %w1: !w, %w2: !w) -> !x {
  %e = tensor.empty() : !x
  %y1 = bpt.linear ins(%x, %w1 : !x, !w) outs(%e : !x) -> !x
  %y2 = bpt.linear ins(%y1, %w2 : !x, !w) outs(%e : !x) -> !x
  return %y2 : !x
}

// -----

!h = tensor<1x8x2x4xf32>

// Neither reads what the other gives.
// CHECK-LABEL: func @beside(
// CHECK-COUNT-2: bpt.attention
func.func @beside(%x: !h, %y: !h) -> (!h, !h) {
  %e = tensor.empty() : !h
  %a = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %b = bpt.attention ins(%y, %y, %y : !h, !h, !h) outs(%e : !h) -> !h
  return %a, %b : !h, !h
}

// -----

!h = tensor<1x8x2x4xf32>
!w = tensor<2x4x2x4xf32>

// The second layer's attention reads what is not of its layer.
// CHECK-LABEL: func @data_flow(
// CHECK-NOT:     call
func.func @data_flow(%x: !h, %w: !w) -> !h {
  %e = tensor.empty() : !h
  %q1 = bpt.linear ins(%x, %w : !h, !w) outs(%e : !h) -> !h
  %y1 = bpt.attention ins(%q1, %x, %q1 : !h, !h, !h) outs(%e : !h) -> !h
  %q2 = bpt.linear ins(%y1, %w : !h, !w) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%q2, %y1, %x : !h, !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// Layers before the one that differs are one function.
// CHECK-LABEL: func @last_differs(
// CHECK-COUNT-2: call @last_differs_layer
// CHECK-NEXT:    bpt.attention
func.func @last_differs(%x: !h) -> !h {
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  %y3 = bpt.attention ins(%y2, %y2, %y2 : !h, !h, !h) outs(%e : !h) {causal} -> !h
  return %y3 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// What a score region reads from outside is an argument.
// CHECK-LABEL: func private @regions_layer(%arg0: tensor<1x8x2x4xf32>, %arg1: f32)
// CHECK:         %[[CAP:.*]] = arith.constant 3.0
// CHECK:         bpt.attention ins(%arg0, %arg0, %arg0 :
// CHECK:           arith.mulf %{{.*}}, %arg1
// CHECK-NEXT:      arith.minimumf %{{.*}}, %[[CAP]]
// CHECK-LABEL: func @regions(
// CHECK:         call @regions_layer(%arg0, %arg1)
// CHECK:         call @regions_layer(%{{.*}}, %arg2)
func.func @regions(%x: !h, %a: f32, %b: f32) -> !h {
  %e = tensor.empty() : !h
  %cap = arith.constant 3.0 : f32
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) score {
  ^bb0(%s: f32, %i: index, %j: index, %k: index, %l: index):
    %t = arith.mulf %s, %a : f32
    %u = arith.minimumf %t, %cap : f32
    bpt.yield %u : f32
  } -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) score {
  ^bb0(%s: f32, %i: index, %j: index, %k: index, %l: index):
    %t = arith.mulf %s, %b : f32
    %u = arith.minimumf %t, %cap : f32
    bpt.yield %u : f32
  } -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// One value that a region reads twice may be two in another layer.
// CHECK-LABEL: func private @captured_twice_layer(%arg0: tensor<1x8x2x4xf32>, %arg1: f32, %arg2: f32)
// CHECK:           arith.mulf %{{.*}}, %arg1
// CHECK-NEXT:      arith.minimumf %{{.*}}, %arg2
// CHECK-LABEL: func @captured_twice(
// CHECK:         call @captured_twice_layer(%arg0, %arg1, %arg1)
// CHECK:         call @captured_twice_layer(%{{.*}}, %arg1, %arg2)
func.func @captured_twice(%x: !h, %a: f32, %b: f32) -> !h {
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) score {
  ^bb0(%s: f32, %i: index, %j: index, %k: index, %l: index):
    %t = arith.mulf %s, %a : f32
    %u = arith.minimumf %t, %a : f32
    bpt.yield %u : f32
  } -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) score {
  ^bb0(%s: f32, %i: index, %j: index, %k: index, %l: index):
    %t = arith.mulf %s, %a : f32
    %u = arith.minimumf %t, %b : f32
    bpt.yield %u : f32
  } -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// CHECK-LABEL: func @regions_differ(
// CHECK-COUNT-2: bpt.attention
func.func @regions_differ(%x: !h, %a: f32) -> !h {
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) score {
  ^bb0(%s: f32, %i: index, %j: index, %k: index, %l: index):
    %t = arith.subf %s, %a : f32
    bpt.yield %t : f32
  } -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) score {
  ^bb0(%s: f32, %i: index, %j: index, %k: index, %l: index):
    %t = arith.subf %a, %s : f32
    bpt.yield %t : f32
  } -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// An encoder and a decoder, whose layers all read what the encoder gives.
// CHECK-LABEL: func private @two_groups_layer(
// CHECK:         bpt.attention {{.*}} {causal}
// CHECK-LABEL: func private @two_groups_layer_0(
// CHECK:         bpt.attention
// CHECK-NOT:     causal
// CHECK-LABEL: func @two_groups(
// CHECK-NEXT:    %[[A:.*]] = call @two_groups_layer_0(%arg0)
// CHECK-NEXT:    %[[B:.*]] = call @two_groups_layer_0(%[[A]])
// CHECK-NEXT:    %[[C:.*]] = call @two_groups_layer(%arg1, %[[B]])
// CHECK-NEXT:    %[[D:.*]] = call @two_groups_layer(%[[C]], %[[B]])
// CHECK-NEXT:    return %[[D]]
func.func @two_groups(%x: !h, %y: !h) -> !h {
  %e = tensor.empty() : !h
  %x1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %x2 = bpt.attention ins(%x1, %x1, %x1 : !h, !h, !h) outs(%e : !h) -> !h
  %y1 = bpt.attention ins(%y, %x2, %x2 : !h, !h, !h) outs(%e : !h) {causal} -> !h
  %y2 = bpt.attention ins(%y1, %x2, %x2 : !h, !h, !h) outs(%e : !h) {causal} -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// CHECK-LABEL: func private @clash_layer()
// CHECK-LABEL: func private @clash_layer_0(
// CHECK-LABEL: func @clash(
// CHECK-COUNT-2: call @clash_layer_0
func.func private @clash_layer()
func.func @clash(%x: !h) -> !h {
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>
!w = tensor<2x4x2x4xf32>

// What others read of a layer is a result, also through a view, which moves
// behind the call.
// CHECK-LABEL: func private @read_outside_layer(
// CHECK:         %[[Q:.*]] = bpt.linear
// CHECK:         %[[Y:.*]] = bpt.attention
// CHECK-NEXT:    return %[[Q]], %[[Y]]
// CHECK-LABEL: func @read_outside(
// CHECK-NEXT:    %[[A:.*]]:2 = call @read_outside_layer(
// CHECK-NEXT:    %[[V:.*]] = tensor.collapse_shape %[[A]]#0
// CHECK-NEXT:    %[[B:.*]]:2 = call @read_outside_layer(%[[A]]#1, %arg1)
// CHECK-NEXT:    return %[[B]]#1, %[[V]]
func.func @read_outside(%x: !h, %w: !w) -> (!h, tensor<1x8x8xf32>) {
  %e = tensor.empty() : !h
  %q1 = bpt.linear ins(%x, %w : !h, !w) outs(%e : !h) -> !h
  %v = tensor.collapse_shape %q1 [[0], [1], [2, 3]] : !h into tensor<1x8x8xf32>
  %y1 = bpt.attention ins(%q1, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %q2 = bpt.linear ins(%y1, %w : !h, !w) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%q2, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  return %y2, %v : !h, tensor<1x8x8xf32>
}

// -----

!h = tensor<1x8x2x4xf32>

// A norm is computed again, inside and outside, as in one function.
// CHECK-LABEL: func private @norms_layer(%arg0: tensor<1x8x2x4xf32>, %arg1: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
// CHECK:         %[[N:.*]] = bpt.rms_norm ins(%arg0 :
// CHECK:         %[[M:.*]] = bpt.rms_norm ins(%arg1 :
// CHECK:         %[[Y:.*]] = bpt.attention ins(%[[N]], %[[M]], %[[M]] :
// CHECK-NEXT:    return %[[Y]]
// CHECK-LABEL: func @norms(
// CHECK:         %[[A:.*]] = call @norms_layer(%arg1, %arg0)
// CHECK-NEXT:    %[[B:.*]] = call @norms_layer(%[[A]], %arg0)
// CHECK-NEXT:    %[[N:.*]] = bpt.rms_norm ins(%[[A]] :
// CHECK-NEXT:    return %[[B]], %[[N]]
func.func @norms(%memory: !h, %x: !h) -> (!h, !h) {
  %e = tensor.empty() : !h
  %m = bpt.rms_norm ins(%memory : !h) outs(%e : !h) {eps = 1.0e-5 : f32} -> !h
  %n1 = bpt.rms_norm ins(%x : !h) outs(%e : !h) {eps = 1.0e-6 : f32} -> !h
  %y1 = bpt.attention ins(%n1, %m, %m : !h, !h, !h) outs(%e : !h) -> !h
  %n2 = bpt.rms_norm ins(%y1 : !h) outs(%e : !h) {eps = 1.0e-6 : f32} -> !h
  %y2 = bpt.attention ins(%n2, %m, %m : !h, !h, !h) outs(%e : !h) -> !h
  return %y2, %n2 : !h, !h
}

// -----

!h = tensor<1x8x2x4xf32>

// A constant that differs is an argument.
// CHECK-LABEL: func private @constants_layer(%arg0: tensor<1x8x2x4xf32>, %arg1: tensor<1x1x8x8xf32>)
// CHECK-LABEL: func @constants(
// CHECK-DAG:     %[[A:.*]] = arith.constant dense<1.0
// CHECK-DAG:     %[[B:.*]] = arith.constant dense<2.0
// CHECK:         call @constants_layer(%arg0, %[[A]])
// CHECK:         call @constants_layer(%{{.*}}, %[[B]])
func.func @constants(%x: !h) -> !h {
  %e = tensor.empty() : !h
  %one = arith.constant dense<1.0> : tensor<1x1x8x8xf32>
  %two = arith.constant dense<2.0> : tensor<1x1x8x8xf32>
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) bias(%one : tensor<1x1x8x8xf32>) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) bias(%two : tensor<1x1x8x8xf32>) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// A slice would be copied to be passed.
// CHECK-LABEL: func @slices(
// CHECK-COUNT-2: bpt.attention
func.func @slices(%x: !h, %v: tensor<2x8x2x4xf32>) -> !h {
  %e = tensor.empty() : !h
  %v1 = tensor.extract_slice %v[0, 0, 0, 0] [1, 8, 2, 4] [1, 1, 1, 1] : tensor<2x8x2x4xf32> to !h
  %v2 = tensor.extract_slice %v[1, 0, 0, 0] [1, 8, 2, 4] [1, 1, 1, 1] : tensor<2x8x2x4xf32> to !h
  %y1 = bpt.attention ins(%x, %x, %v1 : !h, !h, !h) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %v2 : !h, !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// Calls of layers with something beside them.
// CHECK-LABEL: func private @calls_layer(%arg0: tensor<1x8x2x4xf32>)
// CHECK:         %[[Y:.*]] = call @attend(%arg0)
// CHECK:         linalg.add ins(%[[Y]], %arg0 :
// CHECK-LABEL: func @calls(
// CHECK-COUNT-2: call @calls_layer
func.func private @attend(%x: !h) -> !h {
  %e = tensor.empty() : !h
  %y = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  return %y : !h
}
func.func @calls(%x: !h) -> !h {
  %e = tensor.empty() : !h
  %a1 = call @attend(%x) : (!h) -> !h
  %y1 = linalg.add ins(%a1, %x : !h, !h) outs(%e : !h) -> !h
  %a2 = call @attend(%y1) : (!h) -> !h
  %y2 = linalg.add ins(%a2, %y1 : !h, !h) outs(%e : !h) -> !h
  return %y2 : !h
}
// CHECK-LABEL: func @calls_alone(
// CHECK-COUNT-2: call @attend
func.func @calls_alone(%x: !h) -> !h {
  %y1 = call @attend(%x) : (!h) -> !h
  %y2 = call @attend(%y1) : (!h) -> !h
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>
!m = memref<1x8x2x4xf32>

// What is updated in place is read and written in the function.
// CHECK-LABEL: func private @in_place_layer(%arg0: tensor<1x8x2x4xf32>, %arg1: memref<1x8x2x4xf32>)
// CHECK:         %[[Y:.*]] = bpt.attention
// CHECK-NEXT:    %[[OLD:.*]] = bufferization.to_tensor %arg1 restrict writable
// CHECK-NEXT:    %[[NEW:.*]] = linalg.add ins(%[[Y]], %arg0 : {{.*}}) outs(%[[OLD]]
// CHECK-NEXT:    bufferization.materialize_in_destination %[[NEW]] in restrict writable %arg1
// CHECK-NEXT:    return %[[Y]]
// CHECK-LABEL: func @in_place(
// CHECK-NEXT:    call @in_place_layer(%arg0, %arg1)
// CHECK-NEXT:    call @in_place_layer(%{{.*}}, %arg2)
// CHECK-NEXT:    return
func.func @in_place(%x: !h, %m1: !m, %m2: !m) -> !h {
  %o1 = bufferization.to_tensor %m1 restrict writable : !m to !h
  %o2 = bufferization.to_tensor %m2 restrict writable : !m to !h
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %n1 = linalg.add ins(%y1, %x : !h, !h) outs(%o1 : !h) -> !h
  bufferization.materialize_in_destination %n1 in restrict writable %m1 : (!h, !m) -> ()
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  %n2 = linalg.add ins(%y2, %y1 : !h, !h) outs(%o2 : !h) -> !h
  bufferization.materialize_in_destination %n2 in restrict writable %m2 : (!h, !m) -> ()
  return %y2 : !h
}

// -----

!h = tensor<1x8x2x4xf32>

// A buffer that a layer allocates would not outlive the function.
// CHECK-LABEL: func @buffers(
// CHECK-COUNT-2: bpt.attention
func.func @buffers(%x: !h) -> !h {
  %e = tensor.empty() : !h
  %y1 = bpt.attention ins(%x, %x, %x : !h, !h, !h) outs(%e : !h) -> !h
  %b1 = memref.alloca() : memref<4xf32>
  %y2 = bpt.attention ins(%y1, %y1, %y1 : !h, !h, !h) outs(%e : !h) -> !h
  %b2 = memref.alloca() : memref<4xf32>
  memref.copy %b1, %b2 : memref<4xf32> to memref<4xf32>
  return %y2 : !h
}

// -----

!h = tensor<1x?x2x4xf32>

// What fails at run time may be in any of the layers.
// PLACES-LABEL: func private @places_layer(
// PLACES:         cf.assert {{.*}}outline-repeats.mlir:[[@LINE+4]]:9: error: 'bpt.attention' op {{.*}}'value'{{.*}}; or of the same in line [[@LINE+5]], [[@LINE+6]]"
// PLACES-LABEL: func @places(
func.func @places(%x: !h, %v: !h) -> !h {
  %e = bpt.rms_norm ins(%x : !h) outs(%x : !h) {eps = 1.0e-5 : f32} -> !h
  %y1 = bpt.attention ins(%x, %x, %v : !h, !h, !h) outs(%e : !h) -> !h
  %y2 = bpt.attention ins(%y1, %y1, %v : !h, !h, !h) outs(%e : !h) -> !h
  %y3 = bpt.attention ins(%y2, %y2, %v : !h, !h, !h) outs(%e : !h) -> !h
  return %y3 : !h
}
