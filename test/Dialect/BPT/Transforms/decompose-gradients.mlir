// RUN: bpt-opt %s --bpt-decompose --canonicalize | FileCheck %s

// Of the gradients of keys and values, scores lie by key, so that the second
// products multiply them as they are.

// CHECK-DAG: #[[MK:.+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[NK:.+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[MN:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[KN:.+]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-LABEL: func @gradients_of_keys
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x32x1x8xf32>, %[[K:[a-z0-9]+]]: tensor<1x48x1x8xf32>
// CHECK: linalg.contract indexing_maps = [#[[MK]], #[[NK]], #[[MN]]] ins(%{{.+}}, %{{.+}} : tensor<48x8xf32>, tensor<32x8xf32>) outs(%{{.+}} : tensor<48x32xf32>)
// CHECK: linalg.contract indexing_maps = [#[[MK]], #[[NK]], #[[MN]]] {{.*}} outs(%{{.+}} : tensor<48x32xf32>)
// CHECK: math.log2
// CHECK: math.exp2
// CHECK: linalg.contract indexing_maps = [#[[MK]], #[[KN]], #[[MN]]] ins(%{{.+}}, %{{.+}} : tensor<48x32xf32>, tensor<32x8xf32>) outs(%{{.+}} : tensor<48x8xf32>)
// CHECK: linalg.contract indexing_maps = [#[[MK]], #[[KN]], #[[MN]]] ins(%{{.+}}, %{{.+}} : tensor<48x32xf32>, tensor<32x8xf32>) outs(%{{.+}} : tensor<48x8xf32>)
func.func @gradients_of_keys(%q: tensor<1x32x1x8xf32>, %k: tensor<1x48x1x8xf32>, %r: tensor<1x32x1xf32>) -> (tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>) {
  %d:2 = bpt.attention_backward ins(%q, %k, %k : tensor<1x32x1x8xf32>, tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>)
      statistics(%r, %r : tensor<1x32x1xf32>, tensor<1x32x1xf32>)
      cotangent(%q, %r : tensor<1x32x1x8xf32>, tensor<1x32x1xf32>)
      outs(%k, %k : tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>)
      {gradients = #bpt.attention_gradients<key_value>} -> tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>
  return %d#0, %d#1 : tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>
}

// Of keys alone, the probabilities are no operand; of values alone, their
// gradients are not computed.

// CHECK-LABEL: func @gradient_of_keys
// CHECK-COUNT-3: linalg.contract
// CHECK-NOT: linalg.contract
func.func @gradient_of_keys(%q: tensor<1x32x1x8xf32>, %k: tensor<1x48x1x8xf32>, %r: tensor<1x32x1xf32>) -> tensor<1x48x1x8xf32> {
  %d = bpt.attention_backward ins(%q, %k, %k : tensor<1x32x1x8xf32>, tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>)
      statistics(%r, %r : tensor<1x32x1xf32>, tensor<1x32x1xf32>)
      cotangent(%q, %r : tensor<1x32x1x8xf32>, tensor<1x32x1xf32>)
      outs(%k : tensor<1x48x1x8xf32>) {gradients = #bpt.attention_gradients<key>} -> tensor<1x48x1x8xf32>
  return %d : tensor<1x48x1x8xf32>
}

// CHECK-LABEL: func @gradient_of_values
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x32x1x8xf32>, %[[K:[a-z0-9]+]]: tensor<1x48x1x8xf32>
// CHECK: linalg.contract {{.*}} outs(%{{.+}} : tensor<48x32xf32>)
// CHECK: math.exp2
// CHECK: linalg.contract {{.*}} outs(%{{.+}} : tensor<48x8xf32>)
// CHECK-NOT: linalg.contract
func.func @gradient_of_values(%q: tensor<1x32x1x8xf32>, %k: tensor<1x48x1x8xf32>, %r: tensor<1x32x1xf32>) -> tensor<1x48x1x8xf32> {
  %d = bpt.attention_backward ins(%q, %k, %k : tensor<1x32x1x8xf32>, tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>)
      statistics(%r, %r : tensor<1x32x1xf32>, tensor<1x32x1xf32>)
      cotangent(%q, %r : tensor<1x32x1x8xf32>, tensor<1x32x1xf32>)
      outs(%k : tensor<1x48x1x8xf32>) {gradients = #bpt.attention_gradients<value>} -> tensor<1x48x1x8xf32>
  return %d : tensor<1x48x1x8xf32>
}
