// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes --canonicalize --cse | FileCheck %s

// Each thread copies units of 16 bytes, at the same columns of every fourth
// row; rows that do not exist are filled with zeros.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @rows
  gpu.func @rows(%x: memref<?x64xbf16>, %n: index, %row: index, %stage: index) kernel attributes {bpt_tile.warps = 2 : i32} {
    %c0 = arith.constant 0 : index
    %buffers = memref.alloc() : memref<2x16x64xbf16, #gpu.address_space<workgroup>>
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [%n, 64], strides: [64, 1] : memref<?x64xbf16> to memref<?x64xbf16>
    // CHECK: %[[ROW:.*]] = arith.divui %{{.*}}, %c8_i32
    // CHECK: %[[UNIT:.*]] = arith.remui %{{.*}}, %c8_i32
    // CHECK: %[[EXISTS:.*]] = arith.cmpi slt, %[[ROW]], %[[LEFT:.*]] : i32
    // CHECK: %[[BYTES:.*]] = arith.select %[[EXISTS]], %c16_i32, %c0_i32
    // CHECK: nvvm.cp.async.shared.global %[[TO:.*]], %{{.*}}, 16, cache = cg, %[[BYTES]]
    // CHECK: %[[ROW8:.*]] = arith.addi %[[ROW]], %c8_i32
    // CHECK: llvm.getelementptr %[[TO]][1024]
    // CHECK: arith.cmpi slt, %[[ROW8]], %[[LEFT]]
    // CHECK: nvvm.cp.async.shared.global
    // CHECK-NOT: nvvm.cp.async.shared.global
    bpt_tile.async_copy %xs[%row, %c0] to %buffers[%stage] : memref<?x64xbf16>, memref<2x16x64xbf16, #gpu.address_space<workgroup>>
    // CHECK: nvvm.cp.async.commit.group
    bpt_tile.commit_copies
    // CHECK: nvvm.cp.async.wait.group 1
    bpt_tile.wait_copies 1
    gpu.return
  }
}

// -----

// A tile that surely exists needs no comparison.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @whole
  gpu.func @whole(%x: memref<16x64xbf16>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %buffer = memref.alloc() : memref<16x64xbf16, #gpu.address_space<workgroup>>
    // CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg :
    bpt_tile.async_copy %x[%c0, %c0] to %buffer : memref<16x64xbf16>, memref<16x64xbf16, #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

// What is only known to be aligned to 4 bytes is copied 4 bytes at a time; of a
// row's last unit what exists. 3 rows of 8 units are no multiple of 32 threads.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @columns
  gpu.func @columns(%x: memref<?xbf16>, %n: index {bpt_tile.divisor = 2 : index}) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %buffer = memref.alloc() : memref<3x16xbf16, #gpu.address_space<workgroup>>
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [3, %n], strides: [%n, 1] : memref<?xbf16> to memref<3x?xbf16, strided<[?, 1]>>
    // CHECK: %[[HAS:.*]] = arith.cmpi slt, %{{.*}}, %c24_i32
    // CHECK: scf.if %[[HAS]] {
    // CHECK: %[[CUT:.*]] = arith.minsi %{{.*}}, %c4_i32
    // CHECK: %[[BYTES:.*]] = arith.maxsi %[[CUT]], %c0_i32
    // CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache = ca, %[[BYTES]]
    bpt_tile.async_copy %xs[%c0, %c0] to %buffer : memref<3x?xbf16, strided<[?, 1]>>, memref<3x16xbf16, #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

// Rows of odd length are copied element by element, at once, in a loop; what
// does not exist is zero.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @elements
  gpu.func @elements(%x: memref<?xbf16>, %rows: index, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %buffer = memref.alloc() : memref<64x64xbf16, #gpu.address_space<workgroup>>
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [%rows, %n], strides: [%n, 1] : memref<?xbf16> to memref<?x?xbf16, strided<[?, 1]>>
    // CHECK: scf.for %[[UNIT:.*]] = %{{.*}} to %c4096_i32 step %c128_i32
    // CHECK:   %[[ROW:.*]] = arith.divui %[[UNIT]], %c64_i32
    // CHECK:   %[[COLUMN:.*]] = arith.remui %[[UNIT]], %c64_i32
    // CHECK:   %[[VALUE:.*]] = scf.if %{{.*}} -> (bf16) {
    // CHECK:     llvm.load %{{.*}} {alignment = 2 : i64} : !llvm.ptr<1> -> bf16
    // CHECK:   } else {
    // CHECK:     scf.yield %{{.*}} : bf16
    // CHECK:   llvm.store %[[VALUE]], %{{.*}} {alignment = 2 : i64} : bf16, !llvm.ptr<3>
    // CHECK-NOT: cp.async
    bpt_tile.async_copy %xs[%c0, %c0] to %buffer : memref<?x?xbf16, strided<[?, 1]>>, memref<64x64xbf16, #gpu.address_space<workgroup>>
    gpu.return
  }
}
