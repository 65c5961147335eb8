"""Gradient cases of single operations in the forms that layers do not have,
of score regions, and of programs in which a value is read several times."""

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from cases import ACTIVATIONS, Config, cycle
from arithmetic import DTYPES
from programs import Program, Size, gain, ids, labels, normal, weight


@dataclass(frozen=True)
class OperationCase:
    """A program, and `compute(ops, arith, arguments)` for the references: `ops`
    is reference or jax_reference, `arguments` a dictionary."""

    what: str
    program: Program
    compute: Callable
    wrt: tuple = ()
    keep: Optional[str] = None
    data: str = "normal"
    has_kinks: bool = False

    @property
    def name(self):
        parts = [self.what, self.dtype]
        if self.program.sizes:
            parts.append("dynamic")
        if self.wrt:
            parts.append("wrt_" + "_".join(self.wrt))
        return "-".join(parts + [self.keep] * (self.keep is not None))

    @property
    def dtype(self):
        return self.program.dtype

    def ir(self, _):
        return self.program.text()

    def results(self):
        return self.program.result_types()

    def draw(self, seed):
        """(arguments, {}): none is bound by its name."""
        return self.program.draw(seed, self.name), {}

    def evaluate(self, ops, arith, arguments):
        return self.compute(ops, arith, arguments)


def rows(batch, seq, dynamic):
    return (Size("b", batch), Size("s", seq)) if dynamic else (batch, seq)


def linear(dtype, dynamic, batch, seq, inputs, columns, bias, residual):
    """Dimensions may be split and merged by heads; adds to its init."""
    p, bs = Program(dtype), rows(batch, seq, dynamic)
    x = p.argument("x", (*bs, *inputs))
    w = p.argument("w", (*inputs, *columns), fill=weight)
    b = p.argument("b", columns) if bias else None
    init = p.argument("init", (*bs, *columns)) if residual else None
    p.results(p.linear(x, w, columns, b, init))

    def compute(ops, arith, a):
        k, n = int(np.prod(inputs)), int(np.prod(columns))
        y = ops.linear(
            arith, a["x"].reshape(batch, seq, k), a["w"].reshape(k, n),
            a["b"].reshape(n) if bias else None,
        ).reshape(batch, seq, *columns)  # fmt: skip
        return [ops.add(arith, y, a["init"]) if residual else y]

    form = "x".join(map(str, inputs)) + "to" + "x".join(map(str, columns))
    what = f"linear-b{batch}-s{seq}-{form}" + "-bias" * bias + "-residual" * residual
    return OperationCase(what, p, compute)


def feed_forward(dtype, dynamic, batch, seq, embed, ffn, act, gated, biases):
    """Adds the network to a residual of its own, with another width."""
    p, bs, width = Program(dtype), rows(batch, seq, dynamic), embed + 5
    x = p.argument("x", (*bs, embed))
    w1 = p.argument("w1", (embed, ffn), fill=weight)
    w2 = p.argument("w2", (ffn, width), fill=weight)
    text = f"bpt.feed_forward ins({x}, {w1}, {w2} : {x.type}, {w1.type}, {w2.type})"

    def optional(keyword, name, shape, fill=normal):
        value = p.argument(name, shape, fill=fill)
        return f" {keyword}({value} : {value.type})"

    text += optional("up_bias", "b1", (ffn,)) if biases else ""
    if gated:
        text += optional("gate", "w3", (embed, ffn), weight)
        text += optional("gate_bias", "b3", (ffn,)) if biases else ""
    text += optional("down_bias", "b2", (width,)) if biases else ""
    init = p.argument("init", (*bs, width))
    text += f" outs({init} : {init.type}) {{activation = #bpt.activation<{act}>}}"
    p.results(p.apply(text, init.shape))
    config = Config("feed_forward", act=act, gated=gated)

    def compute(ops, arith, a):
        return [ops.add(arith, ops.feed_forward(arith, config, a["x"], a), a["init"])]

    what = f"residual_{act}" + "-gated" * gated + "-bias" * biases
    what += f"-b{batch}-s{seq}-e{embed}f{ffn}"
    return OperationCase(what, p, compute, has_kinks=act == "relu")


def norm(dtype, dynamic, shape, kind, has_weight=True, has_bias=True):
    """Over the last dimension of any number of them."""
    p = Program(dtype)
    x = p.argument("x", (*rows(*shape[:2], dynamic), *shape[2:]))
    text = f"bpt.{kind}_norm ins({x} : {x.type})"
    has_bias = has_bias and kind == "layer"
    if has_weight:
        w = p.argument("weight", shape[-1:], fill=gain)
        text += f" weight({w} : {w.type})"
    if has_bias:
        b = p.argument("bias", shape[-1:])
        text += f" bias({b} : {b.type})"
    empty = p.empty(x.shape)
    text += f" outs({empty} : {empty.type}) {{eps = 1.0e-5 : f32}}"
    p.results(p.apply(text, x.shape))

    def compute(ops, arith, a):
        if kind == "rms":
            return [ops.rms_norm(arith, a["x"], a["weight"])]
        return [ops.layer_norm(arith, a["x"], a.get("weight"), a.get("bias"))]

    what = f"{kind}_norm-" + "x".join(map(str, shape))
    what += "-unweighted" * (not has_weight) + "-bias" * has_bias
    return OperationCase(what, p, compute)


def rotary(dtype, dynamic, shape, dim, kind, position):
    p = Program(dtype)
    x = p.argument("x", (*rows(*shape[:2], dynamic), *shape[2:]))
    empty = p.empty(x.shape)
    p.lines.append(f"%position = arith.constant {position} : index")
    p.results(
        p.apply(
            f"bpt.rotary_embedding ins({x} : {x.type}) at(%position) "
            f"outs({empty} : {empty.type}) "
            f"{{kind = #bpt.rotary_kind<{kind}>, dim = {dim} : i64}}",
            x.shape,
        )
    )

    def compute(ops, arith, a):
        return [ops.rotary_embedding(arith, a["x"], kind, dim, position)]

    what = f"rotary_{kind}{dim}-" + "x".join(map(str, shape)) + f"-at{position}"
    return OperationCase(what, p, compute)


def embedding(dtype, dynamic, batch, seq, vocab, embed, id_type="i32"):
    """Ids that occur often, whose rows add up, and some outside the table."""
    p, bs = Program(dtype), rows(batch, seq, dynamic)
    tokens = p.argument("tokens", bs, id_type, ids(vocab))
    table = p.argument("table", (vocab, embed))
    empty = p.empty((*bs, embed))
    p.results(
        p.apply(
            f"bpt.embedding ins({tokens}, {table} : {tokens.type}, {table.type}) "
            f"outs({empty} : {empty.type})",
            empty.shape,
        )
    )

    def compute(ops, arith, a):
        return [ops.embedding(arith, a["tokens"], a["table"])]

    what = f"embedding-b{batch}-s{seq}-v{vocab}e{embed}-{id_type}"
    return OperationCase(what, p, compute)


def cross_entropy(
    dtype, dynamic, batch, seq, embed, vocab, id_type="i32", lse=False,
    magnitude=1.0, all_ignored=False, strategy="", smoothing=0.0, z_loss=0.0,
):  # fmt: skip
    attributes = [strategy] * bool(strategy)
    attributes += [f"label_smoothing = {smoothing:e} : f32"] * (smoothing != 0)
    attributes += [f"z_loss = {z_loss:e} : f32"] * (z_loss != 0)
    p, bs = Program(dtype), rows(batch, seq, dynamic)
    hidden = p.argument("hidden", (*bs, embed), fill=lambda r, s: magnitude * normal(r, s))
    w = p.argument("weight", (embed, vocab), fill=weight)
    ignored = lambda rng, shape: np.full(shape, -100)
    y = p.argument("labels", bs, id_type, ignored if all_ignored else labels(vocab))
    inits = [p.empty(bs, "f32") for _ in range(1 + lse)]
    names = ", ".join(i.name for i in inits)
    types = ", ".join(i.type for i in inits)
    r = p.apply(
        f"bpt.cross_entropy ins({hidden}, {w}, {y} : {hidden.type}, {w.type}, {y.type}) "
        f"outs({names} : {types}) {{{', '.join(attributes)}}}",
        *[i.shape for i in inits],
        element="f32",
    )
    p.results(*(r if lse else [r]))

    def compute(ops, arith, a):
        results = ops.cross_entropy(
            arith, a["hidden"], a["weight"], a["labels"], smoothing, z_loss
        )
        return list(results)[: 1 + lse]

    what = f"cross_entropy-b{batch}-s{seq}-e{embed}v{vocab}-{id_type}"
    what += "-lse" * lse + f"-x{magnitude:g}" * (magnitude != 1)
    what += "-ignored" * all_ignored + "-blocked" * bool(strategy)
    what += f"-smooth{smoothing:g}" * (smoothing != 0) + f"-z{z_loss:g}" * (z_loss != 0)
    data = "large" if magnitude > 100 else "normal"
    return OperationCase(what, p, compute, data=data)


# ---------------------------------------------------------------------------
# Score regions
# ---------------------------------------------------------------------------

TO_FLOAT = """
%d = arith.subi %i, %j : index
%d32 = arith.index_cast %d : index to i32
%df = arith.sitofp %d32 : i32 to f32
%distance = math.absf %df : f32
"""

# name: (the captured argument or None, lines of the region, the same in Python)
SCORES = {
    # A penalty by distance, its slope read from a tensor.
    "slopes": (
        ("slopes", ("heads",), lambda rng, shape: rng.uniform(0.02, 0.5, shape)),
        TO_FLOAT + """
%slope = tensor.extract %slopes[%h] : tensor<{heads}xf32>
%penalty = arith.mulf %slope, %distance : f32
%r = arith.subf %s, %penalty : f32""",
        lambda xp, s, b, h, i, j, c: s - c[h] * np.abs(i - j),
    ),
    # A learned bias by relative position, clamped to a table.
    "relative": (
        ("table", ("heads", 15), normal),
        """
%d = arith.subi %i, %j : index
%low = arith.constant -7 : index
%high = arith.constant 7 : index
%d1 = arith.maxsi %d, %low : index
%d2 = arith.minsi %d1, %high : index
%at = arith.addi %d2, %high : index
%bias = tensor.extract %table[%h, %at] : tensor<{heads}x15xf32>
%r = arith.addf %s, %bias : f32""",
        lambda xp, s, b, h, i, j, c: s + c[h, np.clip(i - j, -7, 7) + 7],
    ),
    # A soft cap of every head's own.
    "caps": (
        ("caps", ("heads",), lambda rng, shape: rng.uniform(1, 5, shape)),
        """
%cap = tensor.extract %caps[%h] : tensor<{heads}xf32>
%ratio = arith.divf %s, %cap : f32
%bent = math.tanh %ratio : f32
%r = arith.mulf %cap, %bent : f32""",
        lambda xp, s, b, h, i, j, c: c[h] * xp.tanh(s / c[h]),
    ),
    # A mask of the user's: every third diagonal, and no key for every fifth row.
    "diagonals": (
        None,
        """
%c2 = arith.constant 2 : index
%c3 = arith.constant 3 : index
%c5 = arith.constant 5 : index
%zero = arith.constant 0 : index
%sum = arith.addi %i, %j : index
%third = arith.remsi %sum, %c3 : index
%fifth = arith.remsi %i, %c5 : index
%a = arith.cmpi eq, %third, %zero : index
%n = arith.cmpi ne, %fifth, %c2 : index
%keep = arith.andi %a, %n : i1
%minus = arith.constant 0xFF800000 : f32
%r = arith.select %keep, %s, %minus : f32""",
        lambda xp, s, b, h, i, j, c: xp.where(
            ((i + j) % 3 == 0) & (i % 5 != 2), s, -np.inf
        ),
    ),
    # A choice by the score. The derivatives of both arms agree where they meet,
    # as rounding decides there.
    "chosen": (
        None,
        """
%zero = arith.constant 0.0 : f32
%bent = math.tanh %s : f32
%positive = arith.cmpf ogt, %s, %zero : f32
%r = arith.select %positive, %s, %bent : f32""",
        lambda xp, s, b, h, i, j, c: xp.where(s > 0, s, xp.tanh(s)),
    ),
    # The larger of s and s + s³/8, which meet alike, and a bound out of reach.
    "larger": (
        None,
        """
%eighth = arith.constant 0.125 : f32
%bound = arith.constant 1.0e+4 : f32
%s2 = arith.mulf %s, %s : f32
%s3 = arith.mulf %s2, %s : f32
%more = arith.mulf %s3, %eighth : f32
%sum = arith.addf %s, %more : f32
%t = arith.maximumf %s, %sum : f32
%r = arith.minimumf %t, %bound : f32""",
        lambda xp, s, b, h, i, j, c: xp.minimum(xp.maximum(s, s + s * s * s / 8), 1e4),
    ),
    # s / (1 + e^-s) - s²/8, which is not monotonic.
    "curved": (
        None,
        """
%one = arith.constant 1.0 : f32
%eighth = arith.constant 0.125 : f32
%minus = arith.negf %s : f32
%e = math.exp %minus : f32
%below = arith.addf %one, %e : f32
%silu = arith.divf %s, %below : f32
%square = arith.mulf %s, %s : f32
%part = arith.mulf %eighth, %square : f32
%r = arith.subf %silu, %part : f32""",
        lambda xp, s, b, h, i, j, c: s / (1 + xp.exp(-s)) - s * s / 8,
    ),
    # Of the position only: queries and keys have no influence.
    "position": (
        None,
        TO_FLOAT + """
%r = arith.negf %distance : f32""",
        lambda xp, s, b, h, i, j, c: 0 * s - np.abs(i - j),
    ),
}


def score(dtype, dynamic, name, batch, seq, kv_seq, heads, kv_heads, head_dim,
          lse=False, causal=False):  # fmt: skip
    captured, lines, function = SCORES[name]
    p, bs = Program(dtype), rows(batch, seq, dynamic)
    keys = Size("t", kv_seq) if dynamic else kv_seq
    q = p.argument("q", (*bs, heads, head_dim))
    k = p.argument("k", (bs[0], keys, kv_heads, head_dim))
    v = p.argument("v", (bs[0], keys, kv_heads, head_dim))
    if captured:
        argument, shape, fill = captured
        shape = tuple(heads if size == "heads" else size for size in shape)
        p.argument(argument, shape, "f32", fill)
    attributes = "causal" if causal else ""
    r = p.attention(q, k, v, attributes, lines.format(heads=heads), lse)
    p.results(*(r if lse else [r]))
    config = Config("attention", seq=seq, kv_seq=kv_seq, heads=heads, kv_heads=kv_heads,
                    head_dim=head_dim, causal=causal)  # fmt: skip

    def compute(ops, arith, a):
        values = a[captured[0]] if captured else None
        region = lambda xp, *indices: function(xp, *indices, values).astype(arith.compute)
        own = dataclasses.replace(config, score=region)
        return list(ops.attention(arith, own, a["q"], a["k"], a["v"]))[: 1 + lse]

    what = f"score_{name}-b{batch}-s{seq}x{kv_seq}-h{heads}k{kv_heads}d{head_dim}"
    what += "-causal" * causal + "-lse" * lse
    wrt = ("q", "k", "v") if captured else ()
    return OperationCase(what, p, compute, wrt=wrt)


# ---------------------------------------------------------------------------
# Programs in which a value has several readers, or none
# ---------------------------------------------------------------------------


def same_operands(dtype, dynamic):
    """One tensor as queries, keys and values."""
    p = Program(dtype)
    x = p.argument("x", (*rows(2, 21, dynamic), 3, 10))
    p.results(p.attention(x, x, x, "causal"))
    config = Config("attention", seq=21, heads=3, head_dim=10, causal=True)
    return OperationCase(
        "same_qkv", p,
        lambda ops, arith, a: [ops.attention(arith, config, *[a["x"]] * 3)[0]],
    )  # fmt: skip


def tied_weights(dtype, dynamic):
    """A weight that two projections in a row read, and a hidden result."""
    p = Program(dtype)
    x = p.argument("x", (*rows(2, 19, dynamic), 24))
    w = p.argument("w", (24, 24), fill=weight)
    h = p.linear(x, w, (24,))
    p.results(p.linear(h, w, (24,)), h)

    def compute(ops, arith, a):
        h = ops.linear(arith, a["x"], a["w"])
        return [ops.linear(arith, h, a["w"]), h]

    return OperationCase("tied", p, compute)


def residual_stream(dtype, dynamic):
    """Sums whose terms are read again."""
    p = Program(dtype)
    x = p.argument("x", (*rows(1, 33, dynamic), 16))
    w = p.argument("w", (16, 16), fill=weight)
    a1 = p.add(x, p.linear(x, w, (16,)))
    a2 = p.add(a1, p.linear(a1, w, (16,)))
    p.results(p.add(a2, a1))

    def compute(ops, arith, a):
        a1 = ops.add(arith, a["x"], ops.linear(arith, a["x"], a["w"]))
        a2 = ops.add(arith, a1, ops.linear(arith, a1, a["w"]))
        return [ops.add(arith, a2, a1)]

    return OperationCase("residual_stream", p, compute)


def doubled(dtype, dynamic):
    """Both terms of a sum are the same value."""
    p = Program(dtype)
    x = p.argument("x", (*rows(2, 5, dynamic), 7))
    p.results(p.add(x, x))
    return OperationCase(
        "doubled", p, lambda ops, arith, a: [ops.add(arith, a["x"], a["x"])]
    )


def unread(dtype, dynamic):
    """An argument of no influence, with a gradient of zeros, and one that is a
    result as it is, whose gradient is the cotangent."""
    p = Program(dtype)
    x = p.argument("x", (*rows(2, 11, dynamic), 12))
    p.argument("unread", (3, 5))
    p.argument("number", x.shape[:2], "i32", ids(9))
    w = p.argument("w", (12, 6), fill=weight)
    p.results(p.linear(x, w, (6,)), w)
    return OperationCase(
        "unread", p,
        lambda ops, arith, a: [ops.linear(arith, a["x"], a["w"]), a["w"]],
    )  # fmt: skip


def normed_heads(dtype, dynamic):
    """Norms of queries and keys by head, with one weight for both."""
    p = Program(dtype)
    x = p.argument("x", (*rows(2, 27, dynamic), 30))
    wq = p.argument("wq", (30, 4, 12), fill=weight)
    wk = p.argument("wk", (30, 2, 12), fill=weight)
    g = p.argument("g", (12,), fill=gain)

    def normed(y):
        empty = p.empty(y.shape)
        return p.apply(
            f"bpt.rms_norm ins({y} : {y.type}) weight({g} : {g.type}) "
            f"outs({empty} : {empty.type}) {{eps = 1.0e-5 : f32}}",
            y.shape,
        )

    q, k = normed(p.linear(x, wq, (4, 12))), p.linear(x, wk, (2, 12))
    p.results(*p.attention(q, normed(k), k, "causal, window = 9 : i64", lse=True))
    config = Config("attention", seq=27, heads=4, kv_heads=2, head_dim=12, causal=True, window=9)

    def compute(ops, arith, a):
        project = lambda w, heads: ops.linear(
            arith, a["x"], w.reshape(30, heads * 12)
        ).reshape(2, 27, heads, 12)
        q, k = project(a["wq"], 4), project(a["wk"], 2)
        n = lambda y: ops.rms_norm(arith, y, a["g"])
        return list(ops.attention(arith, config, n(q), n(k), k))

    return OperationCase("normed_heads", p, compute)


def clipped_policy(dtype, dynamic):
    """The objective of proximal policy optimization, from log-probabilities of the
    actions taken: the ratio to those of an older policy, clipped."""
    p, bs, vocab = Program(dtype), rows(2, 31, dynamic), 60
    hidden = p.argument("hidden", (*bs, 20))
    w = p.argument("weight", (20, vocab), fill=weight)
    actions = p.argument("actions", bs, "i32", labels(vocab))
    old = p.argument("old", bs, "f32", lambda rng, shape: rng.normal(-4.5, 0.5, shape))
    advantage = p.argument("advantage", bs, "f32")
    loss = p.empty(bs, "f32")
    loss = p.apply(
        f"bpt.cross_entropy ins({hidden}, {w}, {actions} : {hidden.type}, {w.type}, {actions.type}) "
        f"outs({loss} : {loss.type})",
        bs,
        element="f32",
    )
    empty = p.empty(bs, "f32")
    p.results(p.apply(
        "linalg.generic {indexing_maps = [affine_map<(b, s) -> (b, s)>, affine_map<(b, s) -> (b, s)>, "
        "affine_map<(b, s) -> (b, s)>, affine_map<(b, s) -> (b, s)>], "
        'iterator_types = ["parallel", "parallel"]} '
        f"ins({loss}, {old}, {advantage} : {loss.type}, {old.type}, {advantage.type}) "
        f"outs({empty} : {empty.type}) {{\n"
        """^bb0(%l: f32, %o: f32, %a: f32, %e: f32):
  %low = arith.constant 0.8 : f32
  %high = arith.constant 1.2 : f32
  %log = arith.negf %l : f32
  %difference = arith.subf %log, %o : f32
  %ratio = math.exp %difference : f32
  %above = arith.maximumf %ratio, %low : f32
  %clipped = arith.minimumf %above, %high : f32
  %free = arith.mulf %ratio, %a : f32
  %bound = arith.mulf %clipped, %a : f32
  %least = arith.minimumf %free, %bound : f32
  linalg.yield %least : f32
}""",
        bs, element="f32",
    ))  # fmt: skip

    def compute(ops, arith, a):
        xp = getattr(ops, "jnp", np)
        loss, _ = ops.cross_entropy(arith, a["hidden"], a["weight"], a["actions"])
        ratio = xp.exp(-loss - a["old"])
        return [xp.minimum(ratio * a["advantage"], xp.clip(ratio, 0.8, 1.2) * a["advantage"])]

    return OperationCase("clipped_policy", p, compute)


GRAPHS = [
    same_operands, tied_weights, residual_stream, doubled, unread, normed_heads, clipped_policy,
]  # fmt: skip


def operation_cases():
    """Forms in turn, in types and with sizes that cycle."""
    dtypes, dynamics = cycle(DTYPES), cycle([False, True])
    keeps = cycle([None, "nothing", "attention", "everything"])

    def of(build, *arguments, **keywords):
        case = build(next(dtypes), next(dynamics), *arguments, **keywords)
        return dataclasses.replace(case, keep=next(keeps))

    for bias, residual in itertools.product([False, True], repeat=2):
        yield of(linear, 2, 19, (33,), (21,), bias, residual)
        yield of(linear, 1, 70, (24,), (3, 8), bias, residual)
        yield of(linear, 3, 9, (4, 8), (17,), bias, residual)
    for i, act in enumerate(ACTIVATIONS):
        yield of(feed_forward, 2, 23, 20, 37, act, i % 2 == 0, i % 3 == 0)
        yield of(feed_forward, 1, 66, 12, 40, act, i % 2 == 1, i % 3 == 1)
    for kind in ("layer", "rms"):
        yield of(norm, (2, 29, 40), kind)
        yield of(norm, (1, 130, 17), kind, has_bias=False)
        yield of(norm, (2, 9, 3, 16), kind)
        yield of(norm, (1, 4, 1), kind)
    yield of(norm, (1, 31, 24), "layer", has_weight=False, has_bias=False)
    yield of(norm, (1, 31, 24), "layer", has_weight=False)
    for kind in ("interleaved", "half"):
        yield of(rotary, (2, 31, 3, 16), 16, kind, 0)
        yield of(rotary, (1, 9, 2, 10), 6, kind, 131072)
    for id_type in ("i32", "i64"):
        yield of(embedding, 2, 65, 11, 24, id_type)
        yield of(embedding, 1, 17, 300, 9, id_type)
        yield of(cross_entropy, 2, 37, 20, 131, id_type)
        yield of(cross_entropy, 1, 66, 12, 515, id_type, lse=True)
    yield of(cross_entropy, 1, 1, 8, 1, lse=True)
    yield of(cross_entropy, 2, 13, 16, 50, all_ignored=True)
    yield of(cross_entropy, 2, 50, 16, 100, lse=True,
             strategy="bpt.strategy = #bpt.strategy<rows = 7, vocab = 13>")  # fmt: skip
    for _ in DTYPES:
        yield of(cross_entropy, 2, 29, 18, 67, smoothing=0.1)
        yield of(cross_entropy, 1, 44, 25, 130, lse=True, z_loss=1e-2)
        yield of(cross_entropy, 2, 31, 14, 59, lse=True, smoothing=0.3, z_loss=1e-3)
    yield of(cross_entropy, 2, 50, 16, 100, smoothing=0.2, z_loss=1e-2,
             strategy="bpt.strategy = #bpt.strategy<rows = 7, vocab = 13>")  # fmt: skip
    yield of(cross_entropy, 1, 9, 16, 33, all_ignored=True, smoothing=0.1, z_loss=1e-2)
    yield cross_entropy("f32", False, 2, 17, 33, 257, lse=True, magnitude=1e3)
    shapes = cycle([
        (2, 23, 23, 4, 2, 16), (1, 40, 71, 2, 1, 8), (2, 35, 18, 3, 3, 12), (1, 67, 67, 2, 2, 32),
    ])  # fmt: skip
    for name in SCORES:
        yield of(score, name, *next(shapes))
        yield of(score, name, *next(shapes), lse=True, causal=True)
    for graph in GRAPHS:
        yield of(graph)
        yield of(graph)
