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
