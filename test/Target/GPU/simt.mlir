// RUN: bpt-opt %s --bpt-gpu-simt --canonicalize --split-input-file | FileCheck %s

// Every thread takes every 128th point; the last dimension is the fastest.

// CHECK-LABEL: gpu.func @elementwise
// CHECK: %[[T:.*]] = gpu.thread_id x
// CHECK: scf.for %[[P:.*]] = %[[T]] to %c2048 step %c128
// CHECK: %[[J:.*]] = arith.remui %[[P]], %c64
// CHECK: %[[I:.*]] = arith.divui %[[P]], %c64
// CHECK: %[[V:.*]] = memref.load %{{.*}}[%[[I]], %[[J]]]
// CHECK: %[[E:.*]] = math.exp2 %[[V]]
// CHECK: memref.store %[[E]], %{{.*}}[%[[I]], %[[J]]]
// CHECK-NOT: gpu.barrier
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @elementwise(%x: memref<32x64xf32>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        outs(%x : memref<32x64xf32>) {
    ^bb0(%v: f32):
      %e = math.exp2 %v : f32
      linalg.yield %e : f32
    }
    gpu.return
  }
}

// -----

// A barrier stands between a write and a read of the same bytes, and at the end
// of an iteration; other bytes need none.

// CHECK-LABEL: gpu.func @barriers
// CHECK: scf.for
// CHECK-NOT: gpu.barrier
// CHECK: scf.for %{{.*}} = %{{.*}} to %c256
// CHECK-NOT: gpu.barrier
// CHECK: scf.for %{{.*}} = %{{.*}} to %c256
// CHECK: gpu.barrier
// CHECK-NEXT: scf.for %{{.*}} = %{{.*}} to %c256
// CHECK: gpu.barrier
// CHECK-NEXT: }
// CHECK-NEXT: gpu.return
gpu.module @kernels {
  gpu.func @barriers(%n: index) workgroup(%shared : memref<2048xi8, 3>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c1024 = arith.constant 1024 : index
    %zero = arith.constant 0.0 : f32
    %a = memref.view %shared[%c0][] : memref<2048xi8, 3> to memref<256xf32, 3>
    %b = memref.view %shared[%c1024][] : memref<2048xi8, 3> to memref<256xf32, 3>
    scf.for %i = %c0 to %n step %c1 {
      linalg.fill ins(%zero : f32) outs(%a : memref<256xf32, 3>)
      linalg.fill ins(%zero : f32) outs(%b : memref<256xf32, 3>)
      linalg.copy ins(%a : memref<256xf32, 3>) outs(%b : memref<256xf32, 3>)
    }
    gpu.return
  }
}

// -----

// Fewer points than threads: a warp reduces a row, and its first lane adds what
// is there already.

// CHECK-LABEL: gpu.func @rows
// CHECK: %[[WARP:.*]] = arith.divui %[[T:.*]], %c32
// CHECK: %[[LANE:.*]] = arith.remui %[[T]], %c32
// CHECK: scf.for %[[R:.*]] = %[[WARP]] to %c32 step %c4
// CHECK: scf.for %[[J:.*]] = %[[LANE]] to %c64 step %c32 iter_args
// CHECK: memref.load %{{.*}}[%[[R]], %[[J]]]
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK: %[[OLD:.*]] = memref.load %{{.*}}[%[[R]]]
// CHECK: %[[SUM:.*]] = arith.addf %[[OLD]], %{{.*}}
// CHECK: nvvm.bar.warp.sync
// CHECK: scf.if
// CHECK: memref.store %[[SUM]]
gpu.module @kernels {
  gpu.func @rows(%x: memref<32x64xf32>, %s: memref<32xf32>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
        ins(%x : memref<32x64xf32>) outs(%s : memref<32xf32>) {
    ^bb0(%v: f32, %sum: f32):
      %e = arith.addf %sum, %v : f32
      linalg.yield %e : f32
    }
    gpu.return
  }
}

// -----

// Products keep their sum in a register.

// CHECK-LABEL: gpu.func @product
// CHECK: scf.for %{{.*}} = %{{.*}} to %c2048 step %c128
// CHECK: %[[C:.*]] = memref.load
// CHECK: %[[SUM:.*]] = scf.for %{{.*}} = %c0 to %c16 step %c1 iter_args(%{{.*}} = %[[C]])
// CHECK: memref.store %[[SUM]]
gpu.module @kernels {
  gpu.func @product(%a: memref<32x16xf32>, %b: memref<16x64xf32>, %c: memref<32x64xf32>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    linalg.matmul ins(%a, %b : memref<32x16xf32>, memref<16x64xf32>) outs(%c : memref<32x64xf32>)
    gpu.return
  }
}

// -----

// All threads of the grid share what was launched by itself.

// CHECK-LABEL: gpu.func @grid
// CHECK-DAG: %[[B:.*]] = gpu.block_id x
// CHECK-DAG: %[[G:.*]] = gpu.grid_dim x
// CHECK: scf.for
// CHECK-NOT: bpt.grid
gpu.module @kernels {
  gpu.func @grid(%a: memref<?xf32>, %b: memref<?xf32>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    linalg.copy {bpt.grid} ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
    gpu.return
  }
}

// -----

// A loop that only reads needs no barrier, nor does what reads the same after it.

// CHECK-LABEL: gpu.func @reading
// CHECK-NOT: gpu.barrier
// CHECK: gpu.return
gpu.module @kernels {
  gpu.func @reading(%x: memref<64xf32>, %n: index) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<16xf32>
    %r = scf.for %i = %c0 to %n step %c16 iter_args(%sum = %zero) -> (vector<16xf32>) {
      %v = vector.transfer_read %x[%i], %pad {in_bounds = [true]} : memref<64xf32>, vector<16xf32>
      %next = arith.addf %sum, %v : vector<16xf32>
      scf.yield %next : vector<16xf32>
    }
    %w = vector.transfer_read %x[%c0], %pad {in_bounds = [true]} : memref<64xf32>, vector<16xf32>
    gpu.return
  }
}
