// RUN: bpt-opt %s --bpt-avx512-math | FileCheck %s
// RUN: %if avx512 %{ bpt-opt %s --bpt-cpu-lower="generic-allocation=false parallel=false avx512-math" -o %t.mlir %}
// RUN: %if avx512 %{ mlir-runner %t.mlir -e main --entry-point-result=void --shared-libs=%mlir_runner_lib | FileCheck %s --check-prefix=EXECUTE %}

// CHECK-LABEL: func @exp2
// CHECK-SAME: (%[[X:.*]]: vector<16xf32>)
// CHECK: %[[F:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"(%[[X]],
// CHECK: %[[N:.*]] = math.roundeven %[[X]]
// CHECK-COUNT-6: vector.fma
// CHECK: %[[NORMAL:.*]] = arith.cmpf uge, %[[X]], %{{.*}}
// CHECK: %[[MASK:.*]] = llvm.bitcast %[[NORMAL]] : vector<16xi1> to i16
// CHECK: %[[Y:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%{{.*}}, %[[N]], %{{.*}}, %[[MASK]],
// CHECK: return %[[Y]]
func.func @exp2(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp2 %x : vector<16xf32>
  return %y : vector<16xf32>
}

// Two registers are two powers.
// CHECK-LABEL: func @registers
// CHECK-COUNT-2: scalef
// CHECK-NOT: scalef
func.func @registers(%x: vector<32xf32>) -> vector<32xf32> {
  %y = math.exp2 %x : vector<32xf32>
  return %y : vector<32xf32>
}

// What fills no register, is no f32 or no vector.
// CHECK-LABEL: func @others
// CHECK-COUNT-4: math.exp2
func.func @others(%a: vector<8xf32>, %b: vector<16xf64>, %c: f32, %d: vector<2x16xf32>) -> (vector<8xf32>, vector<16xf64>, f32, vector<2x16xf32>) {
  %ya = math.exp2 %a : vector<8xf32>
  %yb = math.exp2 %b : vector<16xf64>
  %yc = math.exp2 %c : f32
  %yd = math.exp2 %d : vector<2x16xf32>
  return %ya, %yb, %yc, %yd : vector<8xf32>, vector<16xf64>, f32, vector<2x16xf32>
}

// How many of 16 powers have other bits than those that bpt-expand-math makes of
// single numbers.
func.func private @count_wrong(%x: vector<16xf32>) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %y = math.exp2 %x : vector<16xf32>
  %wrong = scf.for %i = %c0 to %c16 step %c1 iter_args(%n = %c0) -> index {
    %one = vector.extract %x[%i] : f32 from vector<16xf32>
    %expected = math.exp2 %one : f32
    %actual = vector.extract %y[%i] : f32 from vector<16xf32>
    %a = arith.bitcast %actual : f32 to i32
    %e = arith.bitcast %expected : f32 to i32
    %differ = arith.cmpi ne, %a, %e : i32
    %add = arith.select %differ, %c1, %c0 : index
    %next = arith.addi %n, %add : index
    scf.yield %next : index
  }
  return %wrong : index
}

func.func @main() {
  // Infinities, NaN, whole numbers, both ends of the range and beyond them.
  %edges = arith.constant dense<[0xFF800000, 0x7F800000, 0x7FC00000, 0.0, -0.0, 1.0, -1.0, 127.0, 127.9, 128.0, 200.0, -126.0, -126.1, -149.0, -1.0e30, 1.0e-30]> : vector<16xf32>
  // EXECUTE: 0
  %0 = func.call @count_wrong(%edges) : (vector<16xf32>) -> index
  vector.print %0 : index
  // Numbers from -130 to 134, whole ones and halves among them.
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c65 = arith.constant 65 : index
  %lanes = arith.constant dense<[0.0, 0.5, 0.13, 0.77, 1.0, 1.5, 1.91, 2.0, 2.31, 2.5, 2.83, 3.0, 3.07, 3.25, 3.5, 3.99]> : vector<16xf32>
  %lowest = arith.constant -130.0 : f32
  %four = arith.constant 4.0 : f32
  // EXECUTE-NEXT: 0
  %1 = scf.for %i = %c0 to %c65 step %c1 iter_args(%n = %c0) -> index {
    %int = arith.index_cast %i : index to i32
    %float = arith.sitofp %int : i32 to f32
    %base = math.fma %float, %four, %lowest : f32
    %bases = vector.broadcast %base : f32 to vector<16xf32>
    %x = arith.addf %bases, %lanes : vector<16xf32>
    %more = func.call @count_wrong(%x) : (vector<16xf32>) -> index
    %next = arith.addi %n, %more : index
    scf.yield %next : index
  }
  vector.print %1 : index
  return
}
