// RUN: bpt-opt %s --split-input-file --verify-diagnostics --bpt-distribute-to-lanes

// A tile program has no threads.
gpu.module @kernels {
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    // expected-error@+1 {{cannot stand in a tile program, which says what the whole block does}}
    %t = gpu.thread_id x
    gpu.printf "%d", %t : index
    gpu.return
  }
}

// -----

// Operations of other levels.
gpu.module @kernels {
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    // expected-error@+1 {{is not part of a tile program; it consists of elementwise arith}}
    gpu.printf "hello"
    gpu.return
  }
}

// -----

// Tiles of three dimensions.
gpu.module @kernels {
  gpu.func @f(%x: memref<2x64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{computes 'vector<2x64x64xf32>', but tiles have one or two dimensions of known size}}
    %t = vector.transfer_read %x[%c0, %c0, %c0], %pad {in_bounds = [true, true, true]} : memref<2x64x64xf32>, vector<2x64x64xf32>
    vector.transfer_write %t, %x[%c0, %c0, %c0] {in_bounds = [true, true, true]} : vector<2x64x64xf32>, memref<2x64x64xf32>
    gpu.return
  }
}

// -----

// Rows that the warps cannot share.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{does not fit the lanes: 32 rows on 4 warps: each warp owns a multiple of 16 rows, so the rows must be a multiple of 64}}
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<32x64xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Columns that are no fragments.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{does not fit the lanes: 12 columns: fragments have 8 columns, so the columns must be a multiple of 8}}
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x12xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x12xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// One value a row, used along the columns.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
    %z = arith.constant dense<0.0> : vector<64xf32>
    // expected-error@+1 {{gives one value a row, but a use reads it along the tile's columns; write it to workgroup memory and read it back}}
    %r = vector.multi_reduction <add>, %t, %z [1] : vector<64x64xf32> to vector<64xf32>
    %b = vector.broadcast %r : vector<64xf32> to vector<64x64xf32>
    vector.transfer_write %b, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Constants differ.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    // expected-error@+1 {{is a tile of different constants; a tile program has splat constants and vector.step}}
    %k = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : vector<8xf32>
    vector.transfer_write %k, %x[%c0, %c0] {in_bounds = [true]} : vector<8xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Broadcasts between other shapes.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>, %s: f32) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %l = vector.broadcast %s : f32 to vector<1xf32>
    // expected-error@+1 {{broadcasts 'vector<1xf32>' to 'vector<64xf32>'; a tile is broadcast from a scalar, from one row (N or 1xN) or from one column (Mx1)}}
    %b = vector.broadcast %l : vector<1xf32> to vector<64xf32>
    vector.transfer_write %b, %x[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Casts that move elements.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
    // expected-error@+1 {{casts 'vector<64x64xf32>' to 'vector<128x32xf32>', which would move elements between lanes; only N to Nx1 or 1xN and back is taken}}
    %s = vector.shape_cast %t : vector<64x64xf32> to vector<128x32xf32>
    vector.transfer_write %s, %x[%c0, %c0] {in_bounds = [true, true]} : vector<128x32xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Functions without a form for lanes.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
    // expected-error@+1 {{has no form for one lane; of math, exp2, exp, log2, log, rsqrt, sqrt, absf, floor, ceil, copysign, fma, and tanh and erf of f32 are taken}}
    %s = math.sin %t : vector<64x64xf32>
    vector.transfer_write %s, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Functions that are known in f32 only.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // expected-error@+1 {{computes 'bf16', but is known in f32 only; extend the operand}}
    %s = math.exp2 %t : vector<64x64xbf16>
    vector.transfer_write %s, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xbf16>, memref<64x64xbf16>
    gpu.return
  }
}

// -----

// Reductions over the rows.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
    %z = arith.constant dense<0.0> : vector<64xf32>
    // expected-error@+1 {{reduces 'vector<64x64xf32>' over [0]; a tile MxN is reduced over its columns, [1]}}
    %r = vector.multi_reduction <add>, %t, %z [0] : vector<64x64xf32> to vector<64xf32>
    vector.transfer_write %r, %x[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Reductions of elements that lanes do not exchange.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %z = arith.constant dense<0.0> : vector<64xbf16>
    // expected-error@+1 {{reduces elements of 'bf16'; lanes exchange f32 and i32}}
    %r = vector.multi_reduction <add>, %t, %z [1] : vector<64x64xbf16> to vector<64xbf16>
    vector.transfer_write %r, %x[%c0, %c0] {in_bounds = [true]} : vector<64xbf16>, memref<64x64xbf16>
    gpu.return
  }
}

// -----

// Loops that carry memory.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %z = arith.constant dense<0.0> : vector<64xf32>
    // expected-error@+1 {{carries a memref; carry the index of a buffer}}
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%m = %x) -> (memref<64x64xf32>) {
      vector.transfer_write %z, %m[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32>
      scf.yield %x : memref<64x64xf32>
    }
    gpu.return
  }
}

// -----

// Branches that choose memory.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %c: i1) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %z = arith.constant dense<0.0> : vector<64xf32>
    // expected-error@+1 {{chooses a memref; choose the index of a buffer}}
    %r = scf.if %c -> (memref<64x64xf32>) {
      gpu.barrier
      scf.yield %x : memref<64x64xf32>
    } else {
      scf.yield %y : memref<64x64xf32>
    }
    vector.transfer_write %z, %r[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Values that choose memory.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %c: i1) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %z = arith.constant dense<0.0> : vector<64xf32>
    // expected-error@+1 {{is not part of a tile program; it consists of elementwise arith}}
    %r = arith.select %c, %x, %y : memref<64x64xf32>
    vector.transfer_write %z, %r[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Memory that is not the block's.
gpu.module @kernels {
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    // expected-error@+1 {{allocates 'memref<64x64xf32>'; a tile program allocates workgroup memory}}
    %m = memref.alloc() : memref<64x64xf32>
    memref.dealloc %m : memref<64x64xf32>
    gpu.return
  }
}

// -----

// Workgroup memory of unknown size.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    // expected-error@+1 {{workgroup memory has a static shape, no layout, and elements of 16 or 32 bits or f8E4M3FN}}
    %m = memref.alloc() : memref<64x64xi8, #ws>
    memref.dealloc %m : memref<64x64xi8, #ws>
    gpu.return
  }
}

// -----

// Rows that are not whole chunks.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    // expected-error@+1 {{with rows of 24 bytes: a row consists of whole chunks of 16 bytes}}
    %m = memref.alloc() : memref<64x12xbf16, #ws>
    memref.dealloc %m : memref<64x12xbf16, #ws>
    gpu.return
  }
}

// -----

// More workgroup memory than there is.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  // expected-error@+1 {{needs 262144 bytes of workgroup memory, but a block has 166912 (option max-shared-bytes)}}
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    %m = memref.alloc() : memref<4x128x256xbf16, #ws>
    memref.dealloc %m : memref<4x128x256xbf16, #ws>
    gpu.return
  }
}

// -----

// Views of workgroup memory.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    %m = memref.alloc() : memref<64x64xbf16, #ws>
    // expected-error@+1 {{cuts workgroup memory, whose layout is not linear; give the indices to the transfer}}
    %s = memref.subview %m[8, 0] [16, 64] [1, 1] : memref<64x64xbf16, #ws> to memref<16x64xbf16, strided<[64, 1], offset: 512>, #ws>
    memref.dealloc %m : memref<64x64xbf16, #ws>
    memref.dealloc %s : memref<16x64xbf16, strided<[64, 1], offset: 512>, #ws>
    gpu.return
  }
}

// -----

// Casts of workgroup memory.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    %m = memref.alloc() : memref<64x64xbf16, #ws>
    // expected-error@+1 {{casts workgroup memory, whose layout is not linear}}
    %s = memref.reinterpret_cast %m to offset: [0], sizes: [4096], strides: [1] : memref<64x64xbf16, #ws> to memref<4096xbf16, #ws>
    memref.dealloc %m : memref<64x64xbf16, #ws>
    memref.dealloc %s : memref<4096xbf16, #ws>
    gpu.return
  }
}

// -----

// Strides that nobody gave.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32, strided<[?, 1]>>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{needs the stride of dimension 0 of 'memref<64x64xf32, strided<[?, 1]>>', which the kernel does not know; give it with memref.reinterpret_cast}}
    %s = memref.subview %x[1, 0] [32, 64] [1, 1] : memref<64x64xf32, strided<[?, 1]>> to memref<32x64xf32, strided<[?, 1], offset: ?>>
    %t = vector.transfer_read %s[%c0, %c0], %pad {in_bounds = [true]} : memref<32x64xf32, strided<[?, 1], offset: ?>>, vector<64xf32>
    vector.transfer_write %t, %s[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<32x64xf32, strided<[?, 1], offset: ?>>
    gpu.return
  }
}

// -----

// Strides that a transfer needs.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32, strided<[?, 1]>>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{needs the stride of dimension 0 of 'memref<64x64xf32, strided<[?, 1]>>', which the kernel does not know}}
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32, strided<[?, 1]>>, vector<64x64xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32, strided<[?, 1]>>
    gpu.return
  }
}

// -----

// Strides that an index needs.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32, strided<[?, 1]>>, %i: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{needs the stride of dimension 0 of 'memref<64x64xf32, strided<[?, 1]>>', which the kernel does not know}}
    %t = vector.transfer_read %x[%i, %c0], %pad {in_bounds = [true]} : memref<64x64xf32, strided<[?, 1]>>, vector<64xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32, strided<[?, 1]>>
    gpu.return
  }
}

// -----

// Strides that a load needs.
gpu.module @kernels {
  gpu.func @f(%y: memref<64xf32>, %x: memref<64x64xf32, strided<[?, 1]>>, %i: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    // expected-error@+1 {{needs the stride of dimension 0 of 'memref<64x64xf32, strided<[?, 1]>>', which the kernel does not know}}
    %l = memref.load %x[%i, %i] : memref<64x64xf32, strided<[?, 1]>>
    %b = vector.broadcast %l : f32 to vector<64xf32>
    vector.transfer_write %b, %y[%c0] {in_bounds = [true]} : vector<64xf32>, memref<64xf32>
    gpu.return
  }
}

// -----

// Sizes that nobody gave.
gpu.module @kernels {
  gpu.func @f(%y: memref<64xf32>, %x: memref<?xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    // expected-error@+1 {{asks for dimension 0 of 'memref<?xf32>', which the kernel does not know: memref arguments are plain pointers}}
    %n = memref.dim %x, %c0 : memref<?xf32>
    %l = memref.load %x[%n] : memref<?xf32>
    %b = vector.broadcast %l : f32 to vector<64xf32>
    vector.transfer_write %b, %y[%c0] {in_bounds = [true]} : vector<64xf32>, memref<64xf32>
    gpu.return
  }
}

// -----

// Dimensions that are not constants.
gpu.module @kernels {
  gpu.func @f(%y: memref<64xf32>, %x: memref<?xf32>, %i: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    // expected-error@+1 {{asks for a dimension that is not a constant of the memref's rank}}
    %n = memref.dim %x, %i : memref<?xf32>
    %l = memref.load %x[%n] : memref<?xf32>
    %b = vector.broadcast %l : f32 to vector<64xf32>
    vector.transfer_write %b, %y[%c0] {in_bounds = [true]} : vector<64xf32>, memref<64xf32>
    gpu.return
  }
}

// -----

// Bounds that nobody gave.
gpu.module @kernels {
  gpu.func @f(%x: memref<?x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{may leave dimension 0 of 'memref<?x64xf32>', whose size the kernel does not know}}
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [false, true]} : memref<?x64xf32>, vector<64x64xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
    gpu.return
  }
}

// -----

// Loads of what is no number of bytes.
gpu.module @kernels {
  gpu.func @f(%x: memref<64xi1>, %i: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    // expected-error@+1 {{loads 'i1' from 'memref<64xi1>'; scalars of whole bytes are loaded from global memory}}
    %l = memref.load %x[%i] : memref<64xi1>
    scf.if %l {
      gpu.barrier
    }
    gpu.return
  }
}

// -----

// Transfers of what is no number of bytes.
gpu.module @kernels {
  gpu.func @f(%x: memref<64xi1>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant false
    // expected-error@+1 {{moves elements of 'i1'; elements have whole bytes}}
    %t = vector.transfer_read %x[%c0], %pad {in_bounds = [true]} : memref<64xi1>, vector<64xi1>
    vector.transfer_write %t, %x[%c0] {in_bounds = [true]} : vector<64xi1>, memref<64xi1>
    gpu.return
  }
}

// -----

// Broadcasts in a transfer.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error@+1 {{broadcasts in its permutation map; use vector.broadcast}}
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true], permutation_map = affine_map<(i, j) -> (0, j)>} : memref<64x64xf32>, vector<64x64xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Workgroup tiles that are not accessed as they lie.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16>, %i: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    // expected-error@+1 {{accesses workgroup memory masked, out of bounds or permuted; tiles there are accessed whole}}
    %t = vector.transfer_read %w[%i, %c0], %pad {in_bounds = [false, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xbf16>, memref<64x64xbf16>
    gpu.return
  }
}

// -----

// Workgroup tiles that begin within a chunk.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16>, %i: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    // expected-error@+1 {{begins at a column that is not known to be a multiple of 8, 16 bytes}}
    %t = vector.transfer_read %w[%c0, %i], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x32xbf16>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xbf16>, memref<64x64xbf16>
    gpu.return
  }
}

// -----

// A tile that is an operand, and stored.
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    // expected-error@+1 {{reads a tile that is an operand of vector.contract straight from workgroup memory, and also something else; read it once for each use}}
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %b, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xbf16>, memref<64x64xbf16>
    vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Copies from where the stride is not known.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16, strided<[?, 1]>>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    // expected-error@+1 {{needs rows of adjacent elements at a known stride, but dimension 0 of 'memref<64x64xbf16, strided<[?, 1]>>' is not known so}}
    bpt_tile.async_copy %x[%c0, %c0] to %w : memref<64x64xbf16, strided<[?, 1]>>, memref<64x64xbf16, #ws>
    gpu.return
  }
}

// -----

// Copies from where the size is not known.
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%x: memref<?x64xbf16>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    // expected-error@+1 {{copies what exists of the tile, but the kernel does not know the size of dimension 0 of 'memref<?x64xbf16>'}}
    bpt_tile.async_copy %x[%c0, %c0] to %w : memref<?x64xbf16>, memref<64x64xbf16, #ws>
    gpu.return
  }
}

// -----

// Products of another form.
gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
    %z = arith.constant dense<0.0> : vector<64xf32>
    // expected-error@+1 {{is taken as a sum of products of two tiles, MxK (or KxM) and KxN (or NxK) into MxN, with one reduction dimension K}}
    %p = vector.contract {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>], iterator_types = ["parallel", "reduction"], kind = #vector.kind<add>} %t, %t, %z : vector<64x64xf32>, vector<64x64xf32> into vector<64xf32>
    vector.transfer_write %p, %x[%c0, %c0] {in_bounds = [true]} : vector<64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Products of f32.
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
    // expected-error@+1 {{multiplies 'f32' by 'f32' into 'vector<64x64xf32>'; tensor cores take f16 or bf16, both the same, and sum in f32; f32 takes the SIMT path}}
    %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %t, %t, %t : vector<64x64xf32>, vector<64x64xf32> into vector<64x64xf32>
    vector.transfer_write %p, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// Depths that are no multiple of 16.
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x8xbf16, #ws>
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x8xbf16, #ws>, vector<64x8xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x8xbf16, #ws>, vector<64x8xbf16>
    // expected-error@+1 {{sums over K = 8, but tensor cores take a multiple of 16}}
    %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<64x8xbf16>, vector<64x8xbf16> into vector<64x64xf32>
    vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// A transposed tile in registers.
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    // expected-error@+1 {{takes a transposed left operand, KxM, from workgroup memory only: write the tile there, and read it after a gpu.barrier}}
    %p = vector.contract {indexing_maps = [affine_map<(m, n, k) -> (k, m)>, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// A right operand in registers.
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%x: memref<64x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    %b = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // expected-error@+1 {{takes its right operand from workgroup memory only; copy the tile there with bpt_tile.async_copy, or write it there, and read it after a gpu.barrier}}
    %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// A right operand that changes before it is multiplied.
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ws = #gpu.address_space<workgroup>

gpu.module @kernels {
  gpu.func @f(%y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %w = memref.alloc() : memref<64x64xbf16, #ws>
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    // expected-note@+1 {{here it may change}}
    vector.transfer_write %a, %w[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xbf16>, memref<64x64xbf16, #ws>
    // expected-error@+1 {{multiplies a tile of workgroup memory that may have changed since it was read; read it after this}}
    %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

// A program that is no kernel.
gpu.module @kernels {
  // expected-error@+1 {{is a tile program, but not a kernel}}
  gpu.func @f() attributes {bpt_tile.warps = 4 : i32} {
    gpu.return
  }
}

// -----

// Blocks and branches between them.
gpu.module @kernels {
  // expected-error@+1 {{has several blocks; a tile program has scf.for and scf.if}}
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32} {
    cf.br ^end
  ^end:
    gpu.return
  }
}

// -----

// Another block size.
gpu.module @kernels {
  // expected-error@+1 {{has known_block_size = [256, 1, 1], but 4 warps are [128, 1, 1]}}
  gpu.func @f() kernel attributes {bpt_tile.warps = 4 : i32, known_block_size = array<i32: 256, 1, 1>} {
    gpu.return
  }
}

// -----

// Private memory.
gpu.module @kernels {
  // expected-error@+1 {{has private memory, which a tile program has no use for}}
  gpu.func @f() private(%p: memref<4xf32, #gpu.address_space<private>>) kernel attributes {bpt_tile.warps = 4 : i32} {
    gpu.return
  }
}

// -----

// Arguments that are neither scalars nor memory.
gpu.module @kernels {
  // expected-error@+1 {{has an argument of 'vector<8xf32>'; a kernel takes scalars, tensor maps and memrefs in global memory without an offset, as pointers}}
  gpu.func @f(%v: vector<8xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    gpu.return
  }
}

// -----

// Workgroup memory in another shape.
gpu.module @kernels {
  gpu.func @f(%x: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %w = memref.alloc() : memref<16x1x8xf32, #gpu.address_space<workgroup>>
    // expected-error@+1 {{reshapes workgroup memory, whose layout is not linear}}
    %c = memref.collapse_shape %w [[0, 1], [2]] : memref<16x1x8xf32, #gpu.address_space<workgroup>> into memref<16x8xf32, #gpu.address_space<workgroup>>
    %t = vector.transfer_read %c[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32, #gpu.address_space<workgroup>>, vector<16x8xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @f(%x: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %w = memref.alloc() : memref<16x8xf32, #gpu.address_space<workgroup>>
    // expected-error@+1 {{reshapes workgroup memory, whose layout is not linear}}
    %e = memref.expand_shape %w [[0, 1], [2]] output_shape [2, 8, 8] : memref<16x8xf32, #gpu.address_space<workgroup>> into memref<2x8x8xf32, #gpu.address_space<workgroup>>
    %t = vector.transfer_read %e[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2x8x8xf32, #gpu.address_space<workgroup>>, vector<8x8xf32>
    vector.transfer_write %t, %x[%c0, %c0] {in_bounds = [true, true]} : vector<8x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x16x16xbf16, #ws>>

gpu.module @kernels {
  gpu.func @released(%y: memref<64x16xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %one = arith.constant dense<1.0> : vector<64x16xbf16>
    %ring = bpt_tile.create_ring : !ring
    bpt_tile.warp_roles producer {
    } consumer {
      %tile = bpt_tile.acquire %ring[%c0] : !ring -> memref<16x16xbf16, #ws>
      %b = vector.transfer_read %tile[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
      // expected-note @below {{here it may change}}
      bpt_tile.release %ring[%c0] : !ring
      // expected-error @below {{multiplies a tile of workgroup memory that may have changed since it was read; read it after this}}
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %one, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
      vector.transfer_write %p, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    }
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @below {{has known_block_size = [128, 1, 1], but 8 warps are [256, 1, 1]}}
  gpu.func @threads() kernel attributes {bpt_tile.warps = 4 : i32, known_block_size = array<i32: 128, 1, 1>} {
    bpt_tile.warp_roles producer {
    } consumer {
      gpu.barrier
    }
    gpu.return
  }
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x128xbf16, #ws>>

// Without wgmma tiles do not lie in panels.
gpu.module @kernels {
  gpu.func @boxes(%map: !bpt_tile.tensor_map<64x64xbf16>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %ring = bpt_tile.create_ring : !ring
    bpt_tile.warp_roles producer {
      // expected-error@+1 {{copies boxes of '!bpt_tile.tensor_map<64x64xbf16>', but the tile does not lie in panels of that width; panels are those of wgmma (option wgmma)}}
      bpt_tile.fill %ring[%c0] from %map[%c0, %c0] : !ring, !bpt_tile.tensor_map<64x64xbf16>
    } consumer {
    }
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// Warps do not multiply f8E4M3FN, warpgroups do.
gpu.module @kernels {
  gpu.func @f(%y: memref<64x16xf32>) workgroup(%x: memref<64x32xf8E4M3FN, #ws>, %w: memref<16x32xf8E4M3FN, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f8E4M3FN
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x32xf8E4M3FN, #ws>, vector<64x32xf8E4M3FN>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf8E4M3FN, #ws>, vector<16x32xf8E4M3FN>
    // expected-error@+1 {{tensor cores take f16 or bf16, both the same, and sum in f32; warpgroups take f8E4M3FN too}}
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x32xf8E4M3FN>, vector<16x32xf8E4M3FN> into vector<64x16xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}
