// RUN: bpt-opt %s --bpt-gpu-emit-ptx=chip=sm_80 | FileCheck %s
// RUN: not bpt-opt %s --bpt-gpu-emit-ptx=chip=sm_61 2>&1 | FileCheck %s --check-prefix=CHIP

// CHECK: gpu.binary @kernels [#gpu.object<#nvvm.target<O = 3, chip = "sm_80", features = "+ptx80">
// CHECK-SAME: .target sm_80
// CHECK-SAME: .visible .entry one(
// CHECK-SAME: ex2.approx
// CHIP: error: 'sm_61' is not a GPU that is known here; known are: sm_70, {{.*}}sm_90a
module {
  gpu.module @kernels {
    llvm.func @one(%p: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} {
      %x = llvm.load %p : !llvm.ptr -> f32
      %e = llvm.intr.exp2(%x) : (f32) -> f32
      llvm.store %e, %p : f32, !llvm.ptr
      llvm.return
    }
  }
}
