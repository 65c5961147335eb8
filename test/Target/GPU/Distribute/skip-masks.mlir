// RUN: bpt-opt %s --split-input-file --bpt-skip-masks | FileCheck %s

// Keys below a limit that grows with the row, or all of them if %all.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @positions
  // CHECK-SAME: %[[ALL:[a-z0-9]*]]: i1, %[[SHIFT:[a-z0-9]*]]: index
  gpu.func @positions(%y: memref<16x32xf32>, %n: index, %all: i1, %shift: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c32 = arith.constant 32 : index
    %x = arith.constant dense<1.0> : vector<16x32xf32>
    %masked = arith.constant dense<0.0> : vector<16x32xf32>
    %rowStep = vector.step : vector<16xindex>
    %keyStep = vector.step : vector<32xindex>
    %shifts = vector.broadcast %shift : index to vector<16xindex>
    %limitLine = arith.addi %rowStep, %shifts : vector<16xindex>
    %limitColumn = vector.shape_cast %limitLine : vector<16xindex> to vector<16x1xindex>
    %limit = vector.broadcast %limitColumn : vector<16x1xindex> to vector<16x32xindex>
    %allTile = vector.broadcast %all : i1 to vector<16x32xi1>
    // CHECK: scf.for %[[J:.*]] =
    scf.for %j = %c0 to %n step %c32 {
      // CHECK: %[[C31:.*]] = arith.constant 31 : index
      // CHECK: %[[LAST:.*]] = arith.addi %[[C31]], %[[J]] : index
      // CHECK: %[[LIMIT:.*]] = arith.addi %{{.*}}, %[[SHIFT]] : index
      // CHECK: %[[PAST:.*]] = arith.cmpi sle, %[[LAST]], %[[LIMIT]] : index
      // CHECK: %[[KEEP:.*]] = arith.ori %[[PAST]], %[[ALL]] : i1
      // CHECK: scf.if %[[KEEP]] -> (vector<16x32xf32>) {
      // CHECK-NEXT: scf.yield
      // CHECK: } else {
      // CHECK: arith.cmpi sle, %{{.*}} : vector<16x32xindex>
      // CHECK: arith.ori %{{.*}} : vector<16x32xi1>
      // CHECK: arith.select
      %start = vector.broadcast %j : index to vector<32xindex>
      %keyLine = arith.addi %keyStep, %start : vector<32xindex>
      %key = vector.broadcast %keyLine : vector<32xindex> to vector<16x32xindex>
      %isPast = arith.cmpi sle, %key, %limit : vector<16x32xindex>
      %keep = arith.ori %isPast, %allTile : vector<16x32xi1>
      %r = arith.select %keep, %x, %masked : vector<16x32xi1>, vector<16x32xf32>
      vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
    }
    gpu.return
  }
}

// -----

// The first key of a window, compared from the other side.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @window
  // CHECK-SAME: %[[N:[a-z0-9]*]]: index, %[[W:[a-z0-9]*]]: index
  gpu.func @window(%y: memref<16x32xf32>, %n: index, %w: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = arith.constant dense<1.0> : vector<16x32xf32>
    %masked = arith.constant dense<0.0> : vector<16x32xf32>
    %five = arith.constant dense<5> : vector<32xindex>
    %keyStep = vector.step : vector<32xindex>
    %windows = vector.broadcast %w : index to vector<32xindex>
    scf.for %j = %c0 to %n step %c1 {
      // CHECK: %[[FIRST:.*]] = arith.subi %[[C0:.*]], %[[W]] : index
      // CHECK: %[[C5:.*]] = arith.constant 5 : index
      // CHECK: arith.cmpi sgt, %[[FIRST]], %[[C5]] : index
      // CHECK: scf.if
      %start = arith.subi %keyStep, %windows : vector<32xindex>
      %after = arith.cmpi sgt, %start, %five : vector<32xindex>
      %keep = vector.broadcast %after : vector<32xi1> to vector<16x32xi1>
      %r = arith.select %keep, %x, %masked : vector<16x32xi1>, vector<16x32xf32>
      vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
    }
    gpu.return
  }
}

// -----

// Of what is loaded, nothing is known.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @segments
  // CHECK-NOT: scf.if
  gpu.func @segments(%s: memref<32xi32>, %y: memref<16x32xf32>, %n: index, %id: i32) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = arith.constant dense<1.0> : vector<16x32xf32>
    %masked = arith.constant dense<0.0> : vector<16x32xf32>
    %ids = vector.broadcast %id : i32 to vector<16x32xi32>
    scf.for %j = %c0 to %n step %c1 {
      %line = vector.transfer_read %s[%c0], %id {in_bounds = [true]} : memref<32xi32>, vector<32xi32>
      %tile = vector.broadcast %line : vector<32xi32> to vector<16x32xi32>
      %keep = arith.cmpi sle, %ids, %tile : vector<16x32xi32>
      %r = arith.select %keep, %x, %masked : vector<16x32xi1>, vector<16x32xf32>
      vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
    }
    gpu.return
  }
}
