// RUN: bpt-opt %s --bpt-gpu-schedule="warp-roles overlap max-shared-bytes=232448" --remarks-filter=bpt-gpu --remark-policy=all -o %t 2> %t.remarks
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: FileCheck %s < %t

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// A product runs during the next iteration only where there are registers for its
// probabilities (64 of a thread) beside scores (128) and sums (48).
// REMARK: NoOverlap | {{.*}}a thread would need 256 registers or more, of 240
// REMARK: Budget | {{.*}}a thread needs 192 registers or more, of 240
gpu.module @kernels {
  // CHECK: scf.for {{.*}} iter_args(%{{[^,]*}} = %{{[^,]*}}) -> (vector<128x96xf32>)
  gpu.func @attention(%q: memref<128x96xbf16>, %k: memref<1024x96xbf16>, %v: memref<1024x96xbf16>, %y: memref<128x96xf32>, %n: index) kernel attributes {bpt_tile.warps = 8 : i32} {
    %c0 = arith.constant 0 : index
    %c256 = arith.constant 256 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x96xf32>
    %none = arith.constant dense<0.0> : vector<128x256xf32>
    %half = arith.constant dense<0.5> : vector<128x96xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x96xbf16>, vector<128x96xbf16>
    %o = scf.for %j = %c0 to %n step %c256 iter_args(%acc = %zero) -> (vector<128x96xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x96xbf16>, vector<256x96xbf16>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %none : vector<128x96xbf16>, vector<256x96xbf16> into vector<128x256xf32>
      %e = math.exp2 %s : vector<128x256xf32>
      %p = arith.truncf %e : vector<128x256xf32> to vector<128x256xbf16>
      %scaled = arith.mulf %acc, %half : vector<128x96xf32>
      %w = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x96xbf16>, vector<256x96xbf16>
      %r = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %w, %scaled : vector<128x256xbf16>, vector<256x96xbf16> into vector<128x96xf32>
      scf.yield %r : vector<128x96xf32>
    }
    vector.transfer_write %o, %y[%c0, %c0] {in_bounds = [true, true]} : vector<128x96xf32>, memref<128x96xf32>
    gpu.return
  }
}
