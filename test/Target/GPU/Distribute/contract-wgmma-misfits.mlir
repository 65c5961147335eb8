// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes="wgmma print-layouts" -verify-diagnostics | FileCheck %s

// What wgmma does not take, warps multiply: of the same tiles in workgroup memory.

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @fits
  // CHECK-NOT: nvvm.mma.sync
  // expected-remark @below {{'memref<64x128xbf16, #gpu.address_space<workgroup>>' lies in 2 panels of 64 rows of 128 bytes, chunk c of row r at c ^ (r & 7)}}
  // expected-remark @below {{'memref<16x128xbf16, #gpu.address_space<workgroup>>' lies in 2 panels of 16 rows of 128 bytes}}
  gpu.func @fits(%y: memref<64x16xf32>) workgroup(%x: memref<64x128xbf16, #ws>, %w: memref<16x128xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xbf16, #ws>, vector<64x128xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x128xbf16, #ws>, vector<16x128xbf16>
    // expected-remark @below {{is multiplied by warpgroups, wgmma}}
    // expected-remark @below {{lies in 16x16 accumulators on 4 warps}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x128xbf16>, vector<16x128xbf16> into vector<64x16xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @two_warps
  // CHECK: nvvm.mma.sync
  // CHECK-NOT: wgmma
  // expected-remark @below {{lies in 32 rows of 32 bytes, chunk c of row r at c ^ (r >> 2 & 1)}}
  // expected-remark @below {{lies in 16 rows of 32 bytes}}
  gpu.func @two_warps(%y: memref<32x16xf32>) workgroup(%x: memref<32x16xbf16, #ws>, %w: memref<16x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 2 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<32x16xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16, #ws>, vector<32x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    // expected-remark @below {{is multiplied by warps, not by wgmma: 32 rows on 2 warps: a group of 4 takes 64 rows}}
    // expected-remark @below {{lies in 16x16 accumulators on 2 warps}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<32x16xbf16>, vector<16x16xbf16> into vector<32x16xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<32x16xf32>, memref<32x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @cut
  // CHECK: nvvm.mma.sync
  // CHECK-NOT: wgmma
  // expected-remark @below {{lies in 64 rows of 64 bytes, chunk c of row r at c ^ (r >> 1 & 3)}}
  // expected-remark @below {{lies in 16 rows of 64 bytes}}
  gpu.func @cut(%y: memref<64x16xf32>) workgroup(%x: memref<64x32xbf16, #ws>, %w: memref<16x32xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %a = vector.transfer_read %x[%c0, %c16], %pad {in_bounds = [true, true]} : memref<64x32xbf16, #ws>, vector<64x16xbf16>
    %b = vector.transfer_read %w[%c0, %c16], %pad {in_bounds = [true, true]} : memref<16x32xbf16, #ws>, vector<16x16xbf16>
    // expected-remark @below {{not by wgmma: the right operand is not a whole tile in panels}}
    // expected-remark @below {{lies in 16x16 accumulators}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @cut_left
  // CHECK-NOT: wgmma
  // expected-remark @below {{lies in 64 rows of 64 bytes}}
  // expected-remark @below {{lies in 16 rows of 32 bytes}}
  gpu.func @cut_left(%y: memref<64x16xf32>) workgroup(%x: memref<64x32xbf16, #ws>, %w: memref<16x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %a = vector.transfer_read %x[%c0, %c16], %pad {in_bounds = [true, true]} : memref<64x32xbf16, #ws>, vector<64x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    // expected-remark @below {{not by wgmma: the left operand is not a whole tile in panels}}
    // expected-remark @below {{lies in 16x16 accumulators}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @too_wide
  // CHECK-NOT: wgmma
  // expected-remark @below {{lies in 64 rows of 32 bytes}}
  // expected-remark @below {{lies in 264 rows of 32 bytes}}
  gpu.func @too_wide(%y: memref<64x264xf32>) workgroup(%x: memref<64x16xbf16, #ws>, %w: memref<264x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x264xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x16xbf16, #ws>, vector<64x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<264x16xbf16, #ws>, vector<264x16xbf16>
    // expected-remark @below {{not by wgmma: 264 columns: it has at most 256}}
    // expected-remark @below {{lies in 16x264 accumulators}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<264x16xbf16> into vector<64x264xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x264xf32>, memref<64x264xf32>
    gpu.return
  }
}
