// RUN: bpt-opt %s --split-input-file --bpt-distribute-to-lanes --canonicalize --cse | FileCheck %s

// A row lies in four lanes: a tree in the lane, then two shuffles.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @reduce
  gpu.func @reduce(%x: memref<16x8xf32>, %y: memref<16xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %init = arith.constant dense<-1.0> : vector<16xf32>
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK: %[[IN:.*]] = llvm.intr.maxnum(%{{.*}}, %{{.*}})
    // CHECK: %[[S1:.*]] = nvvm.shfl.sync bfly %{{.*}}, %[[IN]], %c1_i32
    // CHECK: %[[M1:.*]] = llvm.intr.maxnum(%[[IN]], %[[S1]])
    // CHECK: %[[S2:.*]] = nvvm.shfl.sync bfly %{{.*}}, %[[M1]], %c2_i32
    // CHECK: %[[M2:.*]] = llvm.intr.maxnum(%[[M1]], %[[S2]])
    // CHECK: %[[ROW:.*]] = llvm.intr.maxnum(%[[M2]], %cst
    // CHECK-COUNT-2: nvvm.shfl.sync
    %m = vector.multi_reduction <maxnumf>, %t, %init [1] : vector<16x8xf32> to vector<16xf32>
    // All four lanes have the row's value; the first of them stores it.
    // CHECK: %[[FIRST:.*]] = arith.cmpi eq, %{{.*}}, %c0_i32
    // CHECK: scf.if %[[FIRST]] {
    // CHECK: llvm.store %[[ROW]]
    vector.transfer_write %m, %y[%c0] {in_bounds = [true]} : vector<16xf32>, memref<16xf32>
    gpu.return
  }
}

// -----

// A line that divides a tile is inverted: one division a row, not one an element.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @divide
  gpu.func @divide(%x: memref<16x8xf32>, %l: memref<16xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    %line = vector.transfer_read %l[%c0], %pad {in_bounds = [true]} : memref<16xf32>, vector<16xf32>
    %column = vector.shape_cast %line : vector<16xf32> to vector<16x1xf32>
    %rows = vector.broadcast %column : vector<16x1xf32> to vector<16x8xf32>
    // CHECK-DAG: %[[ONE:.*]] = arith.constant 1.0
    // CHECK: %[[R0:.*]] = arith.divf %[[ONE]], %{{.*}} : f32
    // CHECK: arith.mulf %{{.*}}, %[[R0]] : f32
    // CHECK: arith.mulf %{{.*}}, %[[R0]] : f32
    // CHECK: %[[R8:.*]] = arith.divf %[[ONE]], %{{.*}} : f32
    // CHECK: arith.mulf %{{.*}}, %[[R8]] : f32
    // CHECK: arith.mulf %{{.*}}, %[[R8]] : f32
    // CHECK-NOT: arith.divf
    // CHECK: llvm.return
    %q = arith.divf %t, %rows : vector<16x8xf32>
    vector.transfer_write %q, %x[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }

  // CHECK-LABEL: llvm.func @divide_by_number
  gpu.func @divide_by_number(%x: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %cap = arith.constant dense<4.0> : vector<16x8xf32>
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK: %[[QUARTER:.*]] = arith.constant 2.500000e-01 : f32
    // CHECK-NOT: arith.divf
    // CHECK-COUNT-4: arith.mulf %{{.*}}, %[[QUARTER]] : f32
    %q = arith.divf %t, %cap : vector<16x8xf32>
    // CHECK: llvm.return
    vector.transfer_write %q, %x[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }

  // CHECK-LABEL: llvm.func @divide_each
  gpu.func @divide_each(%x: memref<16x8xf32>, %y: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    %u = vector.transfer_read %y[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK-COUNT-4: arith.divf
    // CHECK-NOT: arith.mulf
    %q = arith.divf %t, %u : vector<16x8xf32>
    // CHECK: llvm.return
    vector.transfer_write %q, %x[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// A column is two values a lane, a row two of the 8 columns of each fragment; a
// tile of them picks. Rows and columns that are the same numbers do not collide.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @positions
  // CHECK-SAME: %[[START:[^:]*]]: i64
  gpu.func @positions(%y: memref<16x16xi32>, %start: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    // CHECK-DAG: %[[Q2:.*]] = arith.shli %{{.*}}, %c1_i32
    // CHECK-DAG: %[[ROW:.*]] = arith.addi %{{.*}}, %{{.*}} : i32
    %step = vector.step : vector<16xindex>
    %startLine = vector.broadcast %start : index to vector<16xindex>
    %line = arith.addi %step, %startLine : vector<16xindex>
    %column = vector.shape_cast %step : vector<16xindex> to vector<16x1xindex>
    %rows = vector.broadcast %column : vector<16x1xindex> to vector<16x16xindex>
    %columns = vector.broadcast %line : vector<16xindex> to vector<16x16xindex>
    // CHECK: %[[S:.*]] = arith.trunci %[[START]] : i64 to i32
    // CHECK: %[[C0:.*]] = arith.addi %[[S]], %[[Q2]] : i32
    // CHECK: arith.cmpi sle, %[[C0]], %[[ROW]] : i32
    // CHECK: %[[C1:.*]] = arith.addi %[[C0]], %c1_i32 : i32
    // CHECK: arith.cmpi sle, %[[C1]], %[[ROW]] : i32
    // CHECK: %[[ROW8:.*]] = arith.addi %[[ROW]], %c8_i32 : i32
    // CHECK: arith.cmpi sle, %[[C0]], %[[ROW8]] : i32
    %mask = arith.cmpi sle, %columns, %rows : vector<16x16xindex>
    %ints = arith.extui %mask : vector<16x16xi1> to vector<16x16xi32>
    vector.transfer_write %ints, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xi32>, memref<16x16xi32>
    gpu.return
  }
}

// -----

// What is the same in all columns is computed once a row, however it is spelt.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @transposed_broadcast
  gpu.func @transposed_broadcast(%x: memref<16xf32>, %y: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // CHECK-COUNT-2: llvm.load
    // CHECK-NOT: llvm.load
    %line = vector.transfer_read %x[%c0], %pad {in_bounds = [true]} : memref<16xf32>, vector<16xf32>
    %rows = vector.broadcast %line : vector<16xf32> to vector<8x16xf32>
    %tile = vector.transpose %rows, [1, 0] : vector<8x16xf32> to vector<16x8xf32>
    // CHECK-COUNT-2: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
    // CHECK-NOT: llvm.call_intrinsic
    %e = math.exp2 %tile : vector<16x8xf32>
    vector.transfer_write %e, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// A row is the same in all warps; the first four lanes store it.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @columns
  gpu.func @columns(%x: memref<8xf32>, %y: memref<8xf32>) kernel attributes {bpt_tile.warps = 2 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // CHECK: %[[V:.*]] = llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
    %line = vector.transfer_read %x[%c0], %pad {in_bounds = [true]} : memref<8xf32>, vector<8xf32>
    %row = vector.shape_cast %line : vector<8xf32> to vector<1x8xf32>
    %again = vector.shape_cast %row : vector<1x8xf32> to vector<8xf32>
    // CHECK: %[[QUAD:.*]] = arith.shrui %{{.*}}, %c2_i32
    // CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[QUAD]], %c0_i32
    // CHECK: scf.if %[[FIRST]] {
    // CHECK: llvm.store %{{.*}} : vector<2xf32>, !llvm.ptr<1>
    vector.transfer_write %again, %y[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
    gpu.return
  }
}

// -----

// A mask of known bounds compares with them.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @constant_mask
  gpu.func @constant_mask(%x: memref<16x8xf32>) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<16x8xf32>
    %t = vector.transfer_read %x[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    // CHECK-DAG: arith.cmpi slt, %{{.*}}, %c5_i32
    // CHECK-DAG: arith.cmpi slt, %{{.*}}, %c3_i32
    // CHECK: arith.select
    %mask = vector.constant_mask [5, 3] : vector<16x8xi1>
    %m = arith.select %mask, %t, %zero : vector<16x8xi1>, vector<16x8xf32>
    vector.transfer_write %m, %x[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    gpu.return
  }
}

// -----

// Bits of columns: the tile begins at a multiple of 32, so columns 16 apart have
// the same ones but for bit 4. What is computed of them is computed once.
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @bits
  // CHECK-SAME: %[[N:[^:]*]]: i64
  gpu.func @bits(%y: memref<16x32xi32>, %n: index) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %c32 = arith.constant 32 : index
    %others = arith.constant dense<-17> : vector<32xi32>
    %bit = arith.constant dense<16> : vector<32xi32>
    %factor = arith.constant dense<77> : vector<32xi32>
    // CHECK: %[[Q2:.*]] = arith.shli %{{.*}}, %c1_i32
    // CHECK: %[[START:.*]] = arith.muli %[[N]], %c32_i64
    // CHECK: %[[S:.*]] = arith.trunci %[[START]] : i64 to i32
    %start = arith.muli %n, %c32 : index
    %word = arith.index_cast %start : index to i32
    %first = vector.broadcast %word : i32 to vector<32xi32>
    %step = vector.step : vector<32xindex>
    %steps = arith.index_cast %step : vector<32xindex> to vector<32xi32>
    %column = arith.addi %steps, %first : vector<32xi32>
    // CHECK: %[[HIDDEN:.*]] = llvm.inline_asm {{.*}}"mov.b32 $0, $1;", "=r,r" %[[S]]
    // CHECK: %[[HIGH:.*]] = arith.andi %[[HIDDEN]], %c-32_i32
    // CHECK: %[[LOW:.*]] = arith.andi %[[Q2]], %c6_i32
    // CHECK: %[[C0:.*]] = arith.ori %[[HIGH]], %[[LOW]]
    // CHECK: %[[X0:.*]] = arith.muli %[[C0]], %c77_i32
    // CHECK: %[[C1:.*]] = arith.ori %[[C0]], %c1_i32
    // CHECK: %[[X1:.*]] = arith.muli %[[C1]], %c77_i32
    // CHECK: %[[C8:.*]] = arith.ori %[[C0]], %c8_i32
    // CHECK: %[[X8:.*]] = arith.muli %[[C8]], %c77_i32
    // CHECK: %[[C9:.*]] = arith.ori %[[C0]], %c9_i32
    // CHECK: %[[X9:.*]] = arith.muli %[[C9]], %c77_i32
    // CHECK: arith.addi %[[X0]], %c16_i32
    // CHECK: arith.addi %[[X1]], %c16_i32
    // CHECK: arith.addi %[[X8]], %c16_i32
    // CHECK: arith.addi %[[X9]], %c16_i32
    // CHECK: llvm.return
    %masked = arith.andi %column, %others : vector<32xi32>
    %which = arith.andi %column, %bit : vector<32xi32>
    %product = arith.muli %masked, %factor : vector<32xi32>
    %sum = arith.addi %product, %which : vector<32xi32>
    %tile = vector.broadcast %sum : vector<32xi32> to vector<16x32xi32>
    vector.transfer_write %tile, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xi32>, memref<16x32xi32>
    gpu.return
  }

  // Where a tile begins at any column, a sum may carry: nothing is known to be equal.
  // CHECK-LABEL: llvm.func @bits_of_any
  gpu.func @bits_of_any(%y: memref<16x32xi32>, %word: i32) kernel attributes {bpt_tile.warps = 1 : i32} {
    %c0 = arith.constant 0 : index
    %others = arith.constant dense<-17> : vector<32xi32>
    %first = vector.broadcast %word : i32 to vector<32xi32>
    %step = vector.step : vector<32xindex>
    %steps = arith.index_cast %step : vector<32xindex> to vector<32xi32>
    %column = arith.addi %steps, %first : vector<32xi32>
    // CHECK-COUNT-8: arith.andi %{{.*}}, %c-17_i32
    %masked = arith.andi %column, %others : vector<32xi32>
    %tile = vector.broadcast %masked : vector<32xi32> to vector<16x32xi32>
    vector.transfer_write %tile, %y[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xi32>, memref<16x32xi32>
    gpu.return
  }
}
