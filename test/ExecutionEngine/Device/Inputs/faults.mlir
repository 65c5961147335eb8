// Kernels that do something wrong, for the emulator to find.

llvm.mlir.global private constant @ptx(".version 8.0\0A.target sm_80\0A.address_size 64\0A\0A.visible .entry overrun(.param .u64 .ptr .global .align 4 target)\0A{\0A  .reg .b32 %r<2>;\0A  .reg .b64 %rd<3>;\0A  ld.param.b64 %rd1, [target];\0A  mov.u32 %r1, 1;\0A  st.global.b32 [%rd1+32], %r1;\0A  ret;\0A}\0A\0A.visible .entry race(.param .u64 .ptr .global .align 4 target)\0A{\0A  .reg .b32 %r<4>;\0A  .reg .b64 %rd<3>;\0A  .shared .align 4 .b8 tile[128];\0A  mov.u32 %r1, %tid.x;\0A  mov.u32 %r2, tile;\0A  st.shared.b32 [%r2], %r1;\0A  ret;\0A}\0A") {addr_space = 0 : i32}
llvm.mlir.global private constant @broken_ptx(".version 8.0\0A.target sm_80\0A.address_size 64\0A.visible .entry k() {\0A  fly;\0A}\0A") {addr_space = 0 : i32}
llvm.mlir.global private constant @module_name("faults\00") {addr_space = 0 : i32}
llvm.mlir.global private constant @overrun_name("overrun\00") {addr_space = 0 : i32}
llvm.mlir.global private constant @race_name("race\00") {addr_space = 0 : i32}

llvm.func @bptDeviceAlloc(i64, i64) -> !llvm.ptr
llvm.func @bptDeviceFree(!llvm.ptr)
llvm.func @bptDeviceCopy(!llvm.ptr, !llvm.ptr, i64)
llvm.func @bptDeviceLoadModule(!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
llvm.func @bptDeviceGetKernel(!llvm.ptr, !llvm.ptr) -> !llvm.ptr
llvm.func @bptDeviceLaunch(!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr)

// Launches a kernel with 64 threads on a block of 32 bytes.
llvm.func @launch(%name: !llvm.ptr) {
  %one = llvm.mlir.constant(1 : i64) : i64
  %zero = llvm.mlir.constant(0 : i64) : i64
  %threads = llvm.mlir.constant(64 : i64) : i64
  %bytes = llvm.mlir.constant(32 : i64) : i64
  %ptx = llvm.mlir.addressof @ptx : !llvm.ptr
  %module_name = llvm.mlir.addressof @module_name : !llvm.ptr
  %size = llvm.mlir.constant(462 : i64) : i64
  %module = llvm.call @bptDeviceLoadModule(%ptx, %size, %module_name) : (!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
  %kernel = llvm.call @bptDeviceGetKernel(%module, %name) : (!llvm.ptr, !llvm.ptr) -> !llvm.ptr
  %block = llvm.call @bptDeviceAlloc(%bytes, %bytes) : (i64, i64) -> !llvm.ptr
  %slot = llvm.alloca %one x !llvm.ptr : (i64) -> !llvm.ptr
  %arguments = llvm.alloca %one x !llvm.ptr : (i64) -> !llvm.ptr
  llvm.store %block, %slot : !llvm.ptr, !llvm.ptr
  llvm.store %slot, %arguments : !llvm.ptr, !llvm.ptr
  llvm.call @bptDeviceLaunch(%kernel, %one, %one, %one, %threads, %one, %one, %one, %one, %one, %zero, %arguments) : (!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr) -> ()
  llvm.call @bptDeviceFree(%block) : (!llvm.ptr) -> ()
  llvm.return
}

llvm.func @overrun() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_overrun() {
  %name = llvm.mlir.addressof @overrun_name : !llvm.ptr
  llvm.call @launch(%name) : (!llvm.ptr) -> ()
  llvm.return
}

llvm.func @race() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_race() {
  %name = llvm.mlir.addressof @race_name : !llvm.ptr
  llvm.call @launch(%name) : (!llvm.ptr) -> ()
  llvm.return
}

llvm.func @broken() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_broken() {
  %ptx = llvm.mlir.addressof @broken_ptx : !llvm.ptr
  %module_name = llvm.mlir.addressof @module_name : !llvm.ptr
  %size = llvm.mlir.constant(75 : i64) : i64
  %module = llvm.call @bptDeviceLoadModule(%ptx, %size, %module_name) : (!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
  llvm.return
}

// The last 4 bytes of the copy are beyond the block.
llvm.func @long_copy() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_long_copy() {
  %small = llvm.mlir.constant(60 : i64) : i64
  %large = llvm.mlir.constant(64 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %from = llvm.call @bptDeviceAlloc(%large, %one) : (i64, i64) -> !llvm.ptr
  %to = llvm.call @bptDeviceAlloc(%small, %one) : (i64, i64) -> !llvm.ptr
  llvm.call @bptDeviceCopy(%to, %from, %large) : (!llvm.ptr, !llvm.ptr, i64) -> ()
  llvm.call @bptDeviceFree(%to) : (!llvm.ptr) -> ()
  llvm.call @bptDeviceFree(%from) : (!llvm.ptr) -> ()
  llvm.return
}
