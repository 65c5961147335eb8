// RUN: bpt-opt %s --allow-unregistered-dialect --pass-pipeline="builtin.module(func.func(bpt-shorten-lifetimes))" | FileCheck %s

func.func private @make() -> memref<4xf32>

// A view counts as its buffer, and what a call gives is freed as what is
// allocated here.
// CHECK-LABEL: func.func @views
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: "test.use"(%[[A]])
// CHECK: %[[B:.*]] = call @make()
// CHECK: "test.view"
// CHECK-NEXT: memref.dealloc %[[A]]
// CHECK: "test.use"(%[[B]])
// CHECK-NEXT: memref.dealloc %[[B]]
// CHECK: "test.end"
func.func @views() {
  %true = arith.constant true
  %a = memref.alloc() : memref<4xf32>
  "test.use"(%a) : (memref<4xf32>) -> ()
  %b = call @make() : () -> memref<4xf32>
  %v = memref.subview %a[0] [2] [1] : memref<4xf32> to memref<2xf32, strided<[1]>>
  "test.view"(%v) : (memref<2xf32, strided<[1]>>) -> ()
  "test.use"(%b) : (memref<4xf32>) -> ()
  "test.end"() : () -> ()
  %base, %offset, %size, %stride = memref.extract_strided_metadata %b : memref<4xf32> -> memref<f32>, index, index, index
  bufferization.dealloc (%a, %base : memref<4xf32>, memref<f32>) if (%true, %true)
  return
}

// After the loop that uses it, where it is not the loop's; what a loop carries is
// alive as long as its result.
// CHECK-LABEL: func.func @loops
// CHECK: scf.for
// CHECK: }
// CHECK-NEXT: memref.dealloc %[[READ:.*]] :
// CHECK: "test.use"(%[[LOOP:.*]])
// CHECK-NEXT: memref.dealloc
// CHECK: "test.end"
func.func @loops(%n: index) {
  %true = arith.constant true
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %read = memref.alloc() : memref<4xf32>
  %carried = memref.alloc() : memref<4xf32>
  %loop = scf.for %i = %c0 to %n step %c1 iter_args(%x = %carried) -> memref<4xf32> {
    "test.use"(%read, %x) : (memref<4xf32>, memref<4xf32>) -> ()
    %inner = memref.alloc() : memref<2xf32>
    "test.use"(%inner) : (memref<2xf32>) -> ()
    bufferization.dealloc (%inner : memref<2xf32>) if (%true)
    scf.yield %x : memref<4xf32>
  }
  "test.use"(%loop) : (memref<4xf32>) -> ()
  "test.end"() : () -> ()
  bufferization.dealloc (%read, %carried : memref<4xf32>, memref<4xf32>) if (%true, %true)
  return
}

// What is returned, perhaps returned, owned under a condition, or not allocated
// here stays as it is.
// CHECK-LABEL: func.func @left_alone
// CHECK-NOT: memref.dealloc
// CHECK: bufferization.dealloc (%{{.*}}, %{{.*}}, %{{.*}} : memref<4xf32>, memref<4xf32>, memref<4xf32>) if (%{{.*}}, %{{.*}}, %{{.*}}) retain
// CHECK-NOT: memref.dealloc
// CHECK: return
func.func @left_alone(%own: i1, %arg: memref<4xf32>) -> memref<4xf32> {
  %true = arith.constant true
  %returned = memref.alloc() : memref<4xf32>
  %perhaps = memref.alloc() : memref<4xf32>
  %result = arith.select %own, %returned, %arg : memref<4xf32>
  %0 = bufferization.dealloc (%returned, %perhaps, %arg : memref<4xf32>, memref<4xf32>, memref<4xf32>) if (%true, %own, %true) retain (%result : memref<4xf32>)
  return %result : memref<4xf32>
}

// A call's results are no views of its arguments.
// CHECK-LABEL: func.func @calls
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: %[[B:.*]] = call @next(%[[A]])
// CHECK-NEXT: memref.dealloc %[[A]]
// CHECK-NEXT: %[[C:.*]] = call @next(%[[B]])
// CHECK-NEXT: memref.dealloc %[[B]]
// CHECK: "test.use"(%[[C]])
// CHECK-NEXT: memref.dealloc %[[C]]
func.func private @next(memref<4xf32>) -> memref<4xf32>
func.func @calls() {
  %true = arith.constant true
  %a = memref.alloc() : memref<4xf32>
  %b = call @next(%a) : (memref<4xf32>) -> memref<4xf32>
  %c = call @next(%b) : (memref<4xf32>) -> memref<4xf32>
  "test.use"(%c) : (memref<4xf32>) -> ()
  bufferization.dealloc (%a, %b, %c : memref<4xf32>, memref<4xf32>, memref<4xf32>) if (%true, %true, %true)
  return
}

// A view counts also where it comes from a region, on the way to which there is
// a call.
// CHECK-LABEL: func.func @regions
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: %[[B:.*]] = call @next(%[[A]])
// CHECK: %[[IF:.*]] = scf.if
// CHECK: "test.use"(%[[IF]])
// CHECK-DAG: memref.dealloc %[[A]]
// CHECK-DAG: memref.dealloc %[[B]]
// CHECK: "test.end"
func.func @regions(%either: i1) {
  %true = arith.constant true
  %a = memref.alloc() : memref<4xf32>
  %b = call @next(%a) : (memref<4xf32>) -> memref<4xf32>
  %if = scf.if %either -> memref<4xf32> {
    scf.yield %a : memref<4xf32>
  } else {
    scf.yield %b : memref<4xf32>
  }
  "test.use"(%if) : (memref<4xf32>) -> ()
  "test.end"() : () -> ()
  bufferization.dealloc (%a, %b : memref<4xf32>, memref<4xf32>) if (%true, %true)
  return
}

// Memory is taken just before it is used; in a loop that uses it, before the loop.
// Two that are used first by the same operation stay side by side.
// CHECK-LABEL: func.func @late
// CHECK: "test.begin"
// CHECK-NEXT: memref.alloc() : memref<8xf32>
// CHECK-NEXT: memref.alloc() : memref<8xf32>
// CHECK-NEXT: scf.for
// CHECK: }
// CHECK-NEXT: memref.dealloc
// CHECK-NEXT: memref.dealloc
// CHECK-NEXT: memref.alloc() : memref<4xf32>
// CHECK-NEXT: memref.subview
func.func @late(%n: index) {
  %true = arith.constant true
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<4xf32>
  %b = memref.alloc() : memref<8xf32>
  %c = memref.alloc() : memref<8xf32>
  "test.begin"() : () -> ()
  scf.for %i = %c0 to %n step %c1 {
    "test.use"(%b, %c) : (memref<8xf32>, memref<8xf32>) -> ()
  }
  %v = memref.subview %a[0] [2] [1] : memref<4xf32> to memref<2xf32, strided<[1]>>
  "test.view"(%v) : (memref<2xf32, strided<[1]>>) -> ()
  bufferization.dealloc (%a, %b, %c : memref<4xf32>, memref<8xf32>, memref<8xf32>) if (%true, %true, %true)
  return
}
