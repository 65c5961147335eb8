# RUN: %python %s

"""The reference against the definitions, spelled out with loops."""

import itertools
import math
import unittest

import ml_dtypes
import numpy as np

import reference
from arithmetic import EXACT, plain
from cases import Config
from philox import Draws, philox4x32


def rng():
    return np.random.default_rng(7)


def kept(config, i, j, queries, keys):
    """The masks by position, word for word."""
    shift = keys - queries
    if config.causal and not j <= i + shift:
        return False
    if config.window is not None:
        if not i + shift - j < config.window:
            return False
        if not config.causal and not j - i - shift < config.window:
            return False
    return True


def attention_with_loops(config, q, k, v, bias=None, q_ids=None, kv_ids=None):
    batch, queries, heads, dim = q.shape
    keys, kv_heads = k.shape[1:3]
    out = np.zeros((batch, queries, heads, dim))
    lse = np.full((batch, queries, heads), -math.inf)
    scale = 1 / math.sqrt(dim) if config.scale is None else config.scale
    for b, i, h in np.ndindex(batch, queries, heads):
        kv_head = h // (heads // kv_heads)
        exponentials = []
        for j in range(keys):
            score = scale * sum(q[b, i, h, d] * k[b, j, kv_head, d] for d in range(dim))
            if bias is not None:
                score += bias[min(b, len(bias) - 1), min(h, bias.shape[1] - 1), i, j]
            if config.score == "alibi":
                score -= 2 ** (-8 * (h + 1) / heads) * abs(i + keys - queries - j)
            elif config.score:
                cap = float(config.score.split(":")[1])
                score = cap * math.tanh(score / cap)
            same = q_ids is None or q_ids[b, i] == kv_ids[b, j]
            keep = same and kept(config, i, j, queries, keys)
            exponentials.append(math.exp(score) if keep else 0.0)
        total = sum(exponentials)
        if total > 0:
            lse[b, i, h] = math.log(total)
            for d in range(dim):
                out[b, i, h, d] = (
                    sum(e * v[b, j, kv_head, d] for j, e in enumerate(exponentials))
                    / total
                )
    return out, lse


class Attention(unittest.TestCase):
    def check(self, queries=5, keys=6, heads=4, kv_heads=2, **features):
        config = Config("attention", batch=2, seq=queries, kv_seq=keys, heads=heads,
                        kv_heads=kv_heads, head_dim=3, **features)  # fmt: skip
        r = rng()
        q = r.standard_normal((2, queries, heads, 3))
        k, v = r.standard_normal((2, 2, keys, kv_heads, 3))
        extra = []
        if config.attn_bias:
            bias = r.standard_normal(config.arguments()[0]["bias"])
            bias[..., 1, :] = -math.inf
            extra = [bias]
        if config.segments:
            extra = (extra or [None]) + [
                r.integers(0, 3, (2, queries)),
                r.integers(0, 2, (2, keys)),
            ]
        got = reference.attention(EXACT, config, q, k, v, *extra)
        expected = attention_with_loops(config, q, k, v, *extra)
        np.testing.assert_allclose(got[0], expected[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(got[1], expected[1], rtol=1e-12, atol=1e-12)
        return got

    def test_plain(self):
        self.check()

    def test_one_kv_head(self):
        self.check(heads=3, kv_heads=1)

    def test_scale(self):
        self.check(scale=0.7)

    def test_causal_fewer_queries(self):
        self.check(queries=3, keys=7, causal=True)

    def test_causal_more_queries_leaves_rows_empty(self):
        out, lse = self.check(queries=7, keys=3, causal=True)
        self.assertTrue((out[:, :4] == 0).all() and np.isneginf(lse[:, :4]).all())
        self.assertTrue(np.isfinite(lse[:, 4:]).all())

    def test_window(self):
        for window in (1, 2, 4):
            for causal in (False, True):
                self.check(queries=7, keys=5, window=window, causal=causal)

    def test_segments(self):
        self.check(segments=True)

    def test_bias(self):
        for shape in ("full", "heads", "batch", "shared"):
            out, lse = self.check(attn_bias=shape)
            self.assertTrue(np.isneginf(lse[:, 1]).all())

    def test_scores(self):
        self.check(score="softcap:0.5")
        self.check(queries=4, keys=6, score="alibi", causal=True)

    def test_everything(self):
        self.check(segments=True, attn_bias="full", score="softcap:2", window=3)

    def test_no_keys(self):
        out, lse = self.check(keys=0)
        self.assertTrue((out == 0).all() and np.isneginf(lse).all())

    def test_large_scores_do_not_overflow(self):
        config = Config("attention", seq=2, heads=1, head_dim=1, scale=1.0)
        q, k = np.full((1, 2, 1, 1), 100.0), np.array([1e2, -1e2]).reshape(1, 2, 1, 1)
        out, lse = reference.attention(EXACT, config, q, k, k)
        np.testing.assert_array_equal(out.ravel(), [1e2, 1e2])
        np.testing.assert_array_equal(lse.ravel(), [1e4, 1e4])


class Activations(unittest.TestCase):
    def test_values(self):
        sigma = lambda x: 1 / (1 + math.exp(-x))
        expected = {
            "relu": lambda x: max(x, 0.0),
            "gelu": lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2)),
            "gelu_tanh": lambda x: x
            * sigma(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)),
            "quick_gelu": lambda x: x * sigma(1.702 * x),
            "silu": lambda x: x * sigma(x),
        }
        self.assertEqual(set(expected), set(reference.ACTIVATIONS))
        points = np.linspace(-6, 6, 49)
        for name, function in expected.items():
            np.testing.assert_allclose(
                reference.ACTIVATIONS[name](points),
                [function(float(x)) for x in points],
                rtol=1e-9, atol=1e-15, err_msg=name,
            )  # fmt: skip

    def test_far_arguments(self):
        for name, function in reference.ACTIVATIONS.items():
            np.testing.assert_array_equal(
                function(np.array([-1e4, 1e4])), [0, 1e4], err_msg=name
            )


class Norms(unittest.TestCase):
    def test_layer_norm(self):
        x, w, b = rng().standard_normal((3, 7))
        mean = sum(x) / 7
        variance = sum((x - mean) ** 2) / 7
        expected = [
            (x[i] - mean) / math.sqrt(variance + 1e-5) * w[i] + b[i] for i in range(7)
        ]
        np.testing.assert_allclose(reference.layer_norm(EXACT, x, w, b), expected)

    def test_rms_norm(self):
        x, w = rng().standard_normal((2, 7))
        root = math.sqrt(sum(x**2) / 7 + 1e-5)
        expected = [x[i] / root * w[i] for i in range(7)]
        np.testing.assert_allclose(reference.rms_norm(EXACT, x, w), expected)


class Rotary(unittest.TestCase):
    def test_turns_complex_pairs(self):
        x = rng().standard_normal((2, 5, 3, 8))
        for kind, pair in (
            ("interleaved", lambda i, dim: (2 * i, 2 * i + 1)),
            ("half", lambda i, dim: (i, i + dim // 2)),
        ):
            for dim in (2, 4, 8):
                y = reference.rotary_embedding(EXACT, x, kind, dim)
                np.testing.assert_array_equal(y[..., dim:], x[..., dim:])
                for s in range(5):
                    for i in range(dim // 2):
                        a, b = pair(i, dim)
                        turn = np.exp(1j * s * 10000.0 ** (-2 * i / dim))
                        z = (x[:, s, :, a] + 1j * x[:, s, :, b]) * turn
                        np.testing.assert_allclose(y[:, s, :, a], z.real)
                        np.testing.assert_allclose(y[:, s, :, b], z.imag)


class Layers(unittest.TestCase):
    """How the parts are put together: with weights that make parts vanish."""

    def layer(self, **features):
        config = Config("layer", seq=4, embed=6, heads=2, ffn=5, bias=True, **features)
        inputs, shapes = config.arguments()
        r = rng()
        weights = {n: r.standard_normal(s) for n, s in shapes.items()}
        return config, r.standard_normal(inputs["x"]), weights

    def norm(self, weights, x, name):
        return reference.layer_norm(
            EXACT, x, weights[name + ".weight"], weights[name + ".bias"]
        )

    def test_without_sublayers_pre_norm_is_the_identity(self):
        config, x, weights = self.layer()
        for name in ("wo", "bo", "w2", "b2"):
            weights[name] = 0 * weights[name]
        np.testing.assert_allclose(reference.layer(EXACT, config, x, weights, {}), x)

    def test_without_sublayers_post_norm_normalises_twice(self):
        config, x, weights = self.layer(post_norm=True)
        for name in ("wo", "bo", "w2", "b2"):
            weights[name] = 0 * weights[name]
        np.testing.assert_allclose(
            reference.layer(EXACT, config, x, weights, {}),
            self.norm(weights, self.norm(weights, x, "ln1"), "ln2"),
        )

    def test_one_key_passes_the_value_through(self):
        config, x, weights = self.layer(causal=True, window=1)
        weights["w2"], weights["b2"] = 0 * weights["w2"], 0 * weights["b2"]
        value = self.norm(weights, x, "ln1") @ weights["wv"] + weights["bv"]
        np.testing.assert_allclose(
            reference.layer(EXACT, config, x, weights, {}),
            x + value @ weights["wo"] + weights["bo"],
        )

    def test_gate_multiplies_the_activation(self):
        config, x, weights = self.layer(gated=True, act="silu")
        u, g = x @ weights["w1"] + weights["b1"], x @ weights["w3"] + weights["b3"]
        z = u / (1 + np.exp(-u)) * g
        np.testing.assert_allclose(
            reference.feed_forward(EXACT, config, x, weights),
            z @ weights["w2"] + weights["b2"],
        )

    def test_model_without_layers_is_a_bigram_table(self):
        config = Config("model", seq=3, embed=4, heads=1, layers=0, vocab=5, norm="rms")
        _, shapes = config.arguments()
        r = rng()
        weights = {n: r.standard_normal(s) for n, s in shapes.items()}
        tokens = np.array([[4, -1, 5]])
        logits = reference.model(EXACT, config, tokens, weights, {})
        row = reference.rms_norm(
            EXACT, weights["embed.weight"][4], weights["ln_f.weight"]
        )
        np.testing.assert_allclose(logits[0, 0], row @ weights["lm_head.weight"])
        np.testing.assert_array_equal(logits[0, 1:], 0)


class Dropout(unittest.TestCase):
    # The vectors that come with the authors' library, Random123.
    VECTORS = """
    00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
    ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
    243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
    """

    def test_published_vectors(self):
        for line in self.VECTORS.split("\n")[1:-1]:
            words = [int(word, 16) for word in line.split()]
            self.assertEqual([int(w) for w in philox4x32(words[:4], words[4:6])], words[6:])

    def test_word_of_each_element(self):
        draws, rate = Draws(-3, 9), 0.3
        factors = draws.factors(rate, 2, 3, 5, 140)
        key = ((2**64 - 3) % 2**32, 2**32 - 1)
        for b, h, q, k in [(0, 0, 0, 0), (1, 2, 4, 139), (1, 0, 3, 63), (0, 1, 2, 64), (0, 2, 1, 31)]:
            word = k // 16 % 4
            bits = int(philox4x32((k - 16 * word, q, b + 65536 * h, 9), key)[word])
            expected = 1 / 0.7 if bits / 2**32 >= rate else 0
            self.assertEqual(factors[b, h, q, k], expected)

    def test_draws_are_independent(self):
        size = 4 * 4 * 128 * 128
        masks = [
            d.factors(0.5, 4, 4, 128, 128) != 0 for d in (Draws(5), Draws(6), Draws(5, 1))
        ]
        # Also along every axis: neighbours agree in half of the elements.
        pairs = list(itertools.combinations(masks, 2))
        for axis in range(4):
            pairs.append((masks[0], np.roll(masks[0], 1, axis)))
        pairs.append((masks[0], np.roll(masks[0], 16, 3)))
        for a, b in pairs:
            self.assertLess(abs(np.mean(a == b) - 0.5), 5 * 0.5 / math.sqrt(size))
        for mask in masks:
            self.assertLess(abs(np.mean(mask) - 0.5), 5 * 0.5 / math.sqrt(size))


class Rounding(unittest.TestCase):
    def test_bf16_is_nearest_even(self):
        bits = rng().integers(0, 2**32, 20000, dtype=np.uint32)
        values = bits.view(np.float32)
        values = values[np.isfinite(values)]
        words = values.view(np.uint32).astype(np.uint64)
        # Add half of what is cut off, less one where the kept part is even.
        rounded = (words + 0x7FFF + ((words >> 16) & 1)) & 0xFFFF0000
        expected = rounded.astype(np.uint32).view(np.float32)
        np.testing.assert_array_equal(plain("bf16").store(values), expected)

    def test_stored_tensors_have_the_type(self):
        x = rng().standard_normal((3, 40)).astype(np.float32)
        for dtype, storage in (("f16", np.float16), ("bf16", ml_dtypes.bfloat16)):
            y = reference.linear(plain(dtype), x, x.T)
            np.testing.assert_array_equal(y, y.astype(storage).astype(np.float32))
            self.assertTrue((y != x @ x.T).any())


if __name__ == "__main__":
    unittest.main()
