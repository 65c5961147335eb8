# What compiled code cannot go on from ends in one line and exit code 2.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/Inputs %python %s %t

import sys

from tensor_files import *

directory = sys.argv[1]
SIGNATURE = "bpt.signature = {args = [], results = [], type = () -> ()}"


def refuse(expected, body):
    write(f"{directory}/main.mlir", f"""
llvm.func @_mlir_memref_to_llvm_alloc(i64) -> !llvm.ptr
llvm.func @_mlir_memref_to_llvm_aligned_alloc(i64, i64) -> !llvm.ptr
llvm.func @_mlir_memref_to_llvm_free(!llvm.ptr)
llvm.func @main() attributes {{{SIGNATURE}}} {{ llvm.return }}
llvm.func @_mlir_ciface_main() {{
{body}
  llvm.return
}}
""".encode())
    expect_error(expected, f"{directory}/main.mlir")


refuse("error: out of memory: compiled code asked for 1125899906842624 bytes "
       "and holds 64", """
  %small = llvm.mlir.constant(64 : i64) : i64
  %p = llvm.call @_mlir_memref_to_llvm_alloc(%small) : (i64) -> !llvm.ptr
  %n = llvm.mlir.constant(1125899906842624 : i64) : i64
  %q = llvm.call @_mlir_memref_to_llvm_aligned_alloc(%small, %n) : (i64, i64) -> !llvm.ptr
  llvm.store %small, %q : i64, !llvm.ptr
""")
refuse("error: out of memory: compiled code asked for 18446744073709551615 bytes",
       """
  %align = llvm.mlir.constant(64 : i64) : i64
  %n = llvm.mlir.constant(-1 : i64) : i64
  %q = llvm.call @_mlir_memref_to_llvm_aligned_alloc(%align, %n) : (i64, i64) -> !llvm.ptr
  llvm.store %n, %q : i64, !llvm.ptr
""")
refuse("error: compiled code frees 0x1000, which is not an allocated block", """
  %n = llvm.mlir.constant(4096 : i64) : i64
  %p = llvm.inttoptr %n : i64 to !llvm.ptr
  llvm.call @_mlir_memref_to_llvm_free(%p) : (!llvm.ptr) -> ()
""")

# A symbol that is nowhere.
write(f"{directory}/main.mlir", f"""
llvm.func @no_such_function()
llvm.func @main() attributes {{{SIGNATURE}}} {{ llvm.return }}
llvm.func @_mlir_ciface_main() {{
  llvm.call @no_such_function() : () -> ()
  llvm.return
}}
""".encode())
code, output = run(f"{directory}/main.mlir")
assert code == 2 and "linking failed" in output, output
assert "no_such_function" in output and output.count("error:") == 1, output

# A signature that does not fit the code.
for signature, expected in [
    ("bpt.signature = 1", "'bpt.signature' must be a dictionary of"),
    ("bpt.signature = {args = [], results = [], type = (tensor<f32>) -> ()}",
     "'bpt.signature' must be a dictionary of"),
    ('bpt.signature = {args = [""], results = [], type = (tensor<f32>) -> ()}',
     "'_mlir_ciface_main' does not take the 1 descriptors")]:
    write(f"{directory}/main.mlir", f"""
llvm.func @main() attributes {{{signature}}} {{ llvm.return }}
llvm.func @_mlir_ciface_main() {{ llvm.return }}
""".encode())
    code, output = run(f"{directory}/main.mlir", "--input=f32=1")
    assert code == 2 and expected in output, output
    assert output.count("error:") == 1, output
write(f"{directory}/main.mlir", f"""
llvm.func @main() attributes {{{SIGNATURE}}} {{ llvm.return }}
""".encode())
code, output = run(f"{directory}/main.mlir")
assert code == 2 and "has no C interface '_mlir_ciface_main'" in output, output
