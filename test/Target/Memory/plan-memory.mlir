// RUN: bpt-opt %s --bpt-plan-memory --allow-unregistered-dialect --split-input-file --remarks-filter=bpt-memory -o /dev/null 2>&1 | FileCheck %s
// RUN: bpt-opt %s --bpt-plan-memory --allow-unregistered-dialect --split-input-file 2>/dev/null | FileCheck %s --check-prefix=IR

// What is freed before counts no more, and what is allocated later not yet. The
// plan is an attribute, with the places in the model of all buffers.
// IR: #[[KIB:.*]] = affine_map<() -> (1024)>
// IR: func.func @disjoint() attributes {bpt.memory_plan = {
// IR-SAME: bytes = #[[KIB]]
// IR-SAME: location = "{{.*}}plan-memory.mlir:14:8"
// IR-SAME: what = "memref<256xf32>"
// IR-NEXT: memref.alloc
// CHECK: 'disjoint' holds at most 1024 bytes"
func.func @disjoint() {
  %a = memref.alloc() : memref<256xf32>
  "use"(%a) : (memref<256xf32>) -> ()
  memref.dealloc %a : memref<256xf32>
  %b = memref.alloc() : memref<128xf32>
  "use"(%b) : (memref<128xf32>) -> ()
  memref.dealloc %b : memref<128xf32>
  return
}

// -----

// CHECK: 'together' holds at most 1536 bytes"
func.func @together() {
  %a = memref.alloc() : memref<128xf32>
  %b = memref.alloc() : memref<256xf32>
  "use"(%a, %b) : (memref<128xf32>, memref<256xf32>) -> ()
  memref.dealloc %a : memref<128xf32>
  memref.dealloc %b : memref<256xf32>
  return
}

// -----

// What a loop allocates lives for one iteration; in a branch, only one is taken.
// CHECK: 'loop' holds at most 2048 bytes"
func.func @loop(%n: index, %flag: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %across = memref.alloc() : memref<256xf32>
  scf.for %i = %c0 to %n step %c1 {
    scf.if %flag {
      %a = memref.alloc() : memref<256xf32>
      "use"(%a) : (memref<256xf32>) -> ()
      memref.dealloc %a : memref<256xf32>
    } else {
      %b = memref.alloc() : memref<256xf32>
      "use"(%b, %across) : (memref<256xf32>, memref<256xf32>) -> ()
      memref.dealloc %b : memref<256xf32>
    }
  }
  memref.dealloc %across : memref<256xf32>
  return
}

// -----

// Every thread has its own, of both loops the larger.
// CHECK: 'threads' holds at most 512*w + 256 bytes; w: the number of threads"
func.func @threads() {
  %all = memref.alloc() : memref<64xf32>
  scf.forall (%i) in (16) {
    %a = memref.alloc() : memref<64xf32>
    %b = memref.alloc() : memref<64xf32>
    "use"(%a, %b, %all) : (memref<64xf32>, memref<64xf32>, memref<64xf32>) -> ()
    memref.dealloc %a : memref<64xf32>
    memref.dealloc %b : memref<64xf32>
  }
  omp.parallel {
    %a = memref.alloc() : memref<32xf32>
    "use"(%a) : (memref<32xf32>) -> ()
    memref.dealloc %a : memref<32xf32>
    omp.terminator
  }
  memref.dealloc %all : memref<64xf32>
  return
}

// -----

// Sizes are in terms of the arguments; where none is always the larger, their
// maximum.
// CHECK: 'sizes' holds at most max(128*s0, 4*s0*s1) bytes; s0: dimension 0 of argument 'x'; s1: dimension 1 of argument 0"
func.func @sizes(%y: memref<4x?xf32>, %x: memref<?xf32> {bpt.name = "x"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = memref.dim %x, %c0 : memref<?xf32>
  %a = memref.alloc(%s) : memref<?x32xf32>
  "use"(%a) : (memref<?x32xf32>) -> ()
  memref.dealloc %a : memref<?x32xf32>
  %t = memref.dim %y, %c1 : memref<4x?xf32>
  %n = arith.muli %s, %t : index
  %b = memref.alloc(%n) : memref<?xf32>
  "use"(%b) : (memref<?xf32>) -> ()
  memref.dealloc %b : memref<?xf32>
  return
}

// -----

// Of what changes in a loop the largest counts: the rows of a block, or all where
// they are fewer. It is that of the first block, not of the last.
// CHECK: 'blocks' holds at most 4*s1*w + 2400 bytes; s0: dimension 0 of argument 0; s1: min(s0, 128); w: the number of threads"
func.func @blocks(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c512 = arith.constant 512 : index
  %c600 = arith.constant 600 : index
  %s = memref.dim %x, %c0 : memref<?xf32>
  scf.for %i = %c0 to %c600 step %c512 {
    %n = affine.min affine_map<(d0) -> (600 - d0, 1024)>(%i)
    %a = memref.alloc(%n) : memref<?xf32>
    scf.forall (%j) = (0) to (%s) step (128) {
      %m = affine.min affine_map<(d0)[s0] -> (s0 - d0, 128)>(%j)[%s]
      %v = memref.subview %x[%j] [%m] [1] : memref<?xf32> to memref<?xf32, strided<[1], offset: ?>>
      %k = memref.dim %v, %c0 : memref<?xf32, strided<[1], offset: ?>>
      %b = memref.alloc(%k) : memref<?xf32>
      "use"(%a, %b) : (memref<?xf32>, memref<?xf32>) -> ()
      memref.dealloc %b : memref<?xf32>
    }
    memref.dealloc %a : memref<?xf32>
  }
  return
}

// -----

// A call takes what the callee holds, with its sizes, results among it; these
// live on. What is returned is the caller's.
// CHECK-DAG: 'callee' holds at most 8*s0 bytes; s0: dimension 0 of argument 0"
// CHECK-DAG: 'caller' holds at most 16*s0 bytes; s0: dimension 0 of argument 0"
func.func private @callee(%x: memref<?xf32>) -> memref<?xf32> {
  %c0 = arith.constant 0 : index
  %s = memref.dim %x, %c0 : memref<?xf32>
  %work = memref.alloc(%s) : memref<?x2xf32>
  "use"(%x, %work) : (memref<?xf32>, memref<?x2xf32>) -> ()
  memref.dealloc %work : memref<?x2xf32>
  %result = memref.alloc(%s) : memref<?xf32>
  "use"(%x, %result) : (memref<?xf32>, memref<?xf32>) -> ()
  return %result : memref<?xf32>
}
func.func @caller(%x: memref<?xf32>) -> memref<?xf32> {
  %a = call @callee(%x) : (memref<?xf32>) -> memref<?xf32>
  %b = call @callee(%a) : (memref<?xf32>) -> memref<?xf32>
  %c = call @callee(%b) : (memref<?xf32>) -> memref<?xf32>
  memref.dealloc %a : memref<?xf32>
  memref.dealloc %b : memref<?xf32>
  return %c : memref<?xf32>
}

// -----

// No bound: a size that only an array has, a loop that keeps what it allocates, and
// functions that have no plan.
// CHECK-DAG: [Missed] NoBound {{.*}}"memref<?xf32> has no bound when the function is entered"
// CHECK-DAG: [Missed] NoBound {{.*}}"memref<4xf32> is kept by a loop: there may be any number of it"
// CHECK-DAG: [Missed] NoBound {{.*}}"memref<8xf32>, result of the call of 'elsewhere' has no bound when the function is entered"
// CHECK-DAG: [Missed] NoPlan {{.*}}"'branches' has no plan: it has branches between blocks"
// CHECK-DAG: 'unknown' holds an unknown number of bytes"
func.func private @elsewhere() -> memref<8xf32>
func.func @branches(%flag: i1) {
  cf.cond_br %flag, ^one, ^two
^one:
  return
^two:
  return
}
func.func @unknown(%x: memref<?xindex>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = memref.load %x[%c0] : memref<?xindex>
  %a = memref.alloc(%s) : memref<?xf32>
  "use"(%a) : (memref<?xf32>) -> ()
  memref.dealloc %a : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %b = memref.alloc() : memref<4xf32>
    "keep"(%b) : (memref<4xf32>) -> ()
  }
  %c = call @elsewhere() : () -> memref<8xf32>
  memref.dealloc %c : memref<8xf32>
  return
}

// -----

// A function that calls itself.
// CHECK: 'recursive' holds an unknown number of bytes"
func.func @recursive(%n: i1) {
  scf.if %n {
    func.call @recursive(%n) : (i1) -> ()
  }
  return
}

// -----

// What is freed elsewhere in the block of the function counts to its end.
// CHECK: 'conditional' holds at most 2048 bytes"
func.func @conditional(%flag: i1) {
  %a = memref.alloc() : memref<256xf32>
  scf.if %flag {
    memref.dealloc %a : memref<256xf32>
  }
  %b = memref.alloc() : memref<256xf32>
  memref.dealloc %b : memref<256xf32>
  return
}
