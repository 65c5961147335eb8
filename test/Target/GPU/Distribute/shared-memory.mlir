// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes --canonicalize --cse | FileCheck %s

// A tile of 16 bits is read by ldmatrix and stored in pairs; the chunk of 16
// bytes is permuted by the row, and a step of 8 columns flips a bit of it.
gpu.module @kernels {
  // CHECK: llvm.mlir.global external @bpt_shared_memory() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<0 x i8>
  // CHECK-LABEL: llvm.func @halves
  // CHECK-SAME: bpt_tile.shared_bytes = 4096 : i64
  gpu.func @halves() kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    // CHECK: %[[BASE:.*]] = llvm.mlir.addressof @bpt_shared_memory
    %x = memref.alloc() : memref<16x64xbf16, #gpu.address_space<workgroup>>
    // CHECK: %[[SECOND:.*]] = llvm.getelementptr %[[BASE]][2048]
    %y = memref.alloc() : memref<16x64xbf16, #gpu.address_space<workgroup>>
    // CHECK: %[[ROWPTR:.*]] = llvm.getelementptr %[[BASE]][%{{.*}}]
    // CHECK: %[[ROW7:.*]] = arith.andi %{{.*}}, %c7_i32
    // CHECK: %[[CHUNK:.*]] = arith.xori %{{.*}}, %[[ROW7]]
    // CHECK: %[[BYTES:.*]] = arith.shli %[[CHUNK]], %c4_i32
    // CHECK: %[[P0:.*]] = llvm.getelementptr %[[ROWPTR]][%[[BYTES]]]
    // CHECK: nvvm.ldmatrix %[[P0]] {{.*}}layout = #nvvm.mma_layout<row>, num = 4
    // The next chunks are bits of the same address.
    // CHECK: %[[BITS:.*]] = llvm.ptrtoint %[[P0]]
    // CHECK: %[[BITS2:.*]] = arith.xori %[[BITS]], %c32_i64
    // CHECK: %[[P2:.*]] = llvm.inttoptr %[[BITS2]]
    // CHECK: nvvm.ldmatrix %[[P2]]
    // CHECK-COUNT-2: nvvm.ldmatrix
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x64xbf16, #gpu.address_space<workgroup>>, vector<16x64xbf16>
    // CHECK: nvvm.barrier0
    gpu.barrier
    // CHECK: llvm.getelementptr %[[SECOND]]
    // CHECK-COUNT-16: llvm.store %{{.*}} {alignment = 4 : i64} : vector<2xbf16>, !llvm.ptr<3>
    vector.transfer_write %t, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xbf16>, memref<16x64xbf16, #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

// f32 goes in pairs, a line element by element, a buffer by its index.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @floats
  // CHECK-SAME: %[[B:[^:]*]]: i64
  gpu.func @floats(%buffer: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %x = memref.alloc() : memref<2x16x16xf32, #gpu.address_space<workgroup>>
    %y = memref.alloc() : memref<16xf32, #gpu.address_space<workgroup>>
    // CHECK: %[[INT:.*]] = arith.trunci %[[B]] : i64 to i32
    // CHECK: %[[OFFSET:.*]] = arith.muli %[[INT]], %c1024_i32
    // CHECK: llvm.getelementptr %{{.*}}[%[[OFFSET]]]
    // CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
    %t = vector.transfer_read %x[%buffer, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2x16x16xf32, #gpu.address_space<workgroup>>, vector<16x16xf32>
    %zero = arith.constant dense<0.0> : vector<16xf32>
    %s = vector.multi_reduction <add>, %t, %zero [1] : vector<16x16xf32> to vector<16xf32>
    // CHECK: scf.if
    // CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<3>
    vector.transfer_write %s, %y[%c0] {in_bounds = [true]} : vector<16xf32>, memref<16xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    // Along the columns now, which changes the axis of the line.
    // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
    %line = vector.transfer_read %y[%c0], %pad {in_bounds = [true]} : memref<16xf32, #gpu.address_space<workgroup>>, vector<16xf32>
    %tile = vector.broadcast %line : vector<16xf32> to vector<16x16xf32>
    gpu.barrier
    vector.transfer_write %tile, %x[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<2x16x16xf32, #gpu.address_space<workgroup>>
    gpu.return
  }
}
