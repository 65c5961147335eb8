// RUN: bpt-opt %s --bpt-gpu-tensor-maps --cse --remarks-filter=bpt-gpu --remark-policy=all 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // Keys of one head: batch and head are indices, the row is the tile's.
    // CHECK: gpu.func @head(%{{[^:]*}}: memref<2x100x4x64xbf16>, %[[B:[^:]*]]: index, %[[H:[^:]*]]: index, %[[ROW:[^:]*]]: index, %[[MAP:[^:]*]]: !bpt_tile.tensor_map<1x1x64x64xbf16>)
    // REMARK: [Passed] TensorMap | {{.*}}the hardware copies the tiles
    gpu.func @head(%k: memref<2x100x4x64xbf16>, %b: index, %h: index, %row: index) kernel {
      %c0 = arith.constant 0 : index
      %ring = bpt_tile.create_ring : !ring
      %view = memref.subview %k[%b, 0, %h, 0] [1, 100, 1, 64] [1, 1, 1, 1] : memref<2x100x4x64xbf16> to memref<100x64xbf16, strided<[256, 1], offset: ?>>
      bpt_tile.warp_roles producer {
        // CHECK: bpt_tile.fill %{{.*}}[%{{.*}}] from %[[MAP]][%[[B]], %[[H]], %[[ROW]], %{{.*}}]
        bpt_tile.fill %ring[%c0] from %view[%row, %c0] : !ring, memref<100x64xbf16, strided<[256, 1], offset: ?>>
      } consumer {
      }
      gpu.return
    }

    // Columns of several heads: the weight is a matrix, whose first column the
    // first head gives.
    // CHECK: gpu.func @heads(%{{[^:]*}}: memref<64x12x32xbf16>, %[[H:[^:]*]]: index, %[[MAP:[^:]*]]: !bpt_tile.tensor_map<1x64x64xbf16>)
    // REMARK: [Passed] TensorMap
    gpu.func @heads(%w: memref<64x12x32xbf16>, %h: index) kernel {
      %c0 = arith.constant 0 : index
      // CHECK-DAG: %[[C32:.*]] = arith.constant 32 : index
      %ring = bpt_tile.create_ring : !ring
      %view = memref.subview %w[0, %h, 0] [64, 2, 32] [1, 1, 1] : memref<64x12x32xbf16> to memref<64x2x32xbf16, strided<[384, 32, 1], offset: ?>>
      %matrix = memref.collapse_shape %view [[0], [1, 2]] : memref<64x2x32xbf16, strided<[384, 32, 1], offset: ?>> into memref<64x64xbf16, strided<[384, 1], offset: ?>>
      bpt_tile.warp_roles producer {
        // CHECK: %[[COLUMN:.*]] = arith.muli %[[H]], %[[C32]]
        // CHECK: bpt_tile.fill %{{.*}}[%{{.*}}] from %[[MAP]][%{{.*}}, %{{.*}}, %[[COLUMN]]]
        bpt_tile.fill %ring[%c0] from %matrix[%c0, %c0] : !ring, memref<64x64xbf16, strided<[384, 1], offset: ?>>
      } consumer {
      }
      gpu.return
    }

    // A block of rows that ends where the tensor does. Sizes and strides are those
    // that launches pass.
    // CHECK: gpu.func @edge(%{{[^:]*}}: memref<?xbf16>, %{{[^:]*}}: index, %{{[^:]*}}: index {{.*}}, %[[ROW:[^:]*]]: index, %[[MAP:[^:]*]]: !bpt_tile.tensor_map<64x64xbf16>)
    // REMARK: [Passed] TensorMap
    gpu.func @edge(%flat: memref<?xbf16>, %n: index, %stride: index {bpt_tile.divisor = 8 : index}, %row: index) kernel {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %ring = bpt_tile.create_ring : !ring
      %x = memref.reinterpret_cast %flat to offset: [0], sizes: [%n, 64], strides: [%stride, 1] : memref<?xbf16> to memref<?x64xbf16, strided<[?, 1]>>
      %left = arith.subi %n, %row : index
      %rows = arith.minsi %left, %c64 : index
      %view = memref.subview %x[%row, 0] [%rows, 64] [1, 1] : memref<?x64xbf16, strided<[?, 1]>> to memref<?x64xbf16, strided<[?, 1], offset: ?>>
      bpt_tile.warp_roles producer {
        // CHECK: bpt_tile.fill %{{.*}}[%{{.*}}] from %[[MAP]][%[[ROW]], %{{.*}}]
        bpt_tile.fill %ring[%c0] from %view[%c0, %c0] : !ring, memref<?x64xbf16, strided<[?, 1], offset: ?>>
      } consumer {
      }
      gpu.return
    }

    // What the hardware cannot do is left to threads.
    // CHECK: gpu.func @threads(%{{[^:]*}}: memref<128x64xbf16>, %{{[^:]*}}: memref<64x68xbf16>, %{{[^:]*}}: memref<?xbf16>, %{{[^:]*}}: index, %{{[^:]*}}: memref<2x2x2x2x64x64xbf16>, %{{[^:]*}}: memref<2x512x64xbf16>)
    gpu.func @threads(%x: memref<128x64xbf16>, %odd: memref<64x68xbf16>, %flat: memref<?xbf16>, %stride: index, %six: memref<2x2x2x2x64x64xbf16>, %tall: memref<2x512x64xbf16>) kernel {
      %c0 = arith.constant 0 : index
      %part = bpt_tile.create_ring : !ring
      %unaligned = bpt_tile.create_ring : !ring
      %unknown = bpt_tile.create_ring : !ring
      %apart = bpt_tile.create_ring : !ring
      %ofGrid = bpt_tile.create_ring : !ring
      %many = bpt_tile.create_ring : !ring
      %big = bpt_tile.create_ring : !bpt_tile.ring<memref<1x512x64xbf16, #ws>>
      %id = gpu.block_id x
      %first = memref.subview %x[0, 0] [100, 64] [1, 1] : memref<128x64xbf16> to memref<100x64xbf16, strided<[64, 1]>>
      %strided = memref.reinterpret_cast %flat to offset: [0], sizes: [64, 64], strides: [%stride, 1] : memref<?xbf16> to memref<64x64xbf16, strided<[?, 1]>>
      %ofBlock = memref.reinterpret_cast %flat to offset: [0], sizes: [64, 64], strides: [%id, 1] : memref<?xbf16> to memref<64x64xbf16, strided<[?, 1]>>
      %blocks = gpu.grid_dim x
      %forBlocks = memref.reinterpret_cast %flat to offset: [0], sizes: [64, 64], strides: [%blocks, 1] : memref<?xbf16> to memref<64x64xbf16, strided<[?, 1]>>
      %last = memref.subview %six[0, 0, 0, 0, 0, 0] [1, 1, 1, 1, 64, 64] [1, 1, 1, 1, 1, 1] : memref<2x2x2x2x64x64xbf16> to memref<64x64xbf16, strided<[64, 1]>>
      %slab = memref.subview %tall[1, 0, 0] [1, 512, 64] [1, 1, 1] : memref<2x512x64xbf16> to memref<512x64xbf16, strided<[64, 1], offset: 32768>>
      bpt_tile.warp_roles producer {
        // CHECK-NOT: tensor_map
        // REMARK: [Missed] NoTensorMap | {{.*}}threads copy the tiles, not the hardware: it reads from a part of a dimension, beyond which zeros begin
        bpt_tile.fill %part[%c0] from %first[%stride, %c0] : !ring, memref<100x64xbf16, strided<[64, 1]>>
        // REMARK: [Missed] NoTensorMap | {{.*}}a stride is not known to be a multiple of 16 bytes
        bpt_tile.fill %unaligned[%c0] from %odd[%c0, %c0] : !ring, memref<64x68xbf16>
        // REMARK: [Missed] NoTensorMap | {{.*}}a stride is not known to be a multiple of 16 bytes
        bpt_tile.fill %unknown[%c0] from %strided[%c0, %c0] : !ring, memref<64x64xbf16, strided<[?, 1]>>
        // REMARK: [Missed] NoTensorMap | {{.*}}where the tile lies is not a view of an argument
        bpt_tile.fill %apart[%c0] from %ofBlock[%c0, %c0] : !ring, memref<64x64xbf16, strided<[?, 1]>>
        // REMARK: [Missed] NoTensorMap | {{.*}}where the tile lies is not a view of an argument
        bpt_tile.fill %ofGrid[%c0] from %forBlocks[%c0, %c0] : !ring, memref<64x64xbf16, strided<[?, 1]>>
        // REMARK: [Missed] NoTensorMap | {{.*}}the tensor has more than five dimensions
        bpt_tile.fill %many[%c0] from %last[%c0, %c0] : !ring, memref<64x64xbf16, strided<[64, 1]>>
        // REMARK: [Missed] NoTensorMap | {{.*}}the tile does not consist of boxes of the hardware
        bpt_tile.fill %big[%c0] from %slab[%c0, %c0] : !bpt_tile.ring<memref<1x512x64xbf16, #ws>>, memref<512x64xbf16, strided<[64, 1], offset: 32768>>
      } consumer {
      }
      gpu.return
    }

    // The tensor begins at 2 bytes after a multiple of 16; its columns are rows.
    // CHECK: gpu.func @begin(%{{[^:]*}}: memref<?xbf16>)
    // REMARK: [Missed] NoTensorMap | {{.*}}the tensor is not known to begin at a multiple of 16 bytes
    // REMARK: [Missed] NoTensorMap | {{.*}}the elements of a row are not adjacent
    gpu.func @begin(%flat: memref<?xbf16>) kernel {
      %c0 = arith.constant 0 : index
      %ring = bpt_tile.create_ring : !ring
      %other = bpt_tile.create_ring : !ring
      %x = memref.reinterpret_cast %flat to offset: [1], sizes: [64, 64], strides: [64, 1] : memref<?xbf16> to memref<64x64xbf16, strided<[64, 1], offset: 1>>
      %y = memref.reinterpret_cast %flat to offset: [0], sizes: [64, 64], strides: [1, 64] : memref<?xbf16> to memref<64x64xbf16, strided<[1, 64]>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %x[%c0, %c0] : !ring, memref<64x64xbf16, strided<[64, 1], offset: 1>>
        bpt_tile.fill %other[%c0] from %y[%c0, %c0] : !ring, memref<64x64xbf16, strided<[1, 64]>>
      } consumer {
      }
      gpu.return
    }
  }

  // CHECK-LABEL: func @host
  func.func @host(%k: memref<2x100x4x64xbf16>, %w: memref<64x12x32xbf16>, %flat: memref<?xbf16>, %x: memref<128x64xbf16>, %odd: memref<64x68xbf16>, %six: memref<2x2x2x2x64x64xbf16>, %tall: memref<2x512x64xbf16>, %i: index) {
    %c1 = arith.constant 1 : index
    // CHECK: %[[KEYS:.*]] = memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [2, 100, 4, 64], strides: [25600, 256, 64, 1]
    // CHECK: %[[MAP:.*]] = bpt_tile.create_tensor_map %[[KEYS]] permutation = [0, 2, 1, 3] : {{.*}} -> <1x1x64x64xbf16>
    // CHECK: gpu.launch_func @kernels::@head {{.*}}, %[[MAP]] : !bpt_tile.tensor_map<1x1x64x64xbf16>)
    gpu.launch_func @kernels::@head blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%k : memref<2x100x4x64xbf16>, %i : index, %i : index, %i : index)
    // CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [64, 1, 384], strides: [384, 32, 1]
    // CHECK: bpt_tile.create_tensor_map %{{.*}} permutation = [1, 0, 2]
    gpu.launch_func @kernels::@heads blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%w : memref<64x12x32xbf16>, %i : index)
    // CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [%[[I:.*]], 64], strides: [%[[I]], 1]
    // CHECK: bpt_tile.create_tensor_map %{{.*}} permutation = [0, 1]
    gpu.launch_func @kernels::@edge blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%flat : memref<?xbf16>, %i : index, %i : index, %i : index)
    // CHECK-NOT: create_tensor_map
    gpu.launch_func @kernels::@threads blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<128x64xbf16>, %odd : memref<64x68xbf16>, %flat : memref<?xbf16>, %i : index, %six : memref<2x2x2x2x64x64xbf16>, %tall : memref<2x512x64xbf16>)
    gpu.launch_func @kernels::@begin blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%flat : memref<?xbf16>)
    return
  }
}
