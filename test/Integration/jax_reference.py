"""What BPT computes, written in jax.numpy, and its vector-Jacobian products.

The functions have the names and parameters of reference.py, which is NumPy, and
state the same definitions, so that automatic differentiation has something to
differentiate. In the exact arithmetic of arithmetic.py the gradients are fp64.

In a plain arithmetic they are those of an unfused program in that type, by the
textbook: every tensor between two operations is rounded to the type, in the
forward pass its values and in the backward pass its cotangent; an operation
computes in f32 from one rounding to the next. Where a tensor is read several
times, the cotangents of its readers are rounded, then their sum. Softmax, norms
and activations are one operation each, forward and backward, a product and its
bias as well, as in the frameworks that people train with.

JAX traces and differentiates; what it traced is evaluated in NumPy
(numpy_interpreter.py).
"""

import math
from dataclasses import dataclass
from typing import Optional

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

import numpy_interpreter
from arithmetic import Arithmetic
from philox import Draws
from reference import EPS, ROTARY_BASE, kept_by_position

jax.config.update("jax_enable_x64", True)


@dataclass(frozen=True)
class Variant(Arithmetic):
    """A program that is as good, but not the same."""

    kink: float = 0.0
    """Where the derivative of relu jumps; its values are what they are."""
    from_output: bool = False
    """Softmax's derivative takes the sum over a row of probabilities times their
    cotangents from the attention's result, as that is in memory: Σ p dp = out · dout
    (as FlashAttention does; the textbook sums over the row)."""
    noise: Optional[np.random.Generator] = None
    """Moves what is rounded by up to a quarter of what rounding may, so that it is
    rounded in other ways."""


def vary(arith, **how):
    return Variant(arith.compute, arith.storage, **how)


def stored(arith, x):
    """A tensor in memory between operations: its values and its cotangent are
    rounded. For what an operation reads, the values are rounded already."""
    if arith.storage == arith.compute:
        return x
    noise = getattr(arith, "noise", None)

    def round_to_storage(x):
        if noise is not None:
            reach = float(ml_dtypes.finfo(arith.storage).eps) / 8
            x = x * noise.uniform(1 - reach, 1 + reach, x.shape).astype(x.dtype)
        return x.astype(arith.storage).astype(x.dtype)

    rounded = jax.custom_vjp(round_to_storage)
    rounded.defvjp(
        lambda x: (round_to_storage(x), None),
        lambda _, cotangent: (round_to_storage(cotangent),),
    )
    return rounded(x)


def _sigmoid(x):
    e = jnp.exp(-jnp.abs(x))
    return jnp.where(x >= 0, 1 / (1 + e), e / (1 + e))


def relu(arith, x):
    above = (x > getattr(arith, "kink", 0.0)).astype(x.dtype)
    return above * x + jax.lax.stop_gradient(jnp.where(x > 0, x, 0) - above * x)


@jax.custom_vjp
def _with_lse_of(out, lse):
    return out


_with_lse_of.defvjp(
    lambda out, lse: (out, out),
    lambda out, cotangent: (cotangent, -(out * cotangent).sum(axis=-1)),
)

# But for relu.
ACTIVATIONS = {
    "gelu": lambda x: x / 2 * (1 + jax.lax.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: x
    / 2
    * (1 + jnp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "quick_gelu": lambda x: x * _sigmoid(1.702 * x),
    "silu": lambda x: x * _sigmoid(x),
}


def add(arith, a, b):
    return stored(arith, stored(arith, a) + stored(arith, b))


def linear(arith, x, weight, bias=None):
    y = stored(arith, x) @ stored(arith, weight)
    if bias is not None:
        y = y + stored(arith, bias)
    return stored(arith, y)


def layer_norm(arith, x, weight=None, bias=None):
    x = stored(arith, x)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    y = centred / jnp.sqrt(variance + EPS)
    if weight is not None:
        y = y * stored(arith, weight)
    if bias is not None:
        y = y + stored(arith, bias)
    return stored(arith, y)


def rms_norm(arith, x, weight):
    x = stored(arith, x)
    mean_square = (x**2).mean(axis=-1, keepdims=True)
    return stored(arith, x / jnp.sqrt(mean_square + EPS) * stored(arith, weight))


def rotary_embedding(arith, x, kind, dim, position=0):
    x = stored(arith, x)
    half = dim // 2
    pair = np.arange(half)
    rows = position + np.arange(x.shape[1])
    angle = rows[:, None] * ROTARY_BASE ** (-2.0 * pair / dim)
    cos = np.cos(angle).astype(arith.compute)[None, :, None, :]
    sin = np.sin(angle).astype(arith.compute)[None, :, None, :]
    turned, rest = x[..., :dim], x[..., dim:]
    # Of shape [..., half, 2] or [..., 2, half], the pairs along `axis`.
    shape, axis = ((half, 2), -1) if kind == "interleaved" else ((2, half), -2)
    pairs = turned.reshape(*x.shape[:-1], *shape)
    a, b = (jax.lax.index_in_dim(pairs, i, axis, keepdims=False) for i in (0, 1))
    turned = [jnp.expand_dims(y, axis) for y in (a * cos - b * sin, a * sin + b * cos)]
    turned = jnp.concatenate(turned, axis).reshape(*x.shape[:-1], dim)
    return stored(arith, jnp.concatenate([turned, rest], axis=-1))


def embedding(arith, ids, table):
    # Products with 1 and 0 are exact.
    return stored(arith, one_hot(arith, ids, table.shape[0]) @ stored(arith, table))


def one_hot(arith, ids, count):
    """1 where the id is; ids outside [0, count) are nowhere."""
    return (np.asarray(ids)[..., None] == np.arange(count)).astype(arith.compute)


def cross_entropy(arith, hidden, weight, labels, smoothing=0.0, z_loss=0.0):
    """(loss, lse) of every row; neither is rounded, as both are f32."""
    logits = linear(arith, hidden, weight)
    peak = jax.lax.stop_gradient(logits).max(axis=-1, keepdims=True)
    lse = jnp.log(jnp.exp(logits - peak).sum(axis=-1)) + peak.squeeze(-1)
    label = one_hot(arith, labels, weight.shape[1])
    chosen = (label * logits).sum(axis=-1)
    inside = label.sum(axis=-1)
    target = (1 - smoothing) * chosen + smoothing * inside * logits.mean(axis=-1)
    return inside * (lse + z_loss * lse**2) - target, lse


def apply_score(scores, function):
    """The score region: of all scores [batch, heads, queries, keys]."""
    if function is None:
        return scores
    batch, heads, queries, keys = scores.shape
    b = np.arange(batch).reshape(-1, 1, 1, 1)
    h = np.arange(heads).reshape(-1, 1, 1)
    i, j = np.arange(queries)[:, None], np.arange(keys)[None, :]
    if callable(function):
        return function(jnp, scores, b, h, i, j)
    if function == "alibi":
        distance = np.abs(i + keys - queries - j)
        slope = 2.0 ** (-8.0 * (h + 1) / heads)
        return scores - (slope * distance).astype(scores.dtype)
    name, _, cap = function.partition(":")
    assert name == "softcap", function
    return float(cap) * jnp.tanh(scores / float(cap))


def attention(arith, config, q, k, v, bias=None, q_segments=None, kv_segments=None,
              draws=None):  # fmt: skip
    """(out, lse); lse is not rounded, as it is f32."""
    q, k, v = (stored(arith, x) for x in (q, k, v))
    batch, queries, heads, head_dim = q.shape
    keys, kv_heads = k.shape[1:3]
    scale = config.scale if config.scale is not None else 1 / math.sqrt(head_dim)
    grouped = q.reshape(batch, queries, kv_heads, heads // kv_heads, head_dim)
    scores = jnp.einsum("bikgd,bjkd->bkgij", grouped, k) * scale
    scores = stored(arith, scores.reshape(batch, heads, queries, keys))
    if bias is not None:
        scores = stored(arith, scores + stored(arith, bias))
    scores = stored(arith, apply_score(scores, config.score))

    kept = kept_by_position(queries, keys, config.causal, config.window)
    kept = kept & (scores > -np.inf)
    if q_segments is not None:
        same = q_segments[:, :, None] == kv_segments[:, None, :]
        kept = kept & same[:, None]
    # Neither branch of a `where` may be infinite: its derivative would be a NaN.
    filled = kept.sum(axis=-1, keepdims=True) > 0
    safe = jnp.where(kept, scores, 0)
    peak = jnp.where(kept, jax.lax.stop_gradient(scores), -np.inf)
    peak = peak.max(axis=-1, keepdims=True, initial=-np.inf)
    peak = jnp.where(filled, peak, 0)
    weights = jnp.where(kept, jnp.exp(jnp.where(kept, safe - peak, 0)), 0)
    total = jnp.where(filled, weights.sum(axis=-1, keepdims=True), 1)
    lse = jnp.where(filled, peak + jnp.log(total), -np.inf).squeeze(-1)

    if getattr(arith, "from_output", False):
        # The sum of the exponentials is differentiated by the log-sum-exp alone.
        total = jax.lax.stop_gradient(total)
    probabilities = stored(arith, weights / total)
    if config.attn_dropout:
        factors = draws.factors(config.attn_dropout, batch, heads, queries, keys)
        probabilities = stored(arith, probabilities * factors.astype(arith.compute))
    grouped = probabilities.reshape(batch, kv_heads, heads // kv_heads, queries, keys)
    out = jnp.einsum("bkgij,bjkd->bikgd", grouped, v)
    out = stored(arith, out.reshape(batch, queries, heads, v.shape[3]))
    lse = lse.transpose(0, 2, 1)
    if getattr(arith, "from_output", False):
        out = stored(arith, _with_lse_of(out, lse))
    return out, lse


def feed_forward(arith, config, x, weights, prefix=""):
    get = lambda name: weights.get(prefix + name)
    u = linear(arith, x, get("w1"), get("b1"))
    z = relu(arith, u) if config.act == "relu" else ACTIVATIONS[config.act](u)
    z = stored(arith, z)
    if config.gated:
        z = stored(arith, z * linear(arith, x, get("w3"), get("b3")))
    return linear(arith, z, get("w2"), get("b2"))


def normalize(arith, config, x, weights, name):
    if config.norm == "rms":
        return rms_norm(arith, x, weights[name + ".weight"])
    return layer_norm(arith, x, weights[name + ".weight"], weights[name + ".bias"])


def self_attention(arith, config, x, weights, prefix, masks, draws):
    def heads_of(letter, count):
        weight, bias = (weights.get(prefix + kind + letter) for kind in "wb")
        y = linear(arith, x, weight, bias)
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
    return stored(arith, x * factors.astype(arith.compute))


def layer(arith, config, x, weights, masks, prefix="", index=0):
    def norm_if(condition, x, name):
        return normalize(arith, config, x, weights, prefix + name) if condition else x

    pre, post = not config.post_norm, config.post_norm
    draws = masks.get("draws") and masks["draws"].of_layer(index, config.outline)
    next_draws = lambda count: draws and draws.next(count)
    y = norm_if(pre, x, "ln1")
    heard = self_attention(arith, config, y, weights, prefix, masks, draws)
    h = add(arith, x, drop(arith, config, heard, next_draws(1)))
    h = norm_if(post, h, "ln1")
    y = norm_if(pre, h, "ln2")
    mapped = feed_forward(arith, config, y, weights, prefix)
    h = add(arith, h, drop(arith, config, mapped, next_draws(2)))
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


# ---------------------------------------------------------------------------
# Vector-Jacobian products
# ---------------------------------------------------------------------------


def is_differentiable(array):
    """Whether an argument gets a gradient, and a result a cotangent."""
    return not np.issubdtype(array.dtype, np.integer)


def split(arith, arguments, wrt=()):
    """(those to differentiate by, all others), in the type computed in."""
    variables, constants = {}, {}
    for name, array in arguments.items():
        array = np.asarray(array)
        if not is_differentiable(array):
            constants[name] = array
        elif wrt and name not in wrt:
            constants[name] = array.astype(arith.compute)
        else:
            variables[name] = array.astype(arith.compute)
    return variables, constants


def run(function, *arguments):
    """The results, flat, of a function of lists of arrays, as JAX traces it."""
    with np.errstate(all="ignore"):
        program = jax.make_jaxpr(function)(*arguments)
        return numpy_interpreter.evaluate(program, *jax.tree.leaves(arguments))


def results_of(arith, function, arguments, wrt=()):
    """function(arith, arguments), traced for the arguments of a name in `wrt`."""
    variables, constants = split(arith, arguments, wrt)
    names = list(variables)
    return run(
        lambda values: function(arith, dict(zip(names, values)) | constants),
        list(variables.values()),
    )


def results_and_gradients(arith, function, arguments, cotangents, wrt=()):
    """The results of function(arith, arguments) and, by name, the gradients of
    the floating-point arguments, or of those in `wrt`, for these cotangents of
    the results."""
    variables, constants = split(arith, arguments, wrt)
    cotangents = [np.asarray(c).astype(arith.compute) for c in cotangents]

    names = list(variables)

    def differentiate(variables, cotangents):
        def of_variables(variables):
            values = dict(zip(names, [stored(arith, x) for x in variables]))
            return function(arith, values | constants)

        results, pull_back = jax.vjp(of_variables, variables)
        return results, pull_back(cotangents)[0]

    flat = run(differentiate, list(variables.values()), cotangents)
    count = len(flat) - len(names)
    return flat[:count], dict(zip(names, flat[count:]))
