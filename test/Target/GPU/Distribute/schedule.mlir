// RUN: bpt-opt %s --split-input-file --bpt-gpu-schedule=stages=3 | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Two stages are started before the loop, the third by the first iteration.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @loop
  // CHECK-SAME: %[[X:.*]]: memref<64x256xbf16>, %[[W:.*]]: memref<256x64xbf16>
  gpu.func @loop(%x: memref<64x256xbf16>, %w: memref<256x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    // CHECK-DAG: %[[BX:.*]] = memref.alloc() : memref<3x64x32xbf16, #gpu.address_space<workgroup>>
    // CHECK-DAG: %[[BW:.*]] = memref.alloc() : memref<3x32x64xbf16, #gpu.address_space<workgroup>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    // CHECK: %[[ANY:.*]] = arith.cmpi slt, %[[LB:.*]], %[[N:.*]] : index
    // CHECK: scf.if %[[ANY]] {
    // CHECK:   %[[K0:.*]] = arith.muli %[[LB]], %[[C32:.*]] : index
    // CHECK:   bpt_tile.async_copy %[[X]][%{{.*}}, %[[K0]]] to %[[BX]][%{{.*}}]
    // CHECK:   bpt_tile.async_copy %[[W]][%[[K0]], %{{.*}}] to %[[BW]][%{{.*}}]
    // CHECK: bpt_tile.commit_copies
    // CHECK: %[[SECOND:.*]] = arith.addi %[[LB]], %{{.*}} : index
    // CHECK: arith.cmpi slt, %[[SECOND]], %[[N]] : index
    // CHECK: bpt_tile.commit_copies
    // CHECK: scf.for %[[I:.*]] = %[[LB]] to %[[N]]
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      // CHECK: bpt_tile.wait_copies 1
      // CHECK: gpu.barrier
      // CHECK: %[[NOW:.*]] = arith.remui
      // CHECK: %[[NEXT:.*]] = arith.remui
      // CHECK: %[[AHEAD:.*]] = arith.addi %[[I]], %{{.*}} : index
      // CHECK: %[[MORE:.*]] = arith.cmpi slt, %[[AHEAD]], %[[N]] : index
      // CHECK: scf.if %[[MORE]] {
      // CHECK:   %[[K2:.*]] = arith.muli %[[AHEAD]], %[[C32]] : index
      // CHECK:   bpt_tile.async_copy %[[X]][%{{.*}}, %[[K2]]] to %[[BX]][%[[NEXT]]]
      // CHECK: bpt_tile.commit_copies
      // CHECK: vector.transfer_read %[[BX]][%[[NOW]], %{{.*}}], {{.*}}in_bounds = [true, true]
      // CHECK: vector.transfer_read %[[BW]][%[[NOW]], %{{.*}}], {{.*}}in_bounds = [true, true]
      %k = arith.muli %i, %c32 : index
      %a = vector.transfer_read %x[%c0, %k], %pad {in_bounds = [true, true]} : memref<64x256xbf16>, vector<64x32xbf16>
      %b = vector.transfer_read %w[%k, %c0], %pad {in_bounds = [false, true]} : memref<256x64xbf16>, vector<32x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x32xbf16>, vector<32x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// The queries are copied once, before both loops, and read in the inner one. A
// loop in a loop waits for the warps that still read.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @invariant
  // CHECK-SAME: %[[Q:.*]]: memref<64x64xbf16>, %[[K:.*]]: memref<256x64xbf16>
  gpu.func @invariant(%q: memref<64x64xbf16>, %k: memref<256x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    // CHECK-DAG: %[[BQ:.*]] = memref.alloc() : memref<64x64xbf16, #gpu.address_space<workgroup>>
    // CHECK-DAG: %[[BK:.*]] = memref.alloc() : memref<3x64x64xbf16, #gpu.address_space<workgroup>>
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c1 = arith.constant 1 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    // CHECK-NOT: vector.transfer_read %[[Q]]
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // CHECK: bpt_tile.async_copy %[[Q]][%{{.*}}, %{{.*}}] to %[[BQ]] :
    // CHECK: scf.for
    scf.for %j = %c0 to %n step %c1 {
      // CHECK: gpu.barrier
      // CHECK-NOT: bpt_tile.async_copy %[[Q]]
      // CHECK: bpt_tile.async_copy %[[K]]
      // CHECK: scf.for
      %r = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
        // CHECK: vector.transfer_read %[[BK]]
        %b = vector.transfer_read %k[%i, %c0], %pad {in_bounds = [true, true]} : memref<256x64xbf16>, vector<64x64xbf16>
        // CHECK: %[[A:.*]] = vector.transfer_read %[[BQ]]
        // CHECK: vector.contract {{.*}} %[[A]],
        %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
        scf.yield %p : vector<64x64xf32>
      }
      vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    }
    // CHECK: bpt_tile.wait_copies 0
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Without a loop there is nothing to copy ahead of; a left operand goes straight
// to registers.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @at_once
  // CHECK-SAME: %[[Q:.*]]: memref<64x64xbf16>, %[[K:.*]]: memref<64x64xbf16>
  gpu.func @at_once(%q: memref<64x64xbf16>, %k: memref<64x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    // CHECK: vector.transfer_read %[[Q]]
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // CHECK: bpt_tile.async_copy %[[K]]
    // CHECK: bpt_tile.commit_copies
    // CHECK: bpt_tile.wait_copies 0
    // CHECK: gpu.barrier
    // CHECK: vector.transfer_read %{{.*}} : memref<64x64xbf16, #gpu.address_space<workgroup>>
    %b = vector.transfer_read %k[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A loop after another has its buffers, once all warps have read them, and finds
// the queries there. A loop that never ran has not waited for them.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @successive
  // CHECK-SAME: %[[Q:.*]]: memref<64x64xbf16>, %[[K:.*]]: memref<?x64xbf16>
  gpu.func @successive(%q: memref<64x64xbf16>, %k: memref<?x64xbf16>, %y: memref<64x64xf32>, %m: index, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    // CHECK-DAG: %[[BQ:.*]] = memref.alloc() : memref<64x64xbf16, #gpu.address_space<workgroup>>
    // CHECK-DAG: %[[BK:.*]] = memref.alloc() : memref<3x64x64xbf16, #gpu.address_space<workgroup>>
    // CHECK-NOT: memref.alloc
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // CHECK: bpt_tile.async_copy %[[Q]]
    // CHECK: scf.for
    %whole = scf.for %j = %c0 to %m step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      // CHECK: scf.yield
      scf.yield %p : vector<64x64xf32>
    }
    // CHECK: bpt_tile.wait_copies 0
    // CHECK: gpu.barrier
    // CHECK-NOT: bpt_tile.async_copy %[[Q]]
    // CHECK: bpt_tile.async_copy %[[K]]{{.*}} to %[[BK]]
    // CHECK: scf.for
    // CHECK: vector.transfer_read %[[BQ]]
    %r = scf.for %j = %m to %n step %c64 iter_args(%acc = %whole) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [false, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %r, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}
