// RUN: bpt-opt %s --bpt-move-bf16-as-integers | FileCheck %s

// CHECK-LABEL: llvm.func @copy
// CHECK: llvm.intr.masked.load {{.*}} -> vector<32xi16>
// CHECK: llvm.intr.masked.store {{.*}} vector<32xi16>
// CHECK: llvm.load %arg0 : !llvm.ptr -> i16
// CHECK: llvm.store {{.*}} : i16, !llvm.ptr
llvm.func @copy(%p: !llvm.ptr, %mask: vector<32xi1>) {
  %zero = llvm.mlir.constant(dense<0.0> : vector<32xbf16>) : vector<32xbf16>
  %v = llvm.intr.masked.load %p, %mask, %zero {alignment = 2 : i32} : (!llvm.ptr, vector<32xi1>, vector<32xbf16>) -> vector<32xbf16>
  llvm.intr.masked.store %v, %p, %mask {alignment = 2 : i32} : vector<32xbf16>, vector<32xi1> into !llvm.ptr
  %s = llvm.load %p : !llvm.ptr -> bf16
  llvm.store %s, %p : bf16, !llvm.ptr
  llvm.return
}
