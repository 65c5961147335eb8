// RUN: bpt-opt %s --bpt-prefetch-blocks --split-input-file | FileCheck %s

// 32 keys of a head: rows of 256 bytes, four lines. Past the last key the last
// one is asked for.

// CHECK-LABEL: func @keys
// CHECK-SAME: %[[KEYS:.+]]: memref<1x16384x12x64xf32>, %[[HEAD:.+]]: index
// CHECK: scf.for %[[K:.+]] = %c0 to %c16384 step %c32
// CHECK: memref.subview
// CHECK: %[[NEXT:.+]] = arith.addi %[[K]], %c32
// CHECK: %[[SIZE:.+]] = memref.dim %[[KEYS]]
// CHECK: %[[LAST:.+]] = arith.subi %[[SIZE]], %c1
// CHECK: scf.for %[[ROW:.+]] = %{{.+}} to %c32{{[_0-9]*}} step
// CHECK: %[[AFTER:.+]] = arith.addi %[[NEXT]], %[[ROW]]
// CHECK: %[[AT:.+]] = arith.minui %[[AFTER]], %[[LAST]]
// CHECK: memref.prefetch %[[KEYS]][%{{.+}}, %[[AT]], %[[HEAD]], %{{.+}}], read, locality<2>, data
// CHECK-COUNT-3: memref.prefetch
// CHECK-NOT: memref.prefetch
// CHECK: linalg.reduce
func.func @keys(%keys: memref<1x16384x12x64xf32>, %head: index, %sums: memref<32xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c16384 = arith.constant 16384 : index
  scf.for %k = %c0 to %c16384 step %c32 {
    %block = memref.subview %keys[0, %k, %head, 0] [1, 32, 1, 64] [1, 1, 1, 1] : memref<1x16384x12x64xf32> to memref<32x64xf32, strided<[768, 1], offset: ?>>
    linalg.reduce ins(%block : memref<32x64xf32, strided<[768, 1], offset: ?>>) outs(%sums : memref<32xf32>) dimensions = [1]
      (%x: f32, %sum: f32) {
        %next = arith.addf %x, %sum : f32
        linalg.yield %next : f32
      }
  }
  return
}

// -----

// Values are asked for where they are read, behind what is done before, also
// inside a loop; 12 heads of one row are one piece of 48 lines.

// CHECK-LABEL: func @values
// CHECK: scf.for
// CHECK: memref.subview
// CHECK: vector.print
// CHECK: scf.for
// CHECK-COUNT-48: memref.prefetch
// CHECK-NOT: memref.prefetch
// CHECK: scf.for
// CHECK: memref.copy
func.func @values(%values: memref<1x?x12x64xf32>, %to: memref<1x4x1x64xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c12 = arith.constant 12 : index
  scf.for %k = %c0 to %n step %c4 {
    %block = memref.subview %values[0, %k, 0, 0] [1, 4, 12, 64] [1, 1, 1, 1] : memref<1x?x12x64xf32> to memref<1x4x12x64xf32, strided<[?, 768, 64, 1], offset: ?>>
    vector.print %k : index
    scf.for %h = %c0 to %c12 step %c1 {
      %head = memref.subview %block[0, 0, %h, 0] [1, 4, 1, 64] [1, 1, 1, 1] : memref<1x4x12x64xf32, strided<[?, 768, 64, 1], offset: ?>> to memref<1x4x1x64xf32, strided<[?, 768, 64, 1], offset: ?>>
      memref.copy %head, %to : memref<1x4x1x64xf32, strided<[?, 768, 64, 1], offset: ?>> to memref<1x4x1x64xf32>
    }
  }
  return
}

// -----

// Left alone: a block that is large, and packed.

// CHECK-LABEL: func @large_block
// CHECK-NOT: memref.prefetch
func.func @large_block(%keys: memref<1x16384x12x64xf32>, %to: memref<256x64xf32>) {
  %c0 = arith.constant 0 : index
  %c256 = arith.constant 256 : index
  %c16384 = arith.constant 16384 : index
  scf.for %k = %c0 to %c16384 step %c256 {
    %block = memref.subview %keys[0, %k, 0, 0] [1, 256, 1, 64] [1, 1, 1, 1] : memref<1x16384x12x64xf32> to memref<256x64xf32, strided<[768, 1], offset: ?>>
    memref.copy %block, %to : memref<256x64xf32, strided<[768, 1], offset: ?>> to memref<256x64xf32>
  }
  return
}

// -----

// An argument that a cache holds.

// CHECK-LABEL: func @small_argument
// CHECK-NOT: memref.prefetch
func.func @small_argument(%keys: memref<1x256x12x64xf32>, %to: memref<32x64xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c256 = arith.constant 256 : index
  scf.for %k = %c0 to %c256 step %c32 {
    %block = memref.subview %keys[0, %k, 0, 0] [1, 32, 1, 64] [1, 1, 1, 1] : memref<1x256x12x64xf32> to memref<32x64xf32, strided<[768, 1], offset: ?>>
    memref.copy %block, %to : memref<32x64xf32, strided<[768, 1], offset: ?>> to memref<32x64xf32>
  }
  return
}

// -----

// What was computed here.

// CHECK-LABEL: func @allocated
// CHECK-NOT: memref.prefetch
func.func @allocated(%to: memref<32x64xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c16384 = arith.constant 16384 : index
  %keys = memref.alloc() : memref<16384x768xf32>
  scf.for %k = %c0 to %c16384 step %c32 {
    %block = memref.subview %keys[%k, 0] [32, 64] [1, 1] : memref<16384x768xf32> to memref<32x64xf32, strided<[768, 1], offset: ?>>
    memref.copy %block, %to : memref<32x64xf32, strided<[768, 1], offset: ?>> to memref<32x64xf32>
  }
  memref.dealloc %keys : memref<16384x768xf32>
  return
}

// -----

// Blocks that do not follow one another.

// CHECK-LABEL: func @strided_blocks
// CHECK-NOT: memref.prefetch
func.func @strided_blocks(%keys: memref<16384x768xf32>, %to: memref<32x64xf32>) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c16384 = arith.constant 16384 : index
  scf.for %k = %c0 to %c16384 step %c64 {
    %block = memref.subview %keys[%k, 0] [32, 64] [1, 1] : memref<16384x768xf32> to memref<32x64xf32, strided<[768, 1], offset: ?>>
    memref.copy %block, %to : memref<32x64xf32, strided<[768, 1], offset: ?>> to memref<32x64xf32>
  }
  return
}

// -----

// A row in pieces: two heads of four are taken, 64 of 128 components of each.

// CHECK-LABEL: func @pieces
// CHECK-NOT: memref.prefetch
func.func @pieces(%keys: memref<16384x4x128xf32>, %to: memref<8x2x64xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c16384 = arith.constant 16384 : index
  scf.for %k = %c0 to %c16384 step %c8 {
    %block = memref.subview %keys[%k, 0, 0] [8, 2, 64] [1, 1, 1] : memref<16384x4x128xf32> to memref<8x2x64xf32, strided<[512, 128, 1], offset: ?>>
    memref.copy %block, %to : memref<8x2x64xf32, strided<[512, 128, 1], offset: ?>> to memref<8x2x64xf32>
  }
  return
}
