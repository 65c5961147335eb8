// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes --cse | FileCheck %s

// A loop carries the elements of its tiles; a scalar stays one value.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @loop
  // CHECK-SAME: %[[N:[^:]*]]: i64
  gpu.func @loop(%x: memref<16x8xf32>, %y: memref<16x8xf32>, %n: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : vector<16x8xf32>
    %zeroRow = arith.constant dense<0.0> : vector<16xf32>
    %pad = arith.constant 0.0 : f32
    // CHECK: %[[R:.*]]:7 = scf.for %{{.*}} = %{{.*}} to %[[N]] step %{{.*}} iter_args({{.*}}) -> (f32, f32, f32, f32, f32, f32, i64) : i64
    %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%t = %zero, %l = %zeroRow, %s = %c0) -> (vector<16x8xf32>, vector<16xf32>, index) {
      %v = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
      %u = arith.addf %t, %v : vector<16x8xf32>
      %m = vector.multi_reduction <add>, %v, %l [1] : vector<16x8xf32> to vector<16xf32>
      %s1 = arith.addi %s, %i : index
      // CHECK: scf.yield %{{.*}} : f32, f32, f32, f32, f32, f32, i64
      scf.yield %u, %m, %s1 : vector<16x8xf32>, vector<16xf32>, index
    }
    %column = vector.shape_cast %r#1 : vector<16xf32> to vector<16x1xf32>
    %tile = vector.broadcast %column : vector<16x1xf32> to vector<16x8xf32>
    %sum = arith.addf %r#0, %tile : vector<16x8xf32>
    %i = arith.index_cast %r#2 : index to i32
    // CHECK: arith.sitofp
    %f = arith.sitofp %i : i32 to f32
    %all = vector.broadcast %f : f32 to vector<16x8xf32>
    %out = arith.addf %sum, %all : vector<16x8xf32>
    vector.transfer_write %out, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @branch
  gpu.func @branch(%x: memref<16x8xf32>, %y: memref<16x8xf32>, %c: i1) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK: scf.if %{{.*}} -> (f32, f32, f32, f32) {
    // CHECK-COUNT-4: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
    // CHECK: } else {
    %r = scf.if %c -> (vector<16x8xf32>) {
      %e = math.exp2 %t : vector<16x8xf32>
      scf.yield %e : vector<16x8xf32>
    } else {
      scf.yield %t : vector<16x8xf32>
    }
    // CHECK: scf.if
    scf.if %c {
      vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    }
    gpu.return
  }
}

// -----

// Only what is marked as a tile program is one.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @other
  gpu.func @other() kernel {
    // CHECK: gpu.thread_id
    %t = gpu.thread_id x
    gpu.printf "%d", %t : index
    gpu.return
  }
}

// -----

// What else is known of the kernel and its arguments stays.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @attributes
  // CHECK-SAME: !llvm.ptr<1> {llvm.noalias}
  // CHECK-NOT: bpt_tile.divisor
  // CHECK-SAME: nvvm.minctasm = 2 : i32
  gpu.func @attributes(%x: memref<16x8xf32> {llvm.noalias}, %n: index {bpt_tile.divisor = 8 : index}) kernel attributes {bpt_tile.warps = 1 : i32, nvvm.minctasm = 2 : i32} {
    gpu.return
  }
}
