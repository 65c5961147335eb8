// The plugin extends the mlir-opt that the distribution ships. An instrumented
// plugin cannot be loaded into a program that is not.
// UNSUPPORTED: sanitizers
// RUN: mlir-opt %s --load-dialect-plugin=%bpt_lib_dir/BPTPlugin.so --load-pass-plugin=%bpt_lib_dir/BPTPlugin.so \
// RUN:   --pass-pipeline="builtin.module(canonicalize)" | FileCheck %s
// RUN: mlir-opt --load-pass-plugin=%bpt_lib_dir/BPTPlugin.so --help | FileCheck %s --check-prefix=HELP

// CHECK-LABEL: func @norm(
// CHECK: bpt.rms_norm ins({{[^)]*}}) outs(
func.func @norm(%x: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %one = arith.constant dense<1.0> : tensor<8xf32>
  %n = bpt.rms_norm ins(%x : tensor<1x4x8xf32>) weight(%one : tensor<8xf32>)
      outs(%x : tensor<1x4x8xf32>) {eps = 1.0e-5 : f32} -> tensor<1x4x8xf32>
  return %n : tensor<1x4x8xf32>
}

// HELP: --bpt-
