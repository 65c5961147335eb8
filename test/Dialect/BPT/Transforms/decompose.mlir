// RUN: bpt-opt %s --bpt-decompose --canonicalize | FileCheck %s

// Nothing of the dialect is left, whatever was tiled before.

// CHECK-NOT: bpt.

// An untiled attention is the unfused computation, head by head.

// CHECK-LABEL: func @attention
// CHECK: scf.for
// CHECK:   %[[S:.+]] = linalg.contract {{.*}} outs(%{{.+}} : tensor<32x48xf32>)
// CHECK:   arith.maxnumf
// CHECK:   math.exp2
// CHECK:   linalg.contract {{.*}} outs(%{{.+}} : tensor<32x8xf32>)
func.func @attention(%q: tensor<1x32x2x8xf32>, %k: tensor<1x48x2x8xf32>) -> tensor<1x32x2x8xf32> {
  %e = tensor.empty() : tensor<1x32x2x8xf32>
  %o = bpt.attention ins(%q, %k, %k : tensor<1x32x2x8xf32>, tensor<1x48x2x8xf32>, tensor<1x48x2x8xf32>) outs(%e : tensor<1x32x2x8xf32>) -> tensor<1x32x2x8xf32>
  return %o : tensor<1x32x2x8xf32>
}

// The score region is inlined, on global positions.

// CHECK-LABEL: func @score
// CHECK-SAME: %[[POS:[a-z0-9]+]]: index
// CHECK: linalg.generic
// CHECK:   linalg.index 0
// CHECK:   arith.addi %{{.+}}, %[[POS]]
// CHECK:   math.tanh
func.func @score(%q: tensor<1x32x1x8xf32>, %pos: index) -> tensor<1x32x1x8xf32> {
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<1x32x1x8xf32>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x32x1x8xf32>, tensor<1x32x1x8xf32>, tensor<1x32x1x8xf32>) at(%c0, %pos, %c0) outs(%e : tensor<1x32x1x8xf32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %i64 = arith.index_cast %i : index to i64
    %f = arith.sitofp %i64 : i64 to f32
    %a = arith.addf %s, %f : f32
    %t = math.tanh %a : f32
    bpt.yield %t : f32
  } -> tensor<1x32x1x8xf32>
  return %o : tensor<1x32x1x8xf32>
}

// bf16 products are summed in f32 and rounded once.

// CHECK-LABEL: func @linear
// CHECK: arith.extf
// CHECK: linalg.contract {{.*}} ins(%{{.+}}, %{{.+}} : tensor<4x8xbf16>, tensor<8x6xbf16>) outs(%{{.+}} : tensor<4x6xf32>)
// CHECK: arith.truncf
func.func @linear(%x: tensor<1x4x8xbf16>, %w: tensor<8x6xbf16>, %e: tensor<1x4x6xbf16>) -> tensor<1x4x6xbf16> {
  %y = bpt.linear ins(%x, %w : tensor<1x4x8xbf16>, tensor<8x6xbf16>) outs(%e : tensor<1x4x6xbf16>) -> tensor<1x4x6xbf16>
  return %y : tensor<1x4x6xbf16>
}

// The logits of a block of the vocabulary at a time.

// CHECK-LABEL: func @loss
// CHECK: scf.for %{{.+}} = %c0 to %c1000 step %c256
// CHECK:   linalg.contract {{.*}} outs(%{{.+}} : tensor<4x?xf32>)
func.func @loss(%h: tensor<1x4x8xf32>, %w: tensor<8x1000xf32>, %y: tensor<1x4xi32>, %e: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x4x8xf32>, tensor<8x1000xf32>, tensor<1x4xi32>) outs(%e : tensor<1x4xf32>) {bpt.strategy = #bpt.strategy<vocab = 256>} -> tensor<1x4xf32>
  return %l : tensor<1x4xf32>
}

// Products of f8E4M3FN are sums for each block of 128 inputs, which are scaled
// and added: the scale of the row and block times that of the tensor.

// CHECK-LABEL: func @scales
// CHECK-SAME: %[[X:.*]]: tensor<1x4x200xf8E4M3FN>, %[[W:.*]]: tensor<6x200xf8E4M3FN>, %[[XS:.*]]: tensor<1x4x2xf32>, %[[WS:.*]]: tensor<f32>
// CHECK: scf.for %[[FIRST:.*]] = %c0 to %c200 step %c128 iter_args(%[[SUM:.*]] =
// CHECK-DAG: %[[NUMBER:.*]] = affine.apply {{.*}}(%[[FIRST]])
// CHECK-DAG: %[[SIZE:.*]] = affine.min {{.*}}(%[[FIRST]])
// CHECK:   %[[XK:.*]] = tensor.extract_slice %{{.*}}[0, %[[FIRST]]] [4, %[[SIZE]]]
// CHECK:   %[[WK:.*]] = tensor.extract_slice %[[W]][0, %[[FIRST]]] [6, %[[SIZE]]]
// CHECK:   %[[PRODUCT:.*]] = linalg.contract {{.*}} ins(%[[XK]], %[[WK]] : tensor<4x?xf8E4M3FN>, tensor<6x?xf8E4M3FN>)
// CHECK:   %[[ROWS:.*]] = tensor.extract_slice %[[XS]][0, 0, %[[NUMBER]]] [1, 4, 1] {{.*}} to tensor<4xf32>
// CHECK:   linalg.generic {{.*}} ins(%[[PRODUCT]], %[[ROWS]], %[[WS]] : tensor<4x6xf32>, tensor<4xf32>, tensor<f32>) outs(%[[SUM]] : tensor<4x6xf32>)
// CHECK:     %[[SCALE:.*]] = arith.mulf
// CHECK:     %[[SCALED:.*]] = arith.mulf %{{.*}}, %[[SCALE]]
// CHECK:     arith.addf %{{.*}}, %[[SCALED]]
func.func @scales(%x: tensor<1x4x200xf8E4M3FN>, %w: tensor<6x200xf8E4M3FN>, %xs: tensor<1x4x2xf32>, %ws: tensor<f32>,
                  %e: tensor<1x4x6xf32>) -> tensor<1x4x6xf32> {
  %y = bpt.linear ins(%x, %w : tensor<1x4x200xf8E4M3FN>, tensor<6x200xf8E4M3FN>) scales(%xs, %ws : tensor<1x4x2xf32>, tensor<f32>)
      outs(%e : tensor<1x4x6xf32>) {transposed, x_blocks = array<i64: 1, 1, 128>} -> tensor<1x4x6xf32>
  return %y : tensor<1x4x6xf32>
}

// With transposed values of f8E4M3FN, probabilities are of it too: times 256, or,
// if values have scales of their own, as much as makes the largest of a row 256.

// CHECK-LABEL: func @float8_probabilities
// CHECK: %[[P:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<4x16xf8E4M3FN>)
// CHECK:   arith.mulf %{{.*}}, %{{.*}} : f32
// CHECK:   arith.truncf %{{.*}} : f32 to f8E4M3FN
// CHECK: %[[PRODUCT:.*]] = linalg.contract {{.*}} ins(%[[P]], %{{.*}} : tensor<4x16xf8E4M3FN>, tensor<8x16xf8E4M3FN>)
// CHECK: linalg.generic {{.*}} ins(%[[PRODUCT]], %arg2 : tensor<4x8xf32>, tensor<f32>)
func.func @float8_probabilities(%q: tensor<1x4x1x8xf8E4M3FN>, %k: tensor<1x16x1x8xf8E4M3FN>, %s: tensor<f32>, %v: tensor<1x1x8x16xf8E4M3FN>,
                                %e: tensor<1x4x1x8xf32>) -> tensor<1x4x1x8xf32> {
  %o = bpt.attention ins(%q, %k, %v : tensor<1x4x1x8xf8E4M3FN>, tensor<1x16x1x8xf8E4M3FN>, tensor<1x1x8x16xf8E4M3FN>)
      scales(%s, %s, %s : tensor<f32>, tensor<f32>, tensor<f32>) outs(%e : tensor<1x4x1x8xf32>) {value_transposed} -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// CHECK-LABEL: func @float8_probabilities_of_scaled_values
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[LARGEST:.*]] : tensor<4x16xf32>, tensor<4xf32>) outs(%{{.*}} : tensor<4x16xf8E4M3FN>)
// CHECK:   arith.divf
// CHECK: %[[PRODUCT:.*]] = linalg.contract {{.*}} : tensor<4x16xf8E4M3FN>, tensor<8x16xf8E4M3FN>)
// CHECK: linalg.generic {{.*}} ins(%[[PRODUCT]], %[[LARGEST]] : tensor<4x8xf32>, tensor<4xf32>)
func.func @float8_probabilities_of_scaled_values(%q: tensor<1x4x1x8xf8E4M3FN>, %k: tensor<1x16x1x8xf8E4M3FN>, %s: tensor<f32>, %v: tensor<1x1x8x16xf8E4M3FN>,
                                                 %vs: tensor<1x1x1x16xf32>, %e: tensor<1x4x1x8xf32>) -> tensor<1x4x1x8xf32> {
  %o = bpt.attention ins(%q, %k, %v : tensor<1x4x1x8xf8E4M3FN>, tensor<1x16x1x8xf8E4M3FN>, tensor<1x1x8x16xf8E4M3FN>)
      scales(%s, %s, %vs : tensor<f32>, tensor<f32>, tensor<1x1x1x16xf32>) outs(%e : tensor<1x4x1x8xf32>)
      {value_transposed, value_blocks = array<i64: 1, 1, 0, 1>} -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// The heads of one row that share keys are the rows of one product. All rows have
// one position; an element's head is its row.

// CHECK-LABEL: func @grouped_row
// CHECK-SAME: %{{.+}}: index, %[[POS:[a-z0-9]+]]: index, %[[HEAD:[a-z0-9]+]]: index
// CHECK-NOT: scf.for
// CHECK: linalg.contract {{.*}} ins(%{{.+}}, %{{.+}} : tensor<4x8xf32>, tensor<48x8xf32>) outs(%{{.+}} : tensor<4x48xf32>)
// CHECK: linalg.generic
// CHECK:   %[[KEY:.+]] = linalg.index 1
// CHECK:   %[[ROW:.+]] = linalg.index 0
// CHECK:   arith.addi %[[ROW]], %[[HEAD]]
// CHECK:   arith.cmpi sle
// CHECK: linalg.contract {{.*}} outs(%{{.+}} : tensor<4x8xf32>)
func.func @grouped_row(%q: tensor<1x1x4x8xf32>, %k: tensor<1x48x1x8xf32>, %c0: index, %pos: index, %head: index) -> tensor<1x1x4x8xf32> {
  %e = tensor.empty() : tensor<1x1x4x8xf32>
  %o = bpt.attention ins(%q, %k, %k : tensor<1x1x4x8xf32>, tensor<1x48x1x8xf32>, tensor<1x48x1x8xf32>) at(%c0, %pos, %head) diagonal(%c0) outs(%e : tensor<1x1x4x8xf32>) {causal} score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %i64 = arith.index_cast %h : index to i64
    %f = arith.sitofp %i64 : i64 to f32
    %a = arith.addf %s, %f : f32
    bpt.yield %a : f32
  } -> tensor<1x1x4x8xf32>
  return %o : tensor<1x1x4x8xf32>
}
