// RUN: bpt-opt %s --bpt-gpu-prepare-tile-kernels | FileCheck %s

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // What the host knows of rows and strides, all launches alike, is said of the
    // arguments: chunks that begin at rows of 24 elements, and at every fourth.
    // CHECK: gpu.func @rows(%{{[^:]*}}: memref<?xbf16>, %{{[^:]*}}: index {bpt_tile.divisor = 8 : index}, %{{[^:]*}}: index {bpt_tile.divisor = 8 : index}, %{{[^:]*}}: memref<16x16xf32>)
    gpu.func @rows(%x: memref<16x16xbf16, strided<[?, 1], offset: ?>>, %y: memref<16x16xf32>) kernel {
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<16x16xf32>
      %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, strided<[?, 1], offset: ?>>, vector<16x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %a, %zero : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
      gpu.return
    }

    // Nothing is known of a stride that is an argument of the host's.
    // CHECK: gpu.func @unknown(%{{[^:]*}}: memref<?xbf16>, %{{[^:]*}}: index, %{{[^:]*}}: memref<16x16xf32>)
    gpu.func @unknown(%x: memref<16x16xbf16, strided<[?, 1]>>, %y: memref<16x16xf32>) kernel {
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<16x16xf32>
      %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, strided<[?, 1]>>, vector<16x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %a, %zero : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
      gpu.return
    }
  }

  func.func @host(%x: memref<?x24xbf16>, %z: memref<?x?x8xbf16>, %u: memref<16x16xbf16, strided<[?, 1]>>, %y: memref<16x16xf32>, %i: index) {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    %rows = memref.subview %x[%i, 0] [16, 16] [1, 1] : memref<?x24xbf16> to memref<16x16xbf16, strided<[24, 1], offset: ?>>
    %cast = memref.cast %rows : memref<16x16xbf16, strided<[24, 1], offset: ?>> to memref<16x16xbf16, strided<[?, 1], offset: ?>>
    gpu.launch_func @kernels::@rows blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) args(%cast : memref<16x16xbf16, strided<[?, 1], offset: ?>>, %y : memref<16x16xf32>)
    %four = affine.apply affine_map<(d0) -> (d0 * 4)>(%i)
    %slice = memref.subview %z[0, %four, 0] [16, 2, 8] [1, 1, 1] : memref<?x?x8xbf16> to memref<16x2x8xbf16, strided<[?, 8, 1], offset: ?>>
    %flat = memref.collapse_shape %slice [[0], [1, 2]] : memref<16x2x8xbf16, strided<[?, 8, 1], offset: ?>> into memref<16x16xbf16, strided<[?, 1], offset: ?>>
    gpu.launch_func @kernels::@rows blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) args(%flat : memref<16x16xbf16, strided<[?, 1], offset: ?>>, %y : memref<16x16xf32>)
    gpu.launch_func @kernels::@unknown blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) args(%u : memref<16x16xbf16, strided<[?, 1]>>, %y : memref<16x16xf32>)
    return
  }
}
