// RUN: bpt-opt %s --bpt-gpu-prepare-tile-kernels | FileCheck %s
// RUN: bpt-opt %s --bpt-gpu-prepare-tile-kernels=wgmma | FileCheck %s --check-prefix=WGMMA
// RUN: bpt-opt %s --bpt-gpu-prepare-tile-kernels --bpt-gpu-schedule --bpt-distribute-to-lanes --bpt-gpu-launch-tile-kernels | FileCheck %s --check-prefix=LAUNCH

#mn = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // One warp for 32 rows; what is not static comes as a number.
    // CHECK: gpu.func @product(%[[FLAT:.*]]: memref<?xbf16>, %[[ROWS:.*]]: index, %[[OUT:.*]]: memref<32x16xf32>, %[[I:.*]]: index)
    // CHECK-SAME: kernel attributes {bpt_tile.warps = 1 : i32, known_block_size = array<i32: 32, 1, 1>}
    // CHECK: memref.reinterpret_cast %[[FLAT]] to offset: [0], sizes: [%[[ROWS]], 16], strides: [16, 1] : memref<?xbf16> to memref<?x16xbf16>
    gpu.func @product(%x: memref<?x16xbf16>, %y: memref<32x16xf32>, %i: index) kernel {
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<32x16xf32>
      %buffer = memref.alloc() : memref<16x16xbf16, #gpu.address_space<workgroup>>
      bpt_tile.async_copy %x[%c0, %c0] to %buffer : memref<?x16xbf16>, memref<16x16xbf16, #gpu.address_space<workgroup>>
      bpt_tile.commit_copies
      bpt_tile.wait_copies 0
      gpu.barrier
      %a = vector.transfer_read %x[%i, %c0], %pad {in_bounds = [false, true]} : memref<?x16xbf16>, vector<32x16xbf16>
      %b = vector.transfer_read %buffer[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #gpu.address_space<workgroup>>, vector<16x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<32x16xbf16>, vector<16x16xbf16> into vector<32x16xf32>
      vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<32x16xf32>, memref<32x16xf32>
      gpu.return
    }

    // So do several products of one block, of more than 160 columns together.
    // CHECK: gpu.func @several(%{{.*}}) kernel attributes {bpt_tile.warps = 2 : i32
    gpu.func @several(%x: memref<96x16xbf16>, %y: memref<32x96xf32>) kernel {
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<32x96xf32>
      %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<96x16xbf16>, vector<32x16xbf16>
      %b = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<96x16xbf16>, vector<96x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<32x16xbf16>, vector<96x16xbf16> into vector<32x96xf32>
      %d = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<32x16xbf16>, vector<96x16xbf16> into vector<32x96xf32>
      %e = arith.mulf %c, %d : vector<32x96xf32>
      vector.transfer_write %e, %y[%c0, %c0] {in_bounds = [true, true]} : vector<32x96xf32>, memref<32x96xf32>
      gpu.return
    }

    // Sums of more than 128 columns leave room for 16 rows. The strides of a
    // dense memref follow from its sizes: its rows are known to be aligned.
    // CHECK: gpu.func @wide(%[[FLAT:.*]]: memref<?xbf16>, %[[N0:.*]]: index, %[[N1:.*]]: index, %{{.*}}: memref<32x144xf32>) kernel attributes {bpt_tile.warps = 2 : i32
    // CHECK: %[[STEP:.*]] = arith.muli %[[N1]], %{{.*}} : index
    // CHECK: memref.reinterpret_cast %[[FLAT]] to offset: [0], sizes: [%[[N0]], %[[N1]], 16], strides: [%[[STEP]], 16, 1]
    gpu.func @wide(%x: memref<?x?x16xbf16>, %y: memref<32x144xf32>) kernel {
      %c1 = arith.constant 1 : index
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<32x144xf32>
      %n = memref.dim %x, %c1 : memref<?x?x16xbf16>
      %xs = memref.subview %x[0, 0, 0] [1, %n, 16] [1, 1, 1] : memref<?x?x16xbf16> to memref<?x16xbf16, strided<[16, 1]>>
      %a = vector.transfer_read %xs[%c0, %c0], %pad : memref<?x16xbf16, strided<[16, 1]>>, vector<32x16xbf16>
      %b = vector.transfer_read %xs[%c0, %c0], %pad : memref<?x16xbf16, strided<[16, 1]>>, vector<144x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<32x16xbf16>, vector<144x16xbf16> into vector<32x144xf32>
      vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<32x144xf32>, memref<32x144xf32>
      gpu.return
    }

    // Random numbers for what is multiplied need registers: a warp has 16 rows.
    // CHECK: gpu.func @drawn({{.*}}bpt_tile.warps = 2 : i32
    gpu.func @drawn(%x: memref<32x16xbf16>, %y: memref<32x16xf32>, %n: i32) kernel {
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<32x16xf32>
      %none = arith.constant dense<0.0> : vector<32x16xbf16>
      %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16>, vector<32x16xbf16>
      %b = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16>, vector<16x16xbf16>
      %word = vector.broadcast %n : i32 to vector<32x16xi32>
      %low, %high = arith.mului_extended %word, %word : vector<32x16xi32>
      %mask = arith.cmpi ult, %low, %high : vector<32x16xi32>
      %kept = arith.select %mask, %a, %none : vector<32x16xi1>, vector<32x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %kept, %b, %zero : vector<32x16xbf16>, vector<16x16xbf16> into vector<32x16xf32>
      vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<32x16xf32>, memref<32x16xf32>
      gpu.return
    }

    // Those that are drawn behind all products do not.
    // CHECK: gpu.func @drawn_behind({{.*}}bpt_tile.warps = 1 : i32
    gpu.func @drawn_behind(%x: memref<32x16xbf16>, %y: memref<32x16xf32>, %n: i32) kernel {
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<32x16xf32>
      %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16>, vector<32x16xbf16>
      %b = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16>, vector<16x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<32x16xbf16>, vector<16x16xbf16> into vector<32x16xf32>
      %word = vector.broadcast %n : i32 to vector<32x16xi32>
      %low, %high = arith.mului_extended %word, %word : vector<32x16xi32>
      %mask = arith.cmpi ult, %low, %high : vector<32x16xi32>
      %kept = arith.select %mask, %c, %zero : vector<32x16xi1>, vector<32x16xf32>
      vector.transfer_write %kept, %y[%c0, %c0] {in_bounds = [true, true]} : vector<32x16xf32>, memref<32x16xf32>
      gpu.return
    }

    // A warpgroup, four warps, takes 64 rows: there are none too many.
    // CHECK: gpu.func @group({{.*}}bpt_tile.warps = 2 : i32
    // WGMMA: gpu.func @product({{.*}}bpt_tile.warps = 1 : i32
    // WGMMA: gpu.func @group({{.*}}bpt_tile.warps = 4 : i32
    gpu.func @group(%x: memref<64x16xbf16>, %y: memref<64x16xf32>) kernel {
      %c0 = arith.constant 0 : index
      %pad = arith.constant 0.0 : bf16
      %zero = arith.constant dense<0.0> : vector<64x16xf32>
      %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x16xbf16>, vector<64x16xbf16>
      %b = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x16xbf16>, vector<16x16xbf16>
      %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
      vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
      gpu.return
    }

    // Not a tile program: nothing is multiplied.
    // CHECK: gpu.func @other(%{{.*}}: memref<?xf32>) kernel {
    gpu.func @other(%x: memref<?xf32>) kernel {
      gpu.return
    }
  }

  // CHECK-LABEL: func @host
  // CHECK: %[[BASE:.*]], %[[OFFSET:.*]], %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %arg0
  // CHECK: %[[CAST:.*]] = memref.reinterpret_cast %[[BASE]]
  // CHECK: %[[ROWS:.*]] = memref.dim %arg0, %{{.*}} : memref<?x16xbf16>
  // CHECK: gpu.launch_func @kernels::@product {{.*}} threads in (%c32{{.*}}, %{{.*}}, %{{.*}}) args(%[[CAST]] : memref<?xbf16>, %[[ROWS]] : index, %arg1 : memref<32x16xf32>, %{{.*}} : index)
  // LAUNCH-LABEL: func @host
  // LAUNCH-DAG: %[[X:.*]] = memref.extract_aligned_pointer_as_index
  // LAUNCH-DAG: %[[Y:.*]] = memref.extract_aligned_pointer_as_index %arg1
  // LAUNCH-DAG: %[[BYTES:.*]] = arith.constant {{[1-9][0-9]*}} : i32
  // LAUNCH: gpu.launch_func @kernels::@product {{.*}} dynamic_shared_memory_size %[[BYTES]] args(%[[X]] : index, %{{.*}} : index, %[[Y]] : index, %{{.*}} : index)
  // LAUNCH: gpu.launch_func @kernels::@other {{.*}} args(%{{.*}} : memref<?xf32>)
  func.func @host(%x: memref<?x16xbf16>, %y: memref<32x16xf32>, %z: memref<?xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    gpu.launch_func @kernels::@product blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) args(%x : memref<?x16xbf16>, %y : memref<32x16xf32>, %c0 : index)
    gpu.launch_func @kernels::@other blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) args(%z : memref<?xf32>)
    return
  }
}
