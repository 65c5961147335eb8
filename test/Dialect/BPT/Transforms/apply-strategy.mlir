// RUN: bpt-opt %s --bpt-apply-strategy | FileCheck %s
// RUN: bpt-opt %s --bpt-apply-strategy=cpu | FileCheck %s
// RUN: bpt-opt %s --bpt-apply-strategy=memory-efficient | FileCheck %s --check-prefix=ATTENTION
// RUN: bpt-opt %s --bpt-apply-strategy=memory-efficient-loss | FileCheck %s --check-prefixes=ATTENTION,LOSS
// RUN: bpt-opt %s --bpt-apply-strategy=none | FileCheck %s --check-prefix=NONE --implicit-check-not="bpt.strategy ="
// RUN: bpt-opt %s --bpt-apply-strategy="strategy=%S/Inputs/rows-32.mlir" | FileCheck %s --check-prefix=FILE
// RUN: bpt-opt %s --bpt-apply-strategy=%S/Inputs/rows-32.mlir | FileCheck %s --check-prefix=FILE
// RUN: bpt-opt %s --bpt-apply-strategy=memory-efficient,%S/Inputs/rows-32.mlir | FileCheck %s --check-prefix=BOTH
// RUN: bpt-opt %s --bpt-apply-strategy=cpu,%S/Inputs/rows-32.mlir | FileCheck %s --check-prefix=LAST

// CHECK-LABEL: func @default
// CHECK: bpt.rms_norm {{.*}}bpt.strategy = #bpt.strategy<rows = 128>
// CHECK: bpt.attention {{.*}}bpt.strategy = #bpt.strategy<rows = 1024, keys = 256, heads = 1, score_rows = 32>
// CHECK: bpt.feed_forward {{.*}}bpt.strategy = #bpt.strategy<rows = 128, hidden = 768>
// ATTENTION-LABEL: func @default
// ATTENTION-NOT: bpt.rms_norm {{.*}}bpt.strategy
// ATTENTION: bpt.attention {{.*}}bpt.strategy = #bpt.strategy<rows = 128, keys = 128, fuse = false>
// ATTENTION-NOT: bpt.feed_forward {{.*}}bpt.strategy
// ATTENTION-LABEL: func @loss
// LOSS: bpt.cross_entropy {{.*}}bpt.strategy = #bpt.strategy<rows = 128, vocab = 1024, fuse = false>
// LOSS: bpt.cross_entropy_backward {{.*}}bpt.strategy = #bpt.strategy<vocab = 1024>
// NONE-LABEL: func @default
// NONE: bpt.attention
// Of several, each adds to what the ones before it have chosen, or replaces it.
// BOTH-LABEL: func @default
// BOTH: bpt.rms_norm {{.*}}bpt.strategy = #bpt.strategy<rows = 32>
// BOTH: bpt.attention {{.*}}bpt.strategy = #bpt.strategy<rows = 128, keys = 128, fuse = false>
// LAST-LABEL: func @default
// LAST: bpt.rms_norm {{.*}}bpt.strategy = #bpt.strategy<rows = 32>
// LAST: bpt.attention {{.*}}bpt.strategy = #bpt.strategy<rows = 1024,
// FILE-LABEL: func @default
// FILE: bpt.rms_norm {{.*}}bpt.strategy = #bpt.strategy<rows = 32>
// FILE: bpt.attention
// FILE-NOT: bpt.strategy
// FILE: func @short
func.func @default(%x: tensor<1x512x64xf32>, %q: tensor<1x512x4x16xf32>, %w1: tensor<64x256xf32>,
                   %w2: tensor<256x64xf32>) -> (tensor<1x512x64xf32>, tensor<1x512x4x16xf32>, tensor<1x512x64xf32>) {
  %n = bpt.rms_norm ins(%x : tensor<1x512x64xf32>) outs(%x : tensor<1x512x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x512x64xf32>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x512x4x16xf32>, tensor<1x512x4x16xf32>, tensor<1x512x4x16xf32>) outs(%q : tensor<1x512x4x16xf32>) -> tensor<1x512x4x16xf32>
  %f = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x512x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>) outs(%x : tensor<1x512x64xf32>) {activation = #bpt.activation<relu>} -> tensor<1x512x64xf32>
  return %n, %o, %f : tensor<1x512x64xf32>, tensor<1x512x4x16xf32>, tensor<1x512x64xf32>
}

func.func @loss(%h: tensor<1x512x64xf32>, %w: tensor<64x5000xf32>, %y: tensor<1x512xi32>, %r: tensor<1x512xf32>)
    -> (tensor<1x512xf32>, tensor<1x512x64xf32>, tensor<64x5000xf32>) {
  %l = bpt.cross_entropy ins(%h, %w, %y : tensor<1x512x64xf32>, tensor<64x5000xf32>, tensor<1x512xi32>) outs(%r : tensor<1x512xf32>) -> tensor<1x512xf32>
  %d:2 = bpt.cross_entropy_backward ins(%h, %w, %y : tensor<1x512x64xf32>, tensor<64x5000xf32>, tensor<1x512xi32>)
      cotangent(%r, %r : tensor<1x512xf32>, tensor<1x512xf32>)
      outs(%h, %w : tensor<1x512x64xf32>, tensor<64x5000xf32>) -> tensor<1x512x64xf32>, tensor<64x5000xf32>
  return %l, %d#0, %d#1 : tensor<1x512xf32>, tensor<1x512x64xf32>, tensor<64x5000xf32>
}

// At most 128 rows are cut in two; a length that is not known is not short.

// CHECK-LABEL: func @short
// CHECK: bpt.rms_norm {{.*}}bpt.strategy = #bpt.strategy<rows = 64>
// CHECK: bpt.attention {{.*}}bpt.strategy = #bpt.strategy<rows = 64, keys = 128>
// CHECK: bpt.linear {{.*}}bpt.strategy = #bpt.strategy<rows = 64>
// CHECK: bpt.feed_forward {{.*}}bpt.strategy = #bpt.strategy<rows = 64, hidden = 768>
// CHECK: bpt.cross_entropy {{.*}}bpt.strategy = #bpt.strategy<rows = 64, vocab = 1024>
// CHECK: bpt.rms_norm {{.*}}bpt.strategy = #bpt.strategy<rows = 128>
func.func @short(%x: tensor<1x128x64xf32>, %q: tensor<1x128x4x16xf32>, %wo: tensor<4x16x64xf32>, %w1: tensor<64x256xf32>,
                 %w2: tensor<256x64xf32>, %labels: tensor<1x128xi32>, %l: tensor<1x128xf32>, %y: tensor<1x?x64xf32>)
    -> (tensor<1x128x64xf32>, tensor<1x128x64xf32>, tensor<1x128x64xf32>, tensor<1x128xf32>, tensor<1x?x64xf32>) {
  %n = bpt.rms_norm ins(%x : tensor<1x128x64xf32>) outs(%x : tensor<1x128x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x128x64xf32>
  %o = bpt.attention ins(%q, %q, %q : tensor<1x128x4x16xf32>, tensor<1x128x4x16xf32>, tensor<1x128x4x16xf32>) outs(%q : tensor<1x128x4x16xf32>) -> tensor<1x128x4x16xf32>
  %p = bpt.linear ins(%o, %wo : tensor<1x128x4x16xf32>, tensor<4x16x64xf32>) outs(%x : tensor<1x128x64xf32>) -> tensor<1x128x64xf32>
  %f = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x128x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>) outs(%x : tensor<1x128x64xf32>) {activation = #bpt.activation<relu>} -> tensor<1x128x64xf32>
  %c = bpt.cross_entropy ins(%x, %w1, %labels : tensor<1x128x64xf32>, tensor<64x256xf32>, tensor<1x128xi32>) outs(%l : tensor<1x128xf32>) -> tensor<1x128xf32>
  %d = bpt.rms_norm ins(%y : tensor<1x?x64xf32>) outs(%y : tensor<1x?x64xf32>) {eps = 1.0e-5 : f32} -> tensor<1x?x64xf32>
  return %n, %p, %f, %c, %d : tensor<1x128x64xf32>, tensor<1x128x64xf32>, tensor<1x128x64xf32>, tensor<1x128xf32>, tensor<1x?x64xf32>
}
