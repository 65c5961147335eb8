// A kernel whose 32 lanes write to one bank.

llvm.mlir.global private constant @ptx(".version 8.0\0A.target sm_80\0A.address_size 64\0A.visible .entry conflicts()\0A{\0A  .reg .b32 %r<4>;\0A  .shared .align 4 .b8 tile[4096];\0A  mov.u32 %r1, %tid.x;\0A  mov.u32 %r2, tile;\0A  mad.lo.s32 %r3, %r1, 128, %r2;\0A  st.shared.b32 [%r3], %r1;\0A  ret;\0A}\0A") {addr_space = 0 : i32}
llvm.mlir.global private constant @name("conflicts\00") {addr_space = 0 : i32}

llvm.func @bptDeviceLoadModule(!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
llvm.func @bptDeviceGetKernel(!llvm.ptr, !llvm.ptr) -> !llvm.ptr
llvm.func @bptDeviceLaunch(!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr)

llvm.func @main() attributes {bpt.signature = {args = [], results = [], type = () -> ()}} { llvm.return }
llvm.func @_mlir_ciface_main() {
  %one = llvm.mlir.constant(1 : i64) : i64
  %zero = llvm.mlir.constant(0 : i64) : i64
  %threads = llvm.mlir.constant(32 : i64) : i64
  %ptx = llvm.mlir.addressof @ptx : !llvm.ptr
  %name = llvm.mlir.addressof @name : !llvm.ptr
  %size = llvm.mlir.constant(242 : i64) : i64
  %null = llvm.mlir.zero : !llvm.ptr
  %module = llvm.call @bptDeviceLoadModule(%ptx, %size, %name) : (!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
  %kernel = llvm.call @bptDeviceGetKernel(%module, %name) : (!llvm.ptr, !llvm.ptr) -> !llvm.ptr
  llvm.call @bptDeviceLaunch(%kernel, %one, %one, %one, %threads, %one, %one, %one, %one, %one, %zero, %null) : (!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr) -> ()
  llvm.return
}
