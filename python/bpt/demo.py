"""`python -m bpt.demo`: a published model on real sentences, and a layer of
GPT-2's size on a long sequence, both compiled and run on this machine."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import bpt
from bpt import models
from bpt.layer import Layer, save_weights
from bpt.reference import layer_rows, relative_error
from bpt.sentences import SentenceEncoder
from bpt.tools import ToolError, progress, run_json, run_tool

SENTENCES = [
    "A man is eating food.",
    "Someone is having a meal.",
    "The cheetah chases its prey across the field.",
    "A wild cat is running after an animal.",
    "The central bank raised interest rates.",
    "Borrowing money has become more expensive.",
]
MAX_ERROR = 1e-5
CHECKED_ROWS = 16


class CheckFailed(Exception):
    """A result is wrong."""


def show_sentences(threads: int | None) -> str:
    """Embeds sentences and prints their similarities; returns a summary."""
    progress("compiling all-MiniLM-L6-v2 ...")
    start = time.monotonic()
    encoder = SentenceEncoder(models.find_minilm(), threads)
    progress("embedding sentences ...")
    embeddings = encoder.encode(SENTENCES)
    progress("")
    seconds = time.monotonic() - start
    if not np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5):
        raise CheckFailed("the embeddings are not of unit length")
    similarities = embeddings @ embeddings.T
    print("Sentence similarities (all-MiniLM-L6-v2: six layers, published weights)\n")
    width = max(map(len, SENTENCES))
    print(" " * (width + 4) + "".join(f"{i:7d}" for i in range(1, len(SENTENCES) + 1)))
    for i, (sentence, row) in enumerate(zip(SENTENCES, similarities), 1):
        print(f"{i:2d}  {sentence:{width}s}" + "".join(f"{value:7.2f}" for value in row))
    print()
    # The sentences come in pairs that say the same.
    other = similarities - 2 * np.eye(len(SENTENCES))
    if any(other[i].argmax() != (i ^ 1) for i in range(len(SENTENCES))):
        raise CheckFailed("a sentence is not most similar to its paraphrase")
    return f"each sentence is nearest to its paraphrase ({seconds:.1f} s with compiling)"


def show_layer(layer: Layer, threads: int | None) -> str:
    """Runs a layer, checks some rows and prints time and memory; returns a summary."""
    with tempfile.TemporaryDirectory(prefix="bpt-") as folder:
        work = Path(folder)
        progress("making weights ...")
        weights, x = layer.make_weights(), layer.make_input()
        save_weights(weights, work / "weights.safetensors")
        np.save(work / "x.npy", x)
        (work / "layer.mlir").write_text(run_tool("bpt-gen", layer.gen_flags()))
        progress(f"compiling and running {layer.flops() * 4e-9:.0f} GFLOP ...")
        report = run_json(
            [
                work / "layer.mlir",
                f"--weights={work / 'weights.safetensors'}",
                f"--input=@{work / 'x.npy'}",
                f"--output=@{work / 'y.npy'}",
                "--benchmark=3",
                "--memory-report",
                *([f"--threads={threads}"] if threads else []),
            ]
        )
        progress("checking rows against NumPy in fp64 ...")
        y = np.load(work / "y.npy")
        rows = np.unique(np.linspace(0, layer.seq - 1, CHECKED_ROWS).astype(int))
        error = relative_error(y[0, rows], layer_rows(layer, x, weights, rows))
        progress("")
    gflops = layer.flops() / report["median_ms"] * 1e-6
    share = report.get("roofline_share")
    workspace = report["workspace_bytes"]
    unfused = layer.unfused_bytes()
    peak = max(unfused.values())
    print(
        f"A layer of GPT-2's size (embed {layer.embed}, {layer.heads} heads, hidden {layer.ffn}), "
        f"{'causal, ' if layer.causal else ''}{layer.seq} tokens, f32\n"
    )
    print(f"  time (median of 3)                {report['median_ms'] / 1e3:10.2f} s")
    at_peak = f"  ({share:.0%} of the machine's peak)" if share else ""
    print(f"  speed                             {gflops:10.0f} GFLOP/s{at_peak}")
    print(f"  compiling                         {report['compile_ms'] / 1e3:10.2f} s")
    print(f"  error of {len(rows):2d} rows against fp64      {error:10.1e} relative")
    print(f"  memory beyond input and output    {workspace / 1e6:10.1f} MB  (measured)")
    print("  what the unfused layer would hold (computed):")
    for name, size in unfused.items():
        print(f"    {name:38s}{size / 1e6:10.1f} MB")
    print()
    if not error <= MAX_ERROR:
        raise CheckFailed(f"the layer's relative error is {error:.1e}; at most {MAX_ERROR:.0e} is right")
    return f"{gflops:.0f} GFLOP/s; holds {workspace / 1e6:.0f} MB, unfused it would be {peak / 1e6:.0f} MB (computed)"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bpt.demo", description=__doc__)
    parser.add_argument("--seq", type=int, default=16384, metavar="N", help="tokens of the layer's sequence")
    parser.add_argument("--threads", type=int, metavar="N", help="threads (default: all)")
    args = parser.parse_args()
    if args.seq < 1 or (args.threads is not None and args.threads < 1):
        parser.error("--seq and --threads are at least 1")

    parts = {
        "published model": lambda: show_sentences(args.threads),
        "long sequence": lambda: show_layer(Layer(args.seq), args.threads),
    }
    results, failed = {}, False
    for name, part in parts.items():
        try:
            results[name] = part()
        except models.ModelMissing as missing:
            results[name] = f"LEFT OUT: {missing}"
        except (bpt.Error, ToolError, CheckFailed) as error:
            results[name], failed = f"FAILED: {error}", True
        progress("")
    print("Summary")
    for name, text in results.items():
        print(f"  {name:16s} {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
