# bpt.paper_models computes what the paper's models would train, from plans.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s %t

import json
import pathlib
import subprocess
import sys

from bpt.memory_study import Sizes, compile_gradient
from bpt.paper_models import MODELS, SHALLOW, Plan

out = pathlib.Path(sys.argv[1])
command = [sys.executable, "-m", "bpt.paper_models"]
done = subprocess.run(
    [*command, "--models=1B", "--methods=bpt", "--memory=30", f"--out={out}"], capture_output=True, text=True
)
assert done.returncode == 0 and "Computed, not measured" in done.stdout, done
one, eight = json.loads(out.read_text())
# Parameters in bf16, gradients and two moments in f32; of eight devices an eighth,
# and the parameters and gradients of the vocabulary, which are more than a layer's.
embed, vocab, layers = 2048, 50432, 24
count = layers * (12 * embed**2 + 4 * embed) + 2 * vocab * embed + 2 * embed
assert MODELS["1B"] == Sizes(layers, embed, 16, vocab, "bf16")
assert one["state_bytes"] == 14 * count and one["devices"] == 1, (one, count)
assert eight["state_bytes"] == 14 * count // 8 + 6 * vocab * embed and eight["devices"] == 8, eight
assert 0 < one["contexts"]["bpt"] < eight["contexts"]["bpt"], (one, eight)

# Two depths tell a third.
sizes = Sizes(layers=5, embed=16, heads=2, vocab=64)
assert sizes.layers not in SHALLOW
rows = dict.fromkeys(("tokens", "labels", "cotangent"), (1, 1024))
exact = compile_gradient(sizes, "memory-efficient", None, 2).plan_bytes(**rows)
assert Plan(sizes, "memory-efficient", 2).planned(1024)["planned_bytes"] == exact, exact

full = subprocess.run([*command, "--models=1B", "--methods=bpt", "--memory=3", "--devices=1"], capture_output=True, text=True)
assert full.returncode == 0 and "| the state does not fit |" in full.stdout, full
wrong = subprocess.run([*command, "--devices=0"], capture_output=True, text=True)
assert wrong.returncode == 2 and "must be positive" in wrong.stderr, wrong.stderr
