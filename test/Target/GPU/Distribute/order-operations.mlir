// RUN: bpt-opt %s --split-input-file --bpt-gpu-schedule="warp-roles overlap" | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// The gradient of values, and a sum of what depends on both scores. The line
// that the second scores start from is added behind them, and read where it is.
// What adds to a sum that the loop carries starts where its factors are there.
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @gradient
  // CHECK-SAME: %{{.*}}: memref<64x64xbf16>, %{{.*}}: memref<256x64xbf16>, %[[LINE:.*]]: memref<256xf32>
  gpu.func @gradient(%k: memref<64x64xbf16>, %q: memref<256x64xbf16>, %delta: memref<256xf32>, %y: memref<64x64xf32>, %z: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c32 = arith.constant 32 : index
    %c256 = arith.constant 256 : index
    %pad = arith.constant 0.0 : bf16
    %none = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x32xf32>
    %start = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %k[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // CHECK: consumer
    // CHECK: scf.for %{{.*}} iter_args(%{{.*}} = %{{.*}}, %[[SUM:.*]] = %{{.*}}) -> (vector<64x64xf32>, vector<64x64xf32>)
    %r:2 = scf.for %i = %c0 to %c256 step %c32 iter_args(%acc0 = %start, %acc1 = %start) -> (vector<64x64xf32>, vector<64x64xf32>) {
      // CHECK: %[[S:.*]] = vector.contract {{.*}} : vector<64x64xbf16>, vector<32x64xbf16>
      // CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<64x32xf32>
      // CHECK: %[[T:.*]] = vector.contract {{.*}}, %[[ZERO]] : vector<64x64xbf16>, vector<32x64xbf16>
      // CHECK: %[[P:.*]] = math.exp2 %[[S]]
      // CHECK: %[[NARROW:.*]] = arith.truncf %[[P]]
      // CHECK: vector.contract {{.*}} %[[NARROW]], %{{.*}}, %[[SUM]] : vector<64x32xbf16>, vector<32x64xbf16>
      // CHECK: %[[READ:.*]] = vector.transfer_read %[[LINE]]
      // CHECK: %[[ALL:.*]] = vector.broadcast %[[READ]]
      // CHECK: %[[NEGATED:.*]] = arith.negf %[[ALL]]
      // CHECK: %[[ADDED:.*]] = arith.addf %[[T]], %[[NEGATED]]
      // CHECK: arith.mulf %[[P]], %[[ADDED]]
      %line = vector.transfer_read %delta[%i], %none {in_bounds = [true]} : memref<256xf32>, vector<32xf32>
      %b = vector.transfer_read %q[%i, %c0], %pad {in_bounds = [true, true]} : memref<256x64xbf16>, vector<32x64xbf16>
      %rows = vector.broadcast %line : vector<32xf32> to vector<64x32xf32>
      %negated = arith.negf %rows : vector<64x32xf32>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
      %t = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %negated : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
      %p = math.exp2 %s : vector<64x32xf32>
      %ds = arith.mulf %p, %t : vector<64x32xf32>
      %nds = arith.truncf %ds : vector<64x32xf32> to vector<64x32xbf16>
      %next0 = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %nds, %b, %acc0 : vector<64x32xbf16>, vector<32x64xbf16> into vector<64x64xf32>
      %np = arith.truncf %p : vector<64x32xf32> to vector<64x32xbf16>
      %next1 = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %np, %b, %acc1 : vector<64x32xbf16>, vector<32x64xbf16> into vector<64x64xf32>
      scf.yield %next0, %next1 : vector<64x64xf32>, vector<64x64xf32>
    }
    vector.transfer_write %r#0, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    vector.transfer_write %r#1, %z[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}
