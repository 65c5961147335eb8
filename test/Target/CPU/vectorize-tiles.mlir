// RUN: bpt-opt %s --bpt-vectorize-tiles --canonicalize --split-input-file | FileCheck %s
// RUN: bpt-opt %s --bpt-vectorize-tiles=vector-bits=128 --canonicalize --split-input-file | FileCheck %s --check-prefix=NARROW
// RUN: bpt-opt %s --bpt-vectorize-tiles --split-input-file --remarks-filter="bpt-cpu.*" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#ij = affine_map<(i, j) -> (i, j)>
#i = affine_map<(i, j) -> (i)>
#j = affine_map<(i, j) -> (j)>

// Partial sums stay in a vector; one horizontal sum a row; no masks where the
// vectors divide the row.
// CHECK-LABEL: func @row_sum
// CHECK: scf.for
// CHECK: %[[P:.*]] = scf.for {{.*}} step %c64 iter_args(%{{.*}} = %{{.*}}) -> (vector<64xf32>)
// CHECK: vector.load
// CHECK-NOT: vector.reduction
// CHECK: scf.yield
// CHECK: vector.reduction <add>, %[[P]], %{{.*}} fastmath<reassoc>
// CHECK-NOT: mask
func.func @row_sum(%x: memref<8x256xf32>, %s: memref<8xf32>) {
  linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<8x256xf32>) outs(%s : memref<8xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %0 = arith.addf %acc, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#ij = affine_map<(i, j) -> (i, j)>
#j = affine_map<(i, j) -> (j)>

// The sum down the columns carries a vector of results over the rows.
// CHECK-LABEL: func @column_sum
// CHECK: scf.for {{.*}} step %c64
// CHECK: %[[ACC:.*]] = vector.load %arg1
// CHECK: %[[R:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[ACC]])
// CHECK: vector.store %[[R]]
func.func @column_sum(%x: memref<?x128xf32>, %s: memref<128xf32>) {
  linalg.generic {indexing_maps = [#ij, #j], iterator_types = ["reduction", "parallel"]}
    ins(%x : memref<?x128xf32>) outs(%s : memref<128xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %0 = arith.addf %acc, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#ij = affine_map<(i, j) -> (i, j)>
#i = affine_map<(i, j) -> (i)>

// What is left of a row runs once under a mask, and does not enter the maximum.
// CHECK-LABEL: func @row_max_tail
// CHECK-DAG: arith.constant dense<0xFF800000> : vector<64xf32>
// CHECK: %[[X:.+]] = vector.load
// CHECK: %[[LARGER:.+]] = arith.cmpf ogt, %[[X]], %[[ACC:.+]] :
// CHECK: arith.select %[[LARGER]], %[[X]], %[[ACC]]
// CHECK: vector.maskedload
// CHECK: arith.cmpf ogt
// CHECK: arith.select
// CHECK: arith.select
// CHECK: vector.shuffle {{.*}} : vector<64xf32>, vector<64xf32>
// CHECK: vector.shuffle {{.*}} : vector<2xf32>, vector<2xf32>
// CHECK: vector.extract {{.*}} : f32 from vector<1xf32>
// CHECK: arith.cmpf ogt, %{{.+}}, %{{.+}} : f32
// CHECK-NOT: vector.reduction
func.func @row_max_tail(%x: memref<8x100xf32>, %m: memref<8xf32>) {
  linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<8x100xf32>) outs(%m : memref<8xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %0 = arith.maxnumf %acc, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

#bs = affine_map<(b, s, e) -> (b, s)>
#bse = affine_map<(b, s, e) -> (b, s, e)>

// A gather of rows reads vectors.
// CHECK-LABEL: func @embedding
// CHECK: memref.load {{.*}} : memref<2x7xi32>
// CHECK: vector.load {{.*}} : memref<50x64xf32>, vector<64xf32>
func.func @embedding(%t: memref<2x7xi32>, %w: memref<50x64xf32>, %o: memref<2x7x64xf32>) {
  linalg.generic {indexing_maps = [#bs, #bse], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%t : memref<2x7xi32>) outs(%o : memref<2x7x64xf32>) {
  ^bb0(%a: i32, %out: f32):
    %i = arith.index_cast %a : i32 to index
    %j = linalg.index 2 : index
    %v = memref.load %w[%i, %j] : memref<50x64xf32>
    linalg.yield %v : f32
  }
  return
}

// -----

// A transposition is done in registers, its edges element by element.
// CHECK-LABEL: func @transpose
// CHECK: scf.for {{.*}} to %c48 step %c8
// CHECK: scf.for {{.*}} to %c32 step %c8
// CHECK-COUNT-8: vector.load
// CHECK-COUNT-24: vector.shuffle
// CHECK-COUNT-8: vector.store
// CHECK: memref.load
func.func @transpose(%a: memref<37x51xf32>, %b: memref<51x37xf32>) {
  linalg.transpose ins(%a : memref<37x51xf32>) outs(%b : memref<51x37xf32>) permutation = [1, 0]
  return
}

// -----

// A strided copy is a loop over vectors, a contiguous one is left to memcpy.
// CHECK-LABEL: func @copies
// CHECK: memref.copy %arg1
// CHECK: vector.load
// CHECK: vector.store
func.func @copies(%a: memref<8x32xf32, strided<[64, 1]>>, %b: memref<8x32xf32>, %c: memref<8x32xf32>) {
  memref.copy %b, %c : memref<8x32xf32> to memref<8x32xf32>
  memref.copy %a, %c : memref<8x32xf32, strided<[64, 1]>> to memref<8x32xf32>
  return
}

// -----

#v = affine_map<(i) -> (i)>
#one = affine_map<(i) -> ()>

// What is the same in all lanes does not count in how many there are: here
// four registers of f32, though the factor is an f64.
// CHECK-LABEL: func @uniform
// CHECK: arith.truncf %{{.*}} : f64 to f32
// CHECK: arith.mulf %{{.*}} : vector<64xf32>
func.func @uniform(%x: memref<64xf32>, %factor: memref<f64>, %y: memref<64xf32>) {
  linalg.generic {indexing_maps = [#v, #one, #v], iterator_types = ["parallel"]}
    ins(%x, %factor : memref<64xf32>, memref<f64>) outs(%y : memref<64xf32>) {
  ^bb0(%a: f32, %f: f64, %out: f32):
    %0 = arith.truncf %f : f64 to f32
    %1 = arith.mulf %a, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

#v = affine_map<(i) -> (i)>

// Random words are drawn for 64 columns at a time, also where a register holds
// four.
// NARROW-LABEL: func @uniform
// NARROW: vector<16xf32>
// NARROW-LABEL: func @draw
// NARROW: arith.mului_extended %{{.*}} : vector<64xi32>
func.func @draw(%y: memref<128xi32>) {
  %m = arith.constant 12345 : i32
  linalg.generic {indexing_maps = [#v], iterator_types = ["parallel"]} outs(%y : memref<128xi32>) {
  ^bb0(%out: i32):
    %i = linalg.index 0 : index
    %0 = arith.index_cast %i : index to i32
    %low, %high = arith.mului_extended %m, %0 : i32
    linalg.yield %high : i32
  }
  return
}

// -----

#v = affine_map<(i) -> (i)>

// CHECK-LABEL: func @scalar_body
// CHECK-NOT: vector
// REMARK: ScalarLoops{{.*}}'linalg.generic' becomes scalar loops: the body has 'scf.if', which has no elementwise vector form
func.func @scalar_body(%x: memref<8xf32>, %y: memref<8xf32>, %c: i1) {
  linalg.generic {indexing_maps = [#v, #v], iterator_types = ["parallel"]}
    ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = scf.if %c -> f32 {
      scf.yield %a : f32
    } else {
      %1 = arith.negf %a : f32
      scf.yield %1 : f32
    }
    linalg.yield %0 : f32
  }
  return
}
