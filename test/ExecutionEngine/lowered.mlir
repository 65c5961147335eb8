// A module that is lowered already runs as it is; the recorded signature checks
// its arguments and finds its results.
//
// DEFINE: %{lower} = --bpt-record-signature --convert-scf-to-cf --expand-strided-metadata --finalize-memref-to-llvm=use-generic-functions=true --convert-func-to-llvm --convert-cf-to-llvm --convert-arith-to-llvm --reconcile-unrealized-casts
// RUN: bpt-opt %s %{lower} -o %t.mlir
// RUN: FileCheck %s --check-prefix=LLVM < %t.mlir
// LLVM: llvm.func @_mlir_ciface_main

// RUN: bpt-runner %t.mlir --input=4x2xf32='1 2 3 4 5 6 7 8' | FileCheck %s
// A result that is the argument, a view with strides, the same block twice, and
// a block that malloc did not return: each is right, none is freed twice.
// CHECK: result 0: 4x2xf32 = 1 2 3 4 5 6 7 8
// CHECK: result 1 ('columns'): 2x4xf32 = 1 3 5 7 2 4 6 8
// CHECK: result 2: 2xf32 = 7 8
// CHECK: result 3: 2xf32 = 7 8
// CHECK: result 4: 3xf32 = 0.5 1.5 2.5

// Code that calls malloc and free itself gets the same allocator.
// RUN: bpt-opt %s --bpt-record-signature --convert-scf-to-cf --expand-strided-metadata --finalize-memref-to-llvm --convert-func-to-llvm --convert-cf-to-llvm --convert-arith-to-llvm --reconcile-unrealized-casts -o %t.malloc.mlir
// RUN: FileCheck %s --check-prefix=MALLOC < %t.malloc.mlir
// MALLOC: llvm.call @malloc
// RUN: bpt-runner %t.malloc.mlir --input=4x2xf32='1 2 3 4 5 6 7 8' | FileCheck %s
// RUN: bpt-runner %t.malloc.mlir --function=leak --memory-report | FileCheck %s --check-prefix=MALLOC-PEAK
// MALLOC-PEAK: workspace: 0 bytes beyond inputs and outputs

// RUN: not bpt-runner %t.mlir --input=4x3xf32=splat:0 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: bpt-runner: error: argument 0 ('x'): expected ?x2xf32, got 4x3xf32

// RUN: not bpt-runner %t.mlir --strategy=cpu --input=4x2xf32=splat:0 2>&1 | FileCheck %s --check-prefix=STRATEGY
// STRATEGY: error: is lowered to LLVM already; a strategy has nothing to apply to

// The peak is exact: the block of 4000 bytes is gone when the result of 2400
// bytes is allocated.
// RUN: bpt-runner %t.mlir --function=sequence --memory-report | FileCheck %s --check-prefix=SEQUENCE
// SEQUENCE: workspace: 4000 bytes beyond inputs and outputs

// Both blocks at once, and the result not counted.
// RUN: bpt-runner %t.mlir --function=nested --memory-report | FileCheck %s --check-prefix=NESTED
// NESTED: workspace: 4400 bytes beyond inputs and outputs

// A block that is kept after the call is held beyond the outputs.
// RUN: bpt-runner %t.mlir --function=leak --memory-report | FileCheck %s --check-prefix=LEAK
// LEAK: workspace: 400 bytes beyond inputs and outputs

// New blocks are poisoned on demand.
// RUN: bpt-runner %t.mlir --function=unwritten --poison-memory | FileCheck %s --check-prefix=POISON
// POISON: result 0: 2xf32 = {{-?}}nan {{-?}}nan

memref.global "private" constant @constant : memref<3xf32> = dense<[0.5, 1.5, 2.5]>

func.func @main(%x: memref<?x2xf32> {bpt.name = "x"})
    -> (memref<?x2xf32>, memref<2x?xf32> {bpt.name = "columns"},
        memref<2xf32>, memref<2xf32>, memref<3xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %n = memref.dim %x, %c0 : memref<?x2xf32>
  %copy = memref.alloc(%n) : memref<?x2xf32>
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %x[%i, %c0] : memref<?x2xf32>
    %b = memref.load %x[%i, %c1] : memref<?x2xf32>
    memref.store %a, %copy[%i, %c0] : memref<?x2xf32>
    memref.store %b, %copy[%i, %c1] : memref<?x2xf32>
  }
  // The types say row-major, the strides of the descriptor do not.
  %t = memref.reinterpret_cast %copy to offset: [0], sizes: [2, %n], strides: [1, 2]
      : memref<?x2xf32> to memref<2x?xf32, strided<[1, 2]>>
  %columns = builtin.unrealized_conversion_cast %t : memref<2x?xf32, strided<[1, 2]>> to memref<2x?xf32>
  %last = memref.alloc() : memref<2xf32>
  %a = memref.load %x[%c3, %c0] : memref<?x2xf32>
  %b = memref.load %x[%c3, %c1] : memref<?x2xf32>
  memref.store %a, %last[%c0] : memref<2xf32>
  memref.store %b, %last[%c1] : memref<2xf32>
  %constant = memref.get_global @constant : memref<3xf32>
  return %x, %columns, %last, %last, %constant
      : memref<?x2xf32>, memref<2x?xf32>, memref<2xf32>, memref<2xf32>, memref<3xf32>
}

func.func @sequence() -> memref<600xf32> {
  %work = memref.alloc() : memref<1000xf32>
  memref.dealloc %work : memref<1000xf32>
  %result = memref.alloc() : memref<600xf32>
  return %result : memref<600xf32>
}

func.func @nested() -> memref<600xf32> {
  %result = memref.alloc() : memref<600xf32>
  %work = memref.alloc() : memref<1000xf32>
  %more = memref.alloc() : memref<100xf32>
  memref.dealloc %work : memref<1000xf32>
  memref.dealloc %more : memref<100xf32>
  return %result : memref<600xf32>
}

func.func @leak() -> memref<600xf32> {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %kept = memref.alloc() : memref<100xf32>
  memref.store %one, %kept[%c0] : memref<100xf32>
  %result = memref.alloc() : memref<600xf32>
  return %result : memref<600xf32>
}

func.func @unwritten() -> memref<2xf32> {
  %result = memref.alloc() : memref<2xf32>
  return %result : memref<2xf32>
}
