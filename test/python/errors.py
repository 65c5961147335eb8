# Whatever is wrong is a bpt.Error of one line, or of the compiler's diagnostics,
# and the interpreter goes on.
#
# REQUIRES: python-extension
# RUN: rm -rf %t && mkdir %t
# RUN: env BPT_CUDA_DRIVER=%t/none.so PYTHONPATH=%bpt_python_path:%S/Inputs %python %s %t

import logging
import pathlib
import pickle
import sys

import numpy as np
from checks import error_of, expect_error, random

import bpt

folder = pathlib.Path(sys.argv[1])
IDENTITY = 'func.func @main(%x: tensor<?x4xf32> {bpt.name = "x"}) -> tensor<?x4xf32> { return %x : tensor<?x4xf32> }'

# IR that is wrong: where, and what. A note is a diagnostic of its own.
error = error_of(bpt.compile, "func.func @main() {\n  return %x : f32\n}")
assert error.diagnostics[0] == ("<string>:2:10", "error", "use of undeclared SSA value name"), error.diagnostics
assert str(error) == "<string>:2:10: error: use of undeclared SSA value name"
assert isinstance(error, RuntimeError)
error = error_of(bpt.compile, "func.func @f() { return }\nfunc.func @f() { return }")
assert [d.severity for d in error.diagnostics] == ["error", "note"]
assert [d.location for d in error.diagnostics] == ["<string>:2:1", "<string>:1:1"]
assert str(error).splitlines()[1].startswith("<string>:1:1: note: "), error
path = folder / "wrong.mlir"
path.write_text("func.func @main( {")
assert error_of(bpt.compile, path).diagnostics[0].location.startswith(f"{path}:1:")
copy = pickle.loads(pickle.dumps(error))
assert type(copy) is bpt.Error and copy.diagnostics == error.diagnostics and str(copy) == str(error)

# Files, functions and options.
expect_error(f"{folder / 'none.mlir'}", bpt.compile, folder / "none.mlir")
expect_error(f"'{path}' is IR to bpt.compile, but it names a file: pass pathlib.Path(", bpt.compile, str(path))
expect_error("there is no function 'g' with a body", bpt.compile, IDENTITY, function="g")
expect_error(
    "argument 0 is of type 'f32'; a function that is called from outside takes",
    bpt.compile,
    "func.func @main(%x: f32) { return }",
)
for threads in (0, -1, 5000):
    expect_error(f"threads={threads}: the number of threads is 1 to 4096", bpt.compile, IDENTITY, threads=threads)
expect_error("none.mlir", bpt.compile, IDENTITY, strategy=folder / "none.mlir")
expect_error("--device=tpu: devices are cpu, cuda and cuda-emulator", bpt.compile, IDENTITY, device="tpu")
expect_error("--chip=sm_80: device cpu has no chip to choose", bpt.compile, IDENTITY, chip="sm_80")
expect_error("--chip=sm_1: chips are sm_70", bpt.compile, IDENTITY, device="cuda-emulator", chip="sm_1")
expect_error("device 'cuda' needs NVIDIA's driver, which cannot be loaded", bpt.compile, IDENTITY, device="cuda")
try:
    bpt.compile(7)
except TypeError:
    pass
else:
    raise AssertionError("7 is no IR")

# Arguments: how many, of what type and where.
f = bpt.compile(IDENTITY)
x = random(1, 3, 4)
expect_error("function 'main' takes 1 arguments, got 0", f)
expect_error("function 'main' takes 1 arguments, got 2", f, x, x)
expect_error("argument 0 ('x'): expected ?x4xf32, got 3x4xf64", f, x.astype(np.float64))
expect_error("argument 0 ('x'): expected ?x4xf32, got 3x3xf32", f, x[:, :3])
expect_error("argument 0 ('x'): expected ?x4xf32, got 4xf32", f, x[0])
expect_error("argument 0 ('x'): expected ?x4xf32, got 3x4xi1", f, x > 0)
expect_error("argument 0 ('x') is a list; give a NumPy array, or another that has __dlpack__", f, x.tolist())
expect_error("argument 0 ('x') is a NoneType; give", f, None)
for dtype in ("complex64", ">f4", object, "U4", "datetime64[s]", [("a", "f4")]):
    # NumPy has no buffer of some.
    message = str(error_of(f, np.zeros((3, 4), dtype)))
    assert message.startswith(("argument 0 ('x') has elements of type ", "argument 0 ('x') cannot be read: ")), message
expect_error("function 'main' has no argument 'y'", f, y=x)
expect_error("function 'main' takes 0 of its 1 arguments by position, got 1", f, x, x=x)
two = bpt.compile("func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) { return }")
expect_error("function 'main' takes 1 of its 2 arguments by position, got 0", two, arg1=x[0])

# Where results go. If one does not fit, none is written.
expect_error("out for result 0: expected ?x4xf32, got 3x4xf64", f, x, out=np.zeros((3, 4)))
expect_error("out for result 0: expected ?x4xf32, got 4xf32", f, x, out=np.zeros(4, np.float32))
expect_error("out for result 0: the result is 3x4xf32, got 2x4xf32", f, x, out=np.zeros((2, 4), np.float32))
expect_error("out for result 0 is a int; give a NumPy array", f, x, out=3)
expect_error("out holds 2 arrays, but function 'main' has 1 results", f, x, out=[x, x])
frozen = np.zeros((3, 4), np.float32)
frozen.flags.writeable = False
expect_error("out for result 0 cannot be written: it is read-only", f, x, out=frozen)
pair = bpt.compile(
    'func.func @main(%x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32> {bpt.name = "second"}) '
    "{ return %y, %x : tensor<?xf32>, tensor<?xf32> }"
)
expect_error("out holds 1 arrays, but function 'main' has 2 results", pair, x[0], x[0], out=x[0])
outs = [np.zeros(2, np.float32), np.zeros(2, np.float32)]
expect_error("out for result 1 ('second'): the result is 3xf32, got 2xf32", pair, x[0, :3], x[0, :2], out=outs)
assert not np.any(outs)
expect_error("out holds 1 arrays, but function 'main' has 2 results", pair, x[0], x[0], out=outs[:1])

# What compiled code finds as it runs, with its place in the source. The call is
# left where it is: in a function that another calls, too.
attention = bpt.compile(bpt.generate("attention", seq=None, kv_seq=None, heads=2, head_dim=8))
q, k, v = random(1, 1, 8, 2, 8), random(2, 1, 5, 2, 8), random(3, 1, 6, 2, 8)
good = attention(q, k, k)
error = expect_error(
    "'bpt.attention' op key size of 'value' (dimension 1) is not that of 'key' (dimension 1)", attention, q, k, v
)
location, severity, message = error.diagnostics[0]
assert location.startswith("<string>:") and severity == "error" and message.startswith("'bpt.attention' op"), error
assert np.array_equal(attention(q, k, k), good)
NESTED = """
func.func private @sum(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %m = tensor.dim %y, %c0 : tensor<?xf32>
  %same = arith.cmpi eq, %n, %m : index
  cf.assert %same, "the lengths differ"
  %e = tensor.empty(%n) : tensor<?xf32>
  %z = linalg.add ins(%x, %y : tensor<?xf32>, tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}
func.func @main(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  BODY
}
"""
IN_FUNCTION = NESTED.replace(
    "BODY",
    """
  %z = call @sum(%x, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
""",
)
# Each iteration of a parallel loop of the user's own, by itself and by a call.
IN_LOOP = NESTED.replace(
    "BODY",
    """
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %z = scf.forall (%i) in (%n) shared_outs(%o = %e) -> tensor<?xf32> {
    %u = tensor.extract_slice %x[%i] [1] [1] : tensor<?xf32> to tensor<1xf32>
    %m = tensor.dim %y, %c0 : tensor<?xf32>
    %w = tensor.extract_slice %y[0] [%m] [1] : tensor<?xf32> to tensor<?xf32>
    %d = tensor.cast %u : tensor<1xf32> to tensor<?xf32>
    %s = func.call @sum(%d, %w) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %t = tensor.extract_slice %s[0] [1] [1] : tensor<?xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %o[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
    }
  }
  return %z : tensor<?xf32>
""",
)
f = bpt.compile(IN_FUNCTION, threads=2)
assert np.array_equal(f(x[0], x[1]), x[0] + x[1])
expect_error("the lengths differ", f, x[0], x[1, :3])
f = bpt.compile(IN_LOOP, threads=2)
assert np.array_equal(f(x[0], x[1, :1]), x[0] + x[1, 0])
for _ in range(20):
    expect_error("the lengths differ", f, x[0], x[1, :3])
assert np.array_equal(f(x[0], x[1, :1]), x[0] + x[1, 0])

# No memory for a tensor; the machine's code is as it was.
f = bpt.compile("""
func.func @main(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %big = arith.constant 4398046511104 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x?xf32>
  %m = arith.muli %n, %big : index
  %e = tensor.empty(%m, %c1) : tensor<?x?xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}
""")
assert f(np.zeros((0, 1), np.float32)).shape == (0, 1)
expect_error("out of memory: compiled code asked for 17592186044416 bytes", f, np.zeros((1, 1), np.float32))
assert f(np.zeros((0, 1), np.float32)).shape == (0, 1)

# Of the generator.
expect_error(
    "'transformer' is not something to generate; expected one of attention, feed_forward, layer, model",
    bpt.generate,
    "transformer",
)
expect_error("unknown flag '--sequence=3'", bpt.generate, "layer", sequence=3)
expect_error("--kv-heads=5 must divide --heads=12", bpt.generate, "layer", kv_heads=5)
expect_error("--vocab has no meaning for 'layer'", bpt.generate, "layer", vocab=3)
expect_error("--act: invalid value 'tanh'; expected relu, gelu", bpt.generate, "layer", act="tanh")
expect_error("--layers cannot be '?' here", bpt.generate, "model", layers=None)
expect_error("--rotary: invalid value '?'", bpt.generate, "layer", rotary=None)

# What is no error is logged.
records = []
logger = logging.getLogger("bpt")
logger.setLevel(logging.INFO)
logger.addHandler(type("", (logging.Handler,), {"emit": lambda self, record: records.append(record)})())
bpt.errors.log_diagnostics([bpt.Diagnostic("a:1:2", "warning", "w"), bpt.Diagnostic("", "remark", "r")])
assert [(r.levelname, r.getMessage()) for r in records] == [("WARNING", "a:1:2: warning: w"), ("INFO", "r")], records
