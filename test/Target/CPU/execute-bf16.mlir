// In pairs, on any host; by dot products of pairs where the host has them.
// RUN: bpt-opt %s --pass-pipeline="builtin.module(func.func(bpt-pack-contractions{bf16-dot},canonicalize),bpt-cpu-lower{generic-allocation=false})" -o %t.mlir
// RUN: mlir-runner %t.mlir -e main --entry-point-result=void --shared-libs=%omp_lib,%mlir_runner_lib | FileCheck %s
// RUN: %if avx512-bf16 %{ bpt-opt %s --pass-pipeline="builtin.module(func.func(bpt-pack-contractions{bf16-dot},canonicalize),bpt-cpu-lower{generic-allocation=false bf16-dot})" -o %t.dot.mlir %}
// RUN: %if avx512-bf16 %{ FileCheck %s --check-prefix=DOT < %t.dot.mlir %}
// RUN: %if avx512-bf16 %{ mlir-runner %t.dot.mlir -e main --entry-point-result=void --shared-libs=%omp_lib,%mlir_runner_lib | FileCheck %s %}
// DOT: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"

// A product of ragged, dynamic size with whole numbers, so that every order of
// the sum gives the same bits, against the sum element by element.
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ij = affine_map<(i, j) -> (i, j)>

func.func private @whole_numbers(%m: index, %n: index, %seed: index) -> tensor<?x?xbf16> {
  %c5 = arith.constant 5 : index
  %e = tensor.empty(%m, %n) : tensor<?x?xbf16>
  %r = linalg.generic {indexing_maps = [#ij], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<?x?xbf16>) {
  ^bb0(%o: bf16):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %x = arith.muli %i, %seed : index
    %y = arith.addi %x, %j : index
    %z = arith.remui %y, %c5 : index
    %w = arith.index_cast %z : index to i32
    %f = arith.sitofp %w : i32 to bf16
    linalg.yield %f : bf16
  } -> tensor<?x?xbf16>
  return %r : tensor<?x?xbf16>
}

// Blocks of 16 rows, and of an odd number of terms.
func.func private @product(%a: tensor<?x?xbf16>, %b: tensor<?x?xbf16>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c13 = arith.constant 13 : index
  %z = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x?xbf16>
  %k = tensor.dim %a, %c1 : tensor<?x?xbf16>
  %n = tensor.dim %b, %c1 : tensor<?x?xbf16>
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %r = scf.forall (%i) = (0) to (%m) step (16) shared_outs(%o = %e) -> tensor<?x?xf32> {
    %rows = affine.min affine_map<(i)[m] -> (16, m - i)>(%i)[%m]
    %os = tensor.extract_slice %o[%i, 0] [%rows, %n] [1, 1] : tensor<?x?xf32> to tensor<?x?xf32>
    %f = linalg.fill ins(%z : f32) outs(%os : tensor<?x?xf32>) -> tensor<?x?xf32>
    %x = scf.for %l = %c0 to %k step %c13 iter_args(%acc = %f) -> tensor<?x?xf32> {
      %terms = affine.min affine_map<(l)[k] -> (13, k - l)>(%l)[%k]
      %as = tensor.extract_slice %a[%i, %l] [%rows, %terms] [1, 1] : tensor<?x?xbf16> to tensor<?x?xbf16>
      %bs = tensor.extract_slice %b[%l, 0] [%terms, %n] [1, 1] : tensor<?x?xbf16> to tensor<?x?xbf16>
      %y = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%as, %bs : tensor<?x?xbf16>, tensor<?x?xbf16>) outs(%acc : tensor<?x?xf32>) -> tensor<?x?xf32>
      scf.yield %y : tensor<?x?xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %x into %o[%i, 0] [%rows, %n] [1, 1] : tensor<?x?xf32> into tensor<?x?xf32>
    }
  }
  return %r : tensor<?x?xf32>
}

// The other operand as [N, K], and the first in f32, which is rounded.
func.func private @transposed(%a: tensor<?x?xbf16>, %b: tensor<?x?xbf16>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x?xbf16>
  %k = tensor.dim %a, %c1 : tensor<?x?xbf16>
  %n = tensor.dim %b, %c1 : tensor<?x?xbf16>
  %et = tensor.empty(%n, %k) : tensor<?x?xbf16>
  %t = linalg.transpose ins(%b : tensor<?x?xbf16>) outs(%et : tensor<?x?xbf16>) permutation = [1, 0]
  %ew = tensor.empty(%m, %k) : tensor<?x?xf32>
  %w = linalg.generic {indexing_maps = [#ij, #ij], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<?x?xbf16>) outs(%ew : tensor<?x?xf32>) {
  ^bb0(%x: bf16, %o: f32):
    %y = arith.extf %x : bf16 to f32
    linalg.yield %y : f32
  } -> tensor<?x?xf32>
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %r = linalg.contract indexing_maps = [#mk, #nk, #mn] ins(%w, %t : tensor<?x?xf32>, tensor<?x?xbf16>) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// The number of elements of a * b that differ from the product's.
func.func private @count_wrong(%m: index, %k: index, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c7 = arith.constant 7 : index
  %z = arith.constant 0.0 : f32
  %a = call @whole_numbers(%m, %k, %c3) : (index, index, index) -> tensor<?x?xbf16>
  %b = call @whole_numbers(%k, %n, %c7) : (index, index, index) -> tensor<?x?xbf16>
  %c = call @product(%a, %b) : (tensor<?x?xbf16>, tensor<?x?xbf16>) -> tensor<?x?xf32>
  %d = call @transposed(%a, %b) : (tensor<?x?xbf16>, tensor<?x?xbf16>) -> tensor<?x?xf32>
  %r = scf.for %i = %c0 to %m step %c1 iter_args(%w0 = %c0) -> index {
    %rj = scf.for %j = %c0 to %n step %c1 iter_args(%w1 = %w0) -> index {
      %sum = scf.for %l = %c0 to %k step %c1 iter_args(%s = %z) -> f32 {
        %x = tensor.extract %a[%i, %l] : tensor<?x?xbf16>
        %y = tensor.extract %b[%l, %j] : tensor<?x?xbf16>
        %xw = arith.extf %x : bf16 to f32
        %yw = arith.extf %y : bf16 to f32
        %xy = arith.mulf %xw, %yw : f32
        %s2 = arith.addf %s, %xy : f32
        scf.yield %s2 : f32
      }
      %v = tensor.extract %c[%i, %j] : tensor<?x?xf32>
      %u = tensor.extract %d[%i, %j] : tensor<?x?xf32>
      %ne0 = arith.cmpf une, %v, %sum : f32
      %ne1 = arith.cmpf une, %u, %sum : f32
      %ne = arith.ori %ne0, %ne1 : i1
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
