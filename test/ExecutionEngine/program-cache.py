# A program is compiled once and kept: the second run finds its code, its
# signature and its memory plan. What is not the same program is compiled, and a
# file that is not what it should be is ignored with a remark, and replaced.
#
# RUN: rm -rf %t && mkdir -p %t && bpt-gen attention --seq=5 --heads=1 --head-dim=4 > %t/model.mlir
# RUN: %python %s %t %bpt_bin_dir %bpt_src_root

import os
import pathlib
import shutil
import subprocess
import sys

folder, tools, sources = map(pathlib.Path, sys.argv[1:])
cache = folder / "cache"
model = folder / "model.mlir"
INPUTS = [f"--input=1x5x1x4xf32=random:{i}" for i in range(3)]


def run(*flags, file=model, runner=tools / "bpt-runner", inputs=INPUTS, **settings):
    """(what was written to standard output, to standard error)"""
    done = subprocess.run(
        [runner, file, *inputs, *flags], capture_output=True, text=True,
        env={**os.environ, "BPT_CACHE_DIR": str(cache), **settings},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def kept():
    files = sorted(cache.iterdir()) if cache.exists() else []
    assert all(f.suffix == ".program" for f in files), "an unfinished file was left"
    return files


def compiles(*flags, **arguments):
    """Runs the program; whether it was compiled, and its output."""
    before = {f: f.stat().st_mtime_ns for f in kept()}
    output, errors = run(*flags, **arguments)
    assert not errors, errors
    return {f: f.stat().st_mtime_ns for f in kept()} != before, output


compiled, first = compiles()
assert compiled and "result 0: 1x5x1x4xf32" in first
assert compiles() == (False, first)
assert compiles(inputs=[i.replace(":", ":1", 1) for i in INPUTS])[0] is False

# What else is asked of the compiler's module is kept with it.
_, planned = compiles("--memory-plan")
assert compiles("--memory-plan") == (False, planned)
shutil.rmtree(cache)
assert compiles("--memory-plan") == (True, planned)
assert "memory plan of 'main'" in planned, planned

# Another module, function, strategy, text of a strategy, or device.
text = model.read_text()
model.write_text("\n" + text)
assert compiles() == (True, first), "places in the source are part of the code"
model.write_text(text)
assert compiles("--strategy=none") == (True, first)
assert compiles("--strategy=none") == (False, first)
strategy = folder / "strategy.mlir"
sequence = (sources / "docs" / "strategies" / "two_level_keys.mlir").read_text()
strategy.write_text(sequence)
compiled, blocked = compiles(f"--strategy={strategy}")
assert compiled
assert compiles(f"--strategy={strategy}") == (False, blocked)
strategy.write_text(sequence + "\n")
assert compiles(f"--strategy={strategy}") == (True, blocked)
for chip in ("sm_80", "sm_90"):
    for expected in (True, False):
        flags = ["--device=cuda-emulator", f"--chip={chip}"]
        assert compiles(*flags)[0] is expected, flags
assert compiles("--device=cuda-emulator", "--tensor-cores=false")[0]

# Other bound arguments, by number or name, are another program; other values not.
for flags in (["--bind=0"], ["--bind=1,2"], ["--bind=0,1,2"]):
    for expected in (True, False):
        assert compiles(*flags) == (expected, first), flags
assert compiles("--bind=v,k") == (False, first)
assert compiles("--bind=1,2", inputs=[i.replace(":", ":1", 1) for i in INPUTS])[0] is False
_, planned = compiles("--bind=1,2", "--memory-plan")
assert "memory plan of 'main'" in planned, planned

# Another compiler: the same one, installed again.
other = folder / "bpt-runner"
shutil.copy(tools / "bpt-runner", other)
assert compiles(runner=other) == (True, first)
assert compiles(runner=other) == (False, first)
os.utime(other, (1, 1))
assert compiles(runner=other) == (True, first)

# A compiler that fails keeps nothing.
count = len(kept())
invalid = folder / "invalid.mlir"
invalid.write_text("func.func @main() -> memref<*xf32>")
done = subprocess.run([tools / "bpt-runner", invalid], capture_output=True, text=True,
                      env={**os.environ, "BPT_CACHE_DIR": str(cache)})  # fmt: skip
assert done.returncode == 2 and len(kept()) == count

shutil.rmtree(cache)
run()
(file,) = kept()
good = file.read_bytes()
assert cache.stat().st_mode & 0o777 == 0o700


def refuse(content, remark):
    """The file is ignored and replaced by a good one."""
    file.write_bytes(content)
    output, errors = run()
    assert output == first
    assert errors.startswith(f"{model}:1:1: remark: cached code '{file}'"), errors
    assert remark in errors, errors
    assert file.read_bytes() == good


refuse(b"", "it is not a file of this cache")
refuse(good[: len(good) // 2], "it is torn")
refuse(good[:-1] + bytes([good[-1] ^ 1]), "it is torn")
file.chmod(0o666)
assert "other users can write it" in run()[1]
assert not run()[1]

# Nowhere to keep it.
shutil.rmtree(cache)
assert run(BPT_CACHE_DIR="") == (first, "")
assert run(HOME="", XDG_CACHE_HOME="", BPT_CACHE_DIR="") == (first, "")
assert not cache.exists()
