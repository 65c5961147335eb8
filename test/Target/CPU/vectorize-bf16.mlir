// RUN: bpt-opt %s --bpt-vectorize-contractions=bf16-dot --bpt-vectorize-tiles --canonicalize --split-input-file | FileCheck %s
// RUN: bpt-opt %s --bpt-vectorize-contractions --split-input-file --remarks-filter="bpt-cpu.*" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#a = affine_map<(i, no, ni, k, p) -> (i, k, p)>
#b = affine_map<(i, no, ni, k, p) -> (no, k, ni, p)>
#c = affine_map<(i, no, ni, k, p) -> (i, no, ni)>

// Two terms a step: a pair of A, broadcast as 32 bits, times pairs of 16 columns.

// CHECK-LABEL: func @pairs
// CHECK: scf.for
// CHECK: scf.for %[[I:.*]] = %c0 to %c16 step %c8
// CHECK: scf.for %[[K:.*]] = %c0 to %c24 step %c1 iter_args({{.*}}) -> ({{(vector<16xf32>, )+}}vector<16xf32>)
// CHECK: %[[B0:.*]] = vector.load %arg1[%{{.*}}, %[[K]], %c0, %c0] : memref<3x24x32x2xbf16>, vector<32xbf16>
// CHECK: %[[B1:.*]] = vector.load %arg1[%{{.*}}, %[[K]], %c16, %c0] : memref<3x24x32x2xbf16>, vector<32xbf16>
// CHECK: %[[PAIR:.*]] = vector.load %arg0[%[[I]], %[[K]], %c0] : memref<16x24x2xbf16>, vector<2xbf16>
// CHECK: %[[CAST:.*]] = vector.bitcast %[[PAIR]] : vector<2xbf16> to vector<1xi32>
// CHECK: %[[BITS:.*]] = vector.extract %[[CAST]][0]
// CHECK: %[[ALL:.*]] = vector.broadcast %[[BITS]] : i32 to vector<16xi32>
// CHECK: %[[ROW:.*]] = vector.bitcast %[[ALL]] : vector<16xi32> to vector<32xbf16>
// CHECK: x86vector.avx512.dot %{{.*}}, %[[ROW]], %[[B0]] : vector<32xbf16> -> vector<16xf32>
// CHECK: x86vector.avx512.dot %{{.*}}, %[[ROW]], %[[B1]] : vector<32xbf16> -> vector<16xf32>
// CHECK-COUNT-14: x86vector.avx512.dot
// CHECK-NOT: x86vector.avx512.dot
// A host without dot products of pairs does not take them for columns.
// REMARK: contraction left to the generic path: no operand is contiguous along the result's columns
func.func @pairs(%a: memref<16x24x2xbf16>, %b: memref<3x24x32x2xbf16>, %c: memref<16x3x32xf32>) {
  linalg.contract indexing_maps = [#a, #b, #c] ins(%a, %b : memref<16x24x2xbf16>, memref<3x24x32x2xbf16>) outs(%c : memref<16x3x32xf32>)
  return
}

// -----

#a = affine_map<(io, i, no, ni, k, p) -> (io, k, i, p)>
#b = affine_map<(io, i, no, ni, k, p) -> (no, k, ni, p)>
#c = affine_map<(io, i, no, ni, k, p) -> (io, i, no, ni)>

// Panels of A as well, and one vector of columns.

// CHECK-LABEL: func @panels
// CHECK-COUNT-8: x86vector.avx512.dot
// CHECK-NOT: x86vector.avx512.dot
func.func @panels(%a: memref<2x24x8x2xbf16>, %b: memref<1x24x16x2xbf16>, %c: memref<2x8x1x16xf32>) {
  linalg.contract indexing_maps = [#a, #b, #c] ins(%a, %b : memref<2x24x8x2xbf16>, memref<1x24x16x2xbf16>) outs(%c : memref<2x8x1x16xf32>)
  return
}

// -----

#rows = affine_map<(k, n, p) -> (k, p, n)>
#id = affine_map<(k, n, p) -> (k, n, p)>

// Rows alternate.

// CHECK-LABEL: func @interleave
// CHECK: scf.for %[[K:.*]] = %c0 to %c24 step %c1
// CHECK: scf.for %[[N:.*]] = %c0 to %c32 step %c16
// CHECK: %[[EVEN:.*]] = vector.load %arg0[%[[K]], %c0, %[[N]]]
// CHECK: %[[ODD:.*]] = vector.load %arg0[%[[K]], %c1, %[[N]]]
// CHECK: %[[BOTH:.*]] = vector.interleave %[[EVEN]], %[[ODD]] : vector<16xbf16> -> vector<32xbf16>
// CHECK: vector.store %[[BOTH]], %arg1[%[[K]], %[[N]], %c0]
func.func @interleave(%a: memref<24x2x32xbf16, strided<[256, 128, 1]>>, %b: memref<24x32x2xbf16>) {
  linalg.generic {indexing_maps = [#rows, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%a : memref<24x2x32xbf16, strided<[256, 128, 1]>>) outs(%b : memref<24x32x2xbf16>) {
  ^bb0(%x: bf16, %o: bf16):
    linalg.yield %x : bf16
  }
  return
}

// -----

#keys = affine_map<(k, n, p) -> (n, k, p)>
#id = affine_map<(k, n, p) -> (k, n, p)>

// Pairs are transposed as 32 bits; at the edges one by one.

// CHECK-LABEL: func @pairs_transposed
// CHECK: scf.for %{{.*}} = %c0 to %c32 step %c8
// CHECK-COUNT-8: vector.load %{{.*}} vector<16xbf16>
// CHECK-COUNT-8: vector.bitcast %{{.*}} : vector<16xbf16> to vector<8xi32>
// CHECK-COUNT-24: vector.shuffle
// CHECK-COUNT-8: vector.bitcast %{{.*}} : vector<8xi32> to vector<16xbf16>
// CHECK-COUNT-8: vector.store
// CHECK-COUNT-2: memref.store
func.func @pairs_transposed(%a: memref<37x11x2xbf16>, %b: memref<11x37x2xbf16>) {
  linalg.generic {indexing_maps = [#keys, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%a : memref<37x11x2xbf16>) outs(%b : memref<11x37x2xbf16>) {
  ^bb0(%x: bf16, %o: bf16):
    linalg.yield %x : bf16
  }
  return
}
