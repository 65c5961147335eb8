// y = gelu(x w + bias) + residual, one tile of ROWSxCOLS of y: ELT, ROWS, COLS
// and DEPTH stand for the element type and the sizes of the tiles.
//
// Grid: tiles of columns, tiles of rows.
#xw = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

gpu.module @kernels {
  gpu.func @feed_forward(%x: memref<?xELT>, %w: memref<?xELT>, %bias: memref<?xf32>, %residual: memref<?xELT>, %y: memref<?xELT>,
                         %rows: index, %columns: index {bpt_tile.divisor = 2 : index}, %depth: index {bpt_tile.divisor = 2 : index})
      kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %rowsOfTile = arith.constant ROWS : index
    %columnsOfTile = arith.constant COLS : index
    %depthOfTile = arith.constant DEPTH : index
    %pad = arith.constant 0.0 : ELT
    %pad32 = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<ROWSxCOLSxf32>
    %half = arith.constant dense<0.5> : vector<ROWSxCOLSxf32>
    %one = arith.constant dense<1.0> : vector<ROWSxCOLSxf32>
    %rsqrt2 = arith.constant dense<0.70710678118> : vector<ROWSxCOLSxf32>
    %blockColumn = gpu.block_id x
    %blockRow = gpu.block_id y
    %row0 = arith.muli %blockRow, %rowsOfTile : index
    %column0 = arith.muli %blockColumn, %columnsOfTile : index
    %xs = memref.reinterpret_cast %x to offset: [0], sizes: [%rows, %depth], strides: [%depth, 1] : memref<?xELT> to memref<?x?xELT, strided<[?, 1]>>
    %ws = memref.reinterpret_cast %w to offset: [0], sizes: [%depth, %columns], strides: [%columns, 1] : memref<?xELT> to memref<?x?xELT, strided<[?, 1]>>
    %bs = memref.reinterpret_cast %bias to offset: [0], sizes: [%columns], strides: [1] : memref<?xf32> to memref<?xf32, strided<[1]>>
    %rs = memref.reinterpret_cast %residual to offset: [0], sizes: [%rows, %columns], strides: [%columns, 1] : memref<?xELT> to memref<?x?xELT, strided<[?, 1]>>
    %ys = memref.reinterpret_cast %y to offset: [0], sizes: [%rows, %columns], strides: [%columns, 1] : memref<?xELT> to memref<?x?xELT, strided<[?, 1]>>
    %sum = scf.for %k = %c0 to %depth step %depthOfTile iter_args(%acc = %zero) -> (vector<ROWSxCOLSxf32>) {
      %xt = vector.transfer_read %xs[%row0, %k], %pad : memref<?x?xELT, strided<[?, 1]>>, vector<ROWSxDEPTHxELT>
      %wt = vector.transfer_read %ws[%k, %column0], %pad : memref<?x?xELT, strided<[?, 1]>>, vector<DEPTHxCOLSxELT>
      %next = vector.contract {indexing_maps = [#xw, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %xt, %wt, %acc : vector<ROWSxDEPTHxELT>, vector<DEPTHxCOLSxELT> into vector<ROWSxCOLSxf32>
      scf.yield %next : vector<ROWSxCOLSxf32>
    }
    %bt = vector.transfer_read %bs[%column0], %pad32 : memref<?xf32, strided<[1]>>, vector<COLSxf32>
    %biasTile = vector.broadcast %bt : vector<COLSxf32> to vector<ROWSxCOLSxf32>
    %h = arith.addf %sum, %biasTile : vector<ROWSxCOLSxf32>
    %scaled = arith.mulf %h, %rsqrt2 : vector<ROWSxCOLSxf32>
    %erf = math.erf %scaled : vector<ROWSxCOLSxf32>
    %erf1 = arith.addf %erf, %one : vector<ROWSxCOLSxf32>
    %hHalf = arith.mulf %h, %half : vector<ROWSxCOLSxf32>
    %gelu = arith.mulf %hHalf, %erf1 : vector<ROWSxCOLSxf32>
    %rt = vector.transfer_read %rs[%row0, %column0], %pad : memref<?x?xELT, strided<[?, 1]>>, vector<ROWSxCOLSxELT>
    %r = arith.extf %rt : vector<ROWSxCOLSxELT> to vector<ROWSxCOLSxf32>
    %out = arith.addf %gelu, %r : vector<ROWSxCOLSxf32>
    %rounded = arith.truncf %out : vector<ROWSxCOLSxf32> to vector<ROWSxCOLSxELT>
    vector.transfer_write %rounded, %ys[%row0, %column0] : vector<ROWSxCOLSxELT>, memref<?x?xELT, strided<[?, 1]>>
    gpu.return
  }
}
