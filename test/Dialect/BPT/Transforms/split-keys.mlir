// RUN: bpt-opt %s --transform-interpreter --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s

// Each part reduces 25 of the 100 keys at their global position, from a state of
// its own; the states are stacked and then merged.
// CHECK-LABEL: func @parts
// CHECK-SAME: %[[Q:.*]]: tensor<1x4x1x16xf32>, %[[K:.*]]: tensor<1x100x1x16xf32>, %[[ACC:.*]]: tensor<1x4x1x16xf32>, %[[M:.*]]: tensor<1x4x1xf32>, %[[L:.*]]: tensor<1x4x1xf32>
// CHECK-DAG: %[[LOWEST:.*]] = arith.constant -3.40282347E+38
// CHECK-DAG: linalg.fill ins(%[[LOWEST]] : f32) outs(%{{.*}} : tensor<4x1x4x1xf32>)
// CHECK: %[[STATES:.*]]:3 = scf.forall (%[[P:.*]]) in (4) shared_outs(%[[ACCS:.*]] = %{{.*}}, %[[MS:.*]] = %{{.*}}, %[[LS:.*]] = %{{.*}}) -> (tensor<4x1x4x1x16xf32>, tensor<4x1x4x1xf32>, tensor<4x1x4x1xf32>)
// CHECK-DAG: %[[AT:.*]] = affine.apply {{.*}}(%[[P]])
// CHECK-DAG: %[[PART:.*]] = tensor.extract_slice %[[ACCS]][%[[P]], 0, 0, 0, 0] [1, 1, 4, 1, 16]
// CHECK-DAG: %[[KEYS:.*]] = tensor.extract_slice %[[K]][0, %[[AT]], 0, 0] [1, 25, 1, 16]
// CHECK: bpt.online_attention ins(%[[Q]], %[[KEYS]], %[[KEYS]] : {{.*}}) at(%c0, %c0, %c0, %[[AT]]) diagonal(%c96) outs(%[[PART]],
// CHECK: tensor.parallel_insert_slice %{{.*}} into %[[ACCS]][%[[P]], 0, 0, 0, 0] [1, 1, 4, 1, 16]
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[STATES]]#1 : {{.*}}) outs(%[[M]] :
// CHECK: arith.maximumf
// CHECK: linalg.generic {{.*}} ins(%[[L]], %[[M]], %[[MAX]] :
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[STATES]]#2, %[[STATES]]#1, %[[MAX]] :
// CHECK: %[[SCALED:.*]] = linalg.generic {{.*}} ins(%[[ACC]], %[[M]], %[[MAX]] :
// CHECK: %[[RESULT:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[STATES]]#0, %[[STATES]]#1, %[[MAX]] : {{.*}}) outs(%[[SCALED]] :
// CHECK: return %[[RESULT]], %[[MAX]], %[[SUM]]
func.func @parts(%q: tensor<1x4x1x16xf32>, %k: tensor<1x100x1x16xf32>, %acc: tensor<1x4x1x16xf32>, %m: tensor<1x4x1xf32>, %l: tensor<1x4x1xf32>)
    -> (tensor<1x4x1x16xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>) {
  %c0 = arith.constant 0 : index
  %c96 = arith.constant 96 : index
  %r:3 = bpt.online_attention ins(%q, %k, %k : tensor<1x4x1x16xf32>, tensor<1x100x1x16xf32>, tensor<1x100x1x16xf32>)
      at(%c0, %c0, %c0, %c0) diagonal(%c96) outs(%acc, %m, %l : tensor<1x4x1x16xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>)
      {causal} -> tensor<1x4x1x16xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>
  return %r#0, %r#1, %r#2 : tensor<1x4x1x16xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.online_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %part, %loop = transform.bpt.split_keys %op parts = 4 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @not_online(%x: tensor<1x7x16xf32>) -> tensor<1x7x16xf32> {
  // expected-note @below {{target is 'bpt.rms_norm'}}
  %n = bpt.rms_norm ins(%x : tensor<1x7x16xf32>) outs(%x : tensor<1x7x16xf32>) {eps = 1.0e-5 : f32} -> tensor<1x7x16xf32>
  return %n : tensor<1x7x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.rms_norm"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{applies to 'bpt.online_attention' only}}
    %part, %loop = transform.bpt.split_keys %op parts = 4 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Upstream's tiling into parts for every key is refused: the state is one for
// all keys of a part.
func.func @parts_of_keys(%q: tensor<1x4x1x16xf32>, %acc: tensor<1x4x1x16xf32>, %m: tensor<1x4x1xf32>) -> tensor<1x4x1x16xf32> {
  // expected-error @below {{keeps one state for each part of the keys, not one for each key; split them over parallel parts}}
  // expected-error @below {{to tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %r:3 = bpt.online_attention ins(%q, %q, %q : tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>)
      outs(%acc, %m, %m : tensor<1x4x1x16xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>) -> tensor<1x4x1x16xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>
  return %r#0 : tensor<1x4x1x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["bpt.online_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{failed to tile using partial reduction}}
    %a:3, %b, %c:3, %d = transform.structured.tile_reduction_using_for %op by tile_sizes = [0, 0, 0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
