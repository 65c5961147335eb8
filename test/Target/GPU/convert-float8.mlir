// RUN: bpt-opt %s --bpt-gpu-convert-float8 | FileCheck %s

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @extend(
  // CHECK: %[[BITS:.*]] = arith.bitcast %arg0 : f8E4M3FN to i8
  // CHECK: %[[PAIR:.*]] = vector.from_elements %[[BITS]], %{{.*}} : vector<2xi8>
  // CHECK: %[[HALVES:.*]] = nvvm.convert.f8x2.to.f16x2 %[[PAIR]] : vector<2xi8>(f8E4M3FN) -> vector<2xf16>
  // CHECK: %[[HALF:.*]] = vector.extract %[[HALVES]][0] : f16 from vector<2xf16>
  // CHECK: arith.extf %[[HALF]] : f16 to f32
  gpu.func @extend(%x: f8E4M3FN, %to: memref<f32>) kernel {
    %y = arith.extf %x : f8E4M3FN to f32
    memref.store %y, %to[] : memref<f32>
    gpu.return
  }

  // The second number of a pair is in the low byte.
  // CHECK-LABEL: gpu.func @truncate(
  // CHECK: %[[WIDE:.*]] = arith.extf %arg0 : bf16 to f32
  // CHECK: %[[PAIR:.*]] = nvvm.convert.f32x2.to.f8x2 %{{.*}}, %[[WIDE]] {{.*}}satfinite{{.*}} : i16(f8E4M3FN)
  // CHECK: %[[BYTE:.*]] = arith.trunci %[[PAIR]] : i16 to i8
  // CHECK: arith.bitcast %[[BYTE]] : i8 to f8E4M3FN
  gpu.func @truncate(%x: bf16, %to: memref<f8E4M3FN>) kernel {
    %y = arith.truncf %x : bf16 to f8E4M3FN
    memref.store %y, %to[] : memref<f8E4M3FN>
    gpu.return
  }

  // Vectors are left to arithmetic.
  // CHECK-LABEL: gpu.func @vector(
  // CHECK: arith.extf %arg0 : vector<4xf8E4M3FN> to vector<4xf32>
  gpu.func @vector(%x: vector<4xf8E4M3FN>, %to: memref<vector<4xf32>>) kernel {
    %y = arith.extf %x : vector<4xf8E4M3FN> to vector<4xf32>
    memref.store %y, %to[] : memref<vector<4xf32>>
    gpu.return
  }
}
