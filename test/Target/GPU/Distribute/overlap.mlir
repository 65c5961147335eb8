// RUN: bpt-opt %s --split-input-file --bpt-gpu-schedule="warp-roles overlap" --remarks-filter=bpt-gpu --remark-policy=all --canonicalize 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// The last product of an iteration is started behind the first one of the next, and
// its tile released where its sums are used. A loop that may not run at all has a
// branch around it.
// REMARK: the last product of an iteration runs during the next
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @attention
  gpu.func @attention(%q: memref<64x64xbf16>, %k: memref<1024x64xbf16>, %v: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %half = arith.constant dense<0.5> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    // CHECK: %[[ONCE:.*]] = bpt_tile.create_ring : <memref<1x
    // CHECK: %[[K:.*]] = bpt_tile.create_ring : <memref<4x
    // CHECK: %[[V:.*]] = bpt_tile.create_ring : <memref<4x
    // CHECK: consumer {
    // CHECK: %[[RUNS:.*]] = arith.cmpi sgt, %[[N:.*]], %{{.*}}
    // CHECK: %[[RESULT:.*]] = scf.if %[[RUNS]]
    // CHECK:   bpt_tile.acquire %[[K]][%{{.*}}]
    // CHECK:   %[[S0:.*]] = vector.contract
    // CHECK:   %[[E0:.*]] = math.exp2 %[[S0]]
    // CHECK:   bpt_tile.release %[[K]]
    // CHECK:   %[[P0:.*]] = arith.truncf %[[E0]]
    // CHECK:   %[[LOOP:.*]]:2 = scf.for %[[J:.*]] = %c64{{.*}} to %[[N]] step %c64{{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[P:.*]] = %[[P0]])
    // CHECK:     %[[BEFORE:.*]] = arith.subi %[[J]], %c64
    // CHECK:     %[[TILE:.*]] = arith.divui %[[J]],
    // CHECK:     bpt_tile.acquire %[[K]][%[[TILE]]]
    // CHECK:     %[[S:.*]] = vector.contract
    // CHECK:     %[[LASTTILE:.*]] = arith.divui %[[BEFORE]],
    // CHECK:     bpt_tile.acquire %[[V]][%[[LASTTILE]]]
    // CHECK:     %[[O:.*]] = vector.contract {{.*}} %[[P]], %{{.*}}, %[[A]] :
    // CHECK:     %[[E:.*]] = math.exp2 %[[S]]
    // CHECK:     bpt_tile.release %[[K]]
    // CHECK:     %[[PNEXT:.*]] = arith.truncf %[[E]]
    // CHECK:     %[[ANEXT:.*]] = arith.mulf %[[O]],
    // CHECK-NEXT: bpt_tile.release %[[V]][%[[LASTTILE]]]
    // CHECK:     scf.yield %[[ANEXT]], %[[PNEXT]]
    // CHECK:   bpt_tile.acquire %[[V]]
    // CHECK:   %[[LAST:.*]] = vector.contract {{.*}} %[[LOOP]]#1, %{{.*}}, %[[LOOP]]#0 :
    // CHECK:   bpt_tile.release %[[V]]
    // CHECK:   scf.yield %[[LAST]]
    // CHECK: } else {
    // CHECK:   scf.yield %cst
    // CHECK: vector.transfer_write %[[RESULT]]
    %o = scf.for %j = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %e = math.exp2 %s : vector<64x64xf32>
      %p = arith.truncf %e : vector<64x64xf32> to vector<64x64xbf16>
      %scaled = arith.mulf %acc, %half : vector<64x64xf32>
      %c = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %r = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %c, %scaled : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %r : vector<64x64xf32>
    }
    vector.transfer_write %o, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// A loop that surely runs needs no branch; of one product alone nothing is moved.
// REMARK-COUNT-2: four warps copy
// REMARK-NOT: runs during
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @one_product
  // CHECK-NOT: scf.if
  // CHECK: scf.for %{{.*}} = %c0
  gpu.func @one_product(%k: memref<1024x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c1024 = arith.constant 1024 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %o = scf.for %j = %c0 to %c1024 step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %r = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %r : vector<64x64xf32>
    }
    vector.transfer_write %o, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }

  // A mask in the loop needs the registers that the tiles would take that pass from
  // iteration to iteration.
  // CHECK-LABEL: gpu.func @masked
  // CHECK: consumer
  // CHECK-NOT: scf.if
  // CHECK: scf.for %{{.*}} = %c0
  gpu.func @masked(%k: memref<1024x64xbf16>, %y: memref<64x64xf32>, %n: index, %m: index) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c1024 = arith.constant 1024 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %one = arith.constant dense<1.0> : vector<64x64xbf16>
    %o = scf.for %j = %c0 to %c1024 step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %b = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %one, %b, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %mask = vector.create_mask %n, %m : vector<64x64xi1>
      %kept = arith.select %mask, %s, %zero : vector<64x64xi1>, vector<64x64xf32>
      %p = arith.truncf %kept : vector<64x64xf32> to vector<64x64xbf16>
      %c = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %r = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %c, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %r : vector<64x64xf32>
    }
    vector.transfer_write %o, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// A product that only adds tiles to what the loop carries runs during the next
// iteration: its tiles are released behind the next product, which is pending then.
// REMARK: the products of an iteration run during the next
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @sum
  // CHECK: %[[A:.*]] = bpt_tile.create_ring
  // CHECK: %[[B:.*]] = bpt_tile.create_ring
  // CHECK: consumer {
  // CHECK:   bpt_tile.acquire %[[A]][%c0{{.*}}]
  // CHECK:   bpt_tile.acquire %[[B]][%c0{{.*}}]
  // CHECK:   %[[FIRST:.*]] = vector.contract
  // CHECK-NOT: bpt_tile.release
  // CHECK:   %[[SUM:.*]] = scf.for %[[J:.*]] = %c64{{.*}} to %c1024{{.*}} step %c64{{.*}} iter_args(%[[ACC:.*]] = %[[FIRST]])
  // CHECK:     %[[EARLIER:.*]] = arith.subi %[[J]], %c64
  // CHECK:     %[[NOW:.*]] = arith.divui %[[J]], %c64
  // CHECK:     bpt_tile.acquire %[[A]][%[[NOW]]]
  // CHECK:     vector.contract {{.*}}, %[[ACC]] :
  // CHECK:     %[[BEFORE:.*]] = arith.divui %[[EARLIER]], %c64
  // CHECK:     bpt_tile.release %[[A]][%[[BEFORE]]] pending 1 :
  // CHECK:     bpt_tile.release %[[B]][%{{.*}}] pending 1 :
  // CHECK:     scf.yield
  // CHECK:   bpt_tile.release %[[A]][%c15{{.*}}] :
  // CHECK:   bpt_tile.release %[[B]][%c15{{.*}}] :
  // CHECK:   vector.transfer_write %[[SUM]]
  gpu.func @sum(%x: memref<64x1024xbf16>, %w: memref<1024x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c1024 = arith.constant 1024 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %o = scf.for %j = %c0 to %c1024 step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %a = vector.transfer_read %x[%c0, %j], %pad {in_bounds = [true, true]} : memref<64x1024xbf16>, vector<64x64xbf16>
      %b = vector.transfer_read %w[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %r = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %r : vector<64x64xf32>
    }
    vector.transfer_write %o, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// Two products of an iteration are both pending.
// REMARK: the products of an iteration run during the next
gpu.module @kernels {
  // CHECK-LABEL: gpu.func @two_sums
  // CHECK: scf.for
  // CHECK: vector.contract
  // CHECK: vector.contract
  // CHECK-COUNT-3: bpt_tile.release {{.*}} pending 2 :
  gpu.func @two_sums(%x: memref<64x1024xbf16>, %w: memref<1024x64xbf16>, %v: memref<1024x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c1024 = arith.constant 1024 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %o:2 = scf.for %j = %c0 to %c1024 step %c64 iter_args(%acc = %zero, %other = %zero) -> (vector<64x64xf32>, vector<64x64xf32>) {
      %a = vector.transfer_read %x[%c0, %j], %pad {in_bounds = [true, true]} : memref<64x1024xbf16>, vector<64x64xbf16>
      %b = vector.transfer_read %w[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %c = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %r = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %s = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %c, %other : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %r, %s : vector<64x64xf32>, vector<64x64xf32>
    }
    %sum = arith.mulf %o#0, %o#1 : vector<64x64xf32>
    vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}
