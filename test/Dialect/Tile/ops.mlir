// RUN: bpt-opt %s --split-input-file | bpt-opt --split-input-file | FileCheck %s

#ws = #gpu.address_space<workgroup>

// CHECK-LABEL: func @buffers
func.func @buffers(%k: memref<?x64xbf16>, %buffers: memref<2x64x64xbf16, #ws>, %row: index, %stage: index) {
  %c0 = arith.constant 0 : index
  // CHECK: bpt_tile.async_copy %{{.*}}[%{{.*}}, %{{.*}}] to %{{.*}}[%{{.*}}] : memref<?x64xbf16>, memref<2x64x64xbf16, #gpu.address_space<workgroup>>
  bpt_tile.async_copy %k[%row, %c0] to %buffers[%stage] : memref<?x64xbf16>, memref<2x64x64xbf16, #ws>
  // CHECK: bpt_tile.commit_copies
  bpt_tile.commit_copies
  // CHECK: bpt_tile.wait_copies 1
  bpt_tile.wait_copies 1
  return
}

// -----

// CHECK-LABEL: func @one_buffer
func.func @one_buffer(%q: memref<?x64xf16>, %tile: memref<64x64xf16, #gpu.address_space<workgroup>>, %row: index) {
  %c0 = arith.constant 0 : index
  // CHECK: bpt_tile.async_copy %{{.*}}[%{{.*}}, %{{.*}}] to %{{.*}} : memref<?x64xf16>, memref<64x64xf16
  bpt_tile.async_copy %q[%row, %c0] to %tile : memref<?x64xf16>, memref<64x64xf16, #gpu.address_space<workgroup>>
  return
}

// -----

// CHECK-LABEL: func @attributes
// CHECK-SAME: bpt_tile.divisor = 8 : index
// CHECK-SAME: bpt_tile.shared_bytes = 1024 : i64, bpt_tile.warps = 4 : i32
func.func @attributes(%stride: index {bpt_tile.divisor = 8 : index}) attributes {bpt_tile.warps = 4 : i32, bpt_tile.shared_bytes = 1024 : i64} {
  return
}

// -----

#ws = #gpu.address_space<workgroup>

// CHECK-LABEL: func @roles
func.func @roles(%k: memref<?x64xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: %[[RING:.*]] = bpt_tile.create_ring : <memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
  %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
  // CHECK: bpt_tile.warp_roles producer {
  bpt_tile.warp_roles producer {
    scf.for %j = %c0 to %n step %c1 {
      // CHECK: bpt_tile.fill %[[RING]][%[[J:.*]]] from %{{.*}}[%[[J]], %{{.*}}] : <memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<?x64xbf16>
      bpt_tile.fill %ring[%j] from %k[%j, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>, memref<?x64xbf16>
    }
  // CHECK: } consumer {
  } consumer {
    scf.for %j = %c0 to %n step %c1 {
      // CHECK: bpt_tile.acquire %[[RING]][%[[J:.*]]] : <memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
      %tile = bpt_tile.acquire %ring[%j] : !bpt_tile.ring<memref<2x64x64xbf16, #ws>> -> memref<64x64xbf16, #ws>
      // CHECK: bpt_tile.release %[[RING]][%[[J]]] : <memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.release %ring[%j] : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
      // CHECK: bpt_tile.release %[[RING]][%[[J]]] pending 1 : <memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.release %ring[%j] pending 1 : !bpt_tile.ring<memref<2x64x64xbf16, #ws>>
    }
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>

// CHECK-LABEL: func @from_map
// CHECK-SAME: %[[MAP:.*]]: !bpt_tile.tensor_map<1x1x64x64xbf16>
func.func @from_map(%map: !bpt_tile.tensor_map<1x1x64x64xbf16>, %i: index) {
  %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x128xbf16, #ws>>
  bpt_tile.warp_roles producer {
    // CHECK: bpt_tile.fill %{{.*}}[%[[I:.*]]] from %[[MAP]][%[[I]], %[[I]], %[[I]], %[[I]]] : <memref<2x64x128xbf16, #gpu.address_space<workgroup>>>, !bpt_tile.tensor_map<1x1x64x64xbf16>
    bpt_tile.fill %ring[%i] from %map[%i, %i, %i, %i] : !bpt_tile.ring<memref<2x64x128xbf16, #ws>>, !bpt_tile.tensor_map<1x1x64x64xbf16>
  } consumer {
  }
  return
}

// -----

// CHECK-LABEL: func @create_map
func.func @create_map(%keys: memref<2x?x4x64xbf16>) {
  // CHECK: bpt_tile.create_tensor_map %{{.*}} permutation = [0, 2, 1, 3] : memref<2x?x4x64xbf16> -> <1x1x128x64xbf16>
  %map = bpt_tile.create_tensor_map %keys permutation = [0, 2, 1, 3] : memref<2x?x4x64xbf16> -> !bpt_tile.tensor_map<1x1x128x64xbf16>
  return
}

// -----

// CHECK-LABEL: func @schedule
// CHECK-SAME: bpt_tile.schedule = #bpt_tile.schedule<overlap = false, tensor_maps = false>
func.func @schedule() attributes {bpt_tile.schedule = #bpt_tile.schedule<overlap = false, tensor_maps = false, warp_roles = true>} {
  return
}

// -----

// CHECK-LABEL: func @turns
func.func @turns() {
  bpt_tile.warp_roles producer {
  } consumer {
    // CHECK: bpt_tile.take_turn
    // CHECK-NEXT: bpt_tile.pass_turn
    bpt_tile.take_turn
    bpt_tile.pass_turn
  }
  return
}

// -----

// CHECK-LABEL: func @resident_blocks
// CHECK-SAME: (%[[N:.*]]: index, %[[THREADS:.*]]: index, %[[BYTES:.*]]: i32)
func.func @resident_blocks(%n: index, %threads: index, %bytes: i32) -> index {
  // CHECK: bpt_tile.resident_blocks @kernels::@k items %[[N]] threads %[[THREADS]] shared_bytes %[[BYTES]]
  %grid = bpt_tile.resident_blocks @kernels::@k items %n threads %threads shared_bytes %bytes
  return %grid : index
}
