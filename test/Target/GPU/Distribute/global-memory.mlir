// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes --canonicalize --cse | FileCheck %s

// Rows that do not exist are branched around, and read as the padding. The
// other row of the lane has its own branch.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @ragged_rows
  // CHECK-SAME: %[[X:[^:]*]]: !llvm.ptr<1>, %[[N:[^:]*]]: i64
  gpu.func @ragged_rows(%x: memref<?x8xf32>, %n: index, %row: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 7.0 : f32
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [%n, 8], strides: [8, 1] : memref<?x8xf32> to memref<?x8xf32>
    // CHECK: %[[LEFT:.*]] = arith.subi %[[N]], %{{.*}} : i64
    // CHECK: %[[CUT:.*]] = arith.minsi %[[LEFT]], %c16_i64
    // CHECK: %[[ROWS:.*]] = arith.trunci %[[CUT]] : i64 to i32
    // CHECK: %[[IN:.*]] = arith.cmpi slt, %[[LANEROW:.*]], %[[ROWS]] : i32
    // CHECK: scf.if %[[IN]] -> (vector<2xf32>) {
    // CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
    // CHECK: } else {
    // CHECK: %[[ROW8:.*]] = arith.addi %[[LANEROW]], %c8_i32
    // CHECK: %[[IN8:.*]] = arith.cmpi slt, %[[ROW8]], %[[ROWS]] : i32
    // CHECK: scf.if %[[IN8]] -> (vector<2xf32>) {
    %t = vector.transfer_read %xs[%row, %c0], %pad {in_bounds = [false, true]} : memref<?x8xf32>, vector<16x8xf32>
    // CHECK: scf.if %[[IN]] {
    // CHECK: llvm.store
    // CHECK: scf.if %[[IN8]] {
    // CHECK: llvm.store
    vector.transfer_write %t, %xs[%row, %c0] {in_bounds = [false, true]} : vector<16x8xf32>, memref<?x8xf32>
    gpu.return
  }
}

// -----

// Columns may end within a pair, unless their number is known to be even.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @ragged_columns
  gpu.func @ragged_columns(%x: memref<?xf32>, %n: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [16, %n], strides: [%n, 1] : memref<?xf32> to memref<16x?xf32, strided<[?, 1]>>
    // CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
    %t = vector.transfer_read %xs[%c0, %c0], %pad {in_bounds = [true, false]} : memref<16x?xf32, strided<[?, 1]>>, vector<16x8xf32>
    // CHECK-COUNT-4: llvm.store %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
    vector.transfer_write %t, %xs[%c0, %c0] {in_bounds = [true, false]} : vector<16x8xf32>, memref<16x?xf32, strided<[?, 1]>>
    gpu.return
  }

  // CHECK-LABEL: llvm.func @even_columns
  gpu.func @even_columns(%x: memref<?xf32>, %n: index {bpt_tile.divisor = 2 : index}) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [16, %n], strides: [%n, 1] : memref<?xf32> to memref<16x?xf32, strided<[?, 1]>>
    // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
    %t = vector.transfer_read %xs[%c0, %c0], %pad {in_bounds = [true, false]} : memref<16x?xf32, strided<[?, 1]>>, vector<16x8xf32>
    // CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
    vector.transfer_write %t, %xs[%c0, %c0] {in_bounds = [true, false]} : vector<16x8xf32>, memref<16x?xf32, strided<[?, 1]>>
    gpu.return
  }
}

// -----

// A mask is a branch an element.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @masked
  gpu.func @masked(%x: memref<16x8xf32>, %n: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : f32
    %mask = vector.create_mask %c16, %n : vector<16x8xi1>
    // CHECK-COUNT-4: scf.if %{{.*}} -> (f32)
    %t = vector.transfer_read %x[%c0, %c0], %pad, %mask {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK-COUNT-4: scf.if %{{.*}} {
    vector.transfer_write %t, %x[%c0, %c0], %mask {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// Views: of a head of [batch, seq, heads, dim], by a permutation or a subview;
// offsets and sizes are of 64 bits.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @views
  // CHECK-SAME: %[[X:[^:]*]]: !llvm.ptr<1>, %[[H:[^:]*]]: i64, %[[N:[^:]*]]: i64
  gpu.func @views(%x: memref<?xbf16>, %head: index, %n: index, %y: memref<16x8xbf16>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %pad = arith.constant 0.0 : bf16
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [1, %n, 4, 8], strides: [0, 32, 8, 1] : memref<?xbf16> to memref<1x?x4x8xbf16, strided<[0, 32, 8, 1]>>
    // CHECK: %[[OFFSET:.*]] = arith.muli %[[H]], %c16_i64 : i64
    // CHECK: llvm.getelementptr %[[X]][%[[OFFSET]]]
    %t = vector.transfer_read %xs[%c0, %c0, %head, %c0], %pad {in_bounds = [false, true], permutation_map = affine_map<(b, s, h, d) -> (s, d)>} : memref<1x?x4x8xbf16, strided<[0, 32, 8, 1]>>, vector<16x8xbf16>
    %sub = memref.subview %xs[0, 0, %head, 0] [1, %n, 1, 8] [1, 1, 1, 1] : memref<1x?x4x8xbf16, strided<[0, 32, 8, 1]>> to memref<?x8xbf16, strided<[32, 1], offset: ?>>
    %size = memref.dim %sub, %c0 : memref<?x8xbf16, strided<[32, 1], offset: ?>>
    // CHECK: arith.subi %[[N]], %c1_i64 : i64
    %row = arith.subi %size, %c1 : index
    %u = vector.transfer_read %sub[%row, %c0], %pad {in_bounds = [false, true]} : memref<?x8xbf16, strided<[32, 1], offset: ?>>, vector<16x8xbf16>
    %sum = arith.addf %t, %u : vector<16x8xbf16>
    // CHECK: llvm.store %{{.*}} {alignment = 4 : i64} : vector<2xbf16>, !llvm.ptr<1>
    vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xbf16>, memref<16x8xbf16>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @scalars
  // CHECK-SAME: %[[X:[^:]*]]: !llvm.ptr<1>
  gpu.func @scalars(%x: memref<?xi32>, %y: memref<8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    // CHECK: %[[B:.*]] = nvvm.read.ptx.sreg.ctaid.y
    %b = gpu.block_id y
    // CHECK: nvvm.read.ptx.sreg.nctaid.y
    %g = gpu.grid_dim y
    %i = arith.addi %b, %g : index
    // CHECK: llvm.load %{{.*}} : !llvm.ptr<1> -> i32
    %n = memref.load %x[%i] : memref<?xi32>
    %f = arith.sitofp %n : i32 to f32
    %line = vector.broadcast %f : f32 to vector<8xf32>
    vector.transfer_write %line, %y[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
    gpu.return
  }
}

// -----

// Dimensions that are collapsed are as far apart as the last of them that has
// several elements; one that is expanded is cut into rows of the inner ones.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @reshaped
  // CHECK-SAME: %[[X:[^:]*]]: !llvm.ptr<1>, %[[Y:[^:]*]]: !llvm.ptr<1>
  gpu.func @reshaped(%x: memref<16x1x4x2xf32>, %y: memref<128xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %xs = memref.collapse_shape %x [[0, 1], [2, 3]] : memref<16x1x4x2xf32> into memref<16x8xf32>
    %ys = memref.expand_shape %y [[0, 1]] output_shape [16, 8] : memref<128xf32> into memref<16x8xf32>
    // The lane's row of 8 floats, and the one 8 rows on.
    // CHECK: %[[FROM:.*]] = llvm.getelementptr %[[X]][%{{.*}}]
    // CHECK: llvm.getelementptr %{{.*}}[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
    %t = vector.transfer_read %xs[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK: llvm.getelementptr %[[Y]][%{{.*}}]
    // CHECK: llvm.getelementptr %{{.*}}[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
    vector.transfer_write %t, %ys[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// The mask of a line lies along the axis that the line does.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @masked_line
  // CHECK: %[[EXISTS:.*]] = arith.cmpi slt
  // CHECK: scf.if
  // CHECK: llvm.store
  gpu.func @masked_line(%x: memref<64xf32>, %y: memref<64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %line = vector.transfer_read %x[%c0], %pad {in_bounds = [true]} : memref<64xf32>, vector<64xf32>
    %mask = vector.create_mask %n : vector<64xi1>
    vector.transfer_write %line, %y[%c0], %mask {in_bounds = [true]} : vector<64xf32>, memref<64xf32>
    gpu.return
  }
}

// -----

// Elements of 8 bits are integers to LLVM.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @float8
  gpu.func @float8(%x: memref<64x8xf8E4M3FN>, %y: memref<64x8xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f8E4M3FN
    // CHECK: %[[BITS:.*]] = llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr<1> -> i8
    // CHECK: %[[CODE:.*]] = arith.bitcast %[[BITS]] : i8 to f8E4M3FN
    // CHECK: arith.extf %[[CODE]] : f8E4M3FN to f32
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x8xf8E4M3FN>, vector<64x8xf8E4M3FN>
    %b = arith.extf %a : vector<64x8xf8E4M3FN> to vector<64x8xf32>
    vector.transfer_write %b, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x8xf32>, memref<64x8xf32>
    gpu.return
  }
}
