// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes --canonicalize --cse | FileCheck %s

// The instructions of the GPU, not calls of a library.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @functions
  gpu.func @functions(%x: memref<16x8xf32>, %y: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t0 = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
    %t1 = math.exp2 %t0 : vector<16x8xf32>
    // CHECK: %[[IN2:.*]] = arith.mulf
    // CHECK-NEXT: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%[[IN2]])
    %t2 = math.exp %t1 : vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.nvvm.lg2.approx.ftz.f"
    %t3 = math.log2 %t2 : vector<16x8xf32>
    // CHECK: %[[LOG2:.*]] = llvm.call_intrinsic "llvm.nvvm.lg2.approx.ftz.f"
    // CHECK-NEXT: arith.mulf %[[LOG2]], %{{.*}} : f32
    %t4 = math.log %t3 : vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.nvvm.rsqrt.approx.ftz.f"
    %t5 = math.rsqrt %t4 : vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.sqrt.f32"
    %t6 = math.sqrt %t5 : vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.fabs.f32"
    %t7 = math.absf %t6 : vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.floor.f32"
    %t8 = math.floor %t7 : vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.ceil.f32"
    %t9 = math.ceil %t8 : vector<16x8xf32>
    // CHECK: llvm.call_intrinsic "llvm.copysign.f32"
    %t10 = math.copysign %t9, %t0 : vector<16x8xf32>
    // CHECK: llvm.intr.fma
    %t11 = math.fma %t10, %t0, %t1 : vector<16x8xf32>
    // CHECK: llvm.intr.maxnum
    %t12 = arith.maxnumf %t11, %t0 : vector<16x8xf32>
    // CHECK: llvm.intr.minnum
    %t13 = arith.minnumf %t12, %t0 : vector<16x8xf32>
    // CHECK: llvm.intr.maximum
    %t14 = arith.maximumf %t13, %t0 : vector<16x8xf32>
    // CHECK: llvm.intr.minimum
    %t15 = arith.minimumf %t14, %t0 : vector<16x8xf32>
    // CHECK: llvm.nvvm.ex2.approx.ftz.f
    // CHECK: llvm.nvvm.rcp.approx.ftz.f
    // CHECK: llvm.intr.fma
    // CHECK-NOT: math.
    %t16 = math.tanh %t15 : vector<16x8xf32>
    %t17 = math.erf %t16 : vector<16x8xf32>
    vector.transfer_write %t17, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    // CHECK: llvm.return
    gpu.return
  }
}

// -----

// What is the same for all elements is computed once.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @uniform
  // CHECK-SAME: %[[S:[^:]*]]: f32
  gpu.func @uniform(%y: memref<16x8xf32>, %s: f32) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %two = arith.constant dense<2.0> : vector<16x8xf32>
    %t = vector.broadcast %s : f32 to vector<16x8xf32>
    // CHECK: arith.mulf %[[S]], %{{.*}} : f32
    // CHECK-NOT: arith.mulf
    %d = arith.mulf %t, %two : vector<16x8xf32>
    // CHECK: llvm.return
    vector.transfer_write %d, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// A mask is a comparison an element; scalars choose for the whole tile.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @masks
  // CHECK-SAME: %[[N:[^:]*]]: i64, %[[C:[^:]*]]: i1
  gpu.func @masks(%x: memref<16x8xf32>, %y: memref<16x8xf32>, %n: index, %c: i1) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<16x8xf32>
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK: %[[MIN:.*]] = arith.minsi %[[N]], %c8_i64
    // CHECK: %[[BOUND:.*]] = arith.trunci %[[MIN]] : i64 to i32
    // CHECK: arith.cmpi slt, %{{.*}}, %[[BOUND]] : i32
    %mask = vector.create_mask %c16, %n : vector<16x8xi1>
    // CHECK: %[[KEPT:.*]] = arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
    %kept = arith.select %mask, %t, %zero : vector<16x8xi1>, vector<16x8xf32>
    // CHECK-NEXT: arith.select %[[C]], %[[KEPT]], %{{.*}} : f32
    %r = arith.select %c, %kept, %t : vector<16x8xf32>
    vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// Positions are 32-bit in tiles and 64-bit as scalars, and are cast between.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @integers
  gpu.func @integers(%y: memref<16x8xf32>, %n: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %step = vector.step : vector<8xindex>
    %ints = arith.index_cast %step : vector<8xindex> to vector<8xi32>
    // CHECK: arith.sitofp %{{.*}} : i32 to f32
    %floats = arith.sitofp %ints : vector<8xi32> to vector<8xf32>
    %tile = vector.broadcast %floats : vector<8xf32> to vector<16x8xf32>
    // CHECK: %[[I:.*]] = arith.trunci %{{.*}} : i64 to i32
    %nInt = arith.index_cast %n : index to i32
    // CHECK: arith.sitofp %[[I]] : i32 to f32
    %nFloat = arith.sitofp %nInt : i32 to f32
    %nTile = vector.broadcast %nFloat : f32 to vector<16x8xf32>
    %sum = arith.addf %tile, %nTile : vector<16x8xf32>
    vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// An element passes through all operations before the next one: what is between
// them is never held for all elements.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @by_element
  gpu.func @by_element(%x: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK: %[[E0:.*]] = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
    // CHECK-NEXT: arith.mulf %[[E0]]
    // CHECK: %[[E1:.*]] = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
    // CHECK-NEXT: arith.mulf %[[E1]]
    %e = math.exp2 %t : vector<16x8xf32>
    %m = arith.mulf %e, %t : vector<16x8xf32>
    vector.transfer_write %m, %x[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// An operation may have two results, of which one may not be used; of numbers and
// lines it is computed once.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @two_results
  // CHECK-SAME: %[[N:[^:]*]]: i32
  gpu.func @two_results(%y: memref<16x8xi32>, %n: i32) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %factor = arith.constant dense<77> : vector<8xi32>
    %step = vector.step : vector<8xindex>
    %words = arith.index_cast %step : vector<8xindex> to vector<8xi32>
    // CHECK: %{{.*}}, %[[H0:.*]] = arith.mului_extended %{{.*}}, %c77_i32 : i32
    // CHECK: %{{.*}}, %[[H1:.*]] = arith.mului_extended %{{.*}}, %c77_i32 : i32
    %low, %high = arith.mului_extended %words, %factor : vector<8xi32>
    // CHECK: %[[L:.*]], %[[H:.*]] = arith.mului_extended %[[N]], %[[N]] : i32
    %lowOfN, %highOfN = arith.mului_extended %n, %n : i32
    %lowTile = vector.broadcast %lowOfN : i32 to vector<16x8xi32>
    %highTile = vector.broadcast %highOfN : i32 to vector<16x8xi32>
    %columns = vector.broadcast %high : vector<8xi32> to vector<16x8xi32>
    // CHECK: %[[X0:.*]] = arith.xori %[[H0]], %[[L]] : i32
    // CHECK: %[[LOW:.*]], %[[HIGH:.*]] = arith.mului_extended %[[X0]], %[[H]] : i32
    // CHECK: arith.addi %[[LOW]], %[[HIGH]] : i32
    // CHECK: arith.xori %[[H1]], %[[L]] : i32
    %x = arith.xori %columns, %lowTile : vector<16x8xi32>
    %lowOfX, %highOfX = arith.mului_extended %x, %highTile : vector<16x8xi32>
    %sum = arith.addi %lowOfX, %highOfX : vector<16x8xi32>
    // CHECK-NOT: arith.mului_extended %c0
    // CHECK: llvm.return
    vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xi32>, memref<16x8xi32>
    gpu.return
  }
}
