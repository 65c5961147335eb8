// RUN: bpt-opt %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --mlir-print-op-generic %s | bpt-opt | FileCheck %s
// RUN: bpt-opt --emit-bytecode %s | bpt-opt | FileCheck %s

// CHECK-LABEL: func @embedding(
func.func @embedding(%ids: tensor<1x?xi32>, %long: tensor<?x?xi64>, %table: tensor<100x16xbf16>,
                     %e: tensor<1x?x16xbf16>, %f: tensor<?x?x16xf32>) -> (tensor<1x?x16xbf16>, tensor<?x?x16xf32>) {
  // CHECK: bpt.embedding ins({{.*}} : tensor<1x?xi32>, tensor<100x16xbf16>) outs({{.*}} : tensor<1x?x16xbf16>) -> tensor<1x?x16xbf16>
  %x = bpt.embedding ins(%ids, %table : tensor<1x?xi32>, tensor<100x16xbf16>)
      outs(%e : tensor<1x?x16xbf16>) -> tensor<1x?x16xbf16>
  // CHECK: bpt.embedding ins({{.*}} : tensor<?x?xi64>, tensor<100x16xbf16>) outs({{.*}} : tensor<?x?x16xf32>)
  %y = bpt.embedding ins(%long, %table : tensor<?x?xi64>, tensor<100x16xbf16>)
      outs(%f : tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
  return %x, %y : tensor<1x?x16xbf16>, tensor<?x?x16xf32>
}

// `base` is printed only where it is not 10000.
// CHECK-LABEL: func @rotary(
//  CHECK-SAME:   %[[P:[a-z0-9]+]]: index
func.func @rotary(%x: tensor<1x?x8x64xf32>, %p: index, %e: tensor<1x?x8x64xf32>) -> tensor<1x?x8x64xf32> {
  // CHECK: bpt.rotary_embedding ins({{.*}} : tensor<1x?x8x64xf32>) outs({{.*}}) {kind = #bpt.rotary_kind<interleaved>} ->
  %a = bpt.rotary_embedding ins(%x : tensor<1x?x8x64xf32>)
      outs(%e : tensor<1x?x8x64xf32>) {kind = #bpt.rotary_kind<interleaved>} -> tensor<1x?x8x64xf32>
  // CHECK: bpt.rotary_embedding ins({{.*}}) at(%[[P]]) outs({{.*}}) {base = 5.000000e+05 : f64, dim = 32 : i64, kind = #bpt.rotary_kind<half>}
  %b = bpt.rotary_embedding ins(%a : tensor<1x?x8x64xf32>) at(%p)
      outs(%e : tensor<1x?x8x64xf32>) {kind = #bpt.rotary_kind<half>, dim = 32 : i64, base = 5.0e5 : f64}
      -> tensor<1x?x8x64xf32>
  return %b : tensor<1x?x8x64xf32>
}
