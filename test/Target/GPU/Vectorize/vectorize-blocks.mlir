// RUN: bpt-opt %s --bpt-vectorize-blocks --canonicalize --cse --split-input-file | FileCheck %s

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// What a loop updates in place is a value that it carries.
// CHECK-LABEL: func @carried
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16x16xf32>
// CHECK: scf.forall
// CHECK: scf.for {{.*}} iter_args(%[[ACC:.*]] = %[[ZERO]]) -> (vector<16x16xf32>)
// CHECK:   %[[A:.*]] = vector.transfer_read %{{.*}} : tensor<64x32xbf16>, vector<16x16xbf16>
// CHECK:   %[[B:.*]] = vector.transfer_read %{{.*}} : tensor<32x16xbf16>, vector<16x16xbf16>
// CHECK:   %[[SUM:.*]] = vector.contract {{.*}} %[[A]], %[[B]], %[[ACC]]
// CHECK:   scf.yield %[[SUM]]
// CHECK-NOT: linalg
func.func @carried(%a: tensor<64x32xbf16>, %b: tensor<32x16xbf16>) -> tensor<64x16xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x16xf32>
  %r = scf.forall (%i) = (0) to (64) step (16) shared_outs(%o = %e) -> (tensor<64x16xf32>) {
    %t = tensor.empty() : tensor<16x16xf32>
    %z = linalg.fill ins(%zero : f32) outs(%t : tensor<16x16xf32>) -> tensor<16x16xf32>
    %sum = scf.for %k = %c0 to %c32 step %c16 iter_args(%acc = %z) -> (tensor<16x16xf32>) {
      %as = tensor.extract_slice %a[%i, %k] [16, 16] [1, 1] : tensor<64x32xbf16> to tensor<16x16xbf16>
      %bs = tensor.extract_slice %b[%k, 0] [16, 16] [1, 1] : tensor<32x16xbf16> to tensor<16x16xbf16>
      %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %bs : tensor<16x16xbf16>, tensor<16x16xbf16>) outs(%acc : tensor<16x16xf32>) -> tensor<16x16xf32>
      scf.yield %n : tensor<16x16xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %sum into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<64x16xf32>
    }
  }
  return %r : tensor<64x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A block that reaches past the last row reads zeros there, writes nothing, and
// masks what a reduction would see. What is written and read again
// under the same mask is a value. Columns are padded to 16.
// CHECK-LABEL: func @masked
// CHECK-DAG: %[[C12:.*]] = arith.constant 12 : index
// CHECK: scf.forall
// CHECK: %[[SIZE:.*]] = affine.min
// CHECK: %[[MASK:.*]] = vector.create_mask %[[SIZE]], %[[C12]] : vector<16x16xi1>
// CHECK: %[[X:.*]] = vector.transfer_read %arg0[%{{[a-z0-9]*}}, %c0], %{{[a-z0-9_]*}} : tensor<?x12xf16>, vector<16x16xf16>
// CHECK: %[[P:.*]] = vector.contract {{.*}} %[[X]], %{{.*}}, %{{.*}} : vector<16x16xf16>, vector<16x16xf16> into vector<16x16xf32>
// CHECK: %[[EXP:.*]] = math.exp2 %[[P]] : vector<16x16xf32>
// CHECK: %[[IN:.*]] = arith.select %[[MASK]], %[[EXP]], %{{.*}} : vector<16x16xi1>
// CHECK: %[[SUM:.*]] = vector.multi_reduction <add>, %[[IN]], %{{.*}} [1]
// CHECK: %[[COLUMN:.*]] = vector.shape_cast %[[SUM]] : vector<16xf32> to vector<16x1xf32>
// CHECK: %[[TILE:.*]] = vector.broadcast %[[COLUMN]] : vector<16x1xf32> to vector<16x16xf32>
// CHECK: %[[QUOTIENT:.*]] = arith.divf %[[EXP]], %[[TILE]]
// CHECK: vector.transfer_write %[[QUOTIENT]], %{{[^ ]*}}[%c0, %c0] : vector<16x16xf32>, tensor<?x12xf32>
// CHECK-NOT: transfer
func.func @masked(%x: tensor<?x12xf16>, %w: tensor<12x12xf16>) -> tensor<?x12xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x12xf16>
  %e = tensor.empty(%n) : tensor<?x12xf32>
  %r = scf.forall (%i) = (0) to (%n) step (16) shared_outs(%o = %e) -> (tensor<?x12xf32>) {
    %size = affine.min affine_map<(d0)[s0] -> (16, s0 - d0)>(%i)[%n]
    %xs = tensor.extract_slice %x[%i, 0] [%size, 12] [1, 1] : tensor<?x12xf16> to tensor<?x12xf16>
    %t = tensor.empty(%size) : tensor<?x12xf32>
    %tz = linalg.fill ins(%zero : f32) outs(%t : tensor<?x12xf32>) -> tensor<?x12xf32>
    %m = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%xs, %w : tensor<?x12xf16>, tensor<12x12xf16>) outs(%tz : tensor<?x12xf32>) -> tensor<?x12xf32>
    %p = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%m : tensor<?x12xf32>) {
      ^bb0(%out: f32):
        %y = math.exp2 %out : f32
        linalg.yield %y : f32
    } -> tensor<?x12xf32>
    %l = tensor.empty(%size) : tensor<?xf32>
    %z = linalg.fill ins(%zero : f32) outs(%l : tensor<?xf32>) -> tensor<?xf32>
    %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<?x12xf32>) outs(%z : tensor<?xf32>) {
      ^bb0(%in: f32, %out: f32):
        %y = arith.addf %out, %in : f32
        linalg.yield %y : f32
    } -> tensor<?xf32>
    %os = tensor.extract_slice %o[%i, 0] [%size, 12] [1, 1] : tensor<?x12xf32> to tensor<?x12xf32>
    %q = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %s : tensor<?x12xf32>, tensor<?xf32>) outs(%os : tensor<?x12xf32>) {
      ^bb0(%in: f32, %d: f32, %out: f32):
        %y = arith.divf %in, %d : f32
        linalg.yield %y : f32
    } -> tensor<?x12xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %q into %o[%i, 0] [%size, 12] [1, 1] : tensor<?x12xf32> into tensor<?x12xf32>
    }
  }
  return %r : tensor<?x12xf32>
}

// -----

// Outside a block nothing changes.
// CHECK-LABEL: func @outside
// CHECK: linalg.fill
func.func @outside(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %r = linalg.fill ins(%zero : f32) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// What a mask leaves out of an operand is past the end of a slice that is as
// large as the mask, where nothing relates it to the size of the tensor.
// CHECK-LABEL: func @sliced
// CHECK-SAME: %[[A:.*]]: tensor<?x16xf16>, %{{.*}}: tensor<16x16xf16>, %{{.*}}: tensor<64x16xf32>, %[[N:.*]]: index
// CHECK: %[[SIZE:.*]] = affine.min
// CHECK: %[[SLICE:.*]] = tensor.extract_slice %[[A]][%{{.*}}, 0] [%[[SIZE]], 16] [1, 1] : tensor<?x16xf16> to tensor<?x16xf16>
// CHECK: vector.transfer_read %[[SLICE]][%c0, %c0], %{{.*}} {in_bounds = [false, true]} : tensor<?x16xf16>, vector<16x16xf16>
func.func @sliced(%a: tensor<?x16xf16>, %b: tensor<16x16xf16>, %c: tensor<64x16xf32>, %n: index) -> tensor<64x16xf32> {
  %r = scf.forall (%i) = (0) to (64) step (16) shared_outs(%o = %c) -> (tensor<64x16xf32>) {
    %size = affine.min affine_map<(d0)[s0] -> (16, s0 - d0)>(%i)[%n]
    %as = tensor.extract_slice %a[%i, 0] [%size, 16] [1, 1] : tensor<?x16xf16> to tensor<?x16xf16>
    %os = tensor.extract_slice %o[%i, 0] [%size, 16] [1, 1] : tensor<64x16xf32> to tensor<?x16xf32>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %b : tensor<?x16xf16>, tensor<16x16xf16>) outs(%os : tensor<?x16xf32>) -> tensor<?x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %p into %o[%i, 0] [%size, 16] [1, 1] : tensor<?x16xf32> into tensor<64x16xf32>
    }
  }
  return %r : tensor<64x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// The head of a block is a unit dimension, however it was split off.
// CHECK-LABEL: func @heads
// CHECK-NOT: collapse_shape
// CHECK-NOT: expand_shape
// CHECK: vector.contract
// CHECK-NOT: expand_shape
// CHECK: return
func.func @heads(%a: tensor<16x16xf16>, %b: tensor<16x4x16xf16>, %c: tensor<16x4x16xf32>) -> tensor<16x4x16xf32> {
  %r = scf.forall (%h) in (4) shared_outs(%o = %c) -> (tensor<16x4x16xf32>) {
    %bs = tensor.extract_slice %b[0, %h, 0] [16, 1, 16] [1, 1, 1] : tensor<16x4x16xf16> to tensor<16x1x16xf16>
    %bc = tensor.collapse_shape %bs [[0], [1, 2]] : tensor<16x1x16xf16> into tensor<16x16xf16>
    %os = tensor.extract_slice %o[0, %h, 0] [16, 1, 16] [1, 1, 1] : tensor<16x4x16xf32> to tensor<16x1x16xf32>
    %oc = tensor.collapse_shape %os [[0], [1, 2]] : tensor<16x1x16xf32> into tensor<16x16xf32>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %bc : tensor<16x16xf16>, tensor<16x16xf16>) outs(%oc : tensor<16x16xf32>) -> tensor<16x16xf32>
    %pe = tensor.expand_shape %p [[0], [1, 2]] output_shape [16, 1, 16] : tensor<16x16xf32> into tensor<16x1x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %pe into %o[0, %h, 0] [16, 1, 16] [1, 1, 1] : tensor<16x1x16xf32> into tensor<16x4x16xf32>
    }
  }
  return %r : tensor<16x4x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// Two heads are 16 columns of a product; the zeros that it starts from have the
// shape of the heads, and become those of rows and columns.
// CHECK-LABEL: func @filled_heads
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16x16xf32>
// CHECK-NOT: linalg
// CHECK: %[[P:.*]] = vector.contract {{.*}}, %[[ZERO]]
// CHECK: vector.transfer_write %[[P]]
// CHECK-NOT: linalg
func.func @filled_heads(%a: tensor<16x16xf16>, %b: tensor<16x4x8xf16>, %c: tensor<1x16x4x8xf32>) -> tensor<1x16x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %r = scf.forall (%h) = (0) to (4) step (2) shared_outs(%o = %c) -> (tensor<1x16x4x8xf32>) {
    %bs = tensor.extract_slice %b[0, %h, 0] [16, 2, 8] [1, 1, 1] : tensor<16x4x8xf16> to tensor<16x2x8xf16>
    %bc = tensor.collapse_shape %bs [[0], [1, 2]] : tensor<16x2x8xf16> into tensor<16x16xf16>
    %os = tensor.extract_slice %o[0, 0, %h, 0] [1, 16, 2, 8] [1, 1, 1, 1] : tensor<1x16x4x8xf32> to tensor<1x16x2x8xf32>
    %z = linalg.fill ins(%zero : f32) outs(%os : tensor<1x16x2x8xf32>) -> tensor<1x16x2x8xf32>
    %zs = tensor.extract_slice %z[0, 0, 0, 0] [1, 16, 2, 8] [1, 1, 1, 1] : tensor<1x16x2x8xf32> to tensor<16x2x8xf32>
    %zc = tensor.collapse_shape %zs [[0], [1, 2]] : tensor<16x2x8xf32> into tensor<16x16xf32>
    %p = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %bc : tensor<16x16xf16>, tensor<16x16xf16>) outs(%zc : tensor<16x16xf32>) -> tensor<16x16xf32>
    %pe = tensor.expand_shape %p [[0], [1, 2]] output_shape [16, 2, 8] : tensor<16x16xf32> into tensor<16x2x8xf32>
    %pi = tensor.insert_slice %pe into %z[0, 0, 0, 0] [1, 16, 2, 8] [1, 1, 1, 1] : tensor<16x2x8xf32> into tensor<1x16x2x8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %pi into %o[0, 0, %h, 0] [1, 16, 2, 8] [1, 1, 1, 1] : tensor<1x16x2x8xf32> into tensor<1x16x4x8xf32>
    }
  }
  return %r : tensor<1x16x4x8xf32>
}

// -----

// A loop outside of blocks may run zero times, over a row that is not there: that
// row is read and written in the loop only.
// CHECK-LABEL: func @no_block
// CHECK-NOT: tensor.extract_slice
// CHECK: %[[LOOP:.*]] = scf.for
// CHECK: tensor.extract_slice
// CHECK: tensor.insert_slice
// CHECK: }
// CHECK-NEXT: return %[[LOOP]]
func.func @no_block(%row: tensor<8xf32>, %table: tensor<5x8xf32>, %id: index, %count: index) -> tensor<5x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %count step %c1 iter_args(%t = %table) -> (tensor<5x8xf32>) {
    %s = tensor.extract_slice %t[%id, 0] [1, 8] [1, 1] : tensor<5x8xf32> to tensor<8xf32>
    %sum = linalg.add ins(%row, %s : tensor<8xf32>, tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
    %n = tensor.insert_slice %sum into %t[%id, 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<5x8xf32>
    scf.yield %n : tensor<5x8xf32>
  }
  return %r : tensor<5x8xf32>
}

// -----

// Nor does the loop around it carry what that one updates.
// CHECK-LABEL: func @around_no_block
// CHECK-NOT: tensor.extract_slice
// CHECK: %[[OUTER:.*]] = scf.for
// CHECK-NOT: tensor.extract_slice
// CHECK: %[[LOOP:.*]] = scf.for
// CHECK: tensor.extract_slice
// CHECK: tensor.insert_slice
// CHECK: scf.yield %[[LOOP]]
// CHECK: return %[[OUTER]]
func.func @around_no_block(%row: tensor<8xf32>, %table: tensor<5x8xf32>, %ids: tensor<4xindex>, %counts: tensor<4xindex>) -> tensor<5x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %o = scf.for %j = %c0 to %c4 step %c1 iter_args(%carried = %table) -> (tensor<5x8xf32>) {
    %id = tensor.extract %ids[%j] : tensor<4xindex>
    %count = tensor.extract %counts[%j] : tensor<4xindex>
    %r = scf.for %i = %c0 to %count step %c1 iter_args(%t = %carried) -> (tensor<5x8xf32>) {
      %s = tensor.extract_slice %t[%id, 0] [1, 8] [1, 1] : tensor<5x8xf32> to tensor<8xf32>
      %sum = linalg.add ins(%row, %s : tensor<8xf32>, tensor<8xf32>) outs(%s : tensor<8xf32>) -> tensor<8xf32>
      %n = tensor.insert_slice %sum into %t[%id, 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<5x8xf32>
      scf.yield %n : tensor<5x8xf32>
    }
    scf.yield %r : tensor<5x8xf32>
  }
  return %o : tensor<5x8xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>

// Rows that are not written need no mask on their way round a loop.
// CHECK-LABEL: func @rows_round_a_loop
// CHECK: scf.for
// CHECK-NOT: arith.select
// CHECK: vector.contract
// CHECK-NOT: arith.select
// CHECK: return
func.func @rows_round_a_loop(%x: tensor<?x64xbf16>, %w: tensor<64x16xbf16>) -> tensor<?x16xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xbf16>
  %e = tensor.empty(%n) : tensor<?x16xf32>
  %r = scf.forall (%i) = (0) to (%n) step (16) shared_outs(%o = %e) -> (tensor<?x16xf32>) {
    %size = affine.min affine_map<(d0)[s0] -> (16, s0 - d0)>(%i)[%n]
    %t = tensor.empty(%size) : tensor<?x16xf32>
    %z = linalg.fill ins(%zero : f32) outs(%t : tensor<?x16xf32>) -> tensor<?x16xf32>
    %sum = scf.for %k = %c0 to %c64 step %c16 iter_args(%acc = %z) -> (tensor<?x16xf32>) {
      %as = tensor.extract_slice %x[%i, %k] [%size, 16] [1, 1] : tensor<?x64xbf16> to tensor<?x16xbf16>
      %bs = tensor.extract_slice %w[%k, 0] [16, 16] [1, 1] : tensor<64x16xbf16> to tensor<16x16xbf16>
      %m = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %bs : tensor<?x16xbf16>, tensor<16x16xbf16>) outs(%acc : tensor<?x16xf32>) -> tensor<?x16xf32>
      scf.yield %m : tensor<?x16xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %sum into %o[%i, 0] [%size, 16] [1, 1] : tensor<?x16xf32> into tensor<?x16xf32>
    }
  }
  return %r : tensor<?x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// A sum over rows sees them all.
// CHECK-LABEL: func @rows_summed
// CHECK-DAG: %[[C16:.*]] = arith.constant 16 : index
// CHECK: scf.forall
// CHECK: %[[SIZE:.*]] = affine.min
// CHECK: %[[MASK:.*]] = vector.create_mask %[[SIZE]], %[[C16]] : vector<16x16xi1>
// CHECK: %[[IN:.*]] = arith.select %[[MASK]], %{{.*}}, %{{.*}} : vector<16x16xi1>
// CHECK: vector.multi_reduction <add>, %[[IN]], %{{.*}} [0]
func.func @rows_summed(%x: tensor<?x16xbf16>, %w: tensor<16x16xbf16>) -> tensor<?x16xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x16xbf16>
  %e = tensor.empty(%n) : tensor<?x16xf32>
  %r = scf.forall (%i) = (0) to (%n) step (16) shared_outs(%o = %e) -> (tensor<?x16xf32>) {
    %size = affine.min affine_map<(d0)[s0] -> (16, s0 - d0)>(%i)[%n]
    %xs = tensor.extract_slice %x[%i, 0] [%size, 16] [1, 1] : tensor<?x16xbf16> to tensor<?x16xbf16>
    %t = tensor.empty(%size) : tensor<?x16xf32>
    %tz = linalg.fill ins(%zero : f32) outs(%t : tensor<?x16xf32>) -> tensor<?x16xf32>
    %m = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%xs, %w : tensor<?x16xbf16>, tensor<16x16xbf16>) outs(%tz : tensor<?x16xf32>) -> tensor<?x16xf32>
    %l = tensor.empty() : tensor<16xf32>
    %z = linalg.fill ins(%zero : f32) outs(%l : tensor<16xf32>) -> tensor<16xf32>
    %s = linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]} ins(%m : tensor<?x16xf32>) outs(%z : tensor<16xf32>) {
      ^bb0(%in: f32, %out: f32):
        %y = math.exp2 %in : f32
        %p = arith.addf %out, %y : f32
        linalg.yield %p : f32
    } -> tensor<16xf32>
    %os = tensor.extract_slice %o[%i, 0] [%size, 16] [1, 1] : tensor<?x16xf32> to tensor<?x16xf32>
    %q = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]} ins(%m, %s : tensor<?x16xf32>, tensor<16xf32>) outs(%os : tensor<?x16xf32>) {
      ^bb0(%in: f32, %d: f32, %out: f32):
        %y = arith.divf %in, %d : f32
        linalg.yield %y : f32
    } -> tensor<?x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %q into %o[%i, 0] [%size, 16] [1, 1] : tensor<?x16xf32> into tensor<?x16xf32>
    }
  }
  return %r : tensor<?x16xf32>
}

// -----

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#id = affine_map<(i, j) -> (i, j)>
#number = affine_map<(i, j) -> ()>

// A number, such as a seed, is loaded, not read as a tile that repeats it.
// CHECK-LABEL: func @number
// CHECK-SAME: %[[S:[a-z0-9]*]]: tensor<f32>
// CHECK: scf.forall
// CHECK-NOT: vector.transfer_read %[[S]]
// CHECK: %[[X:.*]] = tensor.extract %[[S]][] : tensor<f32>
// CHECK: vector.broadcast %[[X]] : f32 to vector<16x16xf32>
func.func @number(%a: tensor<16x16xf16>, %s: tensor<f32>, %c: tensor<32x16xf32>) -> tensor<32x16xf32> {
  %r = scf.forall (%i) = (0) to (32) step (16) shared_outs(%o = %c) -> (tensor<32x16xf32>) {
    %os = tensor.extract_slice %o[%i, 0] [16, 16] [1, 1] : tensor<32x16xf32> to tensor<16x16xf32>
    %n = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%a, %a : tensor<16x16xf16>, tensor<16x16xf16>) outs(%os : tensor<16x16xf32>) -> tensor<16x16xf32>
    %m = linalg.generic {indexing_maps = [#number, #id], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<f32>) outs(%n : tensor<16x16xf32>) {
    ^bb0(%x: f32, %y: f32):
      %z = arith.mulf %x, %y : f32
      linalg.yield %z : f32
    } -> tensor<16x16xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %m into %o[%i, 0] [16, 16] [1, 1] : tensor<16x16xf32> into tensor<32x16xf32>
    }
  }
  return %r : tensor<32x16xf32>
}
