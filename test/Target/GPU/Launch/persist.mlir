// RUN: bpt-opt %s --split-input-file --bpt-gpu-persist --remarks-filter=bpt-gpu --remark-policy=all 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks

// What depends on the block is computed for each item in both roles, and rings go on
// counting: one tile an item of the first, those of a loop of the second. The launch
// passes the number of items. In every second round places are counted from the end.
// REMARK: [Passed] Persistent | {{.*}}a block takes one item of work after the other
// CHECK-LABEL: gpu.func @items
// CHECK-SAME: %[[ITEMS:[a-z0-9]*]]: index) kernel attributes {bpt_tile.persistent, bpt_tile.warps = 4 : i32}
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
// CHECK: %[[ONCE:.*]] = bpt_tile.create_ring
// CHECK: %[[MANY:.*]] = bpt_tile.create_ring
// CHECK: %[[COUNT:.*]] = arith.index_castui %[[ITEMS]] : index to i32
// CHECK: %[[ID:.*]] = gpu.block_id x
// CHECK: %[[PLACE:.*]] = arith.index_castui %[[ID]] : index to i32
// CHECK: %[[DIM:.*]] = gpu.grid_dim x
// CHECK: %[[GRID:.*]] = arith.index_castui %[[DIM]] : index to i32
// CHECK: %[[LAST:.*]] = arith.subi %[[GRID]],
// CHECK: bpt_tile.warp_roles producer {
// CHECK:   scf.for unsigned %[[START:.*]] = %{{.*}} to %[[COUNT]] step %[[GRID]] iter_args(%[[ONES:.*]] = %{{.*}}, %[[TILES:.*]] = %{{.*}}, %[[NOW:.*]] = %[[PLACE]])
// CHECK:     %[[NUMBER:.*]] = arith.addi %[[START]], %[[NOW]] : i32
// CHECK:     %[[ITEM:.*]] = arith.index_castui %[[NUMBER]] : i32 to index
// CHECK:     %[[ROW:.*]] = arith.muli %[[ITEM]], %[[C64]]
// CHECK:     %[[ONESNEXT:.*]] = arith.addi %[[ONES]],
// CHECK:     %[[LENGTH:.*]] = arith.maxsi %[[ROW]],
// CHECK:     %[[TRIPS:.*]] = arith.ceildivui %[[LENGTH]], %[[C64]]
// CHECK:     %[[TRIPS32:.*]] = arith.index_castui %[[TRIPS]] : index to i32
// CHECK:     %[[TILESNEXT:.*]] = arith.addi %[[TILES]], %[[TRIPS32]]
// CHECK:     %[[THEN:.*]] = arith.subi %[[LAST]], %[[NOW]]
// CHECK:     %[[EXISTS:.*]] = arith.cmpi ult, %[[NUMBER]], %[[COUNT]]
// CHECK:     scf.if %[[EXISTS]]
// CHECK:     %[[ONESINDEX:.*]] = arith.index_castui %[[ONES]]
// CHECK:     %[[FIRST:.*]] = arith.addi %[[C0]], %[[ONESINDEX]]
// CHECK:     bpt_tile.fill %[[ONCE]][%[[FIRST]]] from %{{.*}}[%[[ROW]], %[[C0]]]
// CHECK:     scf.for %[[J:.*]] = %[[C0]] to %[[ROW]] step %[[C64]]
// CHECK:       %[[TILE:.*]] = arith.divui %[[J]], %[[C64]]
// CHECK:       %[[TILESINDEX:.*]] = arith.index_castui %[[TILES]]
// CHECK:       %[[OF:.*]] = arith.addi %[[TILE]], %[[TILESINDEX]]
// CHECK:       bpt_tile.fill %[[MANY]][%[[OF]]]
// CHECK:     scf.yield %[[ONESNEXT]], %[[TILESNEXT]], %[[THEN]]
// CHECK: } consumer {
// CHECK:   scf.for unsigned {{.*}} to %[[COUNT]] step %[[GRID]]
// CHECK:     bpt_tile.acquire %[[ONCE]]
// CHECK:     scf.for
// CHECK:       bpt_tile.acquire %[[MANY]]
// CHECK:       bpt_tile.release %[[MANY]]
// CHECK:     bpt_tile.release %[[ONCE]]
// CHECK-NOT: gpu.barrier
// CHECK:     scf.yield
// CHECK: func.func @host_items
// CHECK: gpu.launch_func @kernels::@items blocks in (%[[N:.*]], %{{.*}}, %{{.*}}) {{.*}} args({{.*}}, %[[N]] : index)
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @items(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %block = gpu.block_id x
      %row = arith.muli %block, %c64 : index
      %once = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      %many = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %once[%c0] from %x[%row, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
        scf.for %j = %c0 to %row step %c64 {
          %number = arith.divui %j, %c64 : index
          bpt_tile.fill %many[%number] from %x[%j, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
        }
      } consumer {
        %a = bpt_tile.acquire %once[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        scf.for %j = %c0 to %row step %c64 {
          %number = arith.divui %j, %c64 : index
          %b = bpt_tile.acquire %many[%number] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
          bpt_tile.release %many[%number] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
        }
        bpt_tile.release %once[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_items(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@items blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// A barrier is between what items write to workgroup memory that is no ring's.
// REMARK: [Passed] Persistent
// CHECK-LABEL: gpu.func @workgroup_memory
// CHECK: } consumer {
// CHECK: vector.transfer_write
// CHECK: gpu.barrier
// CHECK-NEXT: }
// CHECK-NEXT: scf.yield
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @workgroup_memory(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %block = gpu.block_id x
      %row = arith.muli %block, %c64 : index
      %buffer = memref.alloc() : memref<64x64xf32, #gpu.address_space<workgroup>>
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %x[%row, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
      } consumer {
        %zero = arith.constant dense<0.0> : vector<64x64xf32>
        vector.transfer_write %zero, %buffer[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32, #gpu.address_space<workgroup>>
        %tile = bpt_tile.acquire %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        bpt_tile.release %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_workgroup_memory(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@workgroup_memory blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// The schedule decides.
// REMARK: [Missed] NotPersistent | {{.*}}its schedule leaves it out
// CHECK-LABEL: gpu.func @left_out
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @left_out(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.schedule = #bpt_tile.schedule<persistent = false>, bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %block = gpu.block_id x
      %row = arith.muli %block, %c64 : index
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %x[%row, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
      } consumer {
        %tile = bpt_tile.acquire %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        bpt_tile.release %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_left_out(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@left_out blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// The hardware spreads these better.
// REMARK: [Missed] NotPersistent | {{.*}}blocks take unequally long, and the longest are not the first
// CHECK-LABEL: gpu.func @uneven
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @uneven(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.uneven, bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %block = gpu.block_id x
      %row = arith.muli %block, %c64 : index
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %x[%row, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
      } consumer {
        %tile = bpt_tile.acquire %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        bpt_tile.release %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_uneven(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@uneven blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// Nothing of the next item would begin during the last.
// REMARK: [Missed] NotPersistent | {{.*}}no warps copy ahead of those that compute
// CHECK-LABEL: gpu.func @no_roles
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @no_roles(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %block = gpu.block_id x
      %row = arith.muli %block, %c64 : index
      gpu.return
    }
  }
  func.func @host_no_roles(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@no_roles blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// REMARK: [Missed] NotPersistent | {{.*}}blocks do not differ
// CHECK-LABEL: gpu.func @one_block
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @one_block(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %x[%c0, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
      } consumer {
        %tile = bpt_tile.acquire %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        bpt_tile.release %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_one_block(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@one_block blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// REMARK: [Missed] NotPersistent | {{.*}}blocks have several dimensions, or are told apart by one role only
// CHECK-LABEL: gpu.func @two_dimensions
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @two_dimensions(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %row = gpu.block_id y
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %x[%row, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
      } consumer {
        %tile = bpt_tile.acquire %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        bpt_tile.release %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_two_dimensions(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@two_dimensions blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// REMARK: [Missed] NotPersistent | {{.*}}blocks have several dimensions, or are told apart by one role only
// CHECK-LABEL: gpu.func @in_a_role
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @in_a_role(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        %block = gpu.block_id x
        bpt_tile.fill %ring[%c0] from %x[%block, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
      } consumer {
        %tile = bpt_tile.acquire %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        bpt_tile.release %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_in_a_role(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@in_a_role blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}

// -----

// REMARK: [Missed] NotPersistent | {{.*}}what both roles need of a block is read from memory
// CHECK-LABEL: gpu.func @read_from_memory
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @read_from_memory(%x: memref<1024x64xbf16>, %rows: memref<64xindex>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %block = gpu.block_id x
      %row = arith.muli %block, %c64 : index
      %from = memref.load %rows[%row] : memref<64xindex>
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        bpt_tile.fill %ring[%c0] from %x[%from, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
      } consumer {
        %tile = bpt_tile.acquire %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>> -> memref<64x64xbf16, #gpu.address_space<workgroup>>
        bpt_tile.release %ring[%c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      }
      gpu.return
    }
  }
  func.func @host_read_from_memory(%x: memref<1024x64xbf16>, %rows: memref<64xindex>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@read_from_memory blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %rows : memref<64xindex>)
    return
  }
}

// -----

// REMARK: [Missed] NotPersistent | {{.*}}how many tiles a block copies is not known before it begins
// CHECK-LABEL: gpu.func @unknown_tiles
// CHECK-NOT: scf.for
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @unknown_tiles(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %block = gpu.block_id x
      %row = arith.muli %block, %c64 : index
      %ring = bpt_tile.create_ring : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>
      bpt_tile.warp_roles producer {
        %some = arith.cmpi eq, %row, %c0 : index
        scf.if %some {
          bpt_tile.fill %ring[%c0] from %x[%row, %c0] : !bpt_tile.ring<memref<2x64x64xbf16, #gpu.address_space<workgroup>>>, memref<1024x64xbf16>
        }
      } consumer {
      }
      gpu.return
    }
  }
  func.func @host_unknown_tiles(%x: memref<1024x64xbf16>, %y: memref<1024x64xf32>, %n: index) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@unknown_tiles blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024x64xbf16>, %y : memref<1024x64xf32>)
    return
  }
}
