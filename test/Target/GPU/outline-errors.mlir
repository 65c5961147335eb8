// RUN: bpt-opt %s --pass-pipeline="builtin.module(bpt-gpu-outline,func.func(bpt-gpu-verify-host))" --split-input-file --verify-diagnostics

// The size of a block's buffer that only the block knows.
func.func @unbounded(%x: memref<8xf32>, %sizes: memref<8xindex>) {
  scf.forall (%i) in (8) {
    %n = memref.load %sizes[%i] : memref<8xindex>
    // expected-error @below {{has a size that has no bound before the block starts}}
    %b = memref.alloc(%n) : memref<?xf32>
    linalg.copy ins(%b : memref<?xf32>) outs(%b : memref<?xf32>)
  }
  return
}

// -----

func.func @element(%x: memref<8xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  // expected-error @below {{reads or writes the device's memory on the host; only operations on whole tensors can be computed on a GPU}}
  %v = memref.load %x[%c0] : memref<8xf32>
  return %v : f32
}

// -----

// In a loop whose sum the host needs.
func.func @sum(%x: memref<8xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %zero) -> f32 {
    // expected-error @below {{reads or writes the device's memory on the host; only operations on whole tensors can be computed on a GPU}}
    %v = memref.load %x[%i] : memref<8xf32>
    %t = arith.addf %s, %v : f32
    scf.yield %t : f32
  }
  return %sum : f32
}

// -----

// What stays on the host between the read and its use.
func.func @between(%ids: memref<1xindex>, %x: memref<4x16xf32>, %y: memref<1x16xf32>) {
  %c0 = arith.constant 0 : index
  // expected-error @below {{reads or writes the device's memory on the host; only operations on whole tensors can be computed on a GPU}}
  %id = memref.load %ids[%c0] : memref<1xindex>
  linalg.exp ins(%x : memref<4x16xf32>) outs(%x : memref<4x16xf32>)
  %from = memref.subview %x[%id, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
  linalg.copy ins(%from : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%y : memref<1x16xf32>)
  return
}

// -----

// The same in blocks.
func.func @blocks_between(%ids: memref<1xindex>, %x: memref<4x16xf32>, %y: memref<1x16xf32>) {
  %c0 = arith.constant 0 : index
  // expected-error @below {{reads or writes the device's memory on the host; only operations on whole tensors can be computed on a GPU}}
  %id = memref.load %ids[%c0] : memref<1xindex>
  scf.forall (%i) in (4) {
    %row = memref.subview %x[%i, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
    linalg.exp ins(%row : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%row : memref<1x16xf32, strided<[16, 1], offset: ?>>)
  }
  %from = memref.subview %x[%id, 0] [1, 16] [1, 1] : memref<4x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
  linalg.copy ins(%from : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%y : memref<1x16xf32>)
  return
}
