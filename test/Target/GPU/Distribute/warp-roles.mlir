// RUN: bpt-opt %s --split-input-file --bpt-gpu-schedule="warp-roles max-shared-bytes=50000" --remarks-filter=bpt-gpu --remark-policy=all --canonicalize 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// The left operand of all iterations is filled once, and released behind them. A
// right one is acquired where it was read, and released where its product is used
// first. Two loops have the same ring, in which the second goes on counting.
// REMARK: four warps copy while the others compute
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @loops
  // CHECK-SAME: known_block_size = array<i32: 256, 1, 1>
  gpu.func @loops(%q: memref<64x64xbf16>, %k: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index, %m: index) kernel attributes {bpt_tile.warps = 4 : i32, known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
    // CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
    // CHECK: %[[ONCE:.*]] = bpt_tile.create_ring : <memref<1x64x64xbf16,
    // CHECK: %[[RING:.*]] = bpt_tile.create_ring : <memref<4x64x64xbf16,
    // CHECK: %[[LENGTH:.*]] = arith.maxsi %[[N:.*]], %[[C0]]
    // CHECK: %[[TRIPS:.*]] = arith.ceildivui %[[LENGTH]], %[[C64]]
    // CHECK-NOT: create_ring
    // CHECK: bpt_tile.warp_roles producer {
    // CHECK:   bpt_tile.fill %[[ONCE]][%[[C0]]] from %{{.*}}[%[[C0]], %[[C0]]]
    // CHECK:   scf.for %[[J:.*]] = %[[C0]] to %[[N]] step %[[C64]] {
    // CHECK:     %[[NUMBER:.*]] = arith.divui %[[J]], %[[C64]]
    // CHECK:     bpt_tile.fill %[[RING]][%[[NUMBER]]] from %{{.*}}[%[[J]], %[[C0]]]
    // CHECK:   scf.for %[[J:.*]] = %[[N]] to %[[M:.*]] step %[[C64]] {
    // CHECK:     %[[SINCE:.*]] = arith.subi %[[J]], %[[N]]
    // CHECK:     %[[ITERATION:.*]] = arith.divui %[[SINCE]], %[[C64]]
    // CHECK:     %[[NUMBER:.*]] = arith.addi %[[TRIPS]], %[[ITERATION]]
    // CHECK:     bpt_tile.fill %[[RING]][%[[NUMBER]]]
    // CHECK: } consumer {
    // CHECK:   %[[Q:.*]] = bpt_tile.acquire %[[ONCE]][%[[C0]]]
    // CHECK:   scf.for
    // CHECK:     %[[NUMBER:.*]] = arith.divui
    // CHECK:     %[[K:.*]] = bpt_tile.acquire %[[RING]][%[[NUMBER]]]
    // CHECK:     %[[B:.*]] = vector.transfer_read %[[K]][%[[C0]], %[[C0]]]
    // CHECK:     %[[A:.*]] = vector.transfer_read %[[Q]][%[[C0]], %[[C0]]]
    // CHECK:     %[[S:.*]] = vector.contract {{.*}} %[[A]], %[[B]],
    // CHECK:     %[[E:.*]] = math.exp2 %[[S]]
    // CHECK:     bpt_tile.release %[[RING]][%[[NUMBER]]]
    // CHECK:     arith.addf
    // CHECK:     scf.yield
    %s = scf.for %j = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %e = math.exp2 %p : vector<64x64xf32>
      %r = arith.addf %acc, %e : vector<64x64xf32>
      scf.yield %r : vector<64x64xf32>
    }
    // What the loop yields is over at its end.
    // CHECK:   scf.for
    // CHECK:     vector.contract
    // CHECK-NEXT: bpt_tile.release
    // CHECK-NEXT: scf.yield
    // CHECK:   bpt_tile.release %[[ONCE]][%[[C0]]]
    // CHECK:   vector.transfer_write
    // CHECK-NEXT: {{^ +}}}
    // CHECK-NEXT: gpu.return
    %t = scf.for %j = %n to %m step %c64 iter_args(%acc = %s) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %t, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// The last keys, which are fewer, go through the ring of the others: the first rows
// of a buffer. There are no more buffers than tiles.
// REMARK: four warps copy
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @last_keys
  // CHECK: %[[RING:.*]] = bpt_tile.create_ring : <memref<3x64x64xbf16,
  // CHECK-NOT: create_ring
  // CHECK: producer {
  // CHECK:   scf.for
  // CHECK:   bpt_tile.fill %[[RING]][%c3{{.*}}] from %{{.*}}[%c192{{.*}}, %c0{{.*}}]
  // CHECK: } consumer {
  // CHECK:   scf.for
  // CHECK:   %[[LAST:.*]] = bpt_tile.acquire %[[RING]][%c3{{.*}}]
  // CHECK:   vector.transfer_read %[[LAST]][%c0{{.*}}, %c0{{.*}}], {{.*}} vector<16x64xbf16>
  // CHECK:   vector.contract
  // CHECK:   bpt_tile.release %[[RING]][%c3{{.*}}]
  gpu.func @last_keys(%k: memref<200x64xbf16>, %y: memref<64x64xf32>, %z: memref<64x16xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c192 = arith.constant 192 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %zero16 = arith.constant dense<0.0> : vector<64x16xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %s = scf.for %j = %c0 to %c192 step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<200x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    %b = vector.transfer_read %k[%c192, %c0], %pad {in_bounds = [false, true]} : memref<200x64xbf16>, vector<16x64xbf16>
    %t = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %zero16 : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    vector.transfer_write %t, %z[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// REMARK: no loop reads operands
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @no_loop
  // CHECK-NOT: warp_roles
  // CHECK: bpt_tile.async_copy
  gpu.func @no_loop(%k: memref<64x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %k[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %a, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// REMARK: an operand is read in a loop in another one, or in a branch
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @nested
  // CHECK-NOT: warp_roles
  gpu.func @nested(%k: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %s = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %t = scf.for %j = %c0 to %n step %c64 iter_args(%acc2 = %acc) -> (vector<64x64xf32>) {
        %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
        %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc2 : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
        scf.yield %p : vector<64x64xf32>
      }
      scf.yield %t : vector<64x64xf32>
    }
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// REMARK: it writes memory before it has read all operands
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @writes
  // CHECK-NOT: warp_roles
  gpu.func @writes(%k: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    vector.transfer_write %zero, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    %s = scf.for %j = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// REMARK: where an operand lies depends on more than the loop's counter and what is computed before
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @carried_place
  // CHECK-NOT: warp_roles
  gpu.func @carried_place(%k: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %b0 = vector.transfer_read %k[%c0, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
    %s:2 = scf.for %j = %c0 to %n step %c64 iter_args(%acc = %zero, %row = %c0) -> (vector<64x64xf32>, index) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %next = arith.addi %row, %c64 : index
      scf.yield %p, %next : vector<64x64xf32>, index
    }
    %t = scf.for %j = %s#1 to %n step %c64 iter_args(%acc = %s#0) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %t, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// REMARK: two buffers of each operand do not fit
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @large
  // CHECK-NOT: warp_roles
  gpu.func @large(%k: memref<1024x256xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x256xbf16>
    %s = scf.for %j = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x256xbf16>, vector<64x256xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<64x256xbf16>, vector<64x256xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// REMARK: a block has at most 32 warps
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @many_warps
  // CHECK-NOT: warp_roles
  gpu.func @many_warps(%k: memref<1024x16xbf16>, %y: memref<512x16xf32>, %n: index) kernel attributes {bpt_tile.warps = 32 : i32} {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<512x16xf32>
    %one = arith.constant dense<1.0> : vector<512x16xbf16>
    %s = scf.for %j = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<512x16xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x16xbf16>, vector<16x16xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<512x16xbf16>, vector<16x16xbf16> into vector<512x16xf32>
      scf.yield %p : vector<512x16xf32>
    }
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<512x16xf32>, memref<512x16xf32>
    gpu.return
  }
}
