// Layer norm of 64 rows: ELT stands for the element type. Reads the rows three
// times, a tile of 64x128 at a time: for the mean, the variance, the result.

gpu.module @kernels {
  gpu.func @layer_norm(%x: memref<?xELT>, %weight: memref<?xf32>, %bias: memref<?xf32>, %y: memref<?xELT>,
                       %rows: index, %columns: index, %eps: f32)
      kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c128 = arith.constant 128 : index
    %pad = arith.constant 0.0 : ELT
    %pad32 = arith.constant 0.0 : f32
    %zeroRow = arith.constant dense<0.0> : vector<64xf32>
    %zero = arith.constant dense<0.0> : vector<64x128xf32>
    %block = gpu.block_id x
    %row0 = arith.muli %block, %c64 : index
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [%rows, %columns], strides: [%columns, 1] : memref<?xELT> to memref<?x?xELT, strided<[?, 1]>>
    %ys = memref.reinterpret_cast %y to offset: [0], sizes: [%rows, %columns], strides: [%columns, 1] : memref<?xELT> to memref<?x?xELT, strided<[?, 1]>>
    %ws = memref.reinterpret_cast %weight to offset: [0], sizes: [%columns], strides: [1] : memref<?xf32> to memref<?xf32, strided<[1]>>
    %bs = memref.reinterpret_cast %bias to offset: [0], sizes: [%columns], strides: [1] : memref<?xf32> to memref<?xf32, strided<[1]>>
    %countInt = arith.index_cast %columns : index to i32
    %count = arith.sitofp %countInt : i32 to f32
    %countRow = vector.broadcast %count : f32 to vector<64xf32>

    %sum = scf.for %c = %c0 to %columns step %c128 iter_args(%s = %zeroRow) -> (vector<64xf32>) {
      %t = vector.transfer_read %xs[%row0, %c], %pad : memref<?x?xELT, strided<[?, 1]>>, vector<64x128xELT>
      %v = arith.extf %t : vector<64x128xELT> to vector<64x128xf32>
      %n = vector.multi_reduction <add>, %v, %s [1] : vector<64x128xf32> to vector<64xf32>
      scf.yield %n : vector<64xf32>
    }
    %mean = arith.divf %sum, %countRow : vector<64xf32>
    %meanColumn = vector.shape_cast %mean : vector<64xf32> to vector<64x1xf32>
    %meanTile = vector.broadcast %meanColumn : vector<64x1xf32> to vector<64x128xf32>

    %squares = scf.for %c = %c0 to %columns step %c128 iter_args(%s = %zeroRow) -> (vector<64xf32>) {
      %t = vector.transfer_read %xs[%row0, %c], %pad : memref<?x?xELT, strided<[?, 1]>>, vector<64x128xELT>
      %v = arith.extf %t : vector<64x128xELT> to vector<64x128xf32>
      %centred = arith.subf %v, %meanTile : vector<64x128xf32>
      %left = arith.subi %columns, %c : index
      %exists = vector.create_mask %c64, %left : vector<64x128xi1>
      %kept = arith.select %exists, %centred, %zero : vector<64x128xi1>, vector<64x128xf32>
      %square = arith.mulf %kept, %kept : vector<64x128xf32>
      %n = vector.multi_reduction <add>, %square, %s [1] : vector<64x128xf32> to vector<64xf32>
      scf.yield %n : vector<64xf32>
    }
    %variance = arith.divf %squares, %countRow : vector<64xf32>
    %epsRow = vector.broadcast %eps : f32 to vector<64xf32>
    %variance1 = arith.addf %variance, %epsRow : vector<64xf32>
    %factor = math.rsqrt %variance1 : vector<64xf32>
    // A row that is broadcast and transposed, as vectorization writes columns.
    %factorRows = vector.broadcast %factor : vector<64xf32> to vector<128x64xf32>
    %factorTile = vector.transpose %factorRows, [1, 0] : vector<128x64xf32> to vector<64x128xf32>

    scf.for %c = %c0 to %columns step %c128 {
      %t = vector.transfer_read %xs[%row0, %c], %pad : memref<?x?xELT, strided<[?, 1]>>, vector<64x128xELT>
      %v = arith.extf %t : vector<64x128xELT> to vector<64x128xf32>
      %centred = arith.subf %v, %meanTile : vector<64x128xf32>
      %normal = arith.mulf %centred, %factorTile : vector<64x128xf32>
      %w = vector.transfer_read %ws[%c], %pad32 : memref<?xf32, strided<[1]>>, vector<128xf32>
      %wRow = vector.shape_cast %w : vector<128xf32> to vector<1x128xf32>
      %wTile = vector.broadcast %wRow : vector<1x128xf32> to vector<64x128xf32>
      %b = vector.transfer_read %bs[%c], %pad32 : memref<?xf32, strided<[1]>>, vector<128xf32>
      %bTile = vector.broadcast %b : vector<128xf32> to vector<64x128xf32>
      %scaled = arith.mulf %normal, %wTile : vector<64x128xf32>
      %shifted = arith.addf %scaled, %bTile : vector<64x128xf32>
      %rounded = arith.truncf %shifted : vector<64x128xf32> to vector<64x128xELT>
      vector.transfer_write %rounded, %ys[%row0, %c] : vector<64x128xELT>, memref<?x?xELT, strided<[?, 1]>>
    }
    gpu.return
  }
}
