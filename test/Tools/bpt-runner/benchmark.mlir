// RUN: bpt-runner %s --benchmark=7 --threads=1 --input=2xf32=splat:1 | FileCheck %s
// CHECK: time: median {{[0-9.]+}} ms, min {{[0-9.]+}} ms, max {{[0-9.]+}} ms (7 runs, 1 threads)
// CHECK-NEXT: speed: {{[0-9.]+}} GFLOP/s
// CHECK-NEXT: peak: {{[1-9][0-9.]+}} GFLOP/s (f32 FMA, measured), of which {{[0-9.]+}} % reached

// RUN: bpt-runner %s --benchmark=3 --threads=1 --json --memory-report --input=2xf32=splat:1 | FileCheck %s --check-prefix=JSON
// JSON: {"bind_ms":null,"compile_ms":{{[0-9.e-]+}},"cpu":"{{[^"]+}}","gflops":{{[0-9.e-]+}},"matches":null,"max_abs_error":null,
// JSON-SAME: "median_ms":{{[0-9.e-]+}},"min_ms":{{[0-9.e-]+}},"peak_gflops":{{[0-9.e-]+}},"planned_bytes":null,"rel_error":null,
// JSON-SAME: "roofline_share":{{[0-9.e-]+}},"rss_growth_bytes":{{[0-9]+}},"threads":1,"workspace_bytes":{{[0-9]+}}}

// Without a count of operations there is no speed.
// RUN: bpt-runner %s --function=uncounted --benchmark=3 --input=2xf32=splat:1 | FileCheck %s --check-prefix=UNCOUNTED
// UNCOUNTED: time: median
// UNCOUNTED-NOT: speed
// RUN: bpt-runner %s --function=uncounted --benchmark=3 --json --input=2xf32=splat:1 | FileCheck %s --check-prefix=UNCOUNTED-JSON
// UNCOUNTED-JSON: "gflops":null
// UNCOUNTED-JSON-SAME: "roofline_share":null

// What a callee does is counted with the sizes it is called with.
// RUN: bpt-runner %s --function=calls --benchmark=3 --input=1x5x4xf32=splat:1 --input=4x4xf32=splat:1 | FileCheck %s --check-prefix=CALLS
// CALLS: time: median
// CALLS-NEXT: speed

func.func private @project(%x: tensor<1x?x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x?x4xf32> {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c1 : tensor<1x?x4xf32>
  %e = tensor.empty(%rows) : tensor<1x?x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  %y = bpt.linear ins(%x, %w : tensor<1x?x4xf32>, tensor<4x4xf32>) outs(%z : tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  return %y : tensor<1x?x4xf32>
}

func.func @calls(%x: tensor<1x?x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x?x4xf32> {
  %a = call @project(%x, %w) : (tensor<1x?x4xf32>, tensor<4x4xf32>) -> tensor<1x?x4xf32>
  %b = call @project(%a, %w) : (tensor<1x?x4xf32>, tensor<4x4xf32>) -> tensor<1x?x4xf32>
  return %b : tensor<1x?x4xf32>
}

func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> attributes {bpt.flops = 2 : i64} {
  %e = tensor.empty() : tensor<2xf32>
  %y = linalg.add ins(%x, %x : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

func.func @uncounted(%x: tensor<2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  %y = linalg.add ins(%x, %x : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
