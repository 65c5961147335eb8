// RUN: bpt-opt %s --bpt-gpu-schedule="warp-roles overlap ping-pong" --canonicalize --remarks-filter=bpt-gpu --remark-policy=all 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: bpt-opt %s --bpt-gpu-schedule="warp-roles overlap ping-pong" --canonicalize --bpt-distribute-to-lanes=wgmma --canonicalize --cse | FileCheck %s --check-prefix=LANES
// RUN: bpt-opt %s --bpt-gpu-schedule="warp-roles overlap" | FileCheck %s --check-prefix=OFF

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]

// OFF-NOT: take_turn
gpu.module @kernels {
  // Two warpgroups take turns to start the products of an iteration: the scores of
  // this one, and what is left of the one before.
  // CHECK-LABEL: gpu.func @two_groups
  // REMARK: [Passed] PingPong | {{.*}}warpgroups take turns to start products
  // CHECK: scf.for %{{.*}} = %c64
  // CHECK-NOT: vector.contract
  // CHECK: bpt_tile.take_turn
  // CHECK-NEXT: vector.contract
  // CHECK: vector.contract
  // CHECK-NEXT: bpt_tile.pass_turn
  // CHECK: math.exp2
  // CHECK: scf.yield

  // The last group gives the first turn, each the next one's, and the first takes what
  // is left over.
  // LANES-LABEL: llvm.func @two_groups
  // LANES-DAG: %[[C1:.*]] = arith.constant 1 : i32
  // LANES-DAG: %[[C2:.*]] = arith.constant 2 : i32
  // LANES-DAG: %[[C0:.*]] = arith.constant 0 : i32
  // LANES-DAG: %[[C256:.*]] = arith.constant 256 : i32
  // LANES: nvvm.setmaxregister increase
  // LANES: %[[GROUP:.*]] = arith.shrui
  // LANES: %[[ISLAST:.*]] = arith.cmpi eq, %[[GROUP]], %[[C1]]
  // LANES: scf.if %[[ISLAST]] {
  // LANES-NEXT: nvvm.barrier.arrive id = %[[C2]] number_of_threads = %[[C256]]
  // LANES: scf.for
  // LANES: %[[OWN:.*]] = arith.addi %[[GROUP]], %[[C2]]
  // LANES: nvvm.barrier id = %[[OWN]] number_of_threads = %[[C256]]
  // LANES: wgmma.commit_group
  // LANES: wgmma.commit_group
  // LANES: %[[NEXT:.*]] = arith.addi %[[GROUP]], %[[C1]]
  // LANES: %[[WRAPS:.*]] = arith.cmpi eq, %[[NEXT]], %[[C2]]
  // LANES: %[[OTHER:.*]] = arith.select %[[WRAPS]], %[[C0]], %[[NEXT]]
  // LANES: %[[THEIRS:.*]] = arith.addi %[[OTHER]], %[[C2]]
  // LANES: nvvm.barrier.arrive id = %[[THEIRS]] number_of_threads = %[[C256]]
  // LANES: wgmma.wait_group.sync.aligned 1
  // LANES: %[[ISFIRST:.*]] = arith.cmpi eq, %[[GROUP]], %[[C0]]
  // LANES: scf.if %[[ISFIRST]] {
  // LANES: nvvm.barrier id = %{{.*}} number_of_threads = %[[C256]]
  gpu.func @two_groups(%q: memref<128x64xbf16>, %k: memref<1024x64xbf16>, %v: memref<1024x64xbf16>, %y: memref<128x64xf32>) kernel attributes {bpt_tile.warps = 8 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c1024 = arith.constant 1024 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x64xbf16>, vector<128x64xbf16>
    %sum = scf.for %j = %c0 to %c1024 step %c64 iter_args(%acc = %zero) -> (vector<128x64xf32>) {
      %kt = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %kt, %zero : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
      %e = math.exp2 %s : vector<128x64xf32>
      %p = arith.truncf %e : vector<128x64xf32> to vector<128x64xbf16>
      %vt = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %o = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %vt, %acc : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
      scf.yield %o : vector<128x64xf32>
    }
    vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<128x64xf32>, memref<128x64xf32>
    gpu.return
  }

  // A loop with a mask is not rotated, and its second product needs the first one's
  // result: a turn would last for all that is between.
  // CHECK-LABEL: gpu.func @masked
  // REMARK: [Passed] PingPong
  // CHECK: consumer {
  // CHECK: bpt_tile.take_turn
  // CHECK: bpt_tile.pass_turn
  // CHECK: arith.select
  // CHECK-NOT: {{(take|pass)}}_turn
  gpu.func @masked(%q: memref<128x64xbf16>, %k: memref<1024x64xbf16>, %v: memref<1024x64xbf16>, %y: memref<128x64xf32>, %n: index, %m: index) kernel attributes {bpt_tile.warps = 8 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c512 = arith.constant 512 : index
    %c1024 = arith.constant 1024 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x64xbf16>, vector<128x64xbf16>
    %open = scf.for %j = %c0 to %c512 step %c64 iter_args(%acc = %zero) -> (vector<128x64xf32>) {
      %kt = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %kt, %zero : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
      %p = arith.truncf %s : vector<128x64xf32> to vector<128x64xbf16>
      %vt = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %o = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %vt, %acc : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
      scf.yield %o : vector<128x64xf32>
    }
    %sum = scf.for %j = %c512 to %c1024 step %c64 iter_args(%acc = %open) -> (vector<128x64xf32>) {
      %kt = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %kt, %zero : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
      %mask = vector.create_mask %n, %m : vector<128x64xi1>
      %kept = arith.select %mask, %s, %zero : vector<128x64xi1>, vector<128x64xf32>
      %p = arith.truncf %kept : vector<128x64xf32> to vector<128x64xbf16>
      %vt = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %o = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %vt, %acc : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
      scf.yield %o : vector<128x64xf32>
    }
    vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<128x64xf32>, memref<128x64xf32>
    gpu.return
  }

  // One group has nobody to take turns with; what a schedule leaves out is left out.
  // CHECK-LABEL: gpu.func @one_group
  // CHECK-NOT: take_turn
  // REMARK-NOT: PingPong
  gpu.func @one_group(%q: memref<64x64xbf16>, %k: memref<1024x64xbf16>, %v: memref<1024x64xbf16>, %y: memref<64x64xf32>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c1024 = arith.constant 1024 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %a = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %sum = scf.for %j = %c0 to %c1024 step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %kt = vector.transfer_read %k[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %kt, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %p = arith.truncf %s : vector<64x64xf32> to vector<64x64xbf16>
      %vt = vector.transfer_read %v[%j, %c0], %pad {in_bounds = [true, true]} : memref<1024x64xbf16>, vector<64x64xbf16>
      %o = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %vt, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %o : vector<64x64xf32>
    }
    vector.transfer_write %sum, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    gpu.return
  }
}
