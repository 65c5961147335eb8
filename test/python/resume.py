# A training run that is killed with SIGKILL at random moments goes on each time
# and ends with the bits of one that was left alone. The second argument says how
# often.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s %t 3

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

folder, kills = pathlib.Path(sys.argv[1]), int(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
corpus = folder / "corpus"
corpus.mkdir(parents=True)
for i in range(20):
    (corpus / f"{i}.py").write_text("".join(f"def f{j}(x):\n    return x + {i * j}\n" for j in range(40)))

STEPS = 40
FLAGS = ["--quiet", "--layers=2", "--embed=16", "--heads=2", "--seq=32", "--batch=2", f"--steps={STEPS}", "--warmup=3",
         "--save-every=1", f"--corpus={corpus}"]  # fmt: skip


def start(checkpoint, log):
    command = [sys.executable, "-m", "bpt.lm", "train", f"--checkpoint={checkpoint}", f"--log={log}", *FLAGS]
    return subprocess.Popen(command, start_new_session=True)


alone, killed = folder / "alone.safetensors", folder / "killed.safetensors"
assert start(alone, folder / "alone.log").wait() == 0

seed = int.from_bytes(os.urandom(4), "little")
print("seed", seed)
rng = random.Random(seed)
log = folder / "killed.log"
for kill in range(kills):
    process = start(killed, log)
    # It is killed somewhere in its steps, compiling included.
    lines = log.read_text().count("\n") if log.exists() else 0
    until = lines + rng.randrange(STEPS // kills)
    while process.poll() is None and (not log.exists() or log.read_text().count("\n") < until):
        time.sleep(0.001)
    time.sleep(rng.random() * 0.02)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    else:
        assert process.returncode == 0
    print(f"kill {kill}: {log.read_text().count(chr(10)) if log.exists() else 0} steps, "
          f"{'a' if killed.exists() else 'no'} checkpoint")  # fmt: skip
assert start(killed, log).wait() == 0
assert alone.read_bytes() == killed.read_bytes()

# Other data, or another model, is another run.
again = start(killed, log)
assert again.wait() == 0
(corpus / "0.py").write_text("pass\n")
other = subprocess.run(
    [sys.executable, "-m", "bpt.lm", "train", f"--checkpoint={killed}", *FLAGS], capture_output=True, text=True
)
assert other.returncode == 1 and "is of another run: corpus is" in other.stderr, other.stderr
assert alone.read_bytes() == killed.read_bytes()

# It writes.
written = subprocess.run(
    [sys.executable, "-m", "bpt.lm", "sample", f"--checkpoint={alone}", "--prompt=def f", "--bytes=40", "--temperature=0"],
    capture_output=True,
)
assert written.returncode == 0 and written.stdout.startswith(b"def f") and len(written.stdout) == 46, written
for flags, message in [
    (["sample", f"--checkpoint={folder}/none"], "error: cannot read checkpoint"),
    (["train", f"--checkpoint={folder}/none/x"], "error: there is no folder"),
    (["train", f"--checkpoint={folder}/x", f"--corpus={folder}/none"], "error: there are no Python sources in"),
    (["train", f"--checkpoint={folder}/x", "--steps=5", "--warmup=5"], "error: --warmup=5 must be less than --steps=5"),
    (["train", f"--checkpoint={folder}/x", "--embed=33"], "error: --embed=33 is not a multiple of --heads=4"),
    (["train", f"--checkpoint={folder}/x", f"--corpus={corpus}", "--seq=99999"], "error: the corpus has"),
]:
    refused = subprocess.run([sys.executable, "-m", "bpt.lm", *flags], capture_output=True, text=True)
    assert refused.returncode == 1 and refused.stderr.startswith(message), (flags, refused)
    assert not (folder / "x").exists()
