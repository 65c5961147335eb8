// RUN: bpt-opt %s --bpt-gpu-lower-host --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @kernels_ptx("PTX\00")
// CHECK-DAG: llvm.mlir.global internal constant @kernels_one("one\00")
// CHECK-NOT: gpu.binary
// CHECK-LABEL: llvm.func @host
// CHECK: %[[M:.*]] = llvm.call @bptDeviceLoadModule
// CHECK: %[[K:.*]] = llvm.call @bptDeviceGetKernel(%[[M]],
// CHECK: %[[B:.*]] = llvm.call @bptDeviceAlloc
// CHECK: llvm.call @bptDeviceCopy(%[[B]],
// CHECK: llvm.call @bptDeviceLaunch(%[[K]],
// CHECK: llvm.call @bptDeviceFree(%[[B]])
module attributes {gpu.container_module} {
  gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_80">, assembly = "PTX">]
  func.func @host(%x: memref<64xf32>) {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    %b = memref.alloc() : memref<64xf32>
    memref.copy %x, %b : memref<64xf32> to memref<64xf32>
    gpu.launch_func @kernels::@one blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) args(%b : memref<64xf32>)
    memref.dealloc %b : memref<64xf32>
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.func @one(%p: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
  func.func @host(%x: !llvm.ptr) {
    %c1 = arith.constant 1 : index
    // expected-error @below {{needs the PTX of its kernel; run bpt-gpu-emit-ptx first}}
    gpu.launch_func @kernels::@one blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : !llvm.ptr)
    return
  }
}

// -----

// A tensor map is the launch's own memory, and its parameter is passed in place:
// dimensions count from the innermost one, empty ones as 1.
// CHECK-LABEL: llvm.func @map
// CHECK-DAG: %[[BYTES:.*]] = llvm.mlir.constant(2 : i64)
// CHECK-DAG: %[[ONE:.*]] = llvm.mlir.constant(1 : i64)
// CHECK-DAG: %[[BF16:.*]] = llvm.mlir.constant(9 : i64)
// CHECK-DAG: %[[SWIZZLE:.*]] = llvm.mlir.constant(3 : i64)
// CHECK-DAG: %[[ZERO:.*]] = llvm.mlir.constant(0 : i64)
// CHECK: %[[MAP:.*]] = llvm.alloca %{{.*}} x !llvm.array<128 x i8> {alignment = 64 : i64}
// CHECK: llvm.intr.umax(%{{.*}}, %[[ONE]])
// CHECK: llvm.call @bptDeviceEncodeTensorMap(%[[MAP]], %[[BF16]], %[[BYTES]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[ZERO]], %[[SWIZZLE]], %[[BYTES]], %[[ZERO]])
// CHECK: llvm.store %[[MAP]], %{{.*}}
// CHECK: llvm.call @bptDeviceLaunch
module attributes {gpu.container_module} {
  gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_90a">, assembly = "PTX">]
  func.func @map(%x: memref<?x64xbf16>) {
    %c1 = arith.constant 1 : index
    %map = bpt_tile.create_tensor_map %x permutation = [0, 1] : memref<?x64xbf16> -> !bpt_tile.tensor_map<128x64xbf16>
    gpu.launch_func @kernels::@one blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%map : !bpt_tile.tensor_map<128x64xbf16>)
    return
  }
}

// -----

// The grid of a kernel whose blocks take one item after the other is asked of the
// device.
// CHECK-LABEL: llvm.func @resident
// CHECK-SAME: (%[[N:.*]]: i64
// CHECK-DAG: %[[THREADS:.*]] = llvm.mlir.constant(384 : index)
// CHECK-DAG: %[[BYTES:.*]] = llvm.mlir.constant(100000 : i64)
// CHECK: %[[K:.*]] = llvm.call @bptDeviceGetKernel
// CHECK: %[[GRID:.*]] = llvm.call @bptDeviceCountResidentBlocks(%[[K]], %[[N]], %[[THREADS]], %[[BYTES]])
// CHECK: llvm.call @bptDeviceLaunch(%[[K]], %[[GRID]],
module attributes {gpu.container_module} {
  gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_90a">, assembly = "PTX">]
  func.func @resident(%n: index) {
    %c1 = arith.constant 1 : index
    %c384 = arith.constant 384 : index
    %bytes = arith.constant 100000 : i32
    %grid = bpt_tile.resident_blocks @kernels::@one items %n threads %c384 shared_bytes %bytes
    gpu.launch_func @kernels::@one blocks in (%grid, %c1, %c1) threads in (%c384, %c1, %c1) dynamic_shared_memory_size %bytes args(%n : index)
    return
  }
}
