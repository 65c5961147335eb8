// RUN: bpt-opt %s --bpt-gpu-emit-ptx=chip=sm_80 | FileCheck %s
// RUN: not bpt-opt %s --bpt-gpu-emit-ptx=chip=sm_61 2>&1 | FileCheck %s --check-prefix=CHIP

// CHECK: gpu.binary @kernels [#gpu.object<#nvvm.target<O = 3, chip = "sm_80", features = "+ptx80">
// CHECK-SAME: .target sm_80
// CHECK-SAME: .visible .entry one(
// CHECK-SAME: ex2.approx
// What only the end needs is computed after a loop, not kept for it.
// CHECK-SAME: .visible .entry late(
// CHECK-SAME: ld.volatile
// CHECK-SAME: mul.lo.s32
// CHECK-SAME: mul.wide.s32
// CHIP: error: 'sm_61' is not a GPU that is known here; known are: sm_70, {{.*}}sm_90a
module {
  gpu.module @kernels {
    llvm.func @one(%p: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} {
      %x = llvm.load %p : !llvm.ptr -> f32
      %e = llvm.intr.exp2(%x) : (f32) -> f32
      llvm.store %e, %p : f32, !llvm.ptr
      llvm.return
    }
    llvm.func @late(%p: !llvm.ptr<1>, %n: i32, %q: !llvm.ptr<1>, %m: i32) attributes {gpu.kernel, nvvm.kernel} {
      %zero = llvm.mlir.constant(0 : i32) : i32
      %one = llvm.mlir.constant(1 : i32) : i32
      %row = llvm.mul %n, %m : i32
      %last = llvm.getelementptr %q[%row] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      %any = llvm.icmp "sgt" %n, %zero : i32
      llvm.cond_br %any, ^loop(%zero : i32), ^end
    ^loop(%i: i32):
      %x = llvm.load volatile %p : !llvm.ptr<1> -> i32
      %next = llvm.add %i, %x : i32
      %more = llvm.icmp "ne" %next, %n : i32
      llvm.cond_br %more, ^loop(%next : i32), ^end
    ^end:
      %odd = llvm.icmp "slt" %n, %m : i32
      llvm.cond_br %odd, ^first, ^second
    ^first:
      llvm.store volatile %n, %last : i32, !llvm.ptr<1>
      llvm.br ^second
    ^second:
      %even = llvm.icmp "slt" %m, %zero : i32
      llvm.cond_br %even, ^third, ^fourth
    ^third:
      llvm.store volatile %m, %last : i32, !llvm.ptr<1>
      llvm.br ^fourth
    ^fourth:
      llvm.return
    }
  }
}
