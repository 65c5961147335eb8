// The arguments that the weights file holds by name come from it; the others
// from --input, in order.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: bpt-runner %s --function=pair --input='2xf32=10 20' --input='2xf32=1 2' --output=@%t/w.safetensors#ln.weight --output=@%t/w.safetensors#unused
// RUN: bpt-runner %s --weights=%t/w.safetensors --input='2xf32=3 4' --input='2xf32=100 200' | FileCheck %s
// CHECK: result 0: 2xf32 = 3 4
// CHECK: result 1: 2xf32 = 10 20
// CHECK: result 2: 2xf32 = 100 200

// RUN: not bpt-runner %s --weights=%t/w.safetensors --input='2xf32=3 4' 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: bpt-runner: error: argument 2 ('bias') of type 2xf32 is missing: give one more --input

// RUN: not bpt-runner %s --weights=%t/w.safetensors --input='2xf32=3 4' --input='2xf32=3 4' --input='2xf32=3 4' 2>&1 | FileCheck %s --check-prefix=MANY
// MANY: bpt-runner: error: 3 --input flags, but function 'main' takes 2 of its 3 arguments from them

// RUN: not bpt-runner %s --function=pair --weights=%t/w.safetensors --input='2xf32=3 4' --input='2xf32=3 4' 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: bpt-runner: error: '{{.*}}w.safetensors': holds none of the arguments of function 'pair'

// RUN: not bpt-runner %s --weights=%t/none.safetensors 2>&1 | FileCheck %s --check-prefix=FILE
// FILE: bpt-runner: error: '{{.*}}none.safetensors': No such file or directory

// A weight of another shape.
// RUN: bpt-runner %s --function=single --input='3xf32=1 2 3' --output=@%t/w3.safetensors#ln.weight
// RUN: not bpt-runner %s --weights=%t/w3.safetensors --input='2xf32=3 4' --input='2xf32=3 4' 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: bpt-runner: error: argument 1 ('ln.weight'): expected 2xf32, got 3xf32

func.func @main(%x: tensor<2xf32> {bpt.name = "x"}, %w: tensor<2xf32> {bpt.name = "ln.weight"},
                %b: tensor<2xf32> {bpt.name = "bias"})
    -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  return %x, %w, %b : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

func.func @pair(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  return %x, %y : tensor<2xf32>, tensor<2xf32>
}

func.func @single(%x: tensor<3xf32>) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}
