// RUN: bpt-opt %s --bpt-bind-arguments=arguments=1,2 --split-input-file | FileCheck %s

// Panels are made when the weight is bound; the bias is read as it is, and the
// weight not at all. Arguments keep their attributes.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[X:.*]]: tensor<8x48xf32> {bpt.name = "x"}, %[[LAST:.*]]: tensor<8xf32>,
// CHECK-SAME:     %[[BIAS:.*]]: tensor<64xf32> {bpt.name = "b"}, %[[PANELS:.*]]: tensor<2x48x32xf32>)
// CHECK-SAME:    -> (tensor<64xf32> {bpt.name = "y"}, tensor<2x48x32xf32>, tensor<8xf32>)
// CHECK-SAME:    attributes {bpt.binding = {arguments = array<i64: 1>, function = @main_bind}}
// CHECK-NOT:     linalg.pack
// CHECK:         return %[[BIAS]], %[[PANELS]], %[[LAST]]
// CHECK-LABEL: func.func @main_bind
// CHECK-SAME:    (%[[W:.*]]: tensor<48x64xf32> {bpt.name = "w"}, %{{.*}}: tensor<64xf32> {bpt.name = "b"})
// CHECK-SAME:    -> tensor<2x48x32xf32> {
// CHECK-NEXT:    %[[EMPTY:.*]] = tensor.empty()
// CHECK-NEXT:    %[[PACK:.*]] = linalg.pack %[[W]] {{.*}} into %[[EMPTY]]
// CHECK-NEXT:    return %[[PACK]]
func.func @main(%x: tensor<8x48xf32> {bpt.name = "x"}, %w: tensor<48x64xf32> {bpt.name = "w"},
                %b: tensor<64xf32> {bpt.name = "b"}, %last: tensor<8xf32>)
    -> (tensor<64xf32> {bpt.name = "y"}, tensor<2x48x32xf32>, tensor<8xf32>)
    attributes {bpt.signature = {}} {
  %e = tensor.empty() : tensor<2x48x32xf32>
  %p = linalg.pack %w outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32]
    into %e : tensor<48x64xf32> -> tensor<2x48x32xf32>
  return %b, %p, %last : tensor<64xf32>, tensor<2x48x32xf32>, tensor<8xf32>
}

// -----

// Of a chain the last is kept, also where only a loop reads it; a loop moves as
// anything else. Views and sizes are made by whoever needs them, of dynamic
// sizes too; a check of a bound argument alone is made when it is bound.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[X:.*]]: tensor<?xf32>, %[[V:[a-z0-9]+]]: tensor<?xbf16>, %[[WIDE:.*]]: tensor<?xf32>, %[[SUMS:.*]]: tensor<?xf32>)
// CHECK-SAME:    arguments = array<i64: 1>
// CHECK-NOT:     cf.assert
// CHECK:         %[[DIM:.*]] = tensor.dim %[[V]]
// CHECK-NOT:     linalg.generic
// CHECK-NOT:     cf.assert
// CHECK:         tensor.cast %[[SUMS]]
// CHECK:         scf.for
// CHECK:           tensor.extract_slice %[[WIDE]]
// CHECK:           linalg.add
// CHECK-LABEL: func.func @main_bind
// CHECK-SAME:    (%[[U:.*]]: tensor<?xbf16>, %[[V:.*]]: tensor<?xbf16>) -> (tensor<?xf32>, tensor<?xf32>)
// CHECK:         cf.assert {{.*}}, "sizes differ"
// CHECK:         %[[WIDE:.*]] = linalg.generic {{.*}} ins(%[[U]]
// CHECK:         %[[SUMS:.*]] = scf.for
// CHECK:           linalg.add ins(%[[WIDE]]
// CHECK:         return %[[WIDE]], %[[SUMS]]
#id = affine_map<(i) -> (i)>
func.func @main(%x: tensor<?xf32>, %u: tensor<?xbf16>, %v: tensor<?xbf16>) -> (tensor<?xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %u, %c0 : tensor<?xbf16>
  %m = tensor.dim %v, %c0 : tensor<?xbf16>
  %same = arith.cmpi eq, %n, %m : index
  cf.assert %same, "sizes differ"
  %e = tensor.empty(%n) : tensor<?xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%u : tensor<?xbf16>) outs(%e : tensor<?xf32>) {
  ^bb0(%in: bf16, %out: f32):
    %f = arith.extf %in : bf16 to f32
    linalg.yield %f : f32
  } -> tensor<?xf32>
  %sums = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %e) -> tensor<?xf32> {
    %next = linalg.add ins(%wide, %wide : tensor<?xf32>, tensor<?xf32>) outs(%sum : tensor<?xf32>) -> tensor<?xf32>
    scf.yield %next : tensor<?xf32>
  }
  %s = tensor.cast %sums : tensor<?xf32> to tensor<4xf32>
  %y = scf.for %i = %c0 to %m step %c1 iter_args(%t = %x) -> tensor<?xf32> {
    %one = tensor.extract_slice %wide[%i] [1] [1] : tensor<?xf32> to tensor<1xf32>
    %old = tensor.extract_slice %t[%i] [1] [1] : tensor<?xf32> to tensor<1xf32>
    %new = linalg.add ins(%one, %one : tensor<1xf32>, tensor<1xf32>) outs(%old : tensor<1xf32>) -> tensor<1xf32>
    %r = tensor.insert_slice %new into %t[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
    scf.yield %r : tensor<?xf32>
  }
  return %y, %s : tensor<?xf32>, tensor<4xf32>
}

// -----

// What the function updates in place is its own in every call: after a view, and
// in loops. So is what no element of a bound argument is in, or what is no tensor.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[X:.*]]: tensor<6xf32>, %[[W:[a-z0-9]+]]: tensor<6xf32>, %[[S:.*]]: tensor<?xf32>)
// CHECK-SAME:    arguments = array<i64: 0, 1>
// CHECK:         linalg.fill
// CHECK:         tensor.extract %[[W]]
// CHECK:         linalg.exp ins(%[[W]]
// CHECK:         linalg.exp ins(%[[W]]
// CHECK-LABEL: func.func @main_bind
// CHECK-SAME:    (%{{.*}}: tensor<6xf32>, %{{.*}}: tensor<?xf32>) {
// CHECK-NEXT:    return
func.func @main(%x: tensor<6xf32>, %w: tensor<6xf32>, %s: tensor<?xf32>)
    -> (tensor<2x3xf32>, tensor<6xf32>, tensor<?xf32>, f32) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %n = tensor.dim %s, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %first = tensor.extract %w[%c0] : tensor<6xf32>
  %e6 = tensor.empty() : tensor<6xf32>
  %a = linalg.exp ins(%w : tensor<6xf32>) outs(%e6 : tensor<6xf32>) -> tensor<6xf32>
  %a2 = tensor.expand_shape %a [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
  %x2 = tensor.expand_shape %x [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
  %sum = linalg.add ins(%x2, %x2 : tensor<2x3xf32>, tensor<2x3xf32>) outs(%a2 : tensor<2x3xf32>) -> tensor<2x3xf32>
  %b = linalg.exp ins(%w : tensor<6xf32>) outs(%e6 : tensor<6xf32>) -> tensor<6xf32>
  %loop = scf.forall (%i) in (%c6) shared_outs(%o = %b) -> tensor<6xf32> {
    %one = tensor.extract_slice %x[%i] [1] [1] : tensor<6xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %one into %o[%i] [1] [1] : tensor<1xf32> into tensor<6xf32>
    }
  }
  return %sum, %loop, %zeros, %first : tensor<2x3xf32>, tensor<6xf32>, tensor<?xf32>, f32
}

// -----

// What other functions do has effects, as far as this one knows; a name that is
// taken is made another.
// CHECK:       bpt.binding = {arguments = array<i64: 0>, function = @main_bind_0}
// CHECK:         call @main_bind
// CHECK:       func.func @main_bind_0(%{{.*}}: tensor<4xf32>, %{{.*}}: tensor<4xf32>) {
func.func private @main_bind(%x: tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>, %w: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @main_bind(%w) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
