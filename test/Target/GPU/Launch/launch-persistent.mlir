// RUN: bpt-opt %s --bpt-gpu-launch-tile-kernels | FileCheck %s

// Where blocks take one item of work after the other, there are as many as the device
// holds.
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.func @k(%x: !llvm.ptr<1>, %n: i64) attributes {bpt_tile.persistent, bpt_tile.shared_bytes = 1024 : i64, gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 256, 1, 1>} {
      llvm.return
    }
  }
  // CHECK-LABEL: func @persistent
  // CHECK-SAME: %[[N:[a-z0-9]*]]: index)
  func.func @persistent(%x: memref<64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    // CHECK: %[[GRID:.*]] = bpt_tile.resident_blocks @kernels::@k items %[[N]] threads %[[C256:.*]] shared_bytes %[[BYTES:.*]]
    // CHECK: gpu.launch_func @kernels::@k blocks in (%[[GRID]], %{{.*}}, %{{.*}}) threads in (%[[C256]], %{{.*}}, %{{.*}}) dynamic_shared_memory_size %[[BYTES]]
    gpu.launch_func @kernels::@k blocks in (%n, %c1, %c1) threads in (%c128, %c1, %c1) args(%x : memref<64xf32>, %n : index)
    return
  }
}
