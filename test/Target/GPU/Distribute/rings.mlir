// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes=wgmma --canonicalize --cse | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

// Each of the two buffers has a barrier at which the 128 threads arrive that fill
// it, and one at which the 8 warps do that read it. Tile n is that of buffer n mod 2
// and of the phase n / 2. Loops of the warps that copy are not unrolled.
// CHECK: #[[UNROLL:.*]] = #llvm.loop_unroll<disable = true>
// CHECK: #[[ANNOTATION:.*]] = #llvm.loop_annotation<unroll = #[[UNROLL]]>
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @roles
  // CHECK-SAME: bpt_tile.shared_bytes = 16512 : i64
  // CHECK-SAME: nvvm.minctasm = 1 : i32
  // CHECK-SAME: nvvm.reqntid = array<i32: 384, 1, 1>
  gpu.func @roles(%k: memref<1024x64xbf16>, %y: memref<128x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 8 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x64xf32>
    %one = arith.constant dense<1.0> : vector<128x64xbf16>
    // CHECK-DAG: %[[C128:.*]] = arith.constant 128 : i32
    // CHECK-DAG: %[[C256:.*]] = arith.constant 256 : i32
    // CHECK-DAG: %[[C8:.*]] = arith.constant 8 : i32
    // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : i32
    // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : i32
    // CHECK: %[[SHARED:.*]] = llvm.mlir.addressof
    // CHECK: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
    // CHECK: %[[BARRIERS:.*]] = llvm.getelementptr %[[SHARED]][16384]
    // CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[THREAD]], %[[C0]]
    // CHECK: scf.if %[[FIRST]] {
    // CHECK:   nvvm.mbarrier.init %[[BARRIERS]], %[[C128]]
    // CHECK:   %[[FULL1:.*]] = llvm.getelementptr %[[BARRIERS]][8]
    // CHECK:   nvvm.mbarrier.init %[[FULL1]], %[[C128]]
    // CHECK:   %[[FREE0:.*]] = llvm.getelementptr %[[BARRIERS]][16]
    // CHECK:   nvvm.mbarrier.init %[[FREE0]], %[[C8]]
    // CHECK:   %[[FREE1:.*]] = llvm.getelementptr %[[BARRIERS]][24]
    // CHECK:   nvvm.mbarrier.init %[[FREE1]], %[[C8]]
    // CHECK: }
    // CHECK: nvvm.fence.mbarrier.init
    // CHECK: nvvm.barrier0
    %ring = bpt_tile.create_ring : !ring
    // CHECK: %[[PRODUCES:.*]] = arith.cmpi uge, %[[THREAD]], %[[C256]]
    // CHECK: scf.if %[[PRODUCES]] {
    // CHECK:   nvvm.setmaxregister decrease 40
    bpt_tile.warp_roles producer {
      scf.for %j = %c0 to %n step %c1 {
        %row = arith.muli %j, %c64 : index
        // CHECK: scf.for %[[J:.*]] =
        // CHECK:   %[[I:.*]] = arith.trunci %[[J]] : i64 to i32
        // CHECK:   %[[BUFFER:.*]] = arith.andi %[[I]], %[[C1]]
        // CHECK:   %[[ROUND:.*]] = arith.shrui %[[I]], %[[C1]]
        // CHECK:   %[[OFFSET:.*]] = arith.muli %[[BUFFER]], %[[C8]]
        // CHECK:   %[[FULL:.*]] = llvm.getelementptr %[[BARRIERS]][%[[OFFSET]]]
        // CHECK:   %[[FREE:.*]] = llvm.getelementptr %[[FULL]][16]
        // CHECK:   %[[PHASE:.*]] = arith.andi %[[ROUND]], %[[C1]]
        // CHECK:   %[[BEFORE:.*]] = arith.xori %[[PHASE]], %[[C1]]
        // CHECK:   nvvm.mbarrier.try_wait.parity %[[FREE]], %[[BEFORE]],
        // CHECK-COUNT-4: nvvm.cp.async.shared.global {{.*}}, 16
        // CHECK-NOT: nvvm.cp.async.shared.global
        // CHECK:   nvvm.cp.async.mbarrier.arrive %[[FULL]] {noinc = true}
        bpt_tile.fill %ring[%j] from %k[%row, %c0] : !ring, memref<1024x64xbf16>
        // CHECK: } {loop_annotation = #[[ANNOTATION]]}
      }
    // CHECK: } else {
    // CHECK:   nvvm.setmaxregister increase 232
    } consumer {
      %s = scf.for %j = %c0 to %n step %c1 iter_args(%acc = %zero) -> (vector<128x64xf32>) {
        // CHECK: scf.for
        // CHECK:   %[[FULL:.*]] = llvm.getelementptr %[[BARRIERS]][%{{.*}}]
        // CHECK:   %[[PHASE:.*]] = arith.andi
        // CHECK:   nvvm.mbarrier.try_wait.parity %[[FULL]], %[[PHASE]],
        // CHECK:   nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>
        // CHECK:   llvm.inline_asm {{.*}}wgmma.commit_group
        %tile = bpt_tile.acquire %ring[%j] : !ring -> memref<64x64xbf16, #ws>
        %b = vector.transfer_read %tile[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
        %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
        // CHECK:   llvm.inline_asm {{.*}}wgmma.wait_group.sync.aligned 0
        // CHECK:   nvvm.bar.warp.sync
        // CHECK:   scf.if
        // CHECK:     %[[FREE:.*]] = llvm.getelementptr %{{.*}}[16]
        // CHECK:     nvvm.mbarrier.arrive %[[FREE]]
        bpt_tile.release %ring[%j] : !ring
        scf.yield %p : vector<128x64xf32>
      // CHECK-NOT: loop_annotation
      }
      // Only the warps that compute meet here.
      // CHECK:   nvvm.barrier id = %[[C1]] number_of_threads = %[[C256]]
      gpu.barrier
      vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<128x64xf32>, memref<128x64xf32>
    }
    gpu.return
  }
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<3x16x16xbf16, #ws>>

// Pieces of two bytes are no asynchronous copies: threads arrive themselves. Three
// buffers are found by division; one warpgroup gives no registers away.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @small_pieces
  gpu.func @small_pieces(%k: memref<100x17xbf16>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    // CHECK-NOT: setmaxregister
    %ring = bpt_tile.create_ring : !ring
    // CHECK-DAG: %[[C3:.*]] = arith.constant 3 : i32
    // CHECK: scf.for
    // CHECK: arith.remui %{{.*}}, %[[C3]]
    // CHECK: arith.divui %{{.*}}, %[[C3]]
    // CHECK-NOT: cp.async
    // CHECK: nvvm.mbarrier.arrive
    bpt_tile.warp_roles producer {
      scf.for %j = %c0 to %n step %c1 {
        bpt_tile.fill %ring[%j] from %k[%j, %c1] : !ring, memref<100x17xbf16>
      }
    } consumer {
    }
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

// A branch that needs no product runs while they are in flight. The release of one
// ring's tile does not wait for the product of another's.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @two_rings
  gpu.func @two_rings(%y: memref<64x64xf32>, %z: memref<64x64xf32>, %e: memref<64x64xf32>, %c: i1) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %padf = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %ring0 = bpt_tile.create_ring : !ring
    %ring1 = bpt_tile.create_ring : !ring
    bpt_tile.warp_roles producer {
    } consumer {
      %tile0 = bpt_tile.acquire %ring0[%c0] : !ring -> memref<64x64xbf16, #ws>
      %b0 = vector.transfer_read %tile0[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
      // CHECK: llvm.inline_asm {{.*}}wgmma.commit_group
      %p0 = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b0, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %tile1 = bpt_tile.acquire %ring1[%c0] : !ring -> memref<64x64xbf16, #ws>
      %b1 = vector.transfer_read %tile1[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
      // CHECK: llvm.inline_asm {{.*}}wgmma.commit_group
      %p1 = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b1, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      // CHECK-NOT: wait_group
      // CHECK: scf.if
      %r = scf.if %c -> (vector<64x64xf32>) {
        %v = vector.transfer_read %e[%c0, %c0], %padf {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
        scf.yield %v : vector<64x64xf32>
      } else {
        scf.yield %zero : vector<64x64xf32>
      }
      // CHECK: wgmma.wait_group.sync.aligned 1
      // CHECK: nvvm.mbarrier.arrive
      bpt_tile.release %ring0[%c0] : !ring
      // CHECK-NOT: wait_group
      // CHECK: llvm.store
      vector.transfer_write %p0, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
      // CHECK: wgmma.wait_group.sync.aligned 0
      // CHECK: nvvm.mbarrier.arrive
      bpt_tile.release %ring1[%c0] : !ring
      %s = arith.addf %p1, %r : vector<64x64xf32>
      vector.transfer_write %s, %z[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    }
    gpu.return
  }
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x128xbf16, #ws>>

// One thread starts what the hardware copies: both panels of the tile, whose bytes
// the barrier waits for. Others have no use for the registers.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @from_map
  // CHECK-SAME: (%[[MAP:.*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant}, %[[ROW:.*]]: i64)
  gpu.func @from_map(%map: !bpt_tile.tensor_map<1x64x64xbf16>, %row: index) kernel attributes {bpt_tile.warps = 8 : i32} {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : i32
    // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : i32
    // CHECK-DAG: %[[C64:.*]] = arith.constant 64 : i32
    // CHECK-DAG: %[[C256:.*]] = arith.constant 256 : i32
    // CHECK-DAG: %[[BYTES:.*]] = arith.constant 16384 : i32
    // CHECK: nvvm.mbarrier.init %{{.*}}, %[[C1]]
    %ring = bpt_tile.create_ring : !ring
    // CHECK: nvvm.setmaxregister decrease 24
    // CHECK: %[[FIRST:.*]] = arith.cmpi eq, %{{.*}}, %[[C256]]
    // CHECK: scf.if %[[FIRST]]
    bpt_tile.warp_roles producer {
      // CHECK: nvvm.mbarrier.try_wait.parity
      // CHECK: nvvm.mbarrier.arrive.expect_tx %[[FULL:.*]], %[[BYTES]]
      // CHECK: %[[R:.*]] = arith.trunci %[[ROW]]
      // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAP]], %[[FULL]], box[%[[C0]], %[[R]], %[[C0]]]
      // CHECK: %[[PANEL:.*]] = llvm.getelementptr %{{.*}}[8192]
      // CHECK: %[[TO:.*]] = llvm.addrspacecast %[[PANEL]]
      // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %[[TO]], %[[MAP]], %[[FULL]], box[%[[C64]], %[[R]], %[[C0]]]
      bpt_tile.fill %ring[%c0] from %map[%c0, %row, %c0] : !ring, !bpt_tile.tensor_map<1x64x64xbf16>
    // CHECK: nvvm.setmaxregister increase 240
    } consumer {
      // The hardware's writes are in order with wgmma's reads.
      // CHECK: nvvm.mbarrier.try_wait.parity
      // CHECK-NOT: fence.proxy
      %tile = bpt_tile.acquire %ring[%c0] : !ring -> memref<64x128xbf16, #ws>
    }
    gpu.return
  }
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

// Beside a ring that threads fill, the one thread is one of theirs.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @both
  gpu.func @both(%map: !bpt_tile.tensor_map<64x64xbf16>, %k: memref<64x64xbf16>) kernel attributes {bpt_tile.warps = 8 : i32} {
    %c0 = arith.constant 0 : index
    %ring = bpt_tile.create_ring : !ring
    %other = bpt_tile.create_ring : !ring
    // CHECK: nvvm.setmaxregister decrease 40
    bpt_tile.warp_roles producer {
      // CHECK: scf.if
      // CHECK:   nvvm.mbarrier.arrive.expect_tx
      // CHECK:   nvvm.cp.async.bulk.tensor
      // CHECK: }
      bpt_tile.fill %ring[%c0] from %map[%c0, %c0] : !ring, !bpt_tile.tensor_map<64x64xbf16>
      // CHECK: nvvm.cp.async.shared.global
      // CHECK: nvvm.cp.async.mbarrier.arrive
      bpt_tile.fill %other[%c0] from %k[%c0, %c0] : !ring, memref<64x64xbf16>
    } consumer {
    }
    gpu.return
  }
}
