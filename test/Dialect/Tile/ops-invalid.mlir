// RUN: bpt-opt %s --split-input-file --verify-diagnostics

#ws = #gpu.address_space<workgroup>

func.func @to_global(%k: memref<?x64xbf16>, %tile: memref<64x64xbf16>, %row: index) {
  // expected-error@+1 {{copies to workgroup memory, but its destination is 'memref<64x64xbf16>'}}
  bpt_tile.async_copy %k[%row, %row] to %tile : memref<?x64xbf16>, memref<64x64xbf16>
  return
}

// -----

#ws = #gpu.address_space<workgroup>

func.func @from_workgroup(%k: memref<64x64xbf16, #ws>, %tile: memref<64x64xbf16, #ws>, %row: index) {
  // expected-error@+1 {{copies from global memory, but its source is 'memref<64x64xbf16, #gpu.address_space<workgroup>>'}}
  bpt_tile.async_copy %k[%row, %row] to %tile : memref<64x64xbf16, #ws>, memref<64x64xbf16, #ws>
  return
}

// -----

#ws = #gpu.address_space<workgroup>

func.func @line(%k: memref<?x64xbf16>, %tile: memref<64xbf16, #ws>, %row: index) {
  // expected-error@+1 {{writes a tile of two dimensions, but its destination is 'memref<64xbf16}}
  bpt_tile.async_copy %k[%row, %row] to %tile : memref<?x64xbf16>, memref<64xbf16, #ws>
  return
}

// -----

#ws = #gpu.address_space<workgroup>

func.func @elements(%k: memref<?x64xbf16>, %tile: memref<64x64xf16, #ws>, %row: index) {
  // expected-error@+1 {{copies elements as they are, but the source has 'bf16' and the destination 'f16'}}
  bpt_tile.async_copy %k[%row, %row] to %tile : memref<?x64xbf16>, memref<64x64xf16, #ws>
  return
}

// -----

#ws = #gpu.address_space<workgroup>

func.func @dynamic(%k: memref<?x64xbf16>, %tile: memref<?x64xbf16, #ws>, %row: index) {
  // expected-error@+1 {{needs a static destination, which is the size of the tile; got 'memref<?x64xbf16}}
  bpt_tile.async_copy %k[%row, %row] to %tile : memref<?x64xbf16>, memref<?x64xbf16, #ws>
  return
}

// -----

#ws = #gpu.address_space<workgroup>

func.func @indices(%k: memref<?x64xbf16>, %tile: memref<2x64x64xbf16, #ws>, %row: index) {
  // expected-error@+1 {{takes 1 indices of its destination, all but the tile's two, got 0}}
  bpt_tile.async_copy %k[%row, %row] to %tile : memref<?x64xbf16>, memref<2x64x64xbf16, #ws>
  return
}

// -----

// expected-error@+1 {{attribute 'bpt_tile.warps' must be a number of warps, 1 to 32, got 33 : i32}}
func.func @warps() attributes {bpt_tile.warps = 33 : i32} {
  return
}

// -----

// expected-error@+1 {{attribute 'bpt_tile.shared_bytes' must be a number of bytes, got "many"}}
func.func @shared_bytes() attributes {bpt_tile.shared_bytes = "many"} {
  return
}

// -----

// expected-error@+1 {{attribute 'bpt_tile.divisor' of argument 0 must be a positive integer, got 0 : index}}
func.func @divisor(%stride: index {bpt_tile.divisor = 0 : index}) {
  return
}

// -----

// expected-error@+1 {{attribute 'bpt_tile.simt' must be a string that says why, got unit}}
func.func @simt() attributes {bpt_tile.simt} {
  return
}

// -----

// expected-error@+1 {{a ring has buffers in workgroup memory, a memref of number x rows x columns without a layout; got 'memref<2x64x64xbf16>'}}
func.func @global_ring(%r: !bpt_tile.ring<memref<2x64x64xbf16>>) {
  return
}

// -----

// expected-error@+1 {{a ring has buffers in workgroup memory, a memref of number x rows x columns without a layout; got 'memref<?x64x64xbf16, #gpu.address_space<workgroup>>'}}
func.func @dynamic_ring(%r: !bpt_tile.ring<memref<?x64x64xbf16, #gpu.address_space<workgroup>>>) {
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_from_shared(%r: !ring, %k: memref<64x64xbf16, #ws>, %i: index) {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{copies from global memory, but its source is 'memref<64x64xbf16, #gpu.address_space<workgroup>>'}}
    bpt_tile.fill %r[%i] from %k[%i, %i] : !ring, memref<64x64xbf16, #ws>
  } consumer {
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_of_others(%r: !ring, %k: memref<64x64xf16>, %i: index) {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{copies elements as they are, but the source has 'f16' and the ring 'bf16'}}
    bpt_tile.fill %r[%i] from %k[%i, %i] : !ring, memref<64x64xf16>
  } consumer {
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_by_consumer(%r: !ring, %k: memref<64x64xbf16>, %i: index) {
  bpt_tile.warp_roles producer {
  } consumer {
    // expected-error@+1 {{stands outside of the producer of bpt_tile.warp_roles}}
    bpt_tile.fill %r[%i] from %k[%i, %i] : !ring, memref<64x64xbf16>
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @acquire_alone(%r: !ring, %i: index) {
  // expected-error@+1 {{stands outside of the consumer of bpt_tile.warp_roles}}
  %t = bpt_tile.acquire %r[%i] : !ring -> memref<64x64xbf16, #ws>
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @acquire_other(%r: !ring, %i: index) {
  bpt_tile.warp_roles producer {
  } consumer {
    // expected-error@+1 {{gives one of the ring's buffers, 'memref<64x64xbf16, #gpu.address_space<workgroup>>', not 'memref<32x64xbf16, #gpu.address_space<workgroup>>'}}
    %t = bpt_tile.acquire %r[%i] : !ring -> memref<32x64xbf16, #ws>
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @release_by_producer(%r: !ring, %i: index) {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{stands outside of the consumer of bpt_tile.warp_roles}}
    bpt_tile.release %r[%i] : !ring
  } consumer {
  }
  return
}

// -----

func.func @nested() {
  bpt_tile.warp_roles producer {
  } consumer {
    // expected-error@+1 {{stands in another; warps have one role}}
    bpt_tile.warp_roles producer {
    } consumer {
    }
  }
  return
}

// -----

// expected-error@+1 {{a tensor map is of elements of 8 or 16 bits; got 'f32'}}
func.func private @map_of_f32(!bpt_tile.tensor_map<64x16xf32>)

// -----

// expected-error@+1 {{a tensor map has 1 to 5 dimensions; got 6}}
func.func private @map_of_six(!bpt_tile.tensor_map<1x1x1x1x64x64xbf16>)

// -----

// expected-error@+1 {{a box has 1 to 256 elements along a dimension; got 257}}
func.func private @tall_box(!bpt_tile.tensor_map<257x64xbf16>)

// -----

// expected-error@+1 {{a row of a box has the 32, 64 or 128 bytes of a swizzle; got 256}}
func.func private @wide_box(!bpt_tile.tensor_map<64x128xbf16>)

// -----

func.func @map_of_others(%x: memref<64x64xf16>) {
  // expected-error@+1 {{describes elements as they are, but the tensor has 'f16' and the map 'bf16'}}
  %map = bpt_tile.create_tensor_map %x permutation = [0, 1] : memref<64x64xf16> -> !bpt_tile.tensor_map<64x64xbf16>
  return
}

// -----

func.func @map_of_fewer(%x: memref<64x64xbf16>) {
  // expected-error@+1 {{describes all dimensions, but the tensor has 2 and the map 3}}
  %map = bpt_tile.create_tensor_map %x permutation = [0, 1] : memref<64x64xbf16> -> !bpt_tile.tensor_map<1x64x64xbf16>
  return
}

// -----

func.func @no_permutation(%x: memref<64x64xbf16>) {
  // expected-error@+1 {{takes a permutation of the 2 dimensions, got [0, 0]}}
  %map = bpt_tile.create_tensor_map %x permutation = [0, 0] : memref<64x64xbf16> -> !bpt_tile.tensor_map<64x64xbf16>
  return
}

// -----

func.func @map_of_columns(%x: memref<64x64xbf16>) {
  // expected-error@+1 {{needs adjacent elements along the last dimension of the map, but dimension 0 of 'memref<64x64xbf16>' is not known to have a stride of 1}}
  %map = bpt_tile.create_tensor_map %x permutation = [1, 0] : memref<64x64xbf16> -> !bpt_tile.tensor_map<64x64xbf16>
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_of_few_rows(%r: !ring, %map: !bpt_tile.tensor_map<32x64xbf16>, %i: index) {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{copies a tile of 64 x 64 as boxes of all its rows, next to each other; got '!bpt_tile.tensor_map<32x64xbf16>'}}
    bpt_tile.fill %r[%i] from %map[%i, %i] : !ring, !bpt_tile.tensor_map<32x64xbf16>
  } consumer {
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_of_many(%r: !ring, %map: !bpt_tile.tensor_map<2x64x64xbf16>, %i: index) {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{copies a tile of 64 x 64 as boxes of all its rows, next to each other; got '!bpt_tile.tensor_map<2x64x64xbf16>'}}
    bpt_tile.fill %r[%i] from %map[%i, %i, %i] : !ring, !bpt_tile.tensor_map<2x64x64xbf16>
  } consumer {
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_without_index(%r: !ring, %map: !bpt_tile.tensor_map<64x64xbf16>, %i: index) {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{takes 2 indices of its source, got 1}}
    bpt_tile.fill %r[%i] from %map[%i] : !ring, !bpt_tile.tensor_map<64x64xbf16>
  } consumer {
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_of_f16(%r: !ring, %map: !bpt_tile.tensor_map<64x64xf16>, %i: index) {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{copies elements as they are, but the source has 'f16' and the ring 'bf16'}}
    bpt_tile.fill %r[%i] from %map[%i, %i] : !ring, !bpt_tile.tensor_map<64x64xf16>
  } consumer {
  }
  return
}

// -----

#ws = #gpu.address_space<workgroup>
!ring = !bpt_tile.ring<memref<2x64x64xbf16, #ws>>

func.func @fill_of_both(%k: memref<64x64xbf16>, %map: !bpt_tile.tensor_map<64x64xbf16>, %i: index) {
  %r = bpt_tile.create_ring : !ring
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{copies from a memref, but another fill of the ring from a tensor map}}
    bpt_tile.fill %r[%i] from %k[%i, %i] : !ring, memref<64x64xbf16>
    bpt_tile.fill %r[%i] from %map[%i, %i] : !ring, !bpt_tile.tensor_map<64x64xbf16>
  } consumer {
  }
  return
}

// -----

// expected-error@+1 {{attribute 'bpt_tile.schedule' must be #bpt_tile.schedule, got false}}
func.func @no_schedule() attributes {bpt_tile.schedule = false} {
  return
}

// -----

func.func @turn_of_all() {
  // expected-error@+1 {{stands outside of the consumer of bpt_tile.warp_roles}}
  bpt_tile.take_turn
  return
}

// -----

func.func @pass_of_producer() {
  bpt_tile.warp_roles producer {
    // expected-error@+1 {{stands outside of the consumer of bpt_tile.warp_roles}}
    bpt_tile.pass_turn
  } consumer {
  }
  return
}
