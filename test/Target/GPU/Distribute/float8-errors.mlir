// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes=wgmma -verify-diagnostics

// What warpgroups do not take of f8E4M3FN, nothing else in a tile program does.

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// Columns that follow one another, and not terms.
gpu.module @kernels {
  gpu.func @transposed(%y: memref<64x32xf32>) workgroup(%x: memref<64x64xf8E4M3FN, #ws>, %w: memref<64x32xf8E4M3FN, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f8E4M3FN
    %zero = arith.constant dense<0.0> : vector<64x32xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf8E4M3FN, #ws>, vector<64x64xf8E4M3FN>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x32xf8E4M3FN, #ws>, vector<64x32xf8E4M3FN>
    // expected-error@+1 {{multiplies f8E4M3FN, which warpgroups do: 64 rows each, of operands that lie in workgroup memory as they are summed over}}
    %c = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xf8E4M3FN>, vector<64x32xf8E4M3FN> into vector<64x32xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// Two warps are no warpgroup.
gpu.module @kernels {
  gpu.func @two_warps(%y: memref<32x16xf32>) workgroup(%x: memref<32x64xf8E4M3FN, #ws>, %w: memref<16x64xf8E4M3FN, #ws>) kernel attributes {bpt_tile.warps = 2 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f8E4M3FN
    %zero = arith.constant dense<0.0> : vector<32x16xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf8E4M3FN, #ws>, vector<32x64xf8E4M3FN>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x64xf8E4M3FN, #ws>, vector<16x64xf8E4M3FN>
    // expected-error@+1 {{multiplies f8E4M3FN, which warpgroups do}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<32x64xf8E4M3FN>, vector<16x64xf8E4M3FN> into vector<32x16xf32>
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

// An instruction takes 32 terms.
gpu.module @kernels {
  gpu.func @terms(%y: memref<64x16xf32>) workgroup(%x: memref<64x48xf8E4M3FN, #ws>, %w: memref<16x48xf8E4M3FN, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f8E4M3FN
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x48xf8E4M3FN, #ws>, vector<64x48xf8E4M3FN>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x48xf8E4M3FN, #ws>, vector<16x48xf8E4M3FN>
    // expected-error@+1 {{sums over K = 48, but tensor cores take a multiple of 32}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x48xf8E4M3FN>, vector<16x48xf8E4M3FN> into vector<64x16xf32>
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

// Elements of 8 bits are read, copied and multiplied, and not written.
gpu.module @kernels {
  gpu.func @registers(%x: memref<64x32xf32>, %y: memref<64x32xf8E4M3FN>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x32xf32>, vector<64x32xf32>
    %b = arith.truncf %a : vector<64x32xf32> to vector<64x32xf8E4M3FN>
    // expected-error@+1 {{moves f8E4M3FN from registers to memory, or there from workgroup memory; a tile program reads it from global memory, or copies and multiplies it}}
    vector.transfer_write %b, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf8E4M3FN>, memref<64x32xf8E4M3FN>
    gpu.return
  }
}
