# bpt.memory_study finds the longest context of each method, measures, and writes a
# table and a plot.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s %t

import json
import pathlib
import subprocess
import sys

from bpt.memory_study import GRAIN, find_longest, predict

# A line, a parabola, and one point.
line = [{"seq": s, "planned_bytes": 1000 + 10 * s} for s in (128, 256)]
assert abs(predict(line, 1000 + 10 * 5000) - 5000) <= 1
parabola = [{"seq": s, "planned_bytes": 1000 + 10 * s + s * s / 4} for s in (128, 256, 512)]
assert abs(predict(parabola, 1000 + 10 * 700 + 700 * 700 / 4) - 700) <= 1
assert predict(line[:1], 1e9) == 256 and predict(line[:1], 1) == 64

# A line that is steeper from somewhere on is no trap.
bent = lambda seq: {"seq": seq, "planned_bytes": 1000 + 10 * seq + max(0, 500 * (seq - 5000))}
points = find_longest(bent, 1000 + 10 * 40000 + 500 * 35000, 512, 1 << 20)
assert len(points) < 25 and max(p["seq"] for p in points if p["seq"] <= 40000) >= 40000 - 400, points

out = pathlib.Path(sys.argv[1])
command = [sys.executable, "-m", "bpt.memory_study", "--layers=1", "--embed=16", "--heads=2", "--vocab=32"]
done = subprocess.run(
    [*command, "--budget=0.001", "--shortest=128", "--longest=512", "--measured=2", f"--out={out}"], capture_output=True, text=True
)
assert done.returncode == 0, done.stderr
points = json.loads((out / "memory.json").read_text())
budget, longest, losses = 0.001 * 2**30, {}, {}
for p in points:
    assert p["seq"] % GRAIN == 0 and 128 <= p["seq"] <= 512
    if p["planned_bytes"] <= budget:
        longest[p["method"]] = max(p["seq"], longest.get(p["method"], 0))
    if "seconds" in p:
        losses.setdefault(p["seq"], []).append(p["loss"])
        # Threads need not be at their peaks at the same time.
        assert 0 < p["workspace_bytes"] <= p["planned_bytes"], p
# Each method's is the last that fits: the next was tried, or is not allowed.
for method, seq in longest.items():
    assert seq == 512 or any(p["method"] == method and p["seq"] == seq + GRAIN for p in points), (method, points)
# The longest is measured, and with --measured=0 nothing is.
for method, seq in longest.items():
    assert any("seconds" in p and p["method"] == method and p["seq"] == seq for p in points), (method, points)
none = subprocess.run(
    [*command, "--budget=0.001", "--methods=bpt", "--shortest=128", "--longest=256", f"--out={out}/none", "--measured=0"],
    capture_output=True,
    text=True,
)
assert none.returncode == 0 and "planned" in none.stdout and "MB held" not in none.stdout, none
assert longest["bpt"] >= longest["memory-efficient"] > longest["vanilla"] >= 128, longest
assert all(abs(loss - same[0]) < 1e-5 for same in losses.values() for loss in same), losses
table = (out / "memory.md").read_text()
assert f"| bpt | {longest['bpt']} | {longest['bpt'] / longest['vanilla']:.1f} |" in table, table
assert (out / "memory.svg").read_text().lstrip().startswith("<?xml")
assert (out / "memory.png").read_bytes().startswith(b"\x89PNG")

wrong = subprocess.run([*command, "--shortest=0"], capture_output=True, text=True)
assert wrong.returncode == 2 and "--shortest must be positive" in wrong.stderr, wrong.stderr
wrong = subprocess.run([*command, "--heads=3", f"--out={out}"], capture_output=True, text=True)
assert wrong.returncode == 1 and "--embed=16 is not a multiple of --heads=3" in wrong.stderr, wrong.stderr
wrong = subprocess.run([*command, "--measured=-1"], capture_output=True, text=True)
assert wrong.returncode == 2 and "--measured must not be negative" in wrong.stderr, wrong.stderr
