// RUN: bpt-opt %s --pass-pipeline="builtin.module(gpu.module(bpt-gpu-expand-math))" --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: gpu.func @functions
// CHECK: math.exp2 %{{.*}} : f32
// CHECK-NOT: math.{{sin|cos|tanh|erf|log|exp |powf}}
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @functions(%x: f32, %d: f64, %out: memref<8xf32>, %outd: memref<2xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %c6 = arith.constant 6 : index
    %0 = math.exp2 %x : f32
    memref.store %0, %out[%c0] : memref<8xf32>
    %1 = math.exp %x : f32
    memref.store %1, %out[%c1] : memref<8xf32>
    %2 = math.tanh %x : f32
    memref.store %2, %out[%c2] : memref<8xf32>
    %3 = math.erf %x : f32
    memref.store %3, %out[%c3] : memref<8xf32>
    %4 = math.log %x : f32
    memref.store %4, %out[%c4] : memref<8xf32>
    %5 = math.powf %x, %x : f32
    memref.store %5, %out[%c5] : memref<8xf32>
    %6 = math.sin %x : f32
    memref.store %6, %out[%c6] : memref<8xf32>
    %7 = math.cos %d : f64
    memref.store %7, %outd[%c0] : memref<2xf64>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @f64(%d: f64, %out: memref<f64>) {
    // expected-error @below {{on 'f64' cannot be computed on a GPU; compute it in f32}}
    %0 = math.tanh %d : f64
    memref.store %0, %out[] : memref<f64>
    gpu.return
  }
}
