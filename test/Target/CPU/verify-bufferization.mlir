// RUN: bpt-opt %s --bpt-verify-bufferization=max-bytes=65536 --split-input-file --verify-diagnostics

#min = affine_map<(i)[n] -> (128, n - i)>

// A block's buffer may be dynamic when its size has a bound.
func.func @bounded(%n: index) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  scf.for %i = %c0 to %n step %c128 {
    %m = affine.min #min(%i)[%n]
    %t = memref.alloc(%m) : memref<?x64xf32>
    memref.dealloc %t : memref<?x64xf32>
  }
  return
}

// -----

func.func @unbounded(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    // expected-error @below {{'memref.alloc' op allocates a buffer whose size has no constant bound, but a block may hold at most 65536 bytes at a time}}
    %t = memref.alloc(%n) : memref<?x64xf32>
    memref.dealloc %t : memref<?x64xf32>
  }
  return
}

// -----

func.func @large_copy(%a: memref<1024x64xf32>, %b: memref<1024x64xf32>) {
  // expected-error @below {{'memref.copy' op copies 262144 bytes, but a block may hold at most 65536 bytes at a time}}
  memref.copy %a, %b : memref<1024x64xf32> to memref<1024x64xf32>
  return
}

// -----

// Results and packed weights are the function's own.
func.func @result(%n: index) -> memref<?xf32> {
  %r = memref.alloc(%n) : memref<?xf32>
  return %r : memref<?xf32>
}
