// RUN: bpt-opt %s --bpt-tile-keys --canonicalize --cse --split-input-file --remarks-filter=bpt-tile-keys --remark-policy=all 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks

// No mask and keys that the block divides: one loop, no masked part.

// CHECK-LABEL: func @full
// CHECK: scf.for %{{.+}} = %c0 to %c1024 step %c128
// CHECK:   bpt.online_attention
// CHECK-NOT: bpt.online_attention
// CHECK: linalg.generic
func.func @full(%q: tensor<1x64x1x32xf32>, %k: tensor<1x1024x1x32xf32>, %v: tensor<1x1024x1x32xf32>,
                %o: tensor<1x64x1x32xf32>) -> tensor<1x64x1x32xf32> {
  %r = bpt.attention ins(%q, %k, %v : tensor<1x64x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) outs(%o : tensor<1x64x1x32xf32>) {bpt.strategy = #bpt.strategy<keys = 128>} -> tensor<1x64x1x32xf32>
  return %r : tensor<1x64x1x32xf32>
}

// -----

// Keys that the block does not divide: the rest in a last, smaller block.

// CHECK-LABEL: func @remainder
// CHECK: scf.for %{{.+}} = %c0 to %c896 step %c128
// CHECK:   bpt.online_attention {{.*}} tensor<1x128x1x32xf32>
// CHECK: tensor.extract_slice %arg1[0, 896, 0, 0] [1, 104, 1, 32]
// CHECK-NOT: scf.for
// CHECK: bpt.online_attention {{.*}} tensor<1x104x1x32xf32>
func.func @remainder(%q: tensor<1x64x1x32xf32>, %k: tensor<1x1000x1x32xf32>, %v: tensor<1x1000x1x32xf32>,
                     %o: tensor<1x64x1x32xf32>) -> tensor<1x64x1x32xf32> {
  %r = bpt.attention ins(%q, %k, %v : tensor<1x64x1x32xf32>, tensor<1x1000x1x32xf32>, tensor<1x1000x1x32xf32>) outs(%o : tensor<1x64x1x32xf32>) {bpt.strategy = #bpt.strategy<keys = 128>} -> tensor<1x64x1x32xf32>
  return %r : tensor<1x64x1x32xf32>
}

// -----

// A causal tile of rows [%i, %i + 128): whole blocks up to the diagonal carry
// no mask, those it cuts do, those beyond are not visited.

// CHECK-DAG: #[[FLOOR:.+]] = affine_map<()[s0] -> ((s0 floordiv 128) * 128)>
// CHECK-LABEL: func @causal
// CHECK: %[[WHOLE:.+]] = affine.apply #[[FLOOR]]()
// CHECK: scf.for %{{.+}} = %c0 to %[[WHOLE]] step %c128
// CHECK:   bpt.online_attention
// CHECK-NOT: causal
// CHECK:   scf.yield
// CHECK: scf.for %{{.+}} = %[[WHOLE]] to %{{.+}} step %c128
// CHECK:   bpt.online_attention {{.*}} diagonal({{.*}}causal
func.func @causal(%q: tensor<1x128x1x32xf32>, %k: tensor<1x1024x1x32xf32>, %v: tensor<1x1024x1x32xf32>,
                  %o: tensor<1x128x1x32xf32>, %i: index) -> tensor<1x128x1x32xf32> {
  %c0 = arith.constant 0 : index
  %r = bpt.attention ins(%q, %k, %v : tensor<1x128x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) at(%c0, %i, %c0) diagonal(%c0) outs(%o : tensor<1x128x1x32xf32>) {causal, bpt.strategy = #bpt.strategy<keys = 128>} -> tensor<1x128x1x32xf32>
  return %r : tensor<1x128x1x32xf32>
}

// -----

// A window has a far edge as well: three loops.

// CHECK-LABEL: func @window
// CHECK: scf.for
// CHECK:   bpt.online_attention {{.*}}window
// CHECK: scf.for
// CHECK:   bpt.online_attention
// CHECK-NOT: window
// CHECK:   scf.yield
// CHECK: scf.for
// CHECK:   bpt.online_attention {{.*}}window
func.func @window(%q: tensor<1x128x1x32xf32>, %k: tensor<1x1024x1x32xf32>, %v: tensor<1x1024x1x32xf32>,
                  %o: tensor<1x128x1x32xf32>, %i: index) -> tensor<1x128x1x32xf32> {
  %c0 = arith.constant 0 : index
  %r = bpt.attention ins(%q, %k, %v : tensor<1x128x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) at(%c0, %i, %c0) diagonal(%c0) outs(%o : tensor<1x128x1x32xf32>) {causal, window = 300 : i64, bpt.strategy = #bpt.strategy<keys = 128>} -> tensor<1x128x1x32xf32>
  return %r : tensor<1x128x1x32xf32>
}

// -----

// Bounds that are known at compile time are folded: rows 256 to 383 of a causal
// attention with a window of 200 see keys 57 to 383; all of them see 184 to 256.

// CHECK-LABEL: func @known_bounds
// CHECK: scf.for %{{.+}} = %c0 to %c256 step %c128
// CHECK:   bpt.online_attention {{.*}}window
// CHECK-NOT: scf.for
// CHECK: bpt.online_attention {{.*}} at(%c0, %c256, %c0, %c256) {{.*}}window
func.func @known_bounds(%q: tensor<1x128x1x32xf32>, %k: tensor<1x1024x1x32xf32>, %v: tensor<1x1024x1x32xf32>,
                        %o: tensor<1x128x1x32xf32>) -> tensor<1x128x1x32xf32> {
  %c0 = arith.constant 0 : index
  %c256 = arith.constant 256 : index
  %r = bpt.attention ins(%q, %k, %v : tensor<1x128x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) at(%c0, %c256, %c0) diagonal(%c0) outs(%o : tensor<1x128x1x32xf32>) {causal, window = 200 : i64, bpt.strategy = #bpt.strategy<keys = 128>} -> tensor<1x128x1x32xf32>
  return %r : tensor<1x128x1x32xf32>
}

// -----

// Loops over batch entries and heads; a key head serves its group.

// CHECK-DAG: #[[GROUP:.+]] = affine_map<(d0) -> (d0 floordiv 4)>
// CHECK-LABEL: func @heads
// CHECK: scf.for %[[B:.+]] = %c0 to %c2
// CHECK: scf.for %[[H:.+]] = %c0 to %c8
// CHECK:   %[[HK:.+]] = affine.apply #[[GROUP]](%[[H]])
// CHECK:   tensor.extract_slice %{{.+}}[%[[B]], 0, %[[HK]], 0] [1, 1024, 1, 32]
// CHECK:   scf.for
// CHECK:     bpt.online_attention
func.func @heads(%q: tensor<2x128x8x32xf32>, %k: tensor<2x1024x2x32xf32>, %v: tensor<2x1024x2x32xf32>,
                 %o: tensor<2x128x8x32xf32>) -> tensor<2x128x8x32xf32> {
  %r = bpt.attention ins(%q, %k, %v : tensor<2x128x8x32xf32>, tensor<2x1024x2x32xf32>, tensor<2x1024x2x32xf32>) outs(%o : tensor<2x128x8x32xf32>) {bpt.strategy = #bpt.strategy<keys = 128>} -> tensor<2x128x8x32xf32>
  return %r : tensor<2x128x8x32xf32>
}

// -----

// Without a strategy: all keys at once.

// CHECK-LABEL: func @whole
// CHECK-NOT: scf.for
// CHECK: bpt.online_attention {{.*}} tensor<1x1024x1x32xf32>
func.func @whole(%q: tensor<1x64x1x32xf32>, %k: tensor<1x1024x1x32xf32>, %v: tensor<1x1024x1x32xf32>,
                 %o: tensor<1x64x1x32xf32>) -> tensor<1x64x1x32xf32> {
  %r = bpt.attention ins(%q, %k, %v : tensor<1x64x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) outs(%o : tensor<1x64x1x32xf32>) -> tensor<1x64x1x32xf32>
  return %r : tensor<1x64x1x32xf32>
}

// -----

// Blocks of scores have fewer rows: a second loop, inside that over keys.

// CHECK-LABEL: func @score_rows
// CHECK: scf.for %[[KEY:.+]] = %c0 to %c1024 step %c256
// CHECK:   tensor.extract_slice %arg1[0, %[[KEY]], 0, 0] [1, 256, 1, 32]
// CHECK:   scf.for %[[ROW:.+]] = %c0 to %c64 step %c32
// CHECK:     tensor.extract_slice %arg0[0, %[[ROW]], 0, 0] [1, 32, 1, 32]
// CHECK:     bpt.online_attention {{.*}} tensor<1x32x1x32xf32>, tensor<1x256x1x32xf32>
// CHECK-NOT: bpt.online_attention
func.func @score_rows(%q: tensor<1x64x1x32xf32>, %k: tensor<1x1024x1x32xf32>, %v: tensor<1x1024x1x32xf32>,
                      %o: tensor<1x64x1x32xf32>) -> tensor<1x64x1x32xf32> {
  %r = bpt.attention ins(%q, %k, %v : tensor<1x64x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) outs(%o : tensor<1x64x1x32xf32>) {bpt.strategy = #bpt.strategy<keys = 256, score_rows = 32>} -> tensor<1x64x1x32xf32>
  return %r : tensor<1x64x1x32xf32>
}

// -----

// Where a mask cuts blocks of keys they have twice as many keys as rows, and
// rows before the first that sees a key are skipped: rows that see some of the
// block's keys have the mask, those that see all have none.

// CHECK-LABEL: func @causal_score_rows
// CHECK: scf.for %{{.+}} = %c0 to %[[WHOLE:.+]] step %c256
// CHECK:   scf.for %{{.+}} = %c0 to %c256 step %c32
// CHECK:     bpt.online_attention
// CHECK-NOT: causal
// CHECK:   scf.yield
// CHECK: scf.for %{{.+}} = %[[WHOLE]] to %{{.+}} step %c64
// CHECK:   scf.for %{{.+}} = %[[FIRST:.+]] to %[[ALL:.+]] step %c32
// CHECK:     bpt.online_attention {{.*}} tensor<1x32x1x32xf32>, tensor<1x64x1x32xf32>, {{.*}} diagonal({{.*}}causal
// CHECK:   scf.for %{{.+}} = %[[ALL]] to %c256 step %c32
// CHECK:     bpt.online_attention
// CHECK-NOT: causal
// CHECK:     scf.yield
func.func @causal_score_rows(%q: tensor<1x256x1x32xf32>, %k: tensor<1x1024x1x32xf32>, %v: tensor<1x1024x1x32xf32>,
                             %o: tensor<1x256x1x32xf32>, %i: index) -> tensor<1x256x1x32xf32> {
  %c0 = arith.constant 0 : index
  %r = bpt.attention ins(%q, %k, %v : tensor<1x256x1x32xf32>, tensor<1x1024x1x32xf32>, tensor<1x1024x1x32xf32>) at(%c0, %i, %c0) diagonal(%c0) outs(%o : tensor<1x256x1x32xf32>) {causal, bpt.strategy = #bpt.strategy<keys = 256, score_rows = 32>} -> tensor<1x256x1x32xf32>
  return %r : tensor<1x256x1x32xf32>
}

// -----

// One row of four heads that share keys stays one matrix, if it is asked for.

// REMARK: 4 heads of one row multiply the keys that they share as rows of one matrix
// REMARK-NOT: heads of one row

// CHECK-LABEL: func @grouped_row
// CHECK: scf.for %{{.+}} = %c0 to %c8 step %c4
// CHECK: scf.for %{{.+}} = %c0 to %c1024 step %c128
// CHECK:   bpt.online_attention {{.*}} tensor<1x1x4x32xf32>, tensor<1x128x1x32xf32>
// CHECK-LABEL: func @row_by_head
// CHECK: scf.for %{{.+}} = %c0 to %c8 step %c1
// CHECK:   bpt.online_attention {{.*}} tensor<1x1x1x32xf32>, tensor<1x128x1x32xf32>
// CHECK-LABEL: func @grouped_rows
// CHECK: scf.for %{{.+}} = %c0 to %c8 step %c1
// CHECK:   bpt.online_attention {{.*}} tensor<1x2x1x32xf32>, tensor<1x128x1x32xf32>
func.func @grouped_row(%q: tensor<1x1x8x32xf32>, %k: tensor<1x1024x2x32xf32>) -> tensor<1x1x8x32xf32> {
  %r = bpt.attention ins(%q, %k, %k : tensor<1x1x8x32xf32>, tensor<1x1024x2x32xf32>, tensor<1x1024x2x32xf32>) outs(%q : tensor<1x1x8x32xf32>) {bpt.strategy = #bpt.strategy<keys = 128, group_heads = true>} -> tensor<1x1x8x32xf32>
  return %r : tensor<1x1x8x32xf32>
}
func.func @row_by_head(%q: tensor<1x1x8x32xf32>, %k: tensor<1x1024x2x32xf32>) -> tensor<1x1x8x32xf32> {
  %r = bpt.attention ins(%q, %k, %k : tensor<1x1x8x32xf32>, tensor<1x1024x2x32xf32>, tensor<1x1024x2x32xf32>) outs(%q : tensor<1x1x8x32xf32>) {bpt.strategy = #bpt.strategy<keys = 128>} -> tensor<1x1x8x32xf32>
  return %r : tensor<1x1x8x32xf32>
}
func.func @grouped_rows(%q: tensor<1x2x8x32xf32>, %k: tensor<1x1024x2x32xf32>) -> tensor<1x2x8x32xf32> {
  %r = bpt.attention ins(%q, %k, %k : tensor<1x2x8x32xf32>, tensor<1x1024x2x32xf32>, tensor<1x1024x2x32xf32>) outs(%q : tensor<1x2x8x32xf32>) {bpt.strategy = #bpt.strategy<keys = 128, group_heads = true>} -> tensor<1x2x8x32xf32>
  return %r : tensor<1x2x8x32xf32>
}
