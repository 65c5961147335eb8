"""What BPT computes, written in NumPy from the definitions.

Every function takes the arithmetic to use (see arithmetic.py) first; `config`
objects have the fields of cases.Config. Activations are [batch, seq, embed],
queries, keys and values [batch, seq, heads, head_dim].
"""

import math

import numpy as np

from philox import Draws

EPS = 1e-5
ROTARY_BASE = 10000.0

_erf = np.frompyfunc(math.erf, 1, 1)


def erf(x):
    return _erf(x).astype(x.dtype) if x.size else x


def sigmoid(x):
    # The exponential of a non-positive number does not overflow.
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x / 2 * (1 + erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: x
    / 2
    * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "silu": lambda x: x * sigmoid(x),
}


def linear(arith, x, weight, bias=None):
    y = arith.load(x) @ arith.load(weight)
    if bias is not None:
        y = y + arith.load(bias)
    return arith.store(y)


def add(arith, a, b):
    return arith.store(arith.load(a) + arith.load(b))


def layer_norm(arith, x, weight=None, bias=None):
    x = arith.load(x)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    y = centred / np.sqrt(variance + EPS)
    if weight is not None:
        y = y * arith.load(weight)
    if bias is not None:
        y = y + arith.load(bias)
    return arith.store(y)


def rms_norm(arith, x, weight):
    x = arith.load(x)
    mean_square = (x**2).mean(axis=-1, keepdims=True)
    return arith.store(x / np.sqrt(mean_square + EPS) * arith.load(weight))


def rotary_embedding(arith, x, kind, dim, position=0):
    """Turns the pairs of the first `dim` components by position · frequency;
    the first row is at `position`."""
    x = arith.load(x)
    half = dim // 2
    pair = np.arange(half)
    rows = position + np.arange(x.shape[1])
    angle = rows[:, None] * ROTARY_BASE ** (-2.0 * pair / dim)
    cos = np.cos(angle).astype(arith.compute)[None, :, None, :]
    sin = np.sin(angle).astype(arith.compute)[None, :, None, :]
    first, second = {
        "interleaved": (2 * pair, 2 * pair + 1),
        "half": (pair, pair + half),
    }[kind]
    y = x.copy()
    y[..., first] = x[..., first] * cos - x[..., second] * sin
    y[..., second] = x[..., first] * sin + x[..., second] * cos
    return arith.store(y)


def embedding(arith, ids, table):
    """Rows of the table, and zeros for ids outside it."""
    table = arith.load(table)
    inside = (ids >= 0) & (ids < table.shape[0])
    return np.where(inside[..., None], table[np.where(inside, ids, 0)], 0)


def cross_entropy(arith, hidden, weight, labels, smoothing=0.0, z_loss=0.0):
    """(loss, lse) of every row; neither is rounded, as both are f32 whatever the
    inputs are. A label outside the vocabulary gives loss 0. Smoothing is the
    cross-entropy to (1 - smoothing) of the label and the rest spread evenly."""
    logits = linear(arith, hidden, weight)
    peak = logits.max(axis=-1, keepdims=True)
    lse = np.log(np.exp(logits - peak).sum(axis=-1)) + peak[..., 0]
    inside = (labels >= 0) & (labels < logits.shape[-1])
    label = np.where(inside, labels, 0)[..., None].astype(np.int64)
    chosen = np.take_along_axis(logits, label, axis=-1)[..., 0]
    target = (1 - smoothing) * chosen + smoothing * logits.mean(axis=-1)
    return np.where(inside, lse - target + z_loss * lse**2, 0), lse


def kept_by_position(queries, keys, causal, window):
    """[queries, keys]: the last query is aligned to the last key."""
    ahead = np.arange(keys)[None, :] - (np.arange(queries)[:, None] + keys - queries)
    kept = np.ones((queries, keys), bool)
    if causal:
        kept &= ahead <= 0
    if window is not None:
        kept &= -ahead < window
        if not causal:
            kept &= ahead < window
    return kept


def apply_score(scores, function, b, head, heads):
    """The score region: of one head's scores [queries, keys]. A function of the
    case's own takes (NumPy, scores, b, head, query, key)."""
    if function is None:
        return scores
    if callable(function):
        i, j = (np.arange(size) for size in scores.shape)
        return function(np, scores, b, head, i[:, None], j[None, :])
    if function == "alibi":
        queries, keys = scores.shape
        row = np.arange(queries)[:, None] + keys - queries
        distance = np.abs(row - np.arange(keys)[None, :])
        slope = 2.0 ** (-8.0 * (head + 1) / heads)
        return scores - (slope * distance).astype(scores.dtype)
    name, _, cap = function.partition(":")
    assert name == "softcap", function
    return float(cap) * np.tanh(scores / float(cap))


def attention(arith, config, q, k, v, bias=None, q_segments=None, kv_segments=None,
              draws=None):  # fmt: skip
    """(out, lse); lse is not rounded, as it is f32 whatever the inputs are."""
    q, k, v = arith.load(q), arith.load(k), arith.load(v)
    batch, queries, heads, head_dim = q.shape
    keys, group = k.shape[1], heads // k.shape[2]
    scale = config.scale if config.scale is not None else 1 / math.sqrt(head_dim)
    by_position = kept_by_position(queries, keys, config.causal, config.window)
    out = np.zeros(q.shape[:3] + v.shape[3:], arith.compute)
    lse = np.full((batch, queries, heads), -np.inf, arith.compute)
    factors = None
    if config.attn_dropout:
        factors = draws.factors(config.attn_dropout, batch, heads, queries, keys)
        factors = factors.astype(arith.compute)
    for b in range(batch):
        kept_rows = by_position
        if q_segments is not None:
            kept_rows = kept_rows & (q_segments[b][:, None] == kv_segments[b][None, :])
        for h in range(heads):
            scores = arith.store(q[b, :, h] @ k[b, :, h // group].T * scale)
            if bias is not None:
                term = arith.load(bias[b % bias.shape[0], h % bias.shape[1]])
                scores = arith.store(scores + term)
            scores = arith.store(apply_score(scores, config.score, b, h, heads))
            kept = kept_rows & (scores > -np.inf)
            rows = kept.any(axis=1)  # the others keep 0 and -inf
            if not rows.any():
                continue
            scores = np.where(kept, scores, -np.inf)[rows]
            peak = scores.max(axis=1, keepdims=True)
            weights = np.exp(scores - peak)
            total = weights.sum(axis=1, keepdims=True)
            probabilities = arith.store(weights / total)
            if factors is not None:
                probabilities = arith.store(probabilities * factors[b, h, rows])
            out[b, rows, h] = arith.store(probabilities @ v[b, :, h // group])
            lse[b, rows, h] = (peak + np.log(total))[:, 0]
    return out, lse


def feed_forward(arith, config, x, weights, prefix=""):
    get = lambda name: weights.get(prefix + name)
    z = arith.store(ACTIVATIONS[config.act](linear(arith, x, get("w1"), get("b1"))))
    if config.gated:
        z = arith.store(z * linear(arith, x, get("w3"), get("b3")))
    return linear(arith, z, get("w2"), get("b2"))


def normalize(arith, config, x, weights, name):
    if config.norm == "rms":
        return rms_norm(arith, x, weights[name + ".weight"])
    return layer_norm(arith, x, weights[name + ".weight"], weights[name + ".bias"])


def self_attention(arith, config, x, weights, prefix, masks, draws):
    def heads_of(letter, count):
        y = linear(
            arith, x, weights[prefix + "w" + letter], weights.get(prefix + "b" + letter)
        )
        return y.reshape(*y.shape[:2], count, config.head_dim)

    q = heads_of("q", config.heads)
    k = heads_of("k", config.kv_heads)
    v = heads_of("v", config.kv_heads)
    if config.rotary:
        dim = config.rotary_dim or config.head_dim
        q = rotary_embedding(arith, q, config.rotary, dim)
        k = rotary_embedding(arith, k, config.rotary, dim)
    segments = masks.get("segments")
    out, _ = attention(
        arith, config, q, k, v, masks.get("attn_bias"), segments, segments, draws
    )
    merged = out.reshape(*out.shape[:2], config.heads * config.head_dim)
    return linear(arith, merged, weights[prefix + "wo"], weights.get(prefix + "bo"))


def drop(arith, config, x, draws):
    """Dropout of what a sublayer adds to the residual."""
    if not config.dropout:
        return x
    factors = draws.factors(config.dropout, x.shape[0], 1, *x.shape[1:])[:, 0]
    return arith.store(x * factors.astype(arith.compute))


def layer(arith, config, x, weights, masks, prefix="", index=0):
    def norm_if(condition, x, name):
        return normalize(arith, config, x, weights, prefix + name) if condition else x

    x = arith.load(x)
    pre, post = not config.post_norm, config.post_norm
    draws = masks.get("draws") and masks["draws"].of_layer(index, config.outline)
    next_draws = lambda count: draws and draws.next(count)
    y = norm_if(pre, x, "ln1")
    heard = self_attention(arith, config, y, weights, prefix, masks, draws)
    h = arith.store(x + drop(arith, config, heard, next_draws(1)))
    h = norm_if(post, h, "ln1")
    y = norm_if(pre, h, "ln2")
    mapped = feed_forward(arith, config, y, weights, prefix)
    h = arith.store(h + drop(arith, config, mapped, next_draws(2)))
    return norm_if(post, h, "ln2")


def final_hidden(arith, config, tokens, weights, masks):
    """What a model's last projection reads."""
    x = embedding(arith, tokens, weights["embed.weight"])
    for i in range(config.layers):
        x = layer(arith, config, x, weights, masks, f"layers.{i}.", i)
    return normalize(arith, config, x, weights, "ln_f")


def model(arith, config, tokens, weights, masks):
    x = final_hidden(arith, config, tokens, weights, masks)
    return linear(arith, x, weights["lm_head.weight"])


def get_masks(arguments):
    """What all layers share, of the arguments of @main."""
    masks = {n: arguments[n] for n in ("segments", "attn_bias") if n in arguments}
    if "seed" in arguments:
        masks["draws"] = Draws(int(arguments["seed"]))
    return masks


def evaluate(arith, config, arguments):
    """The results of @main for its arguments, by name."""
    if config.kind == "attention":
        names = ("q", "k", "v", "bias", "q_segments", "kv_segments")
        out, lse = attention(
            arith, config, *(arguments.get(n) for n in names), get_masks(arguments).get("draws")
        )
        return [out, lse] if config.lse else [out]
    masks = get_masks(arguments)
    if config.kind == "feed_forward":
        return [feed_forward(arith, config, arguments["x"], arguments)]
    if config.kind == "layer":
        return [layer(arith, config, arguments["x"], arguments, masks)]
    return [model(arith, config, arguments["tokens"], arguments, masks)]
