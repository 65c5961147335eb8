// Host programs as the pipeline for GPUs leaves them, small and by hand. Every
// function calls the kernels `copy` and `touch` of the module below.

llvm.mlir.global private constant @ptx(".version 8.0\0A.target sm_80\0A.address_size 64\0A\0A.visible .entry copy(\0A  .param .u64 .ptr .global .align 4 target,\0A  .param .u64 .ptr .global .align 4 source,\0A  .param .u32 count\0A)\0A{\0A  .reg .pred %p<2>;\0A  .reg .b32 %r<7>;\0A  .reg .b64 %rd<6>;\0A  ld.param.b64 %rd1, [target];\0A  ld.param.b64 %rd2, [source];\0A  ld.param.b32 %r1, [count];\0A  mov.u32 %r2, %ctaid.x;\0A  mov.u32 %r3, %ntid.x;\0A  mov.u32 %r4, %tid.x;\0A  mad.lo.s32 %r5, %r2, %r3, %r4;\0A  setp.ge.u32 %p1, %r5, %r1;\0A  @%p1 bra $done;\0A  mul.wide.u32 %rd3, %r5, 4;\0A  add.s64 %rd4, %rd2, %rd3;\0A  ld.global.b32 %r6, [%rd4];\0A  add.s64 %rd5, %rd1, %rd3;\0A  st.global.b32 [%rd5], %r6;\0A$done:\0A  ret;\0A}\0A\0A.visible .entry touch()\0A{\0A  ret;\0A}\0A") {addr_space = 0 : i32}
llvm.mlir.global private constant @module_name("kernels\00") {addr_space = 0 : i32}
llvm.mlir.global private constant @copy_name("copy\00") {addr_space = 0 : i32}
llvm.mlir.global private constant @touch_name("touch\00") {addr_space = 0 : i32}
llvm.mlir.global private constant @absent_name("absent\00") {addr_space = 0 : i32}

llvm.func @bptDeviceAlloc(i64, i64) -> !llvm.ptr
llvm.func @bptDeviceFree(!llvm.ptr)
llvm.func @bptDeviceCopy(!llvm.ptr, !llvm.ptr, i64)
llvm.func @bptDeviceCopyToHost(!llvm.ptr, !llvm.ptr, i64)
llvm.func @bptDeviceCopyToDevice(!llvm.ptr, !llvm.ptr, i64)
llvm.func @bptDeviceFill(!llvm.ptr, !llvm.ptr, i64, i64)
llvm.func @bptDeviceMemset(!llvm.ptr, i64, i64)
llvm.func @bptDeviceLoadModule(!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
llvm.func @bptDeviceGetKernel(!llvm.ptr, !llvm.ptr) -> !llvm.ptr
llvm.func @bptDeviceCountResidentBlocks(!llvm.ptr, i64, i64, i64) -> i64
llvm.func @bptDeviceLaunch(!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr)
llvm.func @bptDeviceEncodeTensorMap(!llvm.ptr, i64, i64, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64)
llvm.func @bptDeviceSynchronize()

// The kernel of a name.
llvm.func @kernel(%name: !llvm.ptr) -> !llvm.ptr {
  %ptx = llvm.mlir.addressof @ptx : !llvm.ptr
  %module_name = llvm.mlir.addressof @module_name : !llvm.ptr
  %bytes = llvm.mlir.constant(676 : i64) : i64
  %module = llvm.call @bptDeviceLoadModule(%ptx, %bytes, %module_name) : (!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
  %kernel = llvm.call @bptDeviceGetKernel(%module, %name) : (!llvm.ptr, !llvm.ptr) -> !llvm.ptr
  llvm.return %kernel : !llvm.ptr
}

// Copies `count` elements with blocks of 4 threads.
llvm.func @copy(%target: !llvm.ptr, %source: !llvm.ptr, %count: i32) {
  %one = llvm.mlir.constant(1 : i64) : i64
  %two = llvm.mlir.constant(2 : i64) : i64
  %three = llvm.mlir.constant(3 : i64) : i64
  %four = llvm.mlir.constant(4 : i64) : i64
  %zero = llvm.mlir.constant(0 : i64) : i64
  %name = llvm.mlir.addressof @copy_name : !llvm.ptr
  %kernel = llvm.call @kernel(%name) : (!llvm.ptr) -> !llvm.ptr
  %target_slot = llvm.alloca %one x !llvm.ptr : (i64) -> !llvm.ptr
  %source_slot = llvm.alloca %one x !llvm.ptr : (i64) -> !llvm.ptr
  %count_slot = llvm.alloca %one x i32 : (i64) -> !llvm.ptr
  %arguments = llvm.alloca %three x !llvm.ptr : (i64) -> !llvm.ptr
  llvm.store %target, %target_slot : !llvm.ptr, !llvm.ptr
  llvm.store %source, %source_slot : !llvm.ptr, !llvm.ptr
  llvm.store %count, %count_slot : i32, !llvm.ptr
  llvm.store %target_slot, %arguments : !llvm.ptr, !llvm.ptr
  %second = llvm.getelementptr %arguments[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  llvm.store %source_slot, %second : !llvm.ptr, !llvm.ptr
  %third = llvm.getelementptr %arguments[2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  llvm.store %count_slot, %third : !llvm.ptr, !llvm.ptr
  llvm.call @bptDeviceLaunch(%kernel, %two, %one, %one, %four, %one, %one, %one, %one, %one, %zero, %arguments) : (!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr) -> ()
  llvm.return
}

// The address of a tensor's elements.
llvm.func @data(%descriptor: !llvm.ptr) -> !llvm.ptr {
  %aligned = llvm.getelementptr %descriptor[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  %data = llvm.load %aligned : !llvm.ptr -> !llvm.ptr
  llvm.return %data : !llvm.ptr
}

// Makes a block the result, of 8 elements.
llvm.func @return_block(%descriptor: !llvm.ptr, %block: !llvm.ptr) {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %eight = llvm.mlir.constant(8 : i64) : i64
  llvm.store %block, %descriptor : !llvm.ptr, !llvm.ptr
  %aligned = llvm.getelementptr %descriptor[1] : (!llvm.ptr) -> !llvm.ptr, i64
  llvm.store %block, %aligned : !llvm.ptr, !llvm.ptr
  %offset = llvm.getelementptr %descriptor[2] : (!llvm.ptr) -> !llvm.ptr, i64
  llvm.store %zero, %offset : i64, !llvm.ptr
  %size = llvm.getelementptr %descriptor[3] : (!llvm.ptr) -> !llvm.ptr, i64
  llvm.store %eight, %size : i64, !llvm.ptr
  %stride = llvm.getelementptr %descriptor[4] : (!llvm.ptr) -> !llvm.ptr, i64
  llvm.store %one, %stride : i64, !llvm.ptr
  llvm.return
}

// The argument, through a workspace of 64 bytes.
llvm.func @main() attributes {bpt.signature = {args = ["x"], results = [""], type = (tensor<8xf32>) -> tensor<8xf32>}} { llvm.return }
llvm.func @_mlir_ciface_main(%result: !llvm.ptr, %x: !llvm.ptr) {
  %alignment = llvm.mlir.constant(128 : i64) : i64
  %bytes = llvm.mlir.constant(32 : i64) : i64
  %workspace_bytes = llvm.mlir.constant(64 : i64) : i64
  %count = llvm.mlir.constant(8 : i32) : i32
  %source = llvm.call @data(%x) : (!llvm.ptr) -> !llvm.ptr
  %workspace = llvm.call @bptDeviceAlloc(%workspace_bytes, %alignment) : (i64, i64) -> !llvm.ptr
  llvm.call @copy(%workspace, %source, %count) : (!llvm.ptr, !llvm.ptr, i32) -> ()
  %block = llvm.call @bptDeviceAlloc(%bytes, %alignment) : (i64, i64) -> !llvm.ptr
  llvm.call @copy(%block, %workspace, %count) : (!llvm.ptr, !llvm.ptr, i32) -> ()
  llvm.call @bptDeviceFree(%workspace) : (!llvm.ptr) -> ()
  llvm.call @return_block(%result, %block) : (!llvm.ptr, !llvm.ptr) -> ()
  llvm.return
}

// Two elements each by patterns of 1, 4 and 8 bytes, and two from the host.
llvm.func @fill() attributes {bpt.signature = {args = [], results = [""], type = () -> tensor<8xf32>}} { llvm.return }
llvm.func @_mlir_ciface_fill(%result: !llvm.ptr) {
  %one = llvm.mlir.constant(1 : i64) : i64
  %two = llvm.mlir.constant(2 : i64) : i64
  %four = llvm.mlir.constant(4 : i64) : i64
  %eight = llvm.mlir.constant(8 : i64) : i64
  %bytes = llvm.mlir.constant(32 : i64) : i64
  %pattern = llvm.alloca %one x i64 : (i64) -> !llvm.ptr
  %block = llvm.call @bptDeviceAlloc(%bytes, %four) : (i64, i64) -> !llvm.ptr
  %ones = llvm.mlir.constant(0x3F800000 : i32) : i32
  %halves = llvm.mlir.constant(0x3F3F : i16) : i16
  %both = llvm.mlir.constant(0x40400000C0000000 : i64) : i64
  llvm.call @bptDeviceMemset(%block, %four, %bytes) : (!llvm.ptr, i64, i64) -> ()
  llvm.store %ones, %pattern : i32, !llvm.ptr
  llvm.call @bptDeviceFill(%block, %pattern, %four, %two) : (!llvm.ptr, !llvm.ptr, i64, i64) -> ()
  llvm.store %halves, %pattern : i16, !llvm.ptr
  %at2 = llvm.getelementptr %block[2] : (!llvm.ptr) -> !llvm.ptr, f32
  llvm.call @bptDeviceFill(%at2, %pattern, %two, %four) : (!llvm.ptr, !llvm.ptr, i64, i64) -> ()
  llvm.store %both, %pattern : i64, !llvm.ptr
  %at4 = llvm.getelementptr %block[4] : (!llvm.ptr) -> !llvm.ptr, f32
  llvm.call @bptDeviceFill(%at4, %pattern, %eight, %one) : (!llvm.ptr, !llvm.ptr, i64, i64) -> ()
  %at6 = llvm.getelementptr %block[6] : (!llvm.ptr) -> !llvm.ptr, f32
  llvm.call @bptDeviceCopyToHost(%pattern, %block, %eight) : (!llvm.ptr, !llvm.ptr, i64) -> ()
  llvm.call @bptDeviceCopyToDevice(%at6, %pattern, %four) : (!llvm.ptr, !llvm.ptr, i64) -> ()
  %at7 = llvm.getelementptr %block[7] : (!llvm.ptr) -> !llvm.ptr, f32
  llvm.call @bptDeviceCopy(%at7, %at4, %four) : (!llvm.ptr, !llvm.ptr, i64) -> ()
  llvm.call @return_block(%result, %block) : (!llvm.ptr, !llvm.ptr) -> ()
  llvm.return
}

// Launches `touch`, with clusters of `cx` blocks.
llvm.func @launch_touch(%gx: i64, %gy: i64, %gz: i64, %bx: i64, %cx: i64, %shared: i64) {
  %one = llvm.mlir.constant(1 : i64) : i64
  %null = llvm.mlir.zero : !llvm.ptr
  %name = llvm.mlir.addressof @touch_name : !llvm.ptr
  %kernel = llvm.call @kernel(%name) : (!llvm.ptr) -> !llvm.ptr
  llvm.call @bptDeviceLaunch(%kernel, %gx, %gy, %gz, %bx, %one, %one, %cx, %one, %one, %shared, %null) : (!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr) -> ()
  llvm.return
}

// Launches `touch` on as many blocks of 512 threads as the device holds for so many
// items.
llvm.func @launch_resident(%items: i64) {
  %threads = llvm.mlir.constant(512 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %shared = llvm.mlir.constant(60000 : i64) : i64
  %name = llvm.mlir.addressof @touch_name : !llvm.ptr
  %kernel = llvm.call @kernel(%name) : (!llvm.ptr) -> !llvm.ptr
  %grid = llvm.call @bptDeviceCountResidentBlocks(%kernel, %items, %threads, %shared) : (!llvm.ptr, i64, i64, i64) -> i64
  llvm.call @launch_touch(%grid, %one, %one, %threads, %one, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @many_items() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_many_items() {
  %items = llvm.mlir.constant(100 : i64) : i64
  llvm.call @launch_resident(%items) : (i64) -> ()
  llvm.return
}

llvm.func @few_items() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_few_items() {
  %items = llvm.mlir.constant(2 : i64) : i64
  llvm.call @launch_resident(%items) : (i64) -> ()
  llvm.return
}

llvm.func @too_many_items() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_too_many_items() {
  %items = llvm.mlir.constant(2147483648 : i64) : i64
  llvm.call @launch_resident(%items) : (i64) -> ()
  llvm.return
}

llvm.func @large_shared() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_large_shared() {
  %gx = llvm.mlir.constant(4 : i64) : i64
  %gy = llvm.mlir.constant(1 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(32 : i64) : i64
  %cx = llvm.mlir.constant(1 : i64) : i64
  %shared = llvm.mlir.constant(100000 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @clusters() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_clusters() {
  %gx = llvm.mlir.constant(4 : i64) : i64
  %gy = llvm.mlir.constant(2 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(32 : i64) : i64
  %cx = llvm.mlir.constant(2 : i64) : i64
  %shared = llvm.mlir.constant(0 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @empty_grid() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_empty_grid() {
  %gx = llvm.mlir.constant(4 : i64) : i64
  %gy = llvm.mlir.constant(0 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(32 : i64) : i64
  %cx = llvm.mlir.constant(1 : i64) : i64
  %shared = llvm.mlir.constant(0 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @wide_grid() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_wide_grid() {
  %gx = llvm.mlir.constant(4 : i64) : i64
  %gy = llvm.mlir.constant(65536 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(32 : i64) : i64
  %cx = llvm.mlir.constant(1 : i64) : i64
  %shared = llvm.mlir.constant(0 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @no_threads() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_no_threads() {
  %gx = llvm.mlir.constant(4 : i64) : i64
  %gy = llvm.mlir.constant(1 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(0 : i64) : i64
  %cx = llvm.mlir.constant(1 : i64) : i64
  %shared = llvm.mlir.constant(0 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @many_threads() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_many_threads() {
  %gx = llvm.mlir.constant(4 : i64) : i64
  %gy = llvm.mlir.constant(1 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(2048 : i64) : i64
  %cx = llvm.mlir.constant(1 : i64) : i64
  %shared = llvm.mlir.constant(0 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @large_cluster() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_large_cluster() {
  %gx = llvm.mlir.constant(32 : i64) : i64
  %gy = llvm.mlir.constant(1 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(32 : i64) : i64
  %cx = llvm.mlir.constant(16 : i64) : i64
  %shared = llvm.mlir.constant(0 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @odd_cluster() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_odd_cluster() {
  %gx = llvm.mlir.constant(3 : i64) : i64
  %gy = llvm.mlir.constant(1 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(32 : i64) : i64
  %cx = llvm.mlir.constant(2 : i64) : i64
  %shared = llvm.mlir.constant(0 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @too_much_shared() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_too_much_shared() {
  %gx = llvm.mlir.constant(4 : i64) : i64
  %gy = llvm.mlir.constant(1 : i64) : i64
  %gz = llvm.mlir.constant(1 : i64) : i64
  %bx = llvm.mlir.constant(32 : i64) : i64
  %cx = llvm.mlir.constant(1 : i64) : i64
  %shared = llvm.mlir.constant(300000 : i64) : i64
  llvm.call @launch_touch(%gx, %gy, %gz, %bx, %cx, %shared) : (i64, i64, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @absent() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_absent() {
  %name = llvm.mlir.addressof @absent_name : !llvm.ptr
  %kernel = llvm.call @kernel(%name) : (!llvm.ptr) -> !llvm.ptr
  llvm.return
}

// Goes on after the allocation fails, and frees what came before.
llvm.func @too_large() attributes {bpt.signature = {args = [], results = [""], type = () -> tensor<8xf32>}} { llvm.return }
llvm.func @_mlir_ciface_too_large(%result: !llvm.ptr) {
  %alignment = llvm.mlir.constant(64 : i64) : i64
  %bytes = llvm.mlir.constant(1000 : i64) : i64
  %too_many = llvm.mlir.constant(70368744177664 : i64) : i64
  %count = llvm.mlir.constant(8 : i32) : i32
  %before = llvm.call @bptDeviceAlloc(%bytes, %alignment) : (i64, i64) -> !llvm.ptr
  %block = llvm.call @bptDeviceAlloc(%too_many, %alignment) : (i64, i64) -> !llvm.ptr
  llvm.call @copy(%block, %before, %count) : (!llvm.ptr, !llvm.ptr, i32) -> ()
  llvm.call @bptDeviceFree(%before) : (!llvm.ptr) -> ()
  llvm.call @return_block(%result, %block) : (!llvm.ptr, !llvm.ptr) -> ()
  llvm.return
}

llvm.func @free_twice() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_free_twice() {
  %alignment = llvm.mlir.constant(64 : i64) : i64
  %block = llvm.call @bptDeviceAlloc(%alignment, %alignment) : (i64, i64) -> !llvm.ptr
  llvm.call @bptDeviceFree(%block) : (!llvm.ptr) -> ()
  llvm.call @bptDeviceFree(%block) : (!llvm.ptr) -> ()
  llvm.return
}

llvm.func @wide_alignment() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_wide_alignment() {
  %alignment = llvm.mlir.constant(512 : i64) : i64
  %block = llvm.call @bptDeviceAlloc(%alignment, %alignment) : (i64, i64) -> !llvm.ptr
  llvm.return
}

llvm.func @wide_pattern() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_wide_pattern() {
  %bytes = llvm.mlir.constant(64 : i64) : i64
  %three = llvm.mlir.constant(3 : i64) : i64
  %pattern = llvm.alloca %three x i64 : (i64) -> !llvm.ptr
  %block = llvm.call @bptDeviceAlloc(%bytes, %bytes) : (i64, i64) -> !llvm.ptr
  llvm.call @bptDeviceFill(%block, %pattern, %three, %three) : (!llvm.ptr, !llvm.ptr, i64, i64) -> ()
  llvm.call @bptDeviceFree(%block) : (!llvm.ptr) -> ()
  llvm.return
}

// A map of 64x16 bf16 in boxes of 32x8.
llvm.func @tensor_map() attributes {bpt.signature = {args = ["x"], results = [], type = (tensor<16x64xbf16>) -> ()}} { llvm.return }
llvm.func @_mlir_ciface_tensor_map(%x: !llvm.ptr) {
  %base = llvm.call @data(%x) : (!llvm.ptr) -> !llvm.ptr
  %zero = llvm.mlir.constant(0 : i64) : i64
  %two = llvm.mlir.constant(2 : i64) : i64
  %type = llvm.mlir.constant(9 : i64) : i64
  %qwords = llvm.mlir.constant(16 : i64) : i64
  %sizes_value = llvm.mlir.constant(dense<[64, 16]> : vector<2xi64>) : vector<2xi64>
  %stride_value = llvm.mlir.constant(128 : i64) : i64
  %box_value = llvm.mlir.constant(dense<[32, 8]> : vector<2xi32>) : vector<2xi32>
  %steps_value = llvm.mlir.constant(dense<1> : vector<2xi32>) : vector<2xi32>
  %map = llvm.alloca %qwords x i64 {alignment = 64 : i64} : (i64) -> !llvm.ptr
  %sizes = llvm.alloca %two x i64 : (i64) -> !llvm.ptr
  %strides = llvm.alloca %two x i64 : (i64) -> !llvm.ptr
  %box = llvm.alloca %two x i64 : (i64) -> !llvm.ptr
  %steps = llvm.alloca %two x i64 : (i64) -> !llvm.ptr
  llvm.store %sizes_value, %sizes {alignment = 8 : i64} : vector<2xi64>, !llvm.ptr
  llvm.store %stride_value, %strides : i64, !llvm.ptr
  llvm.store %box_value, %box {alignment = 4 : i64} : vector<2xi32>, !llvm.ptr
  llvm.store %steps_value, %steps {alignment = 4 : i64} : vector<2xi32>, !llvm.ptr
  llvm.call @bptDeviceEncodeTensorMap(%map, %type, %two, %base, %sizes, %strides, %box, %steps, %zero, %two, %zero, %zero) : (!llvm.ptr, i64, i64, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64) -> ()
  llvm.return
}

llvm.func @unwritten() attributes {bpt.signature = {args = [], results = [""], type = () -> tensor<8xf32>}} { llvm.return }
llvm.func @_mlir_ciface_unwritten(%result: !llvm.ptr) {
  %bytes = llvm.mlir.constant(32 : i64) : i64
  %block = llvm.call @bptDeviceAlloc(%bytes, %bytes) : (i64, i64) -> !llvm.ptr
  llvm.call @return_block(%result, %block) : (!llvm.ptr, !llvm.ptr) -> ()
  llvm.return
}

// The first 8 elements of the argument, with a workspace and a result of its
// size.
llvm.func @rows() attributes {bpt.signature = {args = ["x"], results = [""], type = (tensor<64x8xf32>) -> tensor<8xf32>}} { llvm.return }
llvm.func @_mlir_ciface_rows(%result: !llvm.ptr, %x: !llvm.ptr) {
  %bytes = llvm.mlir.constant(2048 : i64) : i64
  %alignment = llvm.mlir.constant(64 : i64) : i64
  %source = llvm.call @data(%x) : (!llvm.ptr) -> !llvm.ptr
  %workspace = llvm.call @bptDeviceAlloc(%bytes, %alignment) : (i64, i64) -> !llvm.ptr
  llvm.call @bptDeviceCopy(%workspace, %source, %bytes) : (!llvm.ptr, !llvm.ptr, i64) -> ()
  %block = llvm.call @bptDeviceAlloc(%bytes, %alignment) : (i64, i64) -> !llvm.ptr
  llvm.call @bptDeviceCopy(%block, %workspace, %bytes) : (!llvm.ptr, !llvm.ptr, i64) -> ()
  llvm.call @bptDeviceFree(%workspace) : (!llvm.ptr) -> ()
  llvm.call @return_block(%result, %block) : (!llvm.ptr, !llvm.ptr) -> ()
  llvm.return
}
