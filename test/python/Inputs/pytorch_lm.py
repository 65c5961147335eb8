"""The training of bpt.lm in PyTorch (`pip install torch`): the same model, first
weights, batches and optimizer, written with its own modules.

    pytorch_lm.py --log pytorch.jsonl [--steps N] [--compare bpt.jsonl]

Writes a line of JSON for each update, as `bpt.lm train --log` does. With
--compare, fails unless the last losses of both are within 1e-2.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy as np
import torch
from torch.nn import functional as f

import bpt
from bpt.lm.corpus import Corpus
from bpt.lm.model import ModelConfig
from bpt.training import AdamW

TOLERANCE = 1e-2


def rotate(x):
    """Pairs of the first and second half of a head, [batch, seq, heads, dim]."""
    half = x.shape[-1] // 2
    rate = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * rate
    cos, sin = angle.cos().float()[:, None], angle.sin().float()[:, None]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def losses_of(config, p, tokens, labels):
    """Of every position."""

    def norm(x, name):
        return f.rms_norm(x, (config.embed,), p[name], 1e-5)

    x = f.embedding(tokens, p["embed.weight"])
    for i in range(config.layers):
        w = lambda name: p[f"layers.{i}.{name}"]
        y = norm(x, f"layers.{i}.ln1.weight")
        q, k, v = ((y @ w(f"w{part}")).unflatten(-1, (config.heads, -1)) for part in "qkv")
        heads = (t.transpose(1, 2) for t in (rotate(q), rotate(k), v))
        context = f.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + context.transpose(1, 2).flatten(2) @ w("wo")
        y = norm(x, f"layers.{i}.ln2.weight")
        x = x + (f.silu(y @ w("w1")) * (y @ w("w3"))) @ w("w2")
    logits = norm(x, "ln_f.weight") @ p["lm_head.weight"]
    return f.cross_entropy(logits.flatten(0, 1), labels.flatten().long(), reduction="none")


def rate_at(options, step):
    """The learning rate of an update, from 1."""
    lowest = options.learning_rate / 10 if options.min_learning_rate is None else options.min_learning_rate
    if step < options.warmup:
        return options.learning_rate * step / options.warmup
    done = min(max((step - options.warmup) / (options.steps - options.warmup), 0), 1)
    return lowest + (options.learning_rate - lowest) * (1 + math.cos(math.pi * done)) / 2


def train(arguments, log):
    """The losses."""
    config, corpus = ModelConfig(), Corpus()
    options = AdamW(arguments.learning_rate, warmup=min(20, arguments.steps // 10), steps=arguments.steps)
    types = bpt.compile(config.ir(arguments.batch, loss=True)).arguments
    first = config.first_parameters(types, arguments.seed)
    p = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in first.items()}
    groups = [
        {"params": [t for t in p.values() if t.ndim > 1], "weight_decay": options.weight_decay},
        {"params": [t for t in p.values() if t.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(options.beta1, options.beta2), eps=options.epsilon)
    losses = []
    for step in range(1, arguments.steps + 1):
        batch = corpus.draw(arguments.seed, step - 1, arguments.batch, config.seq)
        loss = losses_of(config, p, *(torch.from_numpy(batch[name]) for name in ("tokens", "labels"))).mean()
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(p.values(), options.clip)
        for group in optimizer.param_groups:
            group["lr"] = rate_at(options, step)
        optimizer.step()
        losses.append(loss.item())
        print(json.dumps({"step": step, "loss": losses[-1], "gradient_norm": norm.item()}), file=log, flush=True)
    return losses


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=pathlib.Path, required=True)
    parser.add_argument("--compare", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with arguments.log.open("w") as log:
        losses = train(arguments, log)
    if not arguments.compare:
        return 0
    other = [json.loads(line)["loss"] for line in arguments.compare.read_text().splitlines()]
    if len(other) != len(losses):
        print(f"{arguments.compare} has {len(other)} updates, this run {len(losses)}", file=sys.stderr)
        return 1
    apart = np.abs(np.subtract(losses, other))
    print(f"last losses {losses[-1]:.6f} and {other[-1]:.6f}; at most {apart.max():.2e} apart, last {apart[-1]:.2e}")
    return 0 if apart[-1] <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
