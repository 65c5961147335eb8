// RUN: bpt-opt %s --split-input-file --verify-diagnostics --bpt-adamw
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=function=other 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=wrt=v 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=wrt=x 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=learning-rate=-1 2>&1 | FileCheck %s --check-prefix=RATE
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw="learning-rate=1e-3 min-learning-rate=1" 2>&1 | FileCheck %s --check-prefix=LEAST
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=warmup=-1 2>&1 | FileCheck %s --check-prefix=WARMUP
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw="warmup=5 steps=5" 2>&1 | FileCheck %s --check-prefix=STEPS
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=beta1=1 2>&1 | FileCheck %s --check-prefix=BETA1
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=beta2=-0.1 2>&1 | FileCheck %s --check-prefix=BETA2
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=epsilon=0 2>&1 | FileCheck %s --check-prefix=EPSILON
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=weight-decay=inf 2>&1 | FileCheck %s --check-prefix=DECAY
// RUN: not bpt-opt %S/adamw.mlir --bpt-adamw=clip=-1 2>&1 | FileCheck %s --check-prefix=CLIP

// OTHER: error: has no function '@other' whose parameters could be updated
// NAME: error: option wrt names 'v', but no argument is called that; there are: x w b
// KIND: error: option wrt names 'x', which is not floating-point and has no gradient
// RATE: error: option learning-rate is -1; it must be a number of at least 0
// LEAST: error: option min-learning-rate is 1; it must be at most learning-rate
// WARMUP: error: option warmup is -1; it must be at least 0
// STEPS: error: option steps is 5; it must be 0, or more than warmup
// BETA1: error: option beta1 is 1; it must be in [0, 1)
// BETA2: error: option beta2 is -0.1; it must be in [0, 1)
// EPSILON: error: option epsilon is 0; it must be a positive number
// DECAY: error: option weight-decay is inf; it must be a number of at least 0
// CLIP: error: option clip is -1; it must be at least 0

// expected-error @+1 {{'@main_adamw' is what the update of the parameters of '@main' would be called; rename one}}
func.func @main_adamw() {
  return
}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// -----

// expected-error @+1 {{argument 0 of type 'tensor<2xf64>' cannot be updated; parameters are tensors of f32, bf16 or f16}}
func.func @main(%x: tensor<2xf64>) -> tensor<2xf64> {
  return %x : tensor<2xf64>
}

// -----

// expected-error @+1 {{argument 1 of type 'f32' cannot be updated; parameters are tensors of f32, bf16 or f16}}
func.func @main(%x: tensor<2xf32>, %s: f32) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
