// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes=wgmma --canonicalize --cse | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// Both operands are described: rows of 128 bytes, eight of them after 1024, as
// permuted by the hardware (1 << 62 | 1024 / 16 << 32 | 1 << 16). 16 terms more
// are 32 bytes on. The first product does not add to what the registers hold.
gpu.module @kernels {
  // CHECK: llvm.mlir.global external @bpt_shared_memory() {{.*}}alignment = 1024
  // CHECK-LABEL: llvm.func @described
  gpu.func @described(%y: memref<64x32xf32>) workgroup(%x: memref<64x64xbf16, #ws>, %w: memref<32x64xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x32xf32>
    // CHECK-DAG: %[[FIELDS:.*]] = arith.constant 4611686293305360384 : i64
    // CHECK: %[[SHARED:.*]] = llvm.mlir.addressof @bpt_shared_memory
    // CHECK: %[[W:.*]] = llvm.getelementptr %[[SHARED]][8192]
    // CHECK: %[[WADDRESS:.*]] = llvm.ptrtoint %[[W]] : !llvm.ptr<3> to i32
    // CHECK: %[[WUNIT:.*]] = arith.shrui
    // CHECK: %[[WSTART:.*]] = arith.extui %[[WUNIT]]
    // CHECK: %[[RIGHT:.*]] = arith.ori %[[WSTART]], %[[FIELDS]] : i64
    // CHECK: llvm.ptrtoint %[[SHARED]] : !llvm.ptr<3> to i32
    // CHECK: %[[LEFT:.*]] = arith.ori %{{.*}}, %[[FIELDS]] : i64
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16, #ws>, vector<64x64xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xbf16, #ws>, vector<32x64xbf16>
    // CHECK: %[[STARTED:.*]] = llvm.inline_asm has_side_effects
    // CHECK-SAME: wgmma.fence.sync.aligned; setp.ne.b32 adds, 0, 0;
    // CHECK-SAME: add.s64 left, $17, 0; add.s64 right, $16, 0; wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {$0, $1, {{.*}}, $15}, left, right, adds, 1, 1, 0, 0; setp.eq.b32 adds, 0, 0;
    // CHECK-SAME: add.s64 left, $17, 2; add.s64 right, $16, 2; wgmma
    // CHECK-SAME: add.s64 left, $17, 4;
    // CHECK-SAME: add.s64 left, $17, 6; add.s64 right, $16, 6; wgmma.mma_async.{{[^;]*}};
    // CHECK-SAME: wgmma.commit_group.sync.aligned; }", "=f,{{.*}}=f,l,l,~{memory}" %[[RIGHT]], %[[LEFT]]
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
    // CHECK: %[[S0:.*]] = llvm.extractvalue %[[STARTED]][0]
    // CHECK: %[[DONE:.*]] = llvm.inline_asm has_side_effects {{.*}}"wgmma.wait_group.sync.aligned 0;", "=f,{{.*}}0,1,2,{{.*}}15,~{memory}" %[[S0]],
    // CHECK: llvm.extractvalue %[[DONE]][0]
    // CHECK: llvm.store
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// A left operand in registers gets registers of its own. A right one KxN is
// transposed by the hardware: 16 terms more are 16 rows on, and 64 columns more
// another panel (32 rows of 128 bytes: 4096 / 16 << 16). The sums continue.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @from_registers
  gpu.func @from_registers(%x: memref<64x32xf16>, %y: memref<64x128xf32>) workgroup(%w: memref<32x128xf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f16
    %padf = arith.constant 0.0 : f32
    // 1 << 62 | 1024 / 16 << 32 | 256 << 16
    // CHECK-DAG: arith.constant 4611686293322072064 : i64
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x32xf16>, vector<64x32xf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x128xf16, #ws>, vector<32x128xf16>
    %acc = vector.transfer_read %y[%c0, %c0], %padf {in_bounds = [true, true]} : memref<64x128xf32>, vector<64x128xf32>
    // CHECK: %[[OWN:.*]] = llvm.inline_asm has_side_effects {{.*}}"", "=r,=r,=r,=r,=r,=r,=r,=r,0,1,2,3,4,5,6,7,~{memory}"
    // CHECK: %[[OWN0:.*]] = llvm.extractvalue %[[OWN]][0]
    // CHECK: %[[OWN7:.*]] = llvm.extractvalue %[[OWN]][7]
    // CHECK: llvm.inline_asm
    // CHECK-SAME: setp.eq.b32 adds, 0, 0; add.s64 right, $128, 0; wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {$0, {{.*}}, $63}, {$129, $130, $131, $132}, right, adds, 1, 1, 1;
    // CHECK-NOT: setp
    // CHECK-SAME: add.s64 right, $128, 128; wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {$0, {{.*}}, $63}, {$133, $134, $135, $136}, right, adds, 1, 1, 1;
    // CHECK-SAME: "=f,{{.*}},0,1,{{.*}},63,l,r,r,r,r,r,r,r,r,~{memory}"
    // CHECK-SAME: %[[OWN0]],
    // Until it is finished, the registers stay what they are.
    // CHECK: llvm.inline_asm {{.*}}"wgmma.wait_group.sync.aligned 0;", "=f,{{.*}},63,r,r,r,r,r,r,r,r,~{memory}"
    // CHECK-SAME: %[[OWN0]],
    %c = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %acc : vector<64x32xf16>, vector<32x128xf16> into vector<64x128xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x128xf32>, memref<64x128xf32>
    gpu.return
  }
}

// -----

#km = affine_map<(m, n, k) -> (k, m)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// The second group's rows of a left operand KxM begin a panel on: 16 rows of 128
// bytes.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @two_groups
  gpu.func @two_groups(%y: memref<128x16xf32>) workgroup(%x: memref<16x128xbf16, #ws>, %w: memref<16x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 8 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x16xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x128xbf16, #ws>, vector<16x128xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    // CHECK-DAG: %[[C2048:.*]] = arith.constant 2048 : i32
    // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : i32
    // CHECK-DAG: %[[C5:.*]] = arith.constant 5 : i32
    // CHECK: %[[WARP:.*]] = arith.shrui %{{.*}}, %[[C5]]
    // CHECK: %[[GROUP:.*]] = arith.shrui %[[WARP]], %[[C2]]
    // CHECK: %[[BYTES:.*]] = arith.muli %[[GROUP]], %[[C2048]]
    // CHECK: %[[X:.*]] = llvm.getelementptr %{{.*}}[%[[BYTES]]]
    // CHECK: llvm.ptrtoint %[[X]]
    // CHECK: wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {{{[^}]*}}}, left, right, adds, 1, 1, 1, 0;
    %c = vector.contract {indexing_maps = [#km, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<16x128xbf16>, vector<16x16xbf16> into vector<128x16xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<128x16xf32>, memref<128x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// A product is waited for where it is used; what does not need it goes on. Of two,
// the first is waited for alone.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @weakest_waits
  gpu.func @weakest_waits(%y: memref<64x16xf32>, %z: memref<64x16xf32>, %e: memref<64x16xf32>) workgroup(%x: memref<64x16xbf16, #ws>, %w: memref<16x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %padf = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x16xbf16, #ws>, vector<64x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    // CHECK: llvm.inline_asm {{.*}}wgmma.commit_group
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
    // CHECK: llvm.inline_asm {{.*}}wgmma.commit_group
    %d = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
    // CHECK: llvm.load
    // CHECK: llvm.sqrt
    %r = vector.transfer_read %e[%c0, %c0], %padf {in_bounds = [true, true]} : memref<64x16xf32>, vector<64x16xf32>
    %s = math.sqrt %r : vector<64x16xf32>
    // CHECK: llvm.inline_asm {{.*}}"wgmma.wait_group.sync.aligned 1;"
    // CHECK: llvm.store
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    // CHECK: llvm.inline_asm {{.*}}"wgmma.wait_group.sync.aligned 0;"
    // CHECK: arith.addf
    %t = arith.addf %d, %s : vector<64x16xf32>
    vector.transfer_write %t, %z[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// After a barrier operands may change: products are finished before. What threads
// have written, wgmma sees after the fence.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @barriers
  gpu.func @barriers(%y: memref<64x16xf32>) workgroup(%x: memref<64x16xbf16, #ws>, %w: memref<16x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %one = arith.constant dense<1.0> : vector<64x16xbf16>
    // CHECK: llvm.store
    // CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
    // CHECK: nvvm.barrier0
    vector.transfer_write %one, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xbf16>, memref<64x16xbf16, #ws>
    gpu.barrier
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x16xbf16, #ws>, vector<64x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    // CHECK: llvm.inline_asm {{.*}}wgmma.commit_group
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
    // CHECK: llvm.inline_asm {{.*}}"wgmma.wait_group.sync.aligned 0;"
    // CHECK: nvvm.barrier0
    gpu.barrier
    vector.transfer_write %one, %x[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xbf16>, memref<64x16xbf16, #ws>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// What is summed up while a product runs is to be computed before the wait for it:
// the larger of a lane's two sums is stored, to a byte of its own. A maximum is
// needed by no one before.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @sums_meanwhile
  // CHECK-SAME: bpt_tile.shared_bytes = 2688 : i64
  gpu.func @sums_meanwhile(%e: memref<64x16xf32>, %y: memref<64x16xf32>, %s: memref<64xf32>, %m: memref<64xf32>) workgroup(%x: memref<64x16xbf16, #ws>, %w: memref<16x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %pad32 = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %none = arith.constant dense<0.0> : vector<64xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x16xbf16, #ws>, vector<64x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    %t = vector.transfer_read %e[%c0, %c0], %pad32 {in_bounds = [true, true]} : memref<64x16xf32>, vector<64x16xf32>
    // CHECK: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
    // CHECK: wgmma.commit_group
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
    // CHECK: nvvm.shfl.sync bfly %{{[^,]*}}, %[[SUM0:[^,]*]],
    // CHECK: nvvm.shfl.sync
    %sum = vector.multi_reduction <add>, %t, %none [1] : vector<64x16xf32> to vector<64xf32>
    // CHECK: nvvm.shfl.sync bfly %{{[^,]*}}, %[[SUM1:[^,]*]],
    vector.transfer_write %sum, %s[%c0] {in_bounds = [true]} : vector<64xf32>, memref<64xf32>
    // CHECK: %[[BOTH:.*]] = llvm.intr.maxnum(%[[SUM0]], %[[SUM1]])
    // CHECK: %[[BYTES:.*]] = llvm.getelementptr %{{.*}}[2560]
    // CHECK: %[[BYTE:.*]] = llvm.getelementptr %[[BYTES]][%[[THREAD]]]
    // CHECK: %[[ADDRESS:.*]] = llvm.ptrtoint %[[BYTE]]
    // CHECK: %[[VALUE:.*]] = llvm.bitcast %[[BOTH]] : f32 to i32
    // CHECK: llvm.inline_asm has_side_effects {{.*}}"st.shared.b8 [$16], $17; wgmma.wait_group.sync.aligned 0;", "{{.*}}r,r,~{memory}" {{.*}}, %[[ADDRESS]], %[[VALUE]]
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    %d = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x16xbf16>, vector<16x16xbf16> into vector<64x16xf32>
    %max = vector.multi_reduction <maxnumf>, %t, %none [1] : vector<64x16xf32> to vector<64xf32>
    vector.transfer_write %max, %m[%c0] {in_bounds = [true]} : vector<64xf32>, memref<64xf32>
    // CHECK-NOT: st.shared
    // CHECK: wgmma.wait_group.sync.aligned 0
    vector.transfer_write %d, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// Of f8E4M3FN an instruction takes 32 terms, which are 32 bytes as well. Nothing
// is transposed.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @float8
  gpu.func @float8(%y: memref<64x32xf32>) workgroup(%x: memref<64x128xf8E4M3FN, #ws>, %w: memref<32x128xf8E4M3FN, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f8E4M3FN
    %zero = arith.constant dense<0.0> : vector<64x32xf32>
    // CHECK-DAG: arith.constant 4611686293305360384 : i64
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xf8E4M3FN, #ws>, vector<64x128xf8E4M3FN>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x128xf8E4M3FN, #ws>, vector<32x128xf8E4M3FN>
    // CHECK: add.s64 left, $17, 0; add.s64 right, $16, 0; wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3 {$0, {{.*}}, $15}, left, right, adds, 1, 1; setp.eq.b32 adds, 0, 0;
    // CHECK-SAME: add.s64 left, $17, 2; add.s64 right, $16, 2; wgmma
    // CHECK-SAME: add.s64 left, $17, 6; add.s64 right, $16, 6; wgmma.mma_async.{{[^;]*}};
    // CHECK-SAME: wgmma.commit_group.sync.aligned; }"
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<64x128xf8E4M3FN>, vector<32x128xf8E4M3FN> into vector<64x32xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// Numbers that are rounded to f8E4M3FN in pairs and multiplied from registers. A
// lane has four terms of a row: two pairs, which two of the lanes of the row have.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @float8_from_registers
  gpu.func @float8_from_registers(%x: memref<64x32xf32>, %y: memref<64x32xf32>) workgroup(%w: memref<32x32xf8E4M3FN, #ws>) kernel attributes {bpt_tile.warps = 4 : i32} {
    %c0 = arith.constant 0 : index
    %padf = arith.constant 0.0 : f32
    %pad = arith.constant 0.0 : f8E4M3FN
    %zero = arith.constant dense<0.0> : vector<64x32xf32>
    %a = vector.transfer_read %x[%c0, %c0], %padf {in_bounds = [true, true]} : memref<64x32xf32>, vector<64x32xf32>
    // CHECK-COUNT-8: llvm.call_intrinsic "llvm.nvvm.ff.to.e4m3x2.rn"
    %p = arith.truncf %a : vector<64x32xf32> to vector<64x32xf8E4M3FN>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x32xf8E4M3FN, #ws>, vector<32x32xf8E4M3FN>
    // CHECK: nvvm.shfl.sync idx
    // CHECK: nvvm.shfl.sync idx
    // CHECK: llvm.call_intrinsic "llvm.nvvm.prmt"
    // CHECK-COUNT-3: llvm.call_intrinsic "llvm.nvvm.prmt"
    // CHECK: wgmma.mma_async.sync.aligned.m64n32k32.f32.e4m3.e4m3 {$0, {{.*}}, $15}, {$17, $18, $19, $20}, right, adds, 1, 1; wgmma.commit
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %b, %zero : vector<64x32xf8E4M3FN>, vector<32x32xf8E4M3FN> into vector<64x32xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
    gpu.return
  }
}
