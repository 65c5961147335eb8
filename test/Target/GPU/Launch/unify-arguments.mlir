// RUN: bpt-opt %s --bpt-gpu-unify-arguments | FileCheck %s

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // Of two arguments that are one number all is known that was of either.
    // CHECK: gpu.func @same(%{{[^:]*}}: memref<?xbf16>, %[[N:[^:]*]]: index {bpt_tile.divisor = 24 : index}, %[[M:[^:]*]]: index)
    gpu.func @same(%x: memref<?xbf16>, %n: index {bpt_tile.divisor = 8 : index}, %m: index, %n2: index {bpt_tile.divisor = 6 : index}) kernel {
      // CHECK: arith.addi %[[N]], %[[N]]
      // CHECK: arith.addi %[[N]], %[[M]]
      %a = arith.addi %n, %n2 : index
      %b = arith.addi %n2, %m : index
      gpu.return
    }
    // Only where all launches agree, and no memory.
    // CHECK: gpu.func @different(%{{[^:]*}}: memref<?xbf16>, %{{[^:]*}}: memref<?xbf16>, %{{[^:]*}}: index, %{{[^:]*}}: index)
    gpu.func @different(%x: memref<?xbf16>, %y: memref<?xbf16>, %n: index, %m: index) kernel {
      gpu.return
    }
  }
  func.func @host(%x: memref<?xbf16>, %n: index, %m: index) {
    %c1 = arith.constant 1 : index
    // CHECK: gpu.launch_func @kernels::@same {{.*}} args(%arg0 : memref<?xbf16>, %arg1 : index, %arg2 : index)
    gpu.launch_func @kernels::@same blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xbf16>, %n : index, %m : index, %n : index)
    // CHECK: gpu.launch_func @kernels::@same {{.*}} args(%arg0 : memref<?xbf16>, %arg2 : index, %arg2 : index)
    gpu.launch_func @kernels::@same blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xbf16>, %m : index, %m : index, %m : index)
    gpu.launch_func @kernels::@different blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xbf16>, %x : memref<?xbf16>, %n : index, %n : index)
    gpu.launch_func @kernels::@different blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xbf16>, %x : memref<?xbf16>, %n : index, %m : index)
    return
  }
}
