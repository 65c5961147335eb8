# The rates of bpt.bench.loops are those of the emulator's model, and options of passes
# are those that a step switches.
#
# REQUIRES: emulator
# RUN: rm -rf %t && mkdir %t
# RUN: env PYTHONPATH=%bpt_src_root/python BPT_BIN=%bpt_bin_dir %python %s %t

import sys
from pathlib import Path

from bpt.bench.loops.pipes import find_rates
from bpt.bench.loops.programs import lower, make_pipeline, steps
from bpt.tools import ToolError, run_json, run_tool

work = Path(sys.argv[1])
(work / "main.mlir").write_text(
    run_tool("bpt-gen", ["attention", "--seq=128", "--heads=2", "--head-dim=64", "--dtype=bf16"])
)
for chip in ("sm_80", "sm_90a"):
    inputs = [f"--input=1x128x2x64xbf16=random:{seed}" for seed in range(3)]
    (kernel,) = run_json([
        work / "main.mlir",
        "--device=cuda-emulator",
        f"--chip={chip}",
        "--profile",
        *inputs,
    ])["kernels"]  # fmt: skip
    counters = kernel["counters"]

    def warps(*classes, counters=counters):
        return sum(counters[f"warp_instructions.{name}"] for name in classes)

    work_of = {
        "issue": counters["warp_instructions"] - warps("other", "load_other"),
        "tensor": counters["tensor_operations"],
        "float": warps("float_add", "float_mul", "float_fma"),
        "alu": warps("integer", "float_other", "conversion"),
        "special": warps("exponential", "special"),
        "shared memory": 128 * counters["shared_wavefronts"] + counters["wgmma_shared_bytes"],
        "global memory": 32 * (counters["global_load_sectors"] + counters["global_store_sectors"]),
    }
    rates = find_rates(chip)
    assert rates.gpu == kernel["model"]["gpu"], kernel["model"]
    ours = {
        "issue": rates.issue,
        "tensor": rates.tensor,
        "float": rates.float32,
        "alu": rates.alu,
        "special": rates.special,
        "shared memory": rates.shared,
        "global memory": rates.global_memory,
    }
    blocks = kernel["grid"][0] * kernel["grid"][1] * kernel["grid"][2]
    for pipe, rate in ours.items():
        cycles = kernel["model"]["cycles"][pipe]
        assert cycles > 0 and abs(work_of[pipe] / rate / blocks - cycles) <= 1e-3 * cycles, (chip, pipe)
assert find_rates("sm_90") == find_rates("sm_90a") and find_rates("sm_75") == find_rates("sm_80")
assert find_rates("sm_100a") is None

first, *_, last = steps(512, 64)
assert all(f"{option}=false" in make_pipeline("sm_90a", first) for option in ("wgmma", "overlap", "warp-roles"))
assert all(f"{option}=true" in make_pipeline("sm_90a", last) for option in ("wgmma", "overlap", "warp-roles"))
(ptx,), infos = lower(last, "sm_90a", work)
assert "wgmma.mma_async" in ptx and "\n\t" in ptx
assert infos["main_0"]["threads"] == 384 and infos["main_0"]["shared_bytes"] > 100_000, infos
# Two tiles of keys and values, and not the queries.
assert infos["main_0"]["copied_bytes"] == 2 * 128 * 64 * 2, infos
assert infos["main_0"]["buffers"][0] == "1×128×64" and len(infos["main_0"]["buffers"]) == 3, infos
(ptx,), infos = lower(first, "sm_90a", work)
assert "wgmma" not in ptx and "mma.sync" in ptx
assert infos["main_0"]["buffers"] == ["2×32×64"] * 2 and not infos["main_0"]["copied_bytes"], infos

wrong = type(first)("wrong", first.gen, passes={"bpt-gpu-schedule": {"frobnicate": True}})
try:
    make_pipeline("sm_90a", wrong)
    raise AssertionError("an option that is not there was set")
except ToolError as error:
    assert str(error) == "bpt-opt --bpt-gpu runs no bpt-gpu-schedule with an option frobnicate"
