// RUN: bpt-opt %s --bpt-cpu-lower="generic-allocation=false" | mlir-runner -e main --entry-point-result=void --shared-libs=%omp_lib,%mlir_runner_lib | FileCheck %s
// RUN: bpt-opt %s --bpt-cpu-lower="generic-allocation=false vector-bits=256" | mlir-runner -e main --entry-point-result=void --shared-libs=%omp_lib,%mlir_runner_lib | FileCheck %s
// RUN: bpt-opt %s --bpt-cpu-lower="generic-allocation=false parallel=false" | mlir-runner -e main --entry-point-result=void --shared-libs=%mlir_runner_lib | FileCheck %s

// A product of ragged, dynamic size with whole numbers, so that every order of
// the sum gives the same bits, against the sum element by element.
#a = affine_map<(i, no, ni, k) -> (i, k)>
#b = affine_map<(i, no, ni, k) -> (no, k, ni)>
#c = affine_map<(i, no, ni, k) -> (i, no, ni)>
#ij = affine_map<(i, j) -> (i, j)>

func.func private @whole_numbers(%m: index, %n: index, %seed: index) -> tensor<?x?xf32> {
  %c5 = arith.constant 5 : index
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %r = linalg.generic {indexing_maps = [#ij], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<?x?xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %x = arith.muli %i, %seed : index
    %y = arith.addi %x, %j : index
    %z = arith.remui %y, %c5 : index
    %w = arith.index_cast %z : index to i32
    %f = arith.sitofp %w : i32 to f32
    linalg.yield %f : f32
  } -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

func.func private @product(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %k = tensor.dim %a, %c1 : tensor<?x?xf32>
  %n = tensor.dim %b, %c1 : tensor<?x?xf32>
  %no = affine.apply affine_map<(n) -> (n ceildiv 32)>(%n)
  %ep = tensor.empty(%no, %k) : tensor<?x?x32xf32>
  %p = linalg.pack %b padding_value(%z : f32) outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32] into %ep : tensor<?x?xf32> -> tensor<?x?x32xf32>
  %e = tensor.empty(%m, %no) : tensor<?x?x32xf32>
  %r = scf.forall (%i) = (0) to (%m) step (16) shared_outs(%o = %e) -> tensor<?x?x32xf32> {
    %rows = affine.min affine_map<(i)[m] -> (16, m - i)>(%i)[%m]
    %as = tensor.extract_slice %a[%i, 0] [%rows, %k] [1, 1] : tensor<?x?xf32> to tensor<?x?xf32>
    %os = tensor.extract_slice %o[%i, 0, 0] [%rows, %no, 32] [1, 1, 1] : tensor<?x?x32xf32> to tensor<?x?x32xf32>
    %f = linalg.fill ins(%z : f32) outs(%os : tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
    %x = linalg.contract indexing_maps = [#a, #b, #c] ins(%as, %p : tensor<?x?xf32>, tensor<?x?x32xf32>) outs(%f : tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %x into %o[%i, 0, 0] [%rows, %no, 32] [1, 1, 1] : tensor<?x?x32xf32> into tensor<?x?x32xf32>
    }
  }
  return %r : tensor<?x?x32xf32>
}

// The number of elements of a * b that differ from the product's.
func.func private @count_wrong(%m: index, %k: index, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c7 = arith.constant 7 : index
  %c32 = arith.constant 32 : index
  %z = arith.constant 0.0 : f32
  %a = call @whole_numbers(%m, %k, %c3) : (index, index, index) -> tensor<?x?xf32>
  %b = call @whole_numbers(%k, %n, %c7) : (index, index, index) -> tensor<?x?xf32>
  %c = call @product(%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x32xf32>
  %r = scf.for %i = %c0 to %m step %c1 iter_args(%w0 = %c0) -> index {
    %rj = scf.for %j = %c0 to %n step %c1 iter_args(%w1 = %w0) -> index {
      %sum = scf.for %l = %c0 to %k step %c1 iter_args(%s = %z) -> f32 {
        %x = tensor.extract %a[%i, %l] : tensor<?x?xf32>
        %y = tensor.extract %b[%l, %j] : tensor<?x?xf32>
        %xy = arith.mulf %x, %y : f32
        %s2 = arith.addf %s, %xy : f32
        scf.yield %s2 : f32
      }
      %jo = arith.divui %j, %c32 : index
      %ji = arith.remui %j, %c32 : index
      %v = tensor.extract %c[%i, %jo, %ji] : tensor<?x?x32xf32>
      %ne = arith.cmpf une, %v, %sum : f32
      %one = arith.select %ne, %c1, %c0 : index
      %w2 = arith.addi %w1, %one : index
      scf.yield %w2 : index
    }
    scf.yield %rj : index
  }
  return %r : index
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c17 = arith.constant 17 : index
  %c51 = arith.constant 51 : index
  %c59 = arith.constant 59 : index
  %c64 = arith.constant 64 : index
  // CHECK: 0
  %0 = call @count_wrong(%c17, %c59, %c51) : (index, index, index) -> index
  vector.print %0 : index
  // CHECK-NEXT: 0
  %1 = call @count_wrong(%c64, %c64, %c64) : (index, index, index) -> index
  vector.print %1 : index
  // No rows, no terms, no columns.
  // CHECK-NEXT: 0
  %2 = call @count_wrong(%c0, %c59, %c51) : (index, index, index) -> index
  vector.print %2 : index
  // CHECK-NEXT: 0
  %3 = call @count_wrong(%c17, %c0, %c51) : (index, index, index) -> index
  vector.print %3 : index
  // CHECK-NEXT: 0
  %4 = call @count_wrong(%c17, %c59, %c0) : (index, index, index) -> index
  vector.print %4 : index
  // CHECK-NEXT: 0
  %5 = call @count_wrong(%c1, %c1, %c1) : (index, index, index) -> index
  vector.print %5 : index
  return
}
