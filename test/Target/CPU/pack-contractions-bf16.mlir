// RUN: bpt-opt %s --bpt-pack-contractions="panel-width=32 bf16-dot" --canonicalize --split-input-file | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A weight's block inside a loop: the weight is packed once, in pairs of rows; a
// block of it is a block of its panels; A is seen in pairs.

// CHECK: #[[A:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d4)>
// CHECK: #[[B:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d2, d4)>
// CHECK: #[[C:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// CHECK-LABEL: func @weight
// CHECK: %[[P:.+]] = linalg.pack %arg1 outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [32, 2] {{.*}} -> tensor<8x64x32x2xbf16>
// CHECK: scf.for
// CHECK:   %[[PAIRS:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0], [1, 2]] output_shape [16, 16, 2]
// CHECK:   tensor.extract_slice %[[P]][0, %{{.+}}, 0, 0] [8, 16, 32, 2]
// CHECK:   linalg.contract indexing_maps = [#[[A]], #[[B]], #[[C]]] ins(%[[PAIRS]], %{{.+}} : tensor<16x16x2xbf16>, tensor<8x16x32x2xbf16>) outs(%{{.+}} : tensor<16x8x32xf32>)
func.func @weight(%a: tensor<16x128xbf16>, %w: tensor<128x256xbf16>, %c: tensor<16x256xf32>) -> tensor<16x256xf32> {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c128 = arith.constant 128 : index
  %r = scf.for %k = %c0 to %c128 step %c32 iter_args(%acc = %c) -> (tensor<16x256xf32>) {
    %as = tensor.extract_slice %a[0, %k] [16, 32] [1, 1] : tensor<16x128xbf16> to tensor<16x32xbf16>
    %b = tensor.extract_slice %w[%k, 0] [32, 256] [1, 1] : tensor<128x256xbf16> to tensor<32x256xbf16>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %b : tensor<16x32xbf16>, tensor<32x256xbf16>) outs(%acc : tensor<16x256xf32>) -> tensor<16x256xf32>
    scf.yield %p : tensor<16x256xf32>
  }
  return %r : tensor<16x256xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A block that may begin or end inside of a pair is packed by itself.

// CHECK-LABEL: func @odd_block
// CHECK: scf.for
// CHECK:   linalg.pack %{{.+}} padding_value(%{{.+}} : bf16) {{.*}} inner_tiles = [32, 2] {{.*}} : tensor<3x64xbf16> -> tensor<2x2x32x2xbf16>
func.func @odd_block(%a: tensor<16x3xbf16>, %w: tensor<128x64xbf16>, %c: tensor<16x64xf32>, %n: index) -> tensor<16x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %c) -> (tensor<16x64xf32>) {
    %b = tensor.extract_slice %w[%k, 0] [3, 64] [1, 1] : tensor<128x64xbf16> to tensor<3x64xbf16>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<16x3xbf16>, tensor<3x64xbf16>) outs(%acc : tensor<16x64xf32>) -> tensor<16x64xf32>
    scf.yield %p : tensor<16x64xf32>
  }
  return %r : tensor<16x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Keys lie in pairs as they are.

// CHECK-LABEL: func @keys
// CHECK: linalg.pack %arg1 inner_dims_pos = [0, 1] inner_tiles = [32, 2] {{.*}} : tensor<64x8xbf16> -> tensor<2x4x32x2xbf16>
func.func @keys(%q: tensor<16x8xbf16>, %k: tensor<64x8xbf16>, %c: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %p = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%q, %k : tensor<16x8xbf16>, tensor<64x8xbf16>) outs(%c : tensor<16x64xf32>) -> tensor<16x64xf32>
  return %p : tensor<16x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Probabilities are rounded; of an odd number, the last pair has a zero.

// CHECK-LABEL: func @rounded
// CHECK-DAG: %[[ZERO:.+]] = arith.constant 0.000000e+00 : bf16
// CHECK: %[[EMPTY:.+]] = tensor.empty() : tensor<16x102xbf16>
// CHECK: %[[FILL:.+]] = linalg.fill ins(%[[ZERO]] : bf16) outs(%[[EMPTY]]
// CHECK: %[[INSIDE:.+]] = tensor.extract_slice %[[FILL]][0, 0] [16, 101]
// CHECK: %[[ROUNDED:.+]] = linalg.generic {{.*}} ins(%arg0 : tensor<16x101xf32>) outs(%[[INSIDE]]
// CHECK: arith.truncf
// CHECK: %[[PADDED:.+]] = tensor.insert_slice %[[ROUNDED]] into %[[FILL]]
// CHECK: tensor.expand_shape %[[PADDED]] {{.*}} output_shape [16, 51, 2]
// CHECK: linalg.pack %arg1 padding_value(%[[ZERO]] : bf16)
func.func @rounded(%p: tensor<16x101xf32>, %v: tensor<101x32xbf16>, %c: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%p, %v : tensor<16x101xf32>, tensor<101x32xbf16>) outs(%c : tensor<16x32xf32>) -> tensor<16x32xf32>
  return %r : tensor<16x32xf32>
}

// -----

#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A transposed A is packed in pairs where it is packed at all, before B, as they are
// read; a whole one is extended.

// CHECK-LABEL: func @transposed
// CHECK: linalg.pack %{{.+}} outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [8, 2] {{.*}} : tensor<64x16xbf16> -> tensor<2x32x8x2xbf16>
// CHECK: linalg.pack %arg2 {{.*}} : tensor<64x32xbf16> -> tensor<1x32x32x2xbf16>
// CHECK: linalg.contract {{.*}} tensor<2x32x8x2xbf16>, tensor<1x32x32x2xbf16>)
// CHECK: linalg.contract {{.*}} tensor<64x16xf32>, tensor<64x1x32xf32>)
func.func @transposed(%x: tensor<64x128xbf16>, %whole: tensor<64x16xbf16>, %dy: tensor<64x32xbf16>, %c: tensor<16x32xf32>, %i: index) -> (tensor<16x32xf32>, tensor<16x32xf32>) {
  %a = tensor.extract_slice %x[0, %i] [64, 16] [1, 1] : tensor<64x128xbf16> to tensor<64x16xbf16>
  %r = linalg.contract indexing_maps = [#km, #kn, #mn] ins(%a, %dy : tensor<64x16xbf16>, tensor<64x32xbf16>) outs(%c : tensor<16x32xf32>) -> tensor<16x32xf32>
  %s = linalg.contract indexing_maps = [#km, #kn, #mn] ins(%whole, %dy : tensor<64x16xbf16>, tensor<64x32xbf16>) outs(%c : tensor<16x32xf32>) -> tensor<16x32xf32>
  return %r, %s : tensor<16x32xf32>, tensor<16x32xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Few rows read B as it lies, f16 and f32 are not multiplied in pairs.

// CHECK-LABEL: func @others
// CHECK-NOT: linalg.pack
// CHECK: linalg.contract {{.*}} tensor<4x16xf32>, tensor<16x1x32xbf16>)
// CHECK: linalg.contract {{.*}} tensor<16x16xf32>, tensor<16x1x32xf32>)
// CHECK: linalg.contract {{.*}} tensor<16x16xf32>, tensor<16x1x32xf32>)
func.func @others(%few: tensor<4x16xbf16>, %b: tensor<16x32xbf16>, %c: tensor<4x32xf32>,
                  %ha: tensor<16x16xf16>, %hb: tensor<16x32xf16>, %a: tensor<16x16xf32>, %w: tensor<16x32xf32>, %d: tensor<16x32xf32>) -> (tensor<4x32xf32>, tensor<16x32xf32>, tensor<16x32xf32>) {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%few, %b : tensor<4x16xbf16>, tensor<16x32xbf16>) outs(%c : tensor<4x32xf32>) -> tensor<4x32xf32>
  %s = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%ha, %hb : tensor<16x16xf16>, tensor<16x32xf16>) outs(%d : tensor<16x32xf32>) -> tensor<16x32xf32>
  %t = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<16x16xf32>, tensor<16x32xf32>) outs(%d : tensor<16x32xf32>) -> tensor<16x32xf32>
  return %r, %s, %t : tensor<4x32xf32>, tensor<16x32xf32>, tensor<16x32xf32>
}
