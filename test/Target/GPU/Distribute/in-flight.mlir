// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes=wgmma --canonicalize --cse | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// The product before the loop and those in it run while the next one is started: the
// only wait in the loop, for all but one, ties no accumulator. The sums are waited for
// behind it.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @sum
  // CHECK: %[[FIRST:.*]] = llvm.inline_asm {{.*}}setp.ne.b32 adds
  // CHECK: %[[F0:.*]] = llvm.extractvalue %[[FIRST]][0]
  // CHECK-NOT: wait
  // CHECK: %[[SUM:.*]]:8 = scf.for {{.*}} iter_args(%[[S0:.*]] = %[[F0]],
  // CHECK:   %[[NEXT:.*]] = llvm.inline_asm {{.*}}setp.eq.b32 adds{{.*}} %[[S0]],
  // CHECK:   %[[N0:.*]] = llvm.extractvalue %[[NEXT]][0]
  // CHECK-NOT: wait
  // CHECK:   nvvm.wgmma.wait.group.sync.aligned 1
  // CHECK:   nvvm.mbarrier.arrive
  // CHECK-NOT: wait
  // CHECK:   scf.yield %[[N0]],
  // CHECK: llvm.inline_asm {{.*}}"wgmma.wait_group.sync.aligned 0;"{{.*}} %[[SUM]]#0,
  // CHECK: nvvm.mbarrier.arrive
  // CHECK: llvm.store
  gpu.func @sum(%x: memref<?x64xbf16>, %y: memref<64x16xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %left = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
    %right = bpt_tile.create_ring : !bpt_tile.ring<memref<2x16x64xbf16, #ws>>
    bpt_tile.warp_roles producer {
    } consumer {
      %a0 = bpt_tile.acquire %left[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #ws>> -> memref<64x64xbf16, #ws>
      %b0 = bpt_tile.acquire %right[%c0] : !bpt_tile.ring<memref<2x16x64xbf16, #ws>> -> memref<16x64xbf16, #ws>
      %ta0 = vector.transfer_read %a0[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
      %tb0 = vector.transfer_read %b0[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x64xbf16, #ws>, vector<16x64xbf16>
      %first = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %ta0, %tb0, %zero : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      %sum = scf.for %j = %c1 to %n step %c1 iter_args(%acc = %first) -> (vector<64x16xf32>) {
        %a = bpt_tile.acquire %left[%j] : !bpt_tile.ring<memref<2x64x64xbf16, #ws>> -> memref<64x64xbf16, #ws>
        %b = bpt_tile.acquire %right[%j] : !bpt_tile.ring<memref<2x16x64xbf16, #ws>> -> memref<16x64xbf16, #ws>
        %ta = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
        %tb = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x64xbf16, #ws>, vector<16x64xbf16>
        %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %ta, %tb, %acc : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
        %before = arith.subi %j, %c1 : index
        bpt_tile.release %left[%before] pending 1 : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
        scf.yield %p : vector<64x16xf32>
      }
      bpt_tile.release %left[%n] : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
      vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
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

// Products of warps are over when they are computed: 32 rows are none of a warpgroup.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @of_warps
  // CHECK-NOT: wgmma
  // CHECK: nvvm.mma.sync
  // CHECK-NOT: wgmma
  gpu.func @of_warps(%x: memref<?x64xbf16>, %y: memref<32x16xf32>, %n: index) kernel attributes {bpt_tile.warps = 2 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<32x16xf32>
    %left = bpt_tile.create_ring : !bpt_tile.ring<memref<2x32x64xbf16, #ws>>
    %right = bpt_tile.create_ring : !bpt_tile.ring<memref<2x16x64xbf16, #ws>>
    bpt_tile.warp_roles producer {
    } consumer {
      %sum = scf.for %j = %c0 to %n step %c1 iter_args(%acc = %zero) -> (vector<32x16xf32>) {
        %a = bpt_tile.acquire %left[%j] : !bpt_tile.ring<memref<2x32x64xbf16, #ws>> -> memref<32x64xbf16, #ws>
        %b = bpt_tile.acquire %right[%j] : !bpt_tile.ring<memref<2x16x64xbf16, #ws>> -> memref<16x64xbf16, #ws>
        %ta = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xbf16, #ws>, vector<32x64xbf16>
        %tb = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x64xbf16, #ws>, vector<16x64xbf16>
        %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %ta, %tb, %acc : vector<32x64xbf16>, vector<16x64xbf16> into vector<32x16xf32>
        bpt_tile.release %left[%j] pending 1 : !bpt_tile.ring<memref<2x32x64xbf16, #ws>>
        scf.yield %p : vector<32x16xf32>
      }
      vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<32x16xf32>, memref<32x16xf32>
    }
    gpu.return
  }
}

// -----

// The loop over items of warps that copy is not unrolled, and the positions of elements
// are computed for each item.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @items
  // CHECK: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
  // CHECK: scf.for
  // CHECK: } {loop_annotation = #[[ANNOTATION:.*]]}
  // CHECK: scf.for %[[J:.*]] = %{{.*}} to
  // CHECK: %[[HIDDEN:.*]] = llvm.inline_asm asm_dialect = att "mov.b32 $0, $1;", "=r,r,r" %[[THREAD]], %[[J]]
  // CHECK: arith.andi %[[HIDDEN]],
  // CHECK: nvvm.shfl.sync idx
  // CHECK: llvm.store
  gpu.func @items(%x: memref<64x64xbf16>, %y: memref<64x16xf32>, %n: i32) kernel attributes {bpt_tile.persistent, bpt_tile.warps = 4 : i32} {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %c0 = arith.constant 0 : index
    %tile = arith.constant dense<1.0> : vector<64x16xf32>
    %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<1x64x64xbf16, #gpu.address_space<workgroup>>>
    bpt_tile.warp_roles producer {
      scf.for %j = %zero to %n step %one : i32 {
        %i = arith.index_castui %j : i32 to index
        bpt_tile.fill %ring[%i] from %x[%c0, %c0] : !bpt_tile.ring<memref<1x64x64xbf16, #gpu.address_space<workgroup>>>, memref<64x64xbf16>
      }
    } consumer {
      scf.for %j = %zero to %n step %one : i32 {
        vector.transfer_write %tile, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
      }
    }
    gpu.return
  }
}
