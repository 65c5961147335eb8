"""`python -m bpt.bench.kernels`: what BPT's attention kernels do on a GPU, counted
by the emulator, beside a kernel that nvcc compiled from the same algorithm
(attention.cu). Prints Markdown. The time and the pipes are a model's
(docs/gpu-counters.md); no GPU is needed. What follows `--` is for bpt-runner,
when it runs BPT's."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from safetensors.numpy import load_file, save_file

from bpt.bench import nvcc
from bpt.bench.kernel_table import markdown
from bpt.reference import relative_error
from bpt.tools import ToolError, progress, run_json, run_tool

BF16 = ml_dtypes.bfloat16


class WrongResult(Exception):
    """Counters of a kernel that computes something else mean nothing."""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpt.bench.kernels", description=__doc__)
    parser.add_argument("--seq", type=int, default=1024, metavar="N", help="tokens (default: 1024)")
    parser.add_argument("--heads", type=int, default=16, metavar="N", help="default: 16, to fill a GPU")
    parser.add_argument("--head-dim", type=int, nargs="+", default=[64, 128], choices=list(nvcc.KEYS))
    parser.add_argument("--chip", default="sm_80", metavar="sm_NN", help="default: sm_80")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all counters")
    own = sys.argv[1:]
    split = own.index("--") if "--" in own else len(own)
    args = parser.parse_args(own[:split])
    args.runner_flags = own[split + 1 :]
    if args.seq < 1 or args.seq % nvcc.QUERIES:
        parser.error(f"--seq={args.seq}: attention.cu takes multiples of {nvcc.QUERIES}")
    if args.heads < 1:
        parser.error(f"--heads={args.heads} is less than 1")
    return args


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, causal: bool, dtype: type) -> np.ndarray:
    """Head by head; every step is rounded to the type."""
    out = np.empty(q.shape, np.float64)
    for head in range(q.shape[2]):

        def rounded(x: np.ndarray) -> np.ndarray:
            return x.astype(dtype).astype(np.float64)

        heads = [x[0, :, head].astype(np.float64) for x in (q, k, v)]
        scores = rounded(heads[0] @ heads[1].T / np.sqrt(q.shape[-1]))
        if causal:
            scores[~np.tri(len(scores), dtype=bool)] = -np.inf
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights = rounded(weights / weights.sum(axis=1, keepdims=True))
        out[0, :, head] = rounded(weights @ heads[2])
    return out


def measure(args: argparse.Namespace, head_dim: int, causal: bool) -> dict[str, Any]:
    """Both kernels on the same inputs."""
    shape = (1, args.seq, args.heads, head_dim)
    random = np.random.default_rng(0)
    inputs = {name: random.standard_normal(shape, np.float32).astype(BF16) for name in "qkv"}
    exact = attention(*inputs.values(), causal, np.float64)
    allowed = 2 * relative_error(attention(*inputs.values(), causal, BF16), exact)
    gen = ["attention", f"--seq={args.seq}", f"--heads={args.heads}", f"--head-dim={head_dim}"]
    gen += ["--dtype=bf16"] + ["--causal"] * causal
    programs = {
        "BPT": (run_tool("bpt-gen", gen), args.runner_flags),
        "nvcc": (nvcc.attention(1, args.seq, args.heads, head_dim, causal), []),
    }
    entry: dict[str, Any] = {
        "case": f"head dim {head_dim}{', causal' if causal else ''}",
        "seq": args.seq,
        "heads": args.heads,
        "head_dim": head_dim,
        "causal": causal,
        "chip": args.chip,
        "kernels": {},
    }
    for who, (program, flags) in programs.items():
        progress(f"{entry['case']}: {who}")
        with tempfile.TemporaryDirectory(prefix="bpt-kernels-") as folder:
            work = Path(folder)
            (work / "main.mlir").write_text(program)
            save_file(inputs, str(work / "inputs.safetensors"))
            report = run_json([
                work / "main.mlir",
                f"--weights={work / 'inputs.safetensors'}",
                f"--output=@{work / 'out.safetensors'}#out",
                "--device=cuda-emulator",
                f"--chip={args.chip}",
                "--profile",
                *flags,
            ])  # fmt: skip
            result = load_file(work / "out.safetensors")["out"].astype(np.float64)
        if len(report["kernels"]) != 1:
            raise WrongResult(f"{entry['case']}: {who} is {len(report['kernels'])} kernels, not one")
        error = relative_error(result, exact)
        if not error <= allowed:
            raise WrongResult(f"{entry['case']}: {who} is wrong by {error:.1e}; at most {allowed:.1e} is allowed")
        entry["kernels"][who] = report["kernels"][0] | {"rel_error": error}
    progress("")
    return entry


def main() -> int:
    args = parse_arguments()
    try:
        entries = [measure(args, head_dim, causal) for head_dim in args.head_dim for causal in (False, True)]
        if args.json:
            args.json.write_text(json.dumps(entries, indent=2) + "\n")
    except (ToolError, WrongResult, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, WrongResult) else 2
    print(markdown(entries), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
