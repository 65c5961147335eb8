// RUN: bpt-opt %s --bpt-gpu-outline --split-input-file | FileCheck %s

// A loop over blocks: one block of threads an iteration, which computes its
// indices from its number. The buffer of a block lies in shared memory.

// CHECK: gpu.module @kernels
// CHECK: gpu.func @loop_0(%[[N:.*]]: index, %[[X:.*]]: memref<?x64xf32>)
// CHECK-SAME: workgroup(%[[SHARED:.*]] : memref<8192xi8, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
// CHECK-SAME: known_block_size = array<i32: 128, 1, 1>
// CHECK: %[[B:.*]] = gpu.block_id x
// CHECK: %[[I:.*]] = arith.muli %[[B]], %{{.*}}
// CHECK: memref.view %[[SHARED]]
// CHECK: memref.memory_space_cast {{.*}} to memref<?x64xf32>
// CHECK: linalg.copy
// CHECK: gpu.return
// CHECK-LABEL: func.func @loop
// CHECK: %[[DIM:.*]] = memref.dim
// CHECK: %[[BLOCKS:.*]] = affine.apply {{.*}}%[[DIM]]
// CHECK: gpu.launch_func @kernels::@loop_0 blocks in (%[[BLOCKS]], %{{.*}}) threads in (%c128
func.func @loop(%x: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x64xf32>
  scf.forall (%i) = (0) to (%n) step (32) {
    %size = affine.min affine_map<(d0)[s0] -> (32, s0 - d0)>(%i)[%n]
    %rows = memref.subview %x[%i, 0] [%size, 64] [1, 1]
      : memref<?x64xf32> to memref<?x64xf32, strided<[64, 1], offset: ?>>
    %b = memref.alloc(%size) : memref<?x64xf32>
    linalg.copy ins(%rows : memref<?x64xf32, strided<[64, 1], offset: ?>>) outs(%b : memref<?x64xf32>)
    linalg.copy ins(%b : memref<?x64xf32>) outs(%rows : memref<?x64xf32, strided<[64, 1], offset: ?>>)
  }
  return
}

// -----

// What has no constant bound, or does not fit, is a slice of a workspace; the
// blocks of threads are then at most 512 and take turns.

// CHECK: gpu.func @workspace_0
// CHECK: %[[B:.*]] = gpu.block_id x
// CHECK: %[[G:.*]] = gpu.grid_dim x
// CHECK: scf.for %{{.*}} = %[[B]] to %{{.*}} step %[[G]]
// CHECK: memref.view %{{.*}} : memref<?xi8> to memref<?xi8>
// CHECK: memref.view %{{.*}} : memref<?xi8> to memref<32x?xf32>
// CHECK-LABEL: func.func @workspace
// CHECK: %[[BLOCKS:.*]] = arith.minui
// CHECK: %[[BYTES:.*]] = arith.muli %{{.*}}, %[[BLOCKS]]
// CHECK: memref.alloc(%[[BYTES]]) : memref<?xi8>
// CHECK: gpu.launch_func @kernels::@workspace_0 blocks in (%[[BLOCKS]],
func.func @workspace(%x: memref<1024x?xf32>) {
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c1 : memref<1024x?xf32>
  scf.forall (%i) = (0) to (1024) step (32) {
    %rows = memref.subview %x[%i, 0] [32, %n] [1, 1]
      : memref<1024x?xf32> to memref<32x?xf32, strided<[?, 1], offset: ?>>
    %b = memref.alloc(%n) : memref<32x?xf32>
    linalg.copy ins(%rows : memref<32x?xf32, strided<[?, 1], offset: ?>>) outs(%b : memref<32x?xf32>)
    linalg.copy ins(%b : memref<32x?xf32>) outs(%rows : memref<32x?xf32, strided<[?, 1], offset: ?>>)
  }
  return
}

// -----

// Buffers that are not live at the same time share bytes.

// CHECK: gpu.func @lifetimes_0
// CHECK-SAME: workgroup(%{{.*}} : memref<4096xi8,
func.func @lifetimes(%x: memref<32x32xf32>) {
  scf.forall (%i) in (1) {
    %a = memref.alloc() : memref<32x32xf32>
    linalg.copy ins(%x : memref<32x32xf32>) outs(%a : memref<32x32xf32>)
    linalg.copy ins(%a : memref<32x32xf32>) outs(%x : memref<32x32xf32>)
    %b = memref.alloc() : memref<32x32xf32>
    linalg.copy ins(%x : memref<32x32xf32>) outs(%b : memref<32x32xf32>)
    linalg.copy ins(%b : memref<32x32xf32>) outs(%x : memref<32x32xf32>)
  }
  return
}

// -----

// An operation outside blocks, and a constant of the module, which the kernel
// has for itself.

// CHECK: gpu.module @kernels
// CHECK-DAG: memref.global "private" constant @table
// CHECK-DAG: gpu.func @alone_0(%[[Y:.*]]: memref<300xf32>)
// CHECK: %[[T:.*]] = memref.get_global @table
// CHECK: linalg.copy {bpt.grid} ins(%[[T]]
// CHECK-LABEL: func.func @alone
// CHECK: %[[C3:.*]] = arith.constant 3 : index
// CHECK: gpu.launch_func @kernels::@alone_0 blocks in (%[[C3]],
memref.global "private" constant @table : memref<300xf32> = dense<1.0>
func.func @alone(%y: memref<300xf32>) {
  %t = memref.get_global @table : memref<300xf32>
  linalg.copy ins(%t : memref<300xf32>) outs(%y : memref<300xf32>)
  return
}

// -----

// The host cannot read elements: a loop that does is one block, with the loop
// around it, which does nothing else, but not with that around both.

// CHECK: gpu.func @elements_0(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.load
// CHECK: linalg.add
// CHECK: gpu.func @elements_1(
// CHECK-LABEL: func.func @elements
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: gpu.launch_func @kernels::@elements_0 blocks in (%c1{{.*}},
// CHECK: gpu.launch_func @kernels::@elements_1
func.func @elements(%ids: memref<4x8xindex>, %x: memref<4x16xf32>, %y: memref<32x16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  scf.for %t = %c0 to %c4 step %c1 {
    scf.for %i = %c0 to %c4 step %c1 {
      scf.for %j = %c0 to %c8 step %c1 {
        %id = memref.load %ids[%i, %j] : memref<4x8xindex>
        %from = memref.subview %x[%i, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
        %to = memref.subview %y[%id, 0] [1, 16] [1, 1] : memref<32x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
        linalg.add ins(%from, %to : memref<1x16xf32, strided<[16, 1], offset: ?>>, memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%to : memref<1x16xf32, strided<[16, 1], offset: ?>>)
      }
    }
    linalg.exp ins(%x : memref<4x16xf32>) outs(%x : memref<4x16xf32>)
  }
  return
}

// -----

// A read of an element outside of loops, with what depends on it.

// CHECK: gpu.func @row_0(
// CHECK: memref.load
// CHECK: memref.subview
// CHECK: linalg.copy
// CHECK-LABEL: func.func @row
// CHECK-NOT: memref.load
// CHECK: gpu.launch_func @kernels::@row_0 blocks in (%c1{{.*}},
func.func @row(%ids: memref<1xindex>, %x: memref<4x16xf32>, %y: memref<1x16xf32>) {
  %c0 = arith.constant 0 : index
  %id = memref.load %ids[%c0] : memref<1xindex>
  %from = memref.subview %x[%id, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
  linalg.copy ins(%from : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%y : memref<1x16xf32>)
  return
}

// -----

// The loop around an element loop stays on the host where a block or another
// loop with work stands beside it.

// CHECK: gpu.func @beside_0(
// CHECK: gpu.func @beside_1(
// CHECK-LABEL: func.func @beside
// CHECK: scf.for
// CHECK: gpu.launch_func @kernels::@beside_0 blocks in (%c4{{.*}},
// CHECK-NOT: scf.for
// CHECK: gpu.launch_func @kernels::@beside_1 blocks in (%c1{{.*}},
func.func @beside(%ids: memref<4xindex>, %x: memref<4x16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %t = %c0 to %c4 step %c1 {
    scf.forall (%i) in (4) {
      %row = memref.subview %x[%i, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
      linalg.exp ins(%row : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%row : memref<1x16xf32, strided<[16, 1], offset: ?>>)
    }
    scf.for %i = %c0 to %c4 step %c1 {
      %id = memref.load %ids[%i] : memref<4xindex>
      %row = memref.subview %x[%id, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
      linalg.exp ins(%row : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%row : memref<1x16xf32, strided<[16, 1], offset: ?>>)
    }
  }
  return
}
