// RUN: bpt-opt %s --split-input-file --verify-diagnostics --bpt-gpu-schedule

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A tile of a memref of another rank.
gpu.module @kernels {
  gpu.func @f(%k: memref<2x256x64xbf16>, %q: memref<64x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %at = %c0) -> (vector<64x64xf32>, index) {
      // expected-error@+1 {{reads an operand of vector.contract masked, permuted or from 'memref<2x256x64xbf16>'; a copy takes a tile as it lies in a memref of rank 2, which memref.subview gives}}
      %b = vector.transfer_read %k[%c0, %i, %c0], %pad {in_bounds = [true, true]} : memref<2x256x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %next = arith.addi %at, %i : index
      scf.yield %p, %next : vector<64x64xf32>, index
    }
    vector.transfer_write %r#0, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A transposed tile.
gpu.module @kernels {
  gpu.func @f(%k: memref<256x64xbf16>, %q: memref<64x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %at = %c0) -> (vector<64x64xf32>, index) {
      // expected-error@+1 {{reads an operand of vector.contract masked, permuted or from 'memref<256x64xbf16>'; a copy takes a tile as it lies in a memref of rank 2, which memref.subview gives}}
      %b = vector.transfer_read %k[%i, %c0], %pad {in_bounds = [true, true], permutation_map = affine_map<(i, j) -> (j, i)>} : memref<256x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %next = arith.addi %at, %i : index
      scf.yield %p, %next : vector<64x64xf32>, index
    }
    vector.transfer_write %r#0, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A masked tile.
gpu.module @kernels {
  gpu.func @f(%k: memref<256x64xbf16>, %q: memref<64x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %at = %c0) -> (vector<64x64xf32>, index) {
      %m = vector.create_mask %i, %i : vector<64x64xi1>
      // expected-error@+1 {{reads an operand of vector.contract masked, permuted or from 'memref<256x64xbf16>'; a copy takes a tile as it lies in a memref of rank 2, which memref.subview gives}}
      %b = vector.transfer_read %k[%i, %c0], %pad, %m {in_bounds = [true, true]} : memref<256x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %next = arith.addi %at, %i : index
      scf.yield %p, %next : vector<64x64xf32>, index
    }
    vector.transfer_write %r#0, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Copies pad with zeros.
gpu.module @kernels {
  gpu.func @f(%k: memref<256x64xbf16>, %q: memref<64x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 1.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %at = %c0) -> (vector<64x64xf32>, index) {
      // expected-error@+1 {{pads with another value than 0.0, which is what copies pad with}}
      %b = vector.transfer_read %k[%i, %c0], %pad {in_bounds = [false, true]} : memref<256x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %next = arith.addi %at, %i : index
      scf.yield %p, %next : vector<64x64xf32>, index
    }
    vector.transfer_write %r#0, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Where the next tile lies is known when this one is done.
gpu.module @kernels {
  gpu.func @f(%k: memref<256x64xbf16>, %q: memref<64x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r:2 = scf.for %i = %c0 to %n step %c64 iter_args(%acc = %zero, %at = %c0) -> (vector<64x64xf32>, index) {
      // expected-error@+1 {{is read ahead, but where it reads depends on more than the loop's counter and what is computed before the loop}}
      %b = vector.transfer_read %k[%at, %c0], %pad {in_bounds = [true, true]} : memref<256x64xbf16>, vector<64x64xbf16>
      %p = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %next = arith.addi %at, %i : index
      scf.yield %p, %next : vector<64x64xf32>, index
    }
    vector.transfer_write %r#0, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}
