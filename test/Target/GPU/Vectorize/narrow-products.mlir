// RUN: bpt-opt %s --bpt-narrow-products | FileCheck %s

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#id = affine_map<(i, j) -> (i, j)>

// The scale is applied to the product.
// CHECK-LABEL: func @scaled
// CHECK-SAME: %[[Q:.*]]: tensor<8x4xbf16>, %[[K:.*]]: tensor<6x4xbf16>
// CHECK: %[[ZERO:.*]] = linalg.fill
// CHECK: %[[QK:.*]] = linalg.contract {{.*}} ins(%[[Q]], %[[K]] : tensor<8x4xbf16>, tensor<6x4xbf16>) outs(%[[ZERO]] : tensor<8x6xf32>)
// CHECK: %[[S:.*]] = linalg.generic {{.*}} outs(%[[QK]] : tensor<8x6xf32>)
// CHECK:   arith.mulf %{{.*}}, %{{.*}} : f32
// CHECK: return %[[S]]
func.func @scaled(%q: tensor<8x4xbf16>, %k: tensor<6x4xbf16>) -> tensor<8x6xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<8x4xbf16>) outs(%e : tensor<8x4xf32>) {
    ^bb0(%in: bf16, %out: f32):
      %x = arith.extf %in : bf16 to f32
      %y = arith.mulf %x, %half : f32
      linalg.yield %y : f32
  } -> tensor<8x4xf32>
  %c = tensor.empty() : tensor<8x6xf32>
  %z = linalg.fill ins(%zero : f32) outs(%c : tensor<8x6xf32>) -> tensor<8x6xf32>
  %r = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%s, %k : tensor<8x4xf32>, tensor<6x4xbf16>) outs(%z : tensor<8x6xf32>) -> tensor<8x6xf32>
  return %r : tensor<8x6xf32>
}

// Anything else is rounded; so is a scaled operand where the product is added to
// something that the scale does not apply to.
// CHECK-LABEL: func @computed
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<8x6xf32>) outs(%{{.*}} : tensor<8x6xf16>)
// CHECK:   arith.truncf
// CHECK: linalg.contract {{.*}} ins(%[[P]], %arg1 : tensor<8x6xf16>, tensor<6x4xf16>) outs(%arg2 : tensor<8x4xf32>)
func.func @computed(%p: tensor<8x6xf32>, %v: tensor<6x4xf16>, %acc: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%p, %v : tensor<8x6xf32>, tensor<6x4xf16>) outs(%acc : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// Two scaled operands are multiplied as they are stored, and both factors are
// applied behind.
// CHECK-LABEL: func @both_scaled
// CHECK-SAME: %[[Q:.*]]: tensor<8x4xbf16>
// CHECK: %[[QK:.*]] = linalg.contract {{.*}} ins(%[[Q]], %[[Q]] : tensor<8x4xbf16>, tensor<8x4xbf16>)
// CHECK: linalg.generic {{.*}} outs(%[[QK]] : tensor<8x8xf32>)
// CHECK:   %[[ONCE:.*]] = arith.mulf
// CHECK:   arith.mulf %[[ONCE]], %{{.*}} : f32
func.func @both_scaled(%q: tensor<8x4xbf16>) -> tensor<8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<8x4xbf16>) outs(%e : tensor<8x4xf32>) {
    ^bb0(%in: bf16, %out: f32):
      %x = arith.extf %in : bf16 to f32
      %y = arith.mulf %x, %half : f32
      linalg.yield %y : f32
  } -> tensor<8x4xf32>
  %c = tensor.empty() : tensor<8x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%s, %s : tensor<8x4xf32>, tensor<8x4xf32>) outs(%z : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}

// What is only extended is multiplied as it is stored, whatever the product is
// added to.
// CHECK-LABEL: func @extended
// CHECK: linalg.contract {{.*}} ins(%arg0, %arg0 : tensor<8x4xbf16>, tensor<8x4xbf16>) outs(%arg1 : tensor<8x8xf32>)
func.func @extended(%q: tensor<8x4xbf16>, %acc: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<8x4xbf16>) outs(%e : tensor<8x4xf32>) {
    ^bb0(%in: bf16, %out: f32):
      %x = arith.extf %in : bf16 to f32
      linalg.yield %x : f32
  } -> tensor<8x4xf32>
  %r = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%s, %q : tensor<8x4xf32>, tensor<8x4xbf16>) outs(%acc : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}

// Where the product is added to something, what is computed takes the factor of
// what is stored, before it is rounded.
// CHECK-LABEL: func @factor_of_other
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<8x6xf32>) outs(%{{.*}} : tensor<8x6xbf16>)
// CHECK:   %[[SCALED:.*]] = arith.mulf
// CHECK:   arith.truncf %[[SCALED]]
// CHECK: linalg.contract {{.*}} ins(%[[P]], %arg1 : tensor<8x6xbf16>, tensor<6x4xbf16>) outs(%arg2 : tensor<8x4xf32>)
func.func @factor_of_other(%p: tensor<8x6xf32>, %v: tensor<6x4xbf16>, %acc: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<6x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%v : tensor<6x4xbf16>) outs(%e : tensor<6x4xf32>) {
    ^bb0(%in: bf16, %out: f32):
      %x = arith.extf %in : bf16 to f32
      %y = arith.mulf %x, %half : f32
      linalg.yield %y : f32
  } -> tensor<6x4xf32>
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%p, %s : tensor<8x6xf32>, tensor<6x4xf32>) outs(%acc : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// Two f32 operands stay as they are.
// CHECK-LABEL: func @wide
// CHECK-NEXT: linalg.contract {{.*}} ins(%arg0, %arg1 : tensor<8x6xf32>, tensor<6x4xf32>)
func.func @wide(%p: tensor<8x6xf32>, %v: tensor<6x4xf32>, %acc: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%p, %v : tensor<8x6xf32>, tensor<6x4xf32>) outs(%acc : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// Scores of f8E4M3FN are scaled behind their product, too.
// CHECK-LABEL: func @float8
// CHECK-SAME: %[[Q:.*]]: tensor<8x4xf8E4M3FN>, %[[K:.*]]: tensor<6x4xf8E4M3FN>
// CHECK: %[[T:.*]] = linalg.contract {{.*}} ins(%[[Q]], %[[K]] : tensor<8x4xf8E4M3FN>, tensor<6x4xf8E4M3FN>)
// CHECK: linalg.generic {{.*}} outs(%[[T]] : tensor<8x6xf32>)
func.func @float8(%q: tensor<8x4xf8E4M3FN>, %k: tensor<6x4xf8E4M3FN>) -> tensor<8x6xf32> {
  %half = arith.constant 0.5 : f32
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<8x4xf8E4M3FN>) outs(%e : tensor<8x4xf32>) {
    ^bb0(%in: f8E4M3FN, %out: f32):
      %x = arith.extf %in : f8E4M3FN to f32
      %y = arith.mulf %x, %half : f32
      linalg.yield %y : f32
  } -> tensor<8x4xf32>
  %f = tensor.empty() : tensor<8x6xf32>
  %z = linalg.fill ins(%zero : f32) outs(%f : tensor<8x6xf32>) -> tensor<8x6xf32>
  %r = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%s, %k : tensor<8x4xf32>, tensor<6x4xf8E4M3FN>) outs(%z : tensor<8x6xf32>) -> tensor<8x6xf32>
  return %r : tensor<8x6xf32>
}

// Nothing is rounded to it.
// CHECK-LABEL: func @not_to_float8
// CHECK-NEXT: linalg.contract {{.*}} ins(%arg0, %arg1 : tensor<8x6xf32>, tensor<6x4xf8E4M3FN>)
func.func @not_to_float8(%p: tensor<8x6xf32>, %v: tensor<6x4xf8E4M3FN>, %acc: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%p, %v : tensor<8x6xf32>, tensor<6x4xf8E4M3FN>) outs(%acc : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}
