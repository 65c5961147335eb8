# What is wrong with the command line, the arguments or a batch is said in one
# line, with exit code 2; what the kernel does wrong has exit code 1.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: %python %s %t

import json
import subprocess
import sys

directory = sys.argv[1]
PTX = f"{directory}/kernel.ptx"
TEXT = """.version 8.3
.target sm_90
.address_size 64
.entry store(.param .u64 out, .param .u32 value) .reqntid 32
{
  .reg .pred %p;
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  ld.param.b64 %rd1, [out];
  ld.param.b32 %r1, [value];
  mov.u32 %r2, %tid.x;
  setp.ne.s32 %p, %r2, 0;
  @%p ret;
  st.global.b32 [%rd1], %r1;
  ret;
}
"""
with open(PTX, "w") as stream:
    stream.write(TEXT)
with open(f"{directory}/two.ptx", "w") as stream:
    stream.write(TEXT + ".entry other() { ret; }\n")
with open(f"{directory}/none.ptx", "w") as stream:
    stream.write(TEXT.split(".entry")[0])
with open(f"{directory}/map.ptx", "w") as stream:
    stream.write(TEXT.split(".entry")[0] + ".entry k(.param .align 64 .b8 m[128]) { ret; }\n")


def run(*arguments):
    return subprocess.run(["bpt-emulate", *arguments], capture_output=True, text=True)


def refuse(expected, *arguments, code=2):
    result = run(*arguments)
    assert result.returncode == code, (arguments, result)
    assert expected in result.stderr, (expected, result.stderr)
    assert result.stdout == "", result.stdout
    if code == 2:
        assert len(result.stderr.strip().split("\n")) == 1, result.stderr


GOOD = ["--block=32", "--arg=4xi32=splat:0", "--arg=i32:7"]

result = run(PTX, *GOOD, "--print=0")
assert result.returncode == 0, result
assert result.stdout == "argument 0: 4xi32 = 7 0 0 0\n", result.stdout
assert run("--help").returncode == 0

# The command line.
refuse("give a FILE.ptx or --batch=FILE.json")
refuse("give a FILE.ptx or --batch=FILE.json", PTX, "--batch=x.json")
refuse("Unknown command line argument '--gird=4'", PTX, "--gird=4")
refuse("--grid=4,2,1,1: write X, X,Y or X,Y,Z", PTX, "--grid=4,2,1,1", *GOOD)
refuse("--block=x: write X, X,Y or X,Y,Z", PTX, "--block=x")
refuse("--threads: the number of threads is 1 to 4096", PTX, "--threads=0")
refuse("--opt-level: 0 or 1", PTX, "--opt-level=2")
refuse("--output=0: write ARGUMENT=@FILE.npy", PTX, "--output=0", *GOOD)
refuse("--output=0=@x.txt: write", PTX, "--output=0=@x.txt", *GOOD)
refuse("argument 0 is written twice", PTX, "--output=0=@a.npy", "--output=0=@b.npy")
refuse("no-such-file.ptx", f"{directory}/no-such-file.ptx")

# The kernel and its launch.
refuse("there is no kernel 'x'; the module has store", PTX, "--kernel=x")
refuse("name the kernel; the module has store, other", f"{directory}/two.ptx")
refuse("the module has no kernels", f"{directory}/none.ptx")
refuse(".reqntid", PTX, "--block=64", *GOOD[1:])
refuse("grid", PTX, "--grid=0", *GOOD)

# Arguments.
refuse("has 2 parameters, but 1 --arg are given", PTX, *GOOD[:2])
refuse("only buffers for tensor maps may follow", PTX, *GOOD, "--arg=i32:1")
refuse("argument 1 ('i64:7') has 8 bytes, but parameter 'value' has 4", PTX, *GOOD[:2], "--arg=i64:7")
refuse("'x' is not a value of type i32", PTX, *GOOD[:2], "--arg=i32:x")
refuse("argument 1 ('int:7'): 'int' is not a type", PTX, *GOOD[:2], "--arg=int:7")
refuse("argument 1 ('bytes:7'): write two hexadecimal digits a byte", PTX, *GOOD[:2], "--arg=bytes:7")
assert run(PTX, *GOOD[:2], "--arg=bytes:07000000", "--print=0").stdout == "argument 0: 4xi32 = 7 0 0 0\n"
refuse("argument 1 ('7'): write a buffer", PTX, *GOOD[:2], "--arg=7")
refuse("argument 0 ('@x.txt'): the file's name must end in .npy", PTX, "--arg=@x.txt", GOOD[2])
refuse("no-such-file.npy", PTX, "--arg=@no-such-file.npy", GOOD[2])
refuse("has 3 elements, but its type needs 4", PTX, "--arg=4xi32=1 2 3", GOOD[2])
refuse("argument 1 is not a buffer", PTX, *GOOD, "--print=1")
refuse("argument 2 is not a buffer", PTX, *GOOD, f"--output=2=@{directory}/x.npy")
refuse("no type for bf16", PTX, "--block=32", "--arg=4xbf16=splat:0", GOOD[2], "--output=0=@x.npy")

# Tensor maps.
MAP = f"{directory}/map.ptx"
BUFFER = "--arg=64x64xf32=splat:0"
GOOD_MAP = "type=f32;dims=64x64;strides=256;box=32x8"
assert run(MAP, f"--arg=map:1;{GOOD_MAP};swizzle=128;oob=nan;l2=128;interleave=0;elementstrides=1x1", BUFFER).returncode == 0
refuse("'0' is not the number of a buffer argument", MAP, f"--arg=map:0;{GOOD_MAP}", BUFFER)
refuse("'x' is not the number of a buffer argument", MAP, f"--arg=map:x;{GOOD_MAP}", BUFFER)
refuse("a tensor map needs type, dims and box", MAP, "--arg=map:1;type=f32", BUFFER)
refuse("'f33' is not a type of a tensor map", MAP, "--arg=map:1;type=f33", BUFFER)
refuse("'64,64' is not a dims of a tensor map", MAP, "--arg=map:1;dims=64,64", BUFFER)
refuse("'48' is not a swizzle of a tensor map", MAP, "--arg=map:1;swizzle=48", BUFFER)
refuse("'color' is not a property of a tensor map", MAP, "--arg=map:1;color=red", BUFFER)

# Bad PTX is located; its line follows.
with open(f"{directory}/bad.ptx", "w") as stream:
    stream.write(TEXT.replace("st.global", "st.globe"))
result = run(f"{directory}/bad.ptx", *GOOD)
assert result.returncode == 2, result
lines = result.stderr.split("\n")
assert lines[0].startswith(f"{directory}/bad.ptx:14:5: error: 'st' does not take '.globe' here"), lines
assert lines[1] == "  st.globe.b32 [%rd1], %r1;", lines

# A fault of the kernel's own.
refuse("out of bounds", PTX, "--block=32", "--arg=0xi32=", "--arg=i32:7", code=1)

# Batches.
BATCH = f"{directory}/batch.json"


def batch(text):
    with open(BATCH, "w") as stream:
        stream.write(text if isinstance(text, str) else json.dumps(text))
    return run(f"--batch={BATCH}")


CASE = {"name": "a", "ptx": PTX, "block": [32], "args": ["4xi32=splat:0", "i32:7"]}
result = batch([CASE, {**CASE, "name": "b", "outputs": {"0": f"{directory}/b.npy"}, "seed": 3, "eager": True, "races": False}])
assert result.returncode == 0, result
a, b = json.loads(result.stdout)
assert a["name"] == "a" and a["ok"] and a["report"]["accesses"] > 0, a
assert b["name"] == "b" and b["ok"] and open(f"{directory}/b.npy", "rb").read(6) == b"\x93NUMPY"

result = batch([CASE, {**CASE, "args": ["0xi32=", "i32:7"]}, {"ptx_text": TEXT, "block": [32, 1], "args": CASE["args"], "profile": True}])
assert result.returncode == 1, result
first, second, third = json.loads(result.stdout)
assert first["ok"] and not second["ok"] and third["ok"], result.stdout
assert second["fault"] and "out of bounds" in second["error"], second
assert third["report"]["profile"], third

result = batch([{**CASE, "args": []}, {**CASE, "args": ["0xi32=", "i32:7"]}])
assert result.returncode == 2, result
assert not json.loads(result.stdout)[0]["fault"]


def refuse_batch(expected, text):
    result = batch(text)
    assert result.returncode == 2, result
    assert expected in result.stderr and result.stdout == "", result


refuse_batch("batch.json", "[{")
refuse_batch("a batch is a list of cases", {"a": 1})
refuse_batch("expected an object", [1])
refuse_batch("there is no such key", [{**CASE, "gird": [1]}])
refuse_batch("expected either ptx or ptx_text", [{"name": "x"}])
refuse_batch("expected a list of one to three numbers", [{**CASE, "grid": 4}])
refuse_batch("expected a number", [{**CASE, "grid": [-4]}])
refuse_batch("expected argument number to path", [{**CASE, "outputs": {"x": "y"}}])
