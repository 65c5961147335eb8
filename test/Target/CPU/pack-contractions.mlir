// RUN: bpt-opt %s --bpt-pack-contractions="panel-width=32" --canonicalize --split-input-file | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A weight's block inside a loop: the weight is packed once, before the loop.

// CHECK-LABEL: func @weight
// CHECK: %[[P:.+]] = linalg.pack %arg1 outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32] {{.*}} -> tensor<8x64x32xf32>
// CHECK: scf.for
// CHECK-NOT: linalg.pack
// CHECK:   tensor.extract_slice %[[P]][%{{.+}}, 0, 0] [2, 64, 32]
// CHECK:   linalg.contract {{.*}} tensor<16x64xf32>, tensor<2x64x32xf32>) outs(%{{.+}} : tensor<16x2x32xf32>)
func.func @weight(%a: tensor<16x64xf32>, %w: tensor<64x256xf32>, %c: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  %r = scf.for %n = %c0 to %c256 step %c64 iter_args(%acc = %c) -> (tensor<16x64xf32>) {
    %b = tensor.extract_slice %w[0, %n] [64, 64] [1, 1] : tensor<64x256xf32> to tensor<64x64xf32>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<16x64xf32>, tensor<64x64xf32>) outs(%acc : tensor<16x64xf32>) -> tensor<16x64xf32>
    scf.yield %p : tensor<16x64xf32>
  }
  return %r : tensor<16x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Keys are packed where they are used; 100 of them fill 4 panels of 32, beside
// the destination, with zeros behind.

// CHECK-LABEL: func @keys
// CHECK: linalg.pack %arg1 padding_value(%{{.+}} : f32) {{.*}}inner_dims_pos = [0] inner_tiles = [32] {{.*}} -> tensor<4x8x32xf32>
// CHECK: linalg.contract {{.*}} outs(%{{.+}} : tensor<16x4x32xf32>)
// CHECK: tensor.extract_slice %{{.+}}[0, 0] [16, 100] [1, 1] : tensor<16x128xf32> to tensor<16x100xf32>
func.func @keys(%q: tensor<16x8xf32>, %k: tensor<100x8xf32>) -> tensor<16x100xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<16x100xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<16x100xf32>) -> tensor<16x100xf32>
  %s = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%q, %k : tensor<16x8xf32>, tensor<100x8xf32>) outs(%z : tensor<16x100xf32>) -> tensor<16x100xf32>
  return %s : tensor<16x100xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Values whose rows are whole panels are read in place.

// CHECK-LABEL: func @values
// CHECK-NOT: linalg.pack
// CHECK: tensor.expand_shape %arg1 {{.*}} into tensor<128x2x32xf32>
// CHECK: linalg.contract
func.func @values(%p: tensor<16x128xf32>, %v: tensor<128x64xf32>, %acc: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %o = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%p, %v : tensor<16x128xf32>, tensor<128x64xf32>) outs(%acc : tensor<16x64xf32>) -> tensor<16x64xf32>
  return %o : tensor<16x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// bf16 is extended once, before the product.

// CHECK-LABEL: func @narrow
// CHECK-COUNT-2: arith.extf
// CHECK: linalg.contract {{.*}} tensor<16x8xf32>, {{.*}} outs(%{{.+}} : tensor<16x1x16xf32>)
func.func @narrow(%a: tensor<16x8xbf16>, %b: tensor<8x16xbf16>, %c: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %o = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<16x8xbf16>, tensor<8x16xbf16>) outs(%c : tensor<16x16xf32>) -> tensor<16x16xf32>
  return %o : tensor<16x16xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A block of a larger tensor is packed: its rows lie apart.

// CHECK-LABEL: func @values_of_a_head
// CHECK: linalg.pack %{{.*}} outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32] into %{{.*}} : tensor<128x64xf32> -> tensor<2x128x32xf32>
func.func @values_of_a_head(%p: tensor<16x128xf32>, %v: tensor<128x12x64xf32>, %acc: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %head = tensor.extract_slice %v[0, 3, 0] [128, 1, 64] [1, 1, 1] : tensor<128x12x64xf32> to tensor<128x64xf32>
  %o = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%p, %head : tensor<16x128xf32>, tensor<128x64xf32>) outs(%acc : tensor<16x64xf32>) -> tensor<16x64xf32>
  return %o : tensor<16x64xf32>
}

// -----

#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// The transposed left operand of a weight's gradient: packed once for all
// blocks of columns.

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d1)>
// CHECK-LABEL: func @weight_gradient
// CHECK: %[[PANELS:.*]] = linalg.pack %{{.*}} outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [8] into %{{.*}} : tensor<128x64xf32> -> tensor<8x128x8xf32>
// CHECK: scf.forall
// CHECK: linalg.contract indexing_maps = [#[[A]], {{.*}} ins(%[[PANELS]], {{.*}} -> tensor<8x8x2x32xf32>
func.func @weight_gradient(%x: tensor<512x64xf32>, %dy: tensor<512x256xf32>, %dw: tensor<64x256xf32>) -> tensor<64x256xf32> {
  %rows = tensor.extract_slice %x[128, 0] [128, 64] [1, 1] : tensor<512x64xf32> to tensor<128x64xf32>
  %r = scf.forall (%j) = (0) to (256) step (64) shared_outs(%out = %dw) -> (tensor<64x256xf32>) {
    %dyj = tensor.extract_slice %dy[128, %j] [128, 64] [1, 1] : tensor<512x256xf32> to tensor<128x64xf32>
    %dwj = tensor.extract_slice %out[0, %j] [64, 64] [1, 1] : tensor<64x256xf32> to tensor<64x64xf32>
    %c = linalg.contract indexing_maps = [#km, #kn, #mn] ins(%rows, %dyj : tensor<128x64xf32>, tensor<128x64xf32>) outs(%dwj : tensor<64x64xf32>) -> tensor<64x64xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %c into %out[0, %j] [64, 64] [1, 1] : tensor<64x64xf32> into tensor<64x256xf32>
    }
  }
  return %r : tensor<64x256xf32>
}

// -----

#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Of its own, it is read in place; so it is where panels would not fill.

// CHECK-LABEL: func @transposed
// CHECK-NOT: linalg.pack
// CHECK: linalg.contract
func.func @transposed(%p: tensor<128x16xf32>, %v: tensor<128x64xf32>, %acc: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %o = linalg.contract indexing_maps = [#km, #kn, #mn] ins(%p, %v : tensor<128x16xf32>, tensor<128x64xf32>) outs(%acc : tensor<16x64xf32>) -> tensor<16x64xf32>
  return %o : tensor<16x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Few rows read a weight once: a copy of it would take longer than the product.
// They widen what they read as they read it.

// CHECK-LABEL: func @few_rows
// CHECK-NOT: linalg.pack
// CHECK-NOT: arith.extf
// CHECK: %[[B:.+]] = tensor.expand_shape %{{.+}} {{.*}} tensor<64x64xbf16> into tensor<64x2x32xbf16>
// CHECK: linalg.contract {{.*}} ins(%{{.+}}, %[[B]] : tensor<8x64xf32>, tensor<64x2x32xbf16>)
func.func @few_rows(%a: tensor<8x64xf32>, %w: tensor<64x256xbf16>, %c: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  %r = scf.for %n = %c0 to %c256 step %c64 iter_args(%acc = %c) -> (tensor<8x64xf32>) {
    %b = tensor.extract_slice %w[0, %n] [64, 64] [1, 1] : tensor<64x256xbf16> to tensor<64x64xbf16>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<8x64xf32>, tensor<64x64xbf16>) outs(%acc : tensor<8x64xf32>) -> tensor<8x64xf32>
    scf.yield %p : tensor<8x64xf32>
  }
  return %r : tensor<8x64xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Keys of few rows are not transposed: the product stays what it is.

// CHECK-LABEL: func @few_rows_of_keys
// CHECK-NOT: linalg.pack
// CHECK: linalg.contract {{.*}} ins(%arg0, %arg1 : tensor<1x64xf32>, tensor<100x64xf32>)
func.func @few_rows_of_keys(%q: tensor<1x64xf32>, %k: tensor<100x64xf32>, %s: tensor<1x100xf32>) -> tensor<1x100xf32> {
  %r = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%q, %k : tensor<1x64xf32>, tensor<100x64xf32>) outs(%s : tensor<1x100xf32>) -> tensor<1x100xf32>
  return %r : tensor<1x100xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Keys that a loop over rows does not change are packed before it.

// CHECK-LABEL: func @keys_of_a_loop
// CHECK: %[[P:.+]] = linalg.pack
// CHECK: scf.for
// CHECK-NOT: linalg.pack
// CHECK: linalg.contract {{.*}} ins(%{{.+}}, %[[P]]
func.func @keys_of_a_loop(%q: tensor<64x8xf32>, %all: tensor<2x32x8xf32>, %out: tensor<64x32xf32>) -> tensor<64x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %k = tensor.extract_slice %all[1, 0, 0] [1, 32, 8] [1, 1, 1] : tensor<2x32x8xf32> to tensor<32x8xf32>
  %r = scf.for %i = %c0 to %c64 step %c16 iter_args(%o = %out) -> (tensor<64x32xf32>) {
    %a = tensor.extract_slice %q[%i, 0] [16, 8] [1, 1] : tensor<64x8xf32> to tensor<16x8xf32>
    %c = tensor.extract_slice %o[%i, 0] [16, 32] [1, 1] : tensor<64x32xf32> to tensor<16x32xf32>
    %p = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%a, %k : tensor<16x8xf32>, tensor<32x8xf32>) outs(%c : tensor<16x32xf32>) -> tensor<16x32xf32>
    %n = tensor.insert_slice %p into %o[%i, 0] [16, 32] [1, 1] : tensor<16x32xf32> into tensor<64x32xf32>
    scf.yield %n : tensor<64x32xf32>
  }
  return %r : tensor<64x32xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Sums that are not f32, or of whole numbers, stay as they are.

// CHECK-LABEL: func @others
// CHECK-NOT: linalg.pack
// CHECK: linalg.contract {{.*}} outs(%arg2 : tensor<16x40xf64>)
// CHECK: linalg.contract {{.*}} outs(%arg5 : tensor<16x40xi32>)
func.func @others(%a: tensor<16x8xf64>, %b: tensor<8x40xf64>, %c: tensor<16x40xf64>, %ia: tensor<16x8xi8>, %ib: tensor<8x40xi8>, %ic: tensor<16x40xi32>) -> (tensor<16x40xf64>, tensor<16x40xi32>) {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %b : tensor<16x8xf64>, tensor<8x40xf64>) outs(%c : tensor<16x40xf64>) -> tensor<16x40xf64>
  %s = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%ia, %ib : tensor<16x8xi8>, tensor<8x40xi8>) outs(%ic : tensor<16x40xi32>) -> tensor<16x40xi32>
  return %r, %s : tensor<16x40xf64>, tensor<16x40xi32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Of 100 columns, 96 are computed in place, and 4 beside, with half a panel.

// CHECK-LABEL: func @ragged
// CHECK: %[[P:.+]] = linalg.pack %arg1 padding_value
// CHECK: tensor.extract_slice %[[P]][0, 0, 0] [3, 64, 32]
// CHECK: %[[INSIDE:.+]] = tensor.extract_slice %arg2[0, 0] [16, 96]
// CHECK: %[[EXPANDED:.+]] = tensor.expand_shape %[[INSIDE]]
// CHECK: %[[FILL:.+]] = linalg.fill {{.*}} outs(%[[EXPANDED]]
// CHECK: linalg.contract {{.*}} outs(%[[FILL]] : tensor<16x3x32xf32>)
// CHECK: %[[WHOLE:.+]] = tensor.insert_slice
// CHECK: %[[LAST:.+]] = tensor.extract_slice %[[P]][3, 0, 0] [1, 64, 32]
// CHECK: %[[HALF:.+]] = tensor.extract_slice %[[LAST]][0, 0, 0] [1, 64, 16]
// CHECK: %[[REST:.+]] = tensor.extract_slice %[[WHOLE]][0, 96] [16, 4]
// CHECK: linalg.contract {{.*}} ins(%arg0, %[[HALF]] : {{.*}} tensor<16x1x16xf32>)
// CHECK: linalg.copy {{.*}} outs(%[[REST]] : tensor<16x4xf32>)
// CHECK: tensor.insert_slice
func.func @ragged(%a: tensor<16x64xf32>, %w: tensor<64x100xf32>, %y: tensor<16x100xf32>) -> tensor<16x100xf32> {
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%y : tensor<16x100xf32>) -> tensor<16x100xf32>
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<16x64xf32>, tensor<64x100xf32>) outs(%z : tensor<16x100xf32>) -> tensor<16x100xf32>
  return %r : tensor<16x100xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// 20 columns that are left take a whole panel.

// CHECK-LABEL: func @ragged_whole_panel
// CHECK: linalg.contract {{.*}} tensor<16x1x32xf32>)
// CHECK: linalg.contract {{.*}} tensor<16x1x32xf32>)
// CHECK-NOT: linalg.contract
func.func @ragged_whole_panel(%a: tensor<16x64xf32>, %w: tensor<64x52xf32>, %y: tensor<16x52xf32>) -> tensor<16x52xf32> {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<16x64xf32>, tensor<64x52xf32>) outs(%y : tensor<16x52xf32>) -> tensor<16x52xf32>
  return %r : tensor<16x52xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// What is filled is seen without its batch, of a size that is not known: both
// parts are filled on their own, and nothing is filled before.

// CHECK-LABEL: func @ragged_batch
// CHECK-NOT: linalg.fill
// CHECK: %[[C:.+]] = tensor.extract_slice %arg2[0, 0, 0]
// CHECK: %[[INSIDE:.+]] = tensor.extract_slice %[[C]][0, 0]
// CHECK: %[[EXPANDED:.+]] = tensor.expand_shape %[[INSIDE]]
// CHECK: linalg.fill {{.*}} outs(%[[EXPANDED]]
// CHECK: linalg.fill {{.*}} tensor<?x1x16xf32>
// CHECK-NOT: linalg.fill
// CHECK: tensor.insert_slice %{{.+}} into %arg2[0, 0, 0]
func.func @ragged_batch(%a: tensor<?x64xf32>, %w: tensor<64x100xf32>, %y: tensor<1x?x100xf32>) -> tensor<1x?x100xf32> {
  %zero = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %y, %c1 : tensor<1x?x100xf32>
  %z = linalg.fill ins(%zero : f32) outs(%y : tensor<1x?x100xf32>) -> tensor<1x?x100xf32>
  %c = tensor.extract_slice %z[0, 0, 0] [1, %rows, 100] [1, 1, 1] : tensor<1x?x100xf32> to tensor<?x100xf32>
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<?x64xf32>, tensor<64x100xf32>) outs(%c : tensor<?x100xf32>) -> tensor<?x100xf32>
  %s = tensor.insert_slice %r into %z[0, 0, 0] [1, %rows, 100] [1, 1, 1] : tensor<?x100xf32> into tensor<1x?x100xf32>
  return %s : tensor<1x?x100xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Of what is filled, the product is only a part.

// CHECK-LABEL: func @part_of_fill
// CHECK: %[[FILL:.+]] = linalg.fill {{.*}} outs(%arg2
// CHECK: tensor.insert_slice %{{.+}} into %[[FILL]]
func.func @part_of_fill(%a: tensor<8x64xf32>, %w: tensor<64x100xf32>, %y: tensor<1x16x100xf32>) -> tensor<1x16x100xf32> {
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%y : tensor<1x16x100xf32>) -> tensor<1x16x100xf32>
  %c = tensor.extract_slice %z[0, 0, 0] [1, 8, 100] [1, 1, 1] : tensor<1x16x100xf32> to tensor<8x100xf32>
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<8x64xf32>, tensor<64x100xf32>) outs(%c : tensor<8x100xf32>) -> tensor<8x100xf32>
  %s = tensor.insert_slice %r into %z[0, 0, 0] [1, 8, 100] [1, 1, 1] : tensor<8x100xf32> into tensor<1x16x100xf32>
  return %s : tensor<1x16x100xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// 2500 terms are summed in steps of 834, and 832 that are left.

// CHECK-LABEL: func @deep
// CHECK: %[[SUM:.+]] = scf.for %[[K:.+]] = %c0 to %c1668 step %c834 iter_args(%[[C:.+]] = %{{.+}}) -> (tensor<16x2x32xf32>)
// CHECK:   %[[A:.+]] = tensor.extract_slice %arg0[0, %[[K]]] [16, 834]
// CHECK:   %[[B:.+]] = tensor.extract_slice %{{.+}}[%[[K]], 0, 0] [834, 2, 32]
// CHECK:   linalg.contract {{.*}} ins(%[[A]], %[[B]] : {{.*}}) outs(%[[C]]
// CHECK: tensor.extract_slice %arg0[0, 1668] [16, 832]
// CHECK: linalg.contract {{.*}} outs(%[[SUM]]
func.func @deep(%a: tensor<16x2500xf32>, %w: tensor<2500x64xf32>, %c: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<16x2500xf32>, tensor<2500x64xf32>) outs(%c : tensor<16x64xf32>) -> tensor<16x64xf32>
  return %r : tensor<16x64xf32>
}

// Not so where the sums of very many rows, or of an unknown number, would be read and
// written again.

// CHECK-LABEL: func @tall
// CHECK-NOT: scf.for
// CHECK: linalg.contract {{.*}} ins(%arg0, %{{.+}} : tensor<?x2500xf32>
func.func @tall(%a: tensor<?x2500xf32>, %w: tensor<2500x64xf32>, %c: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %r = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %w : tensor<?x2500xf32>, tensor<2500x64xf32>) outs(%c : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %r : tensor<?x64xf32>
}
