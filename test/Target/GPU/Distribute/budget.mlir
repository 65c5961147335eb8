// RUN: bpt-opt %s --split-input-file --bpt-gpu-schedule --remarks-filter=bpt-gpu --remark-policy=all -o %t 2>&1 | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// A sum of 64 × 64 is 32 registers of each of 128 threads; its operands lie in
// workgroup memory, two buffers of 64 × 64 × 2 bytes.
// CHECK: budget.mlir:[[# @LINE + 2]]:{{.*}}[Analysis] Budget | {{.*}}a thread needs 48 registers or more, of 255; a block 16384 bytes of workgroup memory, of 166912
gpu.module @kernels {
  gpu.func @sum(%k: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %s = scf.for %j = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// Scores of 64 × 32 are 16 registers; exponentials take those of the scores, and
// probabilities those of the exponentials: 32 + 16 where most are held.
// CHECK: [Analysis] Budget | {{.*}}a thread needs 64 registers or more, of 255
gpu.module @kernels {
  gpu.func @scores(%k: memref<1024x64xbf16>, %v: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c32 = arith.constant 32 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %none = arith.constant dense<0.0> : vector<64x32xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %s = scf.for %j = %c0 to %n step %c32 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<32x64xbf16>
      %x = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %none : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
      %e = math.exp2 %x : vector<64x32xf32>
      %r = arith.truncf %e : vector<64x32xf32> to vector<64x32xbf16>
      %w = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<32x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %r, %w, %acc : vector<64x32xbf16>, vector<32x64xbf16> into vector<64x64xf32>
      scf.yield %p : vector<64x64xf32>
    }
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// The more threads, the fewer registers there are for each.
// CHECK: [Missed] OverBudget | {{.*}}a thread needs 144 registers or more, of 64; a block 16384 bytes of workgroup memory, of 166912: it will spill
gpu.module @kernels {
  gpu.func @many(%k: memref<1024x16xbf16>, %y: memref<512x256xf32>, %n: index) kernel attributes {bpt_tile.warps = 32 : i32} {
    %c0 = arith.constant 0 : index
    %c256 = arith.constant 256 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<512x256xf32>
    %one = arith.constant dense<1.0> : vector<512x16xbf16>
    %s = scf.for %j = %c0 to %n step %c256 iter_args(%acc = %zero) -> (vector<512x256xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x16xbf16>, vector<256x16xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<512x16xbf16>, vector<256x16xbf16> into vector<512x256xf32>
      scf.yield %p : vector<512x256xf32>
    }
    vector.transfer_write %s, %y[%c0, %c0] {in_bounds = [true, true]} : vector<512x256xf32>, memref<512x256xf32>
    gpu.return
  }
}
