// RUN: bpt-opt %s --bpt-vectorize-contractions --canonicalize --split-input-file | FileCheck %s
// RUN: bpt-opt %s --bpt-vectorize-contractions=vector-bits=256 --canonicalize --split-input-file | FileCheck %s --check-prefix=AVX2
// RUN: bpt-opt %s --bpt-vectorize-contractions --split-input-file --remarks-filter="bpt-cpu.*" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#a = affine_map<(i, no, ni, k) -> (i, k)>
#b = affine_map<(i, no, ni, k) -> (no, k, ni)>
#c = affine_map<(i, no, ni, k) -> (i, no, ni)>

// The reduction carries 8 x 2 vectors and stores nothing; the fill becomes its
// start value, and the result is never loaded.
// CHECK-LABEL: func @panels
// CHECK-NOT: linalg.fill
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK: scf.for
// CHECK: scf.for %{{.*}} step %c8 {
// CHECK-NOT: vector.load
// CHECK: %[[R:.*]]:16 = scf.for {{.*}} iter_args(%{{.*}} = %[[ZERO]],
// CHECK-COUNT-2: vector.load
// CHECK-COUNT-16: vector.fma
// CHECK-NOT: vector.store
// CHECK: scf.yield
// CHECK-COUNT-16: vector.store
// CHECK-NOT: vector.maskedstore
// AVX2-LABEL: func @panels
// AVX2: scf.for {{.*}} step %c6
// AVX2: %{{.*}}:12 = scf.for
func.func @panels(%a: memref<128x768xf32>, %b: memref<24x768x32xf32>) -> memref<128x24x32xf32> {
  %z = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<128x24x32xf32>
  linalg.fill ins(%z : f32) outs(%c : memref<128x24x32xf32>)
  linalg.contract indexing_maps = [#a, #b, #c]
    ins(%a, %b : memref<128x768xf32>, memref<24x768x32xf32>) outs(%c : memref<128x24x32xf32>)
  return %c : memref<128x24x32xf32>
}

// -----

// Rows that are left over are a tile of their own size: 17 = 2 * 8 + 1.
// CHECK-LABEL: func @rows_left
// CHECK: scf.for {{.*}} to %c16 step %c8
// CHECK: %{{.*}}:16 = scf.for
// CHECK: %{{.*}}:2 = scf.for
func.func @rows_left(%a: memref<17x59xf32>, %b: memref<59x32xf32>, %c: memref<17x32xf32>) {
  linalg.matmul ins(%a, %b : memref<17x59xf32>, memref<59x32xf32>) outs(%c : memref<17x32xf32>)
  return
}

// -----

// Columns that are left over are masked: 51 = 32 + 16 + 3. Whole vectors are not.
// CHECK-LABEL: func @columns_left
// CHECK-NOT: vector.mask
// CHECK: %{{.*}}:16 = scf.for
// CHECK-COUNT-16: vector.store
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
func.func @columns_left(%a: memref<8x59xf32>, %b: memref<59x51xf32>, %c: memref<8x51xf32>) {
  linalg.matmul ins(%a, %b : memref<8x59xf32>, memref<59x51xf32>) outs(%c : memref<8x51xf32>)
  return
}

// -----

// A dynamic number of rows: full tiles, then 4, 2 and 1 rows as needed.
// CHECK-LABEL: func @dynamic_rows
// CHECK: %{{.*}}:16 = scf.for
// CHECK: scf.if
// CHECK: %{{.*}}:8 = scf.for
// CHECK: scf.if
// CHECK: %{{.*}}:4 = scf.for
// CHECK: scf.if
// CHECK: %{{.*}}:2 = scf.for
func.func @dynamic_rows(%a: memref<?x64xf32>, %b: memref<64x32xf32>, %c: memref<?x32xf32>) {
  linalg.matmul ins(%a, %b : memref<?x64xf32>, memref<64x32xf32>) outs(%c : memref<?x32xf32>)
  return
}

// -----

// bf16 operands widen as they are read.
// CHECK-LABEL: func @bf16
// CHECK: vector.load {{.*}} vector<16xbf16>
// CHECK: arith.extf {{.*}} vector<16xbf16> to vector<16xf32>
// CHECK: memref.load
// CHECK: arith.extf {{.*}} bf16 to f32
func.func @bf16(%a: memref<8x64xbf16>, %b: memref<64x32xbf16>, %c: memref<8x32xf32>) {
  linalg.matmul ins(%a, %b : memref<8x64xbf16>, memref<64x32xbf16>) outs(%c : memref<8x32xf32>)
  return
}

// -----

// A fill with another value, or one that something else reads, stays.
// CHECK-LABEL: func @fill_with_one
// CHECK: linalg.fill
func.func @fill_with_one(%a: memref<8x64xf32>, %b: memref<64x32xf32>, %c: memref<8x32xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%c : memref<8x32xf32>)
  linalg.matmul ins(%a, %b : memref<8x64xf32>, memref<64x32xf32>) outs(%c : memref<8x32xf32>)
  return
}

// -----

// CHECK-LABEL: func @fill_is_read
// CHECK: linalg.fill
func.func @fill_is_read(%a: memref<8x64xf32>, %b: memref<64x32xf32>, %d: memref<8x32xf32>) -> memref<8x32xf32> {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<8x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<8x32xf32>)
  linalg.copy ins(%c : memref<8x32xf32>) outs(%d : memref<8x32xf32>)
  linalg.matmul ins(%a, %b : memref<8x64xf32>, memref<64x32xf32>) outs(%c : memref<8x32xf32>)
  return %c : memref<8x32xf32>
}

// -----

// CHECK-LABEL: func @transposed_right
// CHECK: linalg.contract
// REMARK: ContractionTile{{.*}}contraction left to the generic path: no operand is contiguous along the result's columns
func.func @transposed_right(%a: memref<8x64xf32>, %b: memref<32x64xf32>, %c: memref<8x32xf32>) {
  linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %b : memref<8x64xf32>, memref<32x64xf32>) outs(%c : memref<8x32xf32>)
  return
}

// -----

#a = affine_map<(i, no, ni, k) -> (i, k)>
#b = affine_map<(i, no, ni, k) -> (no, k, ni)>
#c = affine_map<(i, no, ni, k) -> (i, no, ni)>

// Panels that come from beyond L2: while one is used, the next one is asked for,
// a line a step. Of few panels none is.

// CHECK-LABEL: func @streamed
// CHECK: scf.for %[[NO:.*]] = %c0 to %c96 step %c1
// CHECK: scf.for %[[I:.*]] = %c0 to %c128 step %c8
// CHECK: scf.for %[[K:.*]] = %c0 to %c768 step %c1
// CHECK-DAG: %[[ROWS:.*]] = arith.muli %[[I]], %c768
// CHECK-DAG: %[[STEPS:.*]] = arith.muli %[[K]], %c8
// CHECK: %[[DONE:.*]] = arith.addi %[[ROWS]], %[[STEPS]]
// CHECK: %[[LINES:.*]] = arith.muli %[[DONE]], %c2
// CHECK: %[[LINE:.*]] = arith.divui %[[LINES]], %c128
// CHECK-DAG: %[[AFTER:.*]] = arith.addi %[[NO]], %c1
// CHECK-DAG: %[[NEXT:.*]] = arith.minui %[[AFTER]], %c95
// CHECK-DAG: %[[AT:.*]] = arith.divui %[[LINE]], %c2
// CHECK-DAG: %[[HALF:.*]] = arith.remui %[[LINE]], %c2
// CHECK-DAG: %[[COLUMN:.*]] = arith.muli %[[HALF]], %c16
// CHECK: memref.prefetch %arg1[%[[NEXT]], %[[AT]], %[[COLUMN]]], read, locality<2>, data
// The last block of rows, of a size known at run time only, asks for as much.
// CHECK-LABEL: func @streamed_last_rows
// CHECK: arith.divui %{{.*}}, %c128
// CHECK: memref.prefetch
// CHECK-LABEL: func @kept
// CHECK-NOT: memref.prefetch
// AVX2-LABEL: func @streamed
func.func @streamed(%a: memref<128x768xf32>, %b: memref<96x768x32xf32>, %c: memref<128x96x32xf32>) {
  linalg.contract indexing_maps = [#a, #b, #c] ins(%a, %b : memref<128x768xf32>, memref<96x768x32xf32>) outs(%c : memref<128x96x32xf32>)
  return
}
func.func @streamed_last_rows(%from: index, %a: memref<1000x768xf32>, %b: memref<96x768x32xf32>, %c: memref<1000x96x32xf32>) {
  %rows = affine.min affine_map<(d0) -> (-d0 + 1000, 128)>(%from)
  %x = memref.subview %a[%from, 0] [%rows, 768] [1, 1] : memref<1000x768xf32> to memref<?x768xf32, strided<[768, 1], offset: ?>>
  %y = memref.subview %c[%from, 0, 0] [%rows, 96, 32] [1, 1, 1] : memref<1000x96x32xf32> to memref<?x96x32xf32, strided<[3072, 32, 1], offset: ?>>
  linalg.contract indexing_maps = [#a, #b, #c] ins(%x, %b : memref<?x768xf32, strided<[768, 1], offset: ?>>, memref<96x768x32xf32>) outs(%y : memref<?x96x32xf32, strided<[3072, 32, 1], offset: ?>>)
  return
}
func.func @kept(%a: memref<128x768xf32>, %b: memref<24x768x32xf32>, %c: memref<128x24x32xf32>) {
  linalg.contract indexing_maps = [#a, #b, #c] ins(%a, %b : memref<128x768xf32>, memref<24x768x32xf32>) outs(%c : memref<128x24x32xf32>)
  return
}
