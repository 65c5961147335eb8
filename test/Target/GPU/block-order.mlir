// RUN: bpt-opt %s --bpt-gpu-outline --canonicalize --split-input-file | FileCheck %s

// Later blocks of rows read more keys, so the last one of every head begins first: those
// that run at a time find their keys in the cache.
// CHECK-LABEL: gpu.func @growing_0
// CHECK-NOT: bpt_tile.uneven
func.func @growing(%keys: memref<4x256x16xf32>, %y: memref<4x256xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // CHECK-DAG: %[[C7:.*]] = arith.constant 7 : index
  // CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
  // CHECK-DAG: %[[C32:.*]] = arith.constant 32 : index
  // CHECK: %[[ID:.*]] = gpu.block_id x
  // CHECK: %[[HEAD:.*]] = arith.remui %[[ID]], %[[C4]]
  // CHECK: %[[NUMBER:.*]] = arith.divui %[[ID]], %[[C4]]
  // CHECK: %[[BLOCK:.*]] = arith.subi %[[C7]], %[[NUMBER]]
  // CHECK: %[[ROW:.*]] = arith.muli %[[BLOCK]], %[[C32]]
  // CHECK: scf.for %{{.*}} = %{{.*}} to %[[ROW]]
  // CHECK: vector.transfer_read %{{.*}}[%[[HEAD]],
  scf.forall (%row, %head) = (0, 0) to (256, 4) step (32, 1) {
    %sum = scf.for %key = %c0 to %row step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %tile = vector.transfer_read %keys[%head, %key, %c0], %pad {in_bounds = [true, true]} : memref<4x256x16xf32>, vector<16x16xf32>
      %next = arith.addf %acc, %tile : vector<16x16xf32>
      scf.yield %next : vector<16x16xf32>
    }
    %line = vector.extract %sum[0] : vector<16xf32> from vector<16x16xf32>
    vector.transfer_write %line, %y[%head, %row] {in_bounds = [true]} : vector<16xf32>, memref<4x256xf32>
  }
  return
}

// -----

// A loop that begins later as well is no longer than others; and along neither
// dimension do blocks read all the same, so the order is that of the result.
// CHECK-LABEL: gpu.func @sliding_0
func.func @sliding(%keys: memref<4x256x16xf32>, %y: memref<256x4xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
  // CHECK-DAG: %[[C32:.*]] = arith.constant 32 : index
  // CHECK: %[[ID:.*]] = gpu.block_id x
  // CHECK: %[[HEAD:.*]] = arith.remui %[[ID]], %[[C4]]
  // CHECK: %[[NUMBER:.*]] = arith.divui %[[ID]], %[[C4]]
  // CHECK: arith.muli %[[NUMBER]], %[[C32]]
  scf.forall (%row, %head) = (0, 0) to (192, 4) step (32, 1) {
    %end = arith.addi %row, %c64 : index
    %sum = scf.for %key = %row to %end step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %tile = vector.transfer_read %keys[%head, %key, %c0], %pad {in_bounds = [true, true]} : memref<4x256x16xf32>, vector<16x16xf32>
      %next = arith.addf %acc, %tile : vector<16x16xf32>
      scf.yield %next : vector<16x16xf32>
    }
    %line = vector.extract %sum[0] : vector<16xf32> from vector<16x16xf32>
    vector.transfer_write %line, %y[%row, %head] {in_bounds = [false]} : vector<16xf32>, memref<256x4xf32>
  }
  return
}

// -----

// Blocks before and behind a mask: the second loop goes on where the first has ended,
// which is the same for all.
// CHECK-LABEL: gpu.func @masked_0
func.func @masked(%keys: memref<256x16xf32>, %y: memref<256xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // CHECK: %[[ID:.*]] = gpu.block_id x
  // CHECK: arith.subi %{{.*}}, %[[ID]]
  scf.forall (%row) = (0) to (256) step (32) {
    %open = scf.for %key = %c0 to %row step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %tile = vector.transfer_read %keys[%key, %c0], %pad {in_bounds = [true, true]} : memref<256x16xf32>, vector<16x16xf32>
      %next = arith.addf %acc, %tile : vector<16x16xf32>
      scf.yield %next : vector<16x16xf32>
    }
    %sum = scf.for %key = %row to %n step %c16 iter_args(%acc = %open) -> (vector<16x16xf32>) {
      %tile = vector.transfer_read %keys[%key, %c0], %pad {in_bounds = [true, true]} : memref<256x16xf32>, vector<16x16xf32>
      %next = arith.addf %acc, %tile : vector<16x16xf32>
      scf.yield %next : vector<16x16xf32>
    }
    %line = vector.extract %sum[0] : vector<16xf32> from vector<16x16xf32>
    vector.transfer_write %line, %y[%row] {in_bounds = [true]} : vector<16xf32>, memref<256xf32>
  }
  return
}

// -----

// Where the number of blocks is known at run time only, a block's number is not divided
// by it; the last block still begins first.
// CHECK-LABEL: gpu.func @dynamic_0
func.func @dynamic(%keys: memref<4x?x16xf32>, %y: memref<4x?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
  // CHECK: %[[ID:.*]] = gpu.block_id x
  // CHECK: arith.remui %[[ID]], %[[C4]]
  // CHECK: %[[NUMBER:.*]] = arith.divui %[[ID]], %[[C4]]
  // CHECK: arith.subi %{{.*}}, %[[NUMBER]]
  scf.forall (%row, %head) = (0, 0) to (%n, 4) step (32, 1) {
    %sum = scf.for %key = %c0 to %row step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %tile = vector.transfer_read %keys[%head, %key, %c0], %pad {in_bounds = [true, true]} : memref<4x?x16xf32>, vector<16x16xf32>
      %next = arith.addf %acc, %tile : vector<16x16xf32>
      scf.yield %next : vector<16x16xf32>
    }
    %line = vector.extract %sum[0] : vector<16xf32> from vector<16x16xf32>
    vector.transfer_write %line, %y[%head, %row] {in_bounds = [false]} : vector<16xf32>, memref<4x?xf32>
  }
  return
}

// -----

// The keys of 64 heads, which the cache does not hold, would be read by two blocks at a
// time: blocks of rows of one head follow one another. They take unequally long then.
// CHECK-LABEL: gpu.func @many_heads_0
// CHECK-SAME: bpt_tile.uneven
func.func @many_heads(%keys: memref<64x16384x64xf32>, %y: memref<64x16384xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x64xf32>
  // CHECK-DAG: %[[C128:.*]] = arith.constant 128 : index
  // CHECK: %[[ID:.*]] = gpu.block_id x
  // CHECK: %[[NUMBER:.*]] = arith.remui %[[ID]], %[[C128]]
  // CHECK: %[[HEAD:.*]] = arith.divui %[[ID]], %[[C128]]
  // CHECK: arith.subi %{{.*}}, %[[NUMBER]]
  scf.forall (%row, %head) = (0, 0) to (16384, 64) step (128, 1) {
    %sum = scf.for %key = %c0 to %row step %c16 iter_args(%acc = %zero) -> (vector<16x64xf32>) {
      %tile = vector.transfer_read %keys[%head, %key, %c0], %pad {in_bounds = [true, true]} : memref<64x16384x64xf32>, vector<16x64xf32>
      %next = arith.addf %acc, %tile : vector<16x64xf32>
      scf.yield %next : vector<16x64xf32>
    }
    %line = vector.extract %sum[0] : vector<64xf32> from vector<16x64xf32>
    vector.transfer_write %line, %y[%head, %row] {in_bounds = [true]} : vector<64xf32>, memref<64x16384xf32>
  }
  return
}

// -----

// Blocks of a product read rows of one operand and columns of the other: 128 at a time
// read least in groups of 8 columns, of which all rows come before the next group.
// CHECK-LABEL: gpu.func @product_0
func.func @product(%x: memref<4096x1024xf16>, %w: memref<1024x4096xf16>, %y: memref<4096x4096xf16>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c1024 = arith.constant 1024 : index
  %pad = arith.constant 0.0 : f16
  %zero = arith.constant dense<0.0> : vector<16x16xf16>
  // CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
  // CHECK-DAG: %[[C32:.*]] = arith.constant 32 : index
  // CHECK-DAG: %[[C128:.*]] = arith.constant 128 : index
  // CHECK-DAG: %[[C256:.*]] = arith.constant 256 : index
  // CHECK: %[[ID:.*]] = gpu.block_id x
  // CHECK: %[[INGROUP:.*]] = arith.remui %[[ID]], %[[C8]]
  // CHECK: %[[REST:.*]] = arith.divui %[[ID]], %[[C8]]
  // CHECK: %[[ROW:.*]] = arith.remui %[[REST]], %[[C32]]
  // CHECK: %[[GROUP:.*]] = arith.divui %[[REST]], %[[C32]]
  // CHECK: %[[FIRST:.*]] = arith.muli %[[GROUP]], %[[C8]]
  // CHECK: %[[COLUMN:.*]] = arith.addi %[[FIRST]], %[[INGROUP]]
  // CHECK: arith.muli %[[COLUMN]], %[[C256]]
  // CHECK: arith.muli %[[ROW]], %[[C128]]
  scf.forall (%row, %column) = (0, 0) to (4096, 4096) step (128, 256) {
    %sum = scf.for %k = %c0 to %c1024 step %c16 iter_args(%acc = %zero) -> (vector<16x16xf16>) {
      %a = vector.transfer_read %x[%row, %k], %pad {in_bounds = [true, true]} : memref<4096x1024xf16>, vector<16x16xf16>
      %b = vector.transfer_read %w[%k, %column], %pad {in_bounds = [true, true]} : memref<1024x4096xf16>, vector<16x16xf16>
      %c = arith.mulf %a, %b : vector<16x16xf16>
      %next = arith.addf %acc, %c : vector<16x16xf16>
      scf.yield %next : vector<16x16xf16>
    }
    vector.transfer_write %sum, %y[%row, %column] {in_bounds = [true, true]} : vector<16x16xf16>, memref<4096x4096xf16>
  }
  return
}
