# Code is assembled once and kept; a file that is not what it should be is
# ignored with a remark, and replaced.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: %fake_cuda %t/cuda.so
# RUN: env BPT_PTXAS=%fake_ptxas BPT_CUDA_DRIVER=%t/cuda.so %python %s %host_programs %t

import os
import pathlib
import subprocess
import sys

programs, folder = sys.argv[1], pathlib.Path(sys.argv[2])
cache = folder / "cache" / "kernels"
ptxas_log, cuda_log = folder / "ptxas.log", folder / "cuda.log"


def run(remark=None, assembled=0, loaded=["cubin"], keeps_program=True, **settings):
    """Runs a program; checks remarks, runs of ptxas and what was loaded. A remark
    on the host's program has its place in the source."""
    for log in (ptxas_log, cuda_log):
        log.write_text("")
    environment = {
        "BPT_CACHE_DIR": str(cache),
        "FAKE_PTXAS_LOG": str(ptxas_log),
        "FAKE_CUDA_LOG": str(cuda_log),
        **settings,
    }
    done = subprocess.run(
        ["bpt-runner", programs, "--device=cuda", "--input=8xf32=splat:3"],
        env={**os.environ, **environment}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3 3 3" in done.stdout, done.stdout
    remarks = [remark] if remark else []
    lines = done.stderr.splitlines()
    if not keeps_program:
        place, said = lines.pop(0).split(": remark: ")
        assert place.endswith("host-programs.mlir:0:0") and said.startswith("code cannot be kept"), done.stderr
    assert len(lines) == len(remarks), done.stderr
    for line, text in zip(lines, remarks):
        assert line.startswith("bpt-runner: remark: ") and text in line, line
    assert len(ptxas_log.read_text().splitlines()) == assembled, "runs of ptxas"
    calls = cuda_log.read_text().splitlines()
    modules = [c.split(" ", 1)[1] for c in calls if c.startswith("cuModuleLoadDataEx")]
    assert modules == loaded, modules


def cached():
    files = sorted(cache.iterdir())
    kinds = {".cubin", ".program"}
    assert all(f.suffix in kinds for f in files), "an unfinished file was left"
    return [f for f in files if f.suffix == ".cubin"]


run(assembled=1)
assert len(cached()) == 1
assert cache.stat().st_mode & 0o777 == 0o700
run()
# For another GPU, ptxas or driver it is other code.
run(assembled=1, FAKE_CUDA_CHIP="80")
assert ptxas_log.read_text() == "-arch=sm_80\n"
run(assembled=1, FAKE_PTXAS_VERSION="99.2.0")
run(assembled=1, FAKE_CUDA_VERSION="13000")
assert len(cached()) == 4
for file in cached():
    file.unlink()
run(assembled=1)
file = cached()[0]
good = file.read_bytes()


def refuse(content, remark):
    """The file is ignored and replaced by a good one."""
    file.write_bytes(content)
    run(remark, assembled=1)
    assert file.read_bytes() == good


for size in (0, 10, 31):
    refuse(good[:size], "it is not a file of this cache")
refuse(b"\177ELF" + good, "it is not a file of this cache")
for size in (32, 100, len(good) - 1):
    refuse(good[:size], "it is torn")
refuse(good + b"x", "it is torn")
refuse(good[:-1] + b"?", "it is torn")
# Sizes that overflow when they are added.
refuse(good[:8] + b"\xff" * 16 + good[24:], "it is torn")
# The right form, but the code of other PTX, under the name of this one.
changed = bytearray(good)
changed[40] ^= 1
refuse(bytes(changed), "it is the code of something else")

file.chmod(0o666)
run("other users can write it", assembled=1)
assert file.stat().st_mode & 0o777 == 0o600
# A link is not followed, a pipe not waited for, a folder not read.
real = folder / "real"
real.write_bytes(good)
file.unlink()
file.symlink_to(real)
run("is ignored: Too many levels of symbolic links", assembled=1)
assert not file.is_symlink() and real.read_bytes() == good
file.unlink()
os.mkfifo(file, 0o600)
run("it is not a regular file", assembled=1)
file.unlink()
file.mkdir()
(file / "x").touch()
done = subprocess.run(
    ["bpt-runner", programs, "--device=cuda", "--input=8xf32=splat:3"],
    env={**os.environ, "BPT_CACHE_DIR": str(cache)}, capture_output=True, text=True,
)  # fmt: skip
assert done.returncode == 0 and "it is not a regular file" in done.stderr, done.stderr
assert "code cannot be kept" in done.stderr, done.stderr
assert cached() == [file]

# No folder to keep code in: it is assembled every time.
blocked = folder / "file"
blocked.write_text("")
run(f"code cannot be kept in '{blocked}/x': Not a directory", assembled=1,
    keeps_program=False, BPT_CACHE_DIR=f"{blocked}/x")
run(assembled=1, BPT_CACHE_DIR="")
# XDG's folder, where there is none of our own.
environment = {k: v for k, v in os.environ.items() if k != "BPT_CACHE_DIR"}
environment["XDG_CACHE_HOME"] = str(folder / "xdg")
subprocess.run(
    ["bpt-runner", programs, "--device=cuda", "--input=8xf32=splat:3"],
    env=environment, check=True, capture_output=True,
)  # fmt: skip
assert len(list((folder / "xdg" / "bpt").glob("*.cubin"))) == 1

# Without ptxas, with one that fails, or where the driver does not take what it
# wrote, the driver assembles.
run(loaded=["ptx"], BPT_CACHE_DIR="", BPT_PTXAS="")
run(loaded=["ptx"], BPT_CACHE_DIR="", BPT_PTXAS="/none/ptxas")
run("ptxas failed with code 255: error   : Not a name any opcode: 'fly'; the driver "
    "assembles instead", assembled=1, loaded=["ptx"], BPT_CACHE_DIR="",
    FAKE_PTXAS_FAIL="1")  # fmt: skip
run("cuModuleLoadDataEx failed: a PTX JIT compilation failed (CUDA_ERROR_INVALID_PTX)",
    assembled=1, loaded=["refused cubin", "ptx"], BPT_CACHE_DIR="",
    FAKE_CUDA_REFUSE="cubin")  # fmt: skip
