// What a program may return: an argument, a view with strides, one block twice,
// a constant. Each result is the caller's own.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: bpt-opt %s --bpt-record-signature --convert-scf-to-cf --expand-strided-metadata --finalize-memref-to-llvm=use-generic-functions=true --convert-func-to-llvm --convert-cf-to-llvm --convert-arith-to-llvm --reconcile-unrealized-casts -o %t/main.mlir
// RUN: bpt-compile %t/main.mlir -o %t/main.o
// RUN: bpt-compile %t/main.mlir --emit=header -o %t/main.h
// RUN: %cc -I %t %S/Inputs/results.c %t/main.o %launcher_libs -o %t/main
// RUN: %t/main | FileCheck %s
// CHECK: same: 1 2 3 4
// CHECK: columns: 1 3 2 4
// CHECK: first: 1 2
// CHECK: second: 1 2
// CHECK: constant: 0.5 1.5 2.5
// A result of an earlier call as argument.
// CHECK: same: 1 3 2 4
// CHECK: columns: 1 2 3 4
// CHECK: first: 1 3

memref.global "private" constant @constant : memref<3xf32> = dense<[0.5, 1.5, 2.5]>

func.func @main(%x: memref<2x2xf32> {bpt.name = "x"})
    -> (memref<2x2xf32>, memref<2x2xf32>, memref<2xf32>, memref<2xf32>, memref<3xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %copy = memref.alloc() : memref<2x2xf32>
  %first = memref.alloc() : memref<2xf32>
  %c2 = arith.constant 2 : index
  scf.for %i = %c0 to %c2 step %c1 {
    scf.for %j = %c0 to %c2 step %c1 {
      %v = memref.load %x[%i, %j] : memref<2x2xf32>
      memref.store %v, %copy[%i, %j] : memref<2x2xf32>
    }
    %w = memref.load %x[%c0, %i] : memref<2x2xf32>
    memref.store %w, %first[%i] : memref<2xf32>
  }
  // The types say row-major, the strides of the descriptor do not.
  %t = memref.reinterpret_cast %copy to offset: [0], sizes: [2, 2], strides: [1, 2]
      : memref<2x2xf32> to memref<2x2xf32, strided<[1, 2]>>
  %columns = builtin.unrealized_conversion_cast %t : memref<2x2xf32, strided<[1, 2]>> to memref<2x2xf32>
  %constant = memref.get_global @constant : memref<3xf32>
  return %x, %columns, %first, %first, %constant
      : memref<2x2xf32>, memref<2x2xf32>, memref<2xf32>, memref<2xf32>, memref<3xf32>
}
