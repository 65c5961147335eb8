// RUN: bpt-opt %s --bpt-sequence-checked-loops --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @forall
// CHECK-NOT:   scf.forall
// CHECK:       scf.for {{.*}} {
// CHECK:         scf.for
// CHECK:           cf.assert
func.func @forall(%x: memref<?x?xf32>, %n: index, %m: index, %ok: i1) {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i, %j) in (%n, %m) {
    cf.assert %ok, "no"
    memref.store %zero, %x[%i, %j] : memref<?x?xf32>
  }
  return
}

// An inner loop makes the outer one sequential as well; a loop beside it stays.
// CHECK-LABEL: func @nested
// CHECK:       scf.forall
// CHECK-NOT:   scf.parallel
// CHECK:       scf.for
// CHECK:         scf.for
// CHECK:           cf.assert
func.func @nested(%x: memref<?x?xf32>, %n: index, %ok: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    memref.store %zero, %x[%i, %c0] : memref<?x?xf32>
  }
  scf.forall (%i) in (%n) {
    scf.parallel (%j) = (%c0) to (%n) step (%c1) {
      cf.assert %ok, "no"
      memref.store %zero, %x[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// What is called is looked into, also where functions call each other.
// CHECK-LABEL: func private @even
func.func private @even(%n: index, %ok: i1) {
  call @odd(%n, %ok) : (index, i1) -> ()
  return
}
func.func private @odd(%n: index, %ok: i1) {
  cf.assert %ok, "no"
  call @even(%n, %ok) : (index, i1) -> ()
  return
}
func.func private @harmless(%n: index) {
  call @harmless(%n) : (index) -> ()
  return
}
// CHECK-LABEL: func @calls
// CHECK:       scf.for
// CHECK:         call @even
// CHECK:       scf.forall
// CHECK:         call @harmless
func.func @calls(%n: index, %ok: i1) {
  scf.forall (%i) in (%n) {
    func.call @even(%i, %ok) : (index, i1) -> ()
  }
  scf.forall (%i) in (%n) {
    func.call @harmless(%i) : (index) -> ()
  }
  return
}

// -----

func.func @reduction(%n: index, %ok: i1) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  // expected-error @below {{'scf.parallel' op asserts what is known at run time only, and cannot be made a sequential loop}}
  %sum = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%zero) -> f32 {
    cf.assert %ok, "no"
    scf.reduce(%zero : f32) {
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      scf.reduce.return %c : f32
    }
  }
  return %sum : f32
}
