// The number of threads reaches the OpenMP runtime that the code calls.
//
// RUN: bpt-runner %s --threads=1 | FileCheck %s --check-prefix=ONE
// ONE: result 0: i32 = 1
// RUN: bpt-runner %s --threads=3 | FileCheck %s --check-prefix=THREE
// THREE: result 0: i32 = 3

// Parallel loops give the same bits on any number of threads.
// RUN: bpt-runner %s --function=parallel --threads=1 --input=64x8xf32=random:7 --output=@%t.1.npy
// RUN: bpt-runner %s --function=parallel --threads=4 --input=64x8xf32=random:7 --output=@%t.4.npy
// RUN: cmp %t.1.npy %t.4.npy

func.func private @omp_get_max_threads() -> i32

func.func @main() -> tensor<i32> {
  %n = func.call @omp_get_max_threads() : () -> i32
  %t = tensor.from_elements %n : tensor<i32>
  return %t : tensor<i32>
}

func.func @parallel(%x: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %e = tensor.empty() : tensor<64x8xf32>
  %y = scf.forall (%i) in (64) shared_outs(%out = %e) -> tensor<64x8xf32> {
    %row = tensor.extract_slice %x[%i, 0] [1, 8] [1, 1] : tensor<64x8xf32> to tensor<1x8xf32>
    %to = tensor.extract_slice %out[%i, 0] [1, 8] [1, 1] : tensor<64x8xf32> to tensor<1x8xf32>
    %sum = linalg.exp ins(%row : tensor<1x8xf32>) outs(%to : tensor<1x8xf32>) -> tensor<1x8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %sum into %out[%i, 0] [1, 8] [1, 1] : tensor<1x8xf32> into tensor<64x8xf32>
    }
  }
  return %y : tensor<64x8xf32>
}
