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
