// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes --canonicalize --cse | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// The left operand is read into the registers in which it is multiplied: pairs
// of rows lane / 4 and lane / 4 + 8. One ldmatrix reads the right operand of
// two fragments of columns.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @rows_times_rows
  // CHECK-SAME: (%[[X:.*]]: !llvm.ptr<1>, %[[Y:.*]]: !llvm.ptr<1>)
  // CHECK-SAME: bpt_tile.shared_bytes = 512 : i64
  // CHECK-SAME: nvvm.reqntid = array<i32: 32, 1, 1>
  gpu.func @rows_times_rows(%x: memref<16x16xbf16>, %y: memref<16x16xf32>) workgroup(%w: memref<16x16xbf16, #ws>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<16x16xf32>
    // CHECK: %[[P0:.*]] = llvm.load %[[ROW:.*]] {alignment = 4 : i64} : !llvm.ptr<1> -> vector<2xbf16>
    // CHECK: %[[AT2:.*]] = llvm.getelementptr %[[ROW]][16]
    // CHECK: %[[P2:.*]] = llvm.load %[[AT2]]
    // CHECK: %[[ROW8:.*]] = llvm.getelementptr %[[ROW]][256]
    // CHECK: %[[P1:.*]] = llvm.load %[[ROW8]]
    // CHECK: %[[AT3:.*]] = llvm.getelementptr %[[ROW8]][16]
    // CHECK: %[[P3:.*]] = llvm.load %[[AT3]]
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    // CHECK-DAG: %[[A0:.*]] = llvm.bitcast %[[P0]] : vector<2xbf16> to i32
    // CHECK-DAG: %[[A1:.*]] = llvm.bitcast %[[P1]] : vector<2xbf16> to i32
    // CHECK-DAG: %[[A2:.*]] = llvm.bitcast %[[P2]] : vector<2xbf16> to i32
    // CHECK-DAG: %[[A3:.*]] = llvm.bitcast %[[P3]] : vector<2xbf16> to i32
    // CHECK: %[[B:.*]] = nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>, num = 4
    // CHECK-DAG: %[[B0:.*]] = llvm.extractvalue %[[B]][0]
    // CHECK-DAG: %[[B1:.*]] = llvm.extractvalue %[[B]][1]
    // CHECK-DAG: %[[B2:.*]] = llvm.extractvalue %[[B]][2]
    // CHECK-DAG: %[[B3:.*]] = llvm.extractvalue %[[B]][3]
    // CHECK: nvvm.mma.sync A[%[[A0]], %[[A1]], %[[A2]], %[[A3]]] B[%[[B0]], %[[B1]]]
    // CHECK-SAME: shape = #nvvm.shape<m = 16, n = 8, k = 16>
    // CHECK: nvvm.mma.sync A[%[[A0]], %[[A1]], %[[A2]], %[[A3]]] B[%[[B2]], %[[B3]]]
    %c = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
    // CHECK: llvm.store {{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
    // CHECK: llvm.return
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// An operand KxN is transposed as it is loaded; the last of three fragments of
// columns is loaded alone; f16 goes to the instruction as pairs.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @rows_times_columns
  gpu.func @rows_times_columns(%y: memref<16x24xf32>) workgroup(%x: memref<16x16xf16, #ws>, %w: memref<16x24xf16, #ws>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f16
    %zero = arith.constant dense<0.0> : vector<16x24xf32>
    // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>, num = 4
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf16, #ws>, vector<16x16xf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x24xf16, #ws>, vector<16x24xf16>
    // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>, num = 4
    // CHECK-COUNT-2: nvvm.mma.sync {{.*}}vector<2xf16>
    // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>, num = 2
    // CHECK: nvvm.mma.sync
    // CHECK-NOT: nvvm.mma.sync
    %c = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<16x16xf16>, vector<16x24xf16> into vector<16x24xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x24xf32>, memref<16x24xf32>
    gpu.return
  }
}

// -----

#km = affine_map<(m, n, k) -> (k, m)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// A left operand KxM is transposed as it is loaded as well.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @columns_times_columns
  gpu.func @columns_times_columns(%y: memref<16x8xf32>) workgroup(%x: memref<16x16xbf16, #ws>, %w: memref<16x8xbf16, #ws>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<16x8xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    %b = vector.transfer_read %w[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xbf16, #ws>, vector<16x8xbf16>
    // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>, num = 4
    // CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>, num = 2
    // CHECK: nvvm.mma.sync
    %c = vector.contract {indexing_maps = [#km, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %b, %zero : vector<16x16xbf16>, vector<16x8xbf16> into vector<16x8xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#product = ["parallel", "parallel", "reduction"]
#ws = #gpu.address_space<workgroup>

// An accumulator rounded to 16 bits is the next left operand, where it lies.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @chained
  gpu.func @chained(%x: memref<16x16xbf16>, %y: memref<16x8xf32>) workgroup(%k: memref<16x16xbf16, #ws>, %v: memref<16x8xbf16, #ws>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : bf16
    %zeroS = arith.constant dense<0.0> : vector<16x16xf32>
    %zero = arith.constant dense<0.0> : vector<16x8xf32>
    %a = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %kt = vector.transfer_read %k[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16, #ws>, vector<16x16xbf16>
    // CHECK: nvvm.mma.sync
    // CHECK: %[[S1:.*]] = nvvm.mma.sync
    %s = vector.contract {indexing_maps = [#mk, #nk, #mn], iterator_types = #product, kind = #vector.kind<add>} %a, %kt, %zeroS : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
    // CHECK-COUNT-4: arith.truncf {{.*}} : vector<2xf32> to vector<2xbf16>
    %p = arith.truncf %s : vector<16x16xf32> to vector<16x16xbf16>
    %vt = vector.transfer_read %v[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xbf16, #ws>, vector<16x8xbf16>
    // CHECK-NOT: nvvm.shfl
    // CHECK-NOT: llvm.store
    // CHECK: nvvm.mma.sync
    %c = vector.contract {indexing_maps = [#mk, #kn, #mn], iterator_types = #product, kind = #vector.kind<add>} %p, %vt, %zero : vector<16x16xbf16>, vector<16x8xbf16> into vector<16x8xf32>
    vector.transfer_write %c, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}
