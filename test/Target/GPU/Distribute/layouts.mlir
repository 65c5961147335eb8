// RUN: bpt-opt %s --bpt-distribute-to-lanes=print-layouts --verify-diagnostics

gpu.module @kernels {
  gpu.func @layouts(%x: memref<128x16xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // Rows of 128 bytes: eight chunks, permuted by the row.
    // expected-remark@+1 {{lies in 64 rows of 128 bytes, chunk c of row r at c ^ (r & 7)}}
    %m64 = memref.alloc() : memref<2x64x64xbf16, #gpu.address_space<workgroup>>
    // Two rows of 64 bytes already lie in different banks.
    // expected-remark@+1 {{lies in 64 rows of 64 bytes, chunk c of row r at c ^ (r >> 1 & 3)}}
    %m32 = memref.alloc() : memref<64x32xbf16, #gpu.address_space<workgroup>>
    // Rows of 192 bytes are permuted by fours.
    // expected-remark@+1 {{lies in 64 rows of 192 bytes, chunk c of row r at c ^ (r >> 1 & 3)}}
    %m96 = memref.alloc() : memref<64x96xbf16, #gpu.address_space<workgroup>>
    // expected-remark@+1 {{lies in 64 rows of 32 bytes, chunk c of row r at c ^ (r >> 2 & 1)}}
    %m16 = memref.alloc() : memref<64x16xbf16, #gpu.address_space<workgroup>>
    // An odd number of chunks needs no permutation.
    // expected-remark-re@+1 {{lies in 64 rows of 80 bytes, chunk c of row r at c{{$}}}}
    %m40 = memref.alloc() : memref<64x40xbf16, #gpu.address_space<workgroup>>
    // expected-remark@+1 {{'vector<128x16xf32>' lies in 32x16 accumulators on 4 warps, 16 elements a lane: row 32 warp + lane / 4 + 8 i, i < 4; column 2 (lane % 4) + 8 j + {0, 1}, j < 2}}
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x16xf32>, vector<128x16xf32>
    %zero = arith.constant dense<0.0> : vector<128xf32>
    // expected-remark@+1 {{'vector<128xf32>' lies in rows of 32x8 accumulators on 4 warps, 4 elements a lane: row 32 warp + lane / 4 + 8 i, i < 4}}
    %s = vector.multi_reduction <add>, %t, %zero [1] : vector<128x16xf32> to vector<128xf32>
    // expected-remark@+1 {{'vector<128x1xf32>' lies in rows of 32x8 accumulators on 4 warps}}
    %c = vector.shape_cast %s : vector<128xf32> to vector<128x1xf32>
    vector.transfer_write %c, %x[%c0, %c0] {in_bounds = [true, true]} : vector<128x1xf32>, memref<128x16xf32>
    // expected-remark@+1 {{'vector<16xf32>' lies in columns of 16x16 accumulators on 4 warps, 4 elements a lane: column 2 (lane % 4) + 8 j + {0, 1}, j < 2}}
    %l = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true]} : memref<128x16xf32>, vector<16xf32>
    // expected-remark@+1 {{'vector<128x16xf32>' lies in columns of 16x16 accumulators}}
    %b = vector.broadcast %l : vector<16xf32> to vector<128x16xf32>
    vector.transfer_write %b, %x[%c0, %c0] {in_bounds = [true, true]} : vector<128x16xf32>, memref<128x16xf32>
    // Without a use they would be removed.
    memref.dealloc %m64 : memref<2x64x64xbf16, #gpu.address_space<workgroup>>
    memref.dealloc %m32 : memref<64x32xbf16, #gpu.address_space<workgroup>>
    memref.dealloc %m96 : memref<64x96xbf16, #gpu.address_space<workgroup>>
    memref.dealloc %m16 : memref<64x16xbf16, #gpu.address_space<workgroup>>
    memref.dealloc %m40 : memref<64x40xbf16, #gpu.address_space<workgroup>>
    gpu.return
  }
}
