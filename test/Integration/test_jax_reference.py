# RUN: %python %s

"""The differentiable reference: its values against the reference in NumPy, and
its gradients against central differences of the one in NumPy."""

import dataclasses
import unittest

import ml_dtypes
import numpy as np

import gradient_cases
import gradient_operations as operations
import jax_reference
import reference
from arithmetic import DTYPES, EXACT, plain
from cases import ACTIVATIONS
from gradient_cases import GradientConfig

STEP = 1e-5


def exact_arguments(case, seed=3):
    """In fp64, so that a small step is one."""
    inputs, weights = case.draw(seed)
    return {
        name: a.astype(np.float64) if jax_reference.is_differentiable(a) else a
        for name, a in (inputs | weights).items()
    }


def draw_cotangents(case, seed=4):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape, _ in case.results()]


def values(case, arith, arguments):
    """The results of the differentiable reference."""
    function = lambda arith, values: case.evaluate(jax_reference, arith, values)
    return jax_reference.results_of(arith, function, arguments, case.wrt)


def automatic(case, arith, arguments, cotangents):
    """(results, gradients) of the differentiable reference."""
    function = lambda arith, values: case.evaluate(jax_reference, arith, values)
    return jax_reference.results_and_gradients(
        arith, function, arguments, cotangents, case.wrt
    )


def projected(case, arguments, cotangents):
    """The results in NumPy, weighted by the cotangents. Rows without keys have an
    infinite log-sum-exp, whatever the arguments are."""
    results = case.evaluate(reference, EXACT, arguments)
    return sum(
        np.sum(np.where(np.isfinite(r), r, 0) * c) for r, c in zip(results, cotangents)
    )


def differences(case, arguments, cotangents, name):
    """The gradient of an argument, element by element."""
    gradient = np.zeros(arguments[name].shape)
    for at in np.ndindex(gradient.shape):
        values = []
        for step in (STEP, -STEP):
            moved = arguments[name].copy()
            moved[at] += step
            values.append(projected(case, arguments | {name: moved}, cotangents))
        gradient[at] = (values[0] - values[1]) / (2 * STEP)
    return gradient


class AgainstDifferences(unittest.TestCase):
    """Small cases, every element of every gradient."""

    def check(self, case):
        arguments, cotangents = exact_arguments(case), draw_cotangents(case)
        results, gradients = automatic(case, EXACT, arguments, cotangents)
        for got, expected in zip(results, case.evaluate(reference, EXACT, arguments)):
            np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
        size = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
        for name, gradient in gradients.items():
            expected = differences(case, arguments, cotangents, name)
            error = np.linalg.norm(gradient - expected)
            limit = 1e-7 * (np.linalg.norm(expected) + 1e-2 * size) + 1e-9
            self.assertLessEqual(error, limit, f"{name} of {case.name}")
        # Rounding apart, where softmax's derivative takes its sums from is no matter.
        other = automatic(case, jax_reference.vary(EXACT, from_output=True), arguments, cotangents)[1]
        for name, gradient in gradients.items():
            np.testing.assert_allclose(other[name], gradient, rtol=1e-9, atol=1e-11 * (1 + size))
        return gradients

    def attention(self, seq=5, kv_seq=6, heads=4, kv_heads=2, data="normal", **features):
        return self.check(
            GradientConfig("attention", "f32", 2, seq, kv_seq, heads=heads, kv_heads=kv_heads,
                           head_dim=3, lse=True, data=data, **features)
        )  # fmt: skip

    def test_attention(self):
        self.attention()
        self.attention(heads=3, kv_heads=1)
        self.attention(heads=2, kv_heads=2, scale=0.7)

    def test_attention_masks(self):
        for features in (
            {"causal": True}, {"window": 1}, {"window": 2}, {"causal": True, "window": 3},
            {"segments": True}, {"segments": True, "causal": True},
        ):  # fmt: skip
            with self.subTest(**features):
                self.attention(**features)
                self.attention(7, 3, **features)

    def test_attention_bias(self):
        for shape in ("full", "heads", "batch", "shared"):
            with self.subTest(shape):
                gradients = self.attention(attn_bias=shape)
                self.assertTrue((gradients["bias"] != 0).any())
        self.attention(attn_bias="heads", segments=True, score="softcap:2.0", window=3)

    def test_attention_scores(self):
        self.attention(score="softcap:0.5")
        self.attention(4, 6, score="alibi", causal=True)

    def test_rows_without_keys_have_gradient_zero(self):
        gradients = self.attention(7, 3, causal=True)
        self.assertTrue((gradients["q"][:, :4] == 0).all())
        self.assertTrue((gradients["q"][:, 5:] != 0).all())
        gradients = self.attention(attn_bias="full", data="empty_rows")
        self.assertTrue((gradients["q"][:, ::3] == 0).all())
        self.attention(segments=True, data="empty_rows")
        self.attention(4, 0)

    def test_keys_out_of_reach_have_gradient_zero(self):
        gradients = self.attention(3, 6, window=1, causal=True)
        for name in ("k", "v"):
            self.assertTrue((gradients[name][:, :3] == 0).all())

    def test_feed_forward(self):
        for act in ACTIVATIONS:
            for gated in (False, True):
                with self.subTest(act, gated=gated):
                    self.check(GradientConfig("feed_forward", "f32", 2, 3, embed=4, ffn=5, act=act,
                                              gated=gated, bias=gated))  # fmt: skip

    def test_layers(self):
        base = dict(batch=2, seq=5, embed=6, heads=2, head_dim=4, kv_heads=1, ffn=5)
        for i, (norm, post, rotary) in enumerate([
            ("layer", False, None), ("layer", True, "half"), ("rms", False, "interleaved"),
            ("rms", True, None),
        ]):  # fmt: skip
            with self.subTest(norm, post=post, rotary=rotary):
                self.check(GradientConfig(
                    "layer", "f32", norm=norm, post_norm=post, rotary=rotary,
                    rotary_dim=2 if rotary == "half" else None, bias=i % 2 == 0, gated=i % 2 == 1,
                    causal=i < 2, segments=i == 2, attn_bias="heads" if i == 3 else None, **base,
                ))  # fmt: skip

    def test_models(self):
        base = dict(batch=2, seq=5, embed=4, heads=2, ffn=5, layers=2, vocab=7, causal=True)
        self.check(GradientConfig("model", "f32", **base))
        gradients = self.check(GradientConfig("model", "f32", loss=True, norm="rms", **base))
        self.assertEqual(len(gradients), 2 + 2 * 8 + 1)

    def test_operations(self):
        for dtype, dynamic in (("f32", False),):
            for case in (
                operations.linear(dtype, dynamic, 2, 3, (2, 3), (4,), True, True),
                operations.linear(dtype, dynamic, 2, 3, (5,), (2, 3), True, False),
                operations.feed_forward(dtype, dynamic, 1, 3, 4, 5, "silu", True, True),
                operations.norm(dtype, dynamic, (2, 3, 7), "layer"),
                operations.norm(dtype, dynamic, (2, 3, 2, 5), "rms"),
                operations.norm(dtype, dynamic, (1, 3, 5), "layer", False, False),
                operations.norm(dtype, dynamic, (1, 3, 5), "layer", False, True),
                operations.rotary(dtype, dynamic, (2, 3, 2, 6), 6, "half", 5),
                operations.rotary(dtype, dynamic, (2, 3, 2, 6), 4, "interleaved", 1000),
                operations.embedding(dtype, dynamic, 2, 9, 4, 3),
                operations.cross_entropy(dtype, dynamic, 2, 6, 4, 7, lse=True),
                operations.cross_entropy(dtype, dynamic, 2, 6, 4, 7, all_ignored=True),
                operations.cross_entropy(dtype, dynamic, 2, 6, 4, 7, lse=True, smoothing=0.2, z_loss=0.1),
            ):
                with self.subTest(case.name):
                    self.check(case)

    def test_score_regions(self):
        for name in operations.SCORES:
            with self.subTest(name):
                self.check(operations.score("f32", False, name, 2, 7, 6, 2, 1, 3, True, True))

    def test_programs(self):
        for build in (operations.doubled, operations.unread):
            gradients = self.check(build("f32", False))
        self.assertTrue((gradients["unread"] == 0).all())


class AgainstNumPy(unittest.TestCase):
    """The values of the whole grid's forms, exact and plain."""

    def cases(self):
        """A part of the grid that holds every form: the cases that differ in the
        first parts of their names, without sizes."""
        cases = {}
        for name, case in gradient_cases.all_cases(0, 0):
            parts = [p for p in name.split("-") if not p[-1].isdigit() or "_" in p]
            cases.setdefault("-".join(p for p in parts if p != "dynamic"), case)
        return list(cases.values())[::2]

    def test_exact_values(self):
        for case in self.cases():
            inputs, weights = case.draw(5)
            with self.subTest(case.name):
                results = values(case, EXACT, inputs | weights)
                expected = case.evaluate(reference, EXACT, inputs | weights)
                for got, exact, (shape, _) in zip(results, expected, case.results()):
                    self.assertEqual(got.shape, shape)
                    np.testing.assert_allclose(got, exact, rtol=1e-9, atol=1e-10)

    def test_plain_values_round_alike(self):
        """They differ where a sum in another order lies on the other side of a
        middle between two numbers: by less than rounding as a whole does."""
        for case in self.cases():
            if case.dtype == "f32" or case.data == "large":
                continue
            inputs, weights = case.draw(5)
            arguments = inputs | weights
            with self.subTest(case.name):
                got = values(case, plain(case.dtype), arguments)
                other = case.evaluate(reference, plain(case.dtype), arguments)
                exact = case.evaluate(reference, EXACT, arguments)
                for a, b, e in zip(got, other, exact):
                    finite = np.isfinite(e)
                    self.assertTrue((np.isfinite(a) == finite).all())
                    a, b, e = (x[finite].astype(np.float64) for x in (a, b, e))
                    rounding, difference = np.linalg.norm(b - e), np.linalg.norm(a - b)
                    self.assertLessEqual(difference, 0.7 * rounding + 1e-6)


class Definitions(unittest.TestCase):
    def test_relu_has_derivative_zero_at_zero(self):
        case = GradientConfig("feed_forward", "f32", 1, 1, embed=1, ffn=1, act="relu")
        ones = np.ones((1, 1))
        arguments = {"x": np.zeros((1, 1, 1)), "w1": ones, "w2": ones}
        _, gradients = automatic(case, EXACT, arguments, [np.ones((1, 1, 1))])
        self.assertEqual(gradients["x"].item(), 0)

    def test_moved_kink(self):
        """Values stay; the derivative is 1 above the kink."""
        case = GradientConfig("feed_forward", "f32", 1, 1, embed=1, ffn=3, act="relu")
        w1, w2 = np.array([[-0.2, 0.2, 2.0]]), np.ones((3, 1))
        arguments = {"x": np.ones((1, 1, 1)), "w1": w1, "w2": w2}
        for kink, expected in ((0, [0, 1, 1]), (1, [0, 0, 1]), (-1, [1, 1, 1])):
            arith = jax_reference.vary(EXACT, kink=kink)
            results, gradients = automatic(case, arith, arguments, [np.ones((1, 1, 1))])
            self.assertAlmostEqual(results[0].item(), 2.2)
            np.testing.assert_array_equal(gradients["w1"][0], expected)

    def test_large_scores_give_finite_gradients(self):
        for dtype in DTYPES:
            case = GradientConfig("attention", dtype, 1, 9, 11, heads=2, head_dim=64,
                                  causal=True, lse=True, data="large")  # fmt: skip
            inputs, _ = case.draw(1)
            for arith in (EXACT, plain(dtype)):
                _, gradients = automatic(case, arith, inputs, draw_cotangents(case))
                self.assertTrue(all(np.isfinite(g).all() for g in gradients.values()))

    def test_ids_outside_the_table_add_nothing(self):
        case = operations.embedding("f32", False, 1, 4, 3, 2)
        arguments = {"tokens": np.array([[0, -1, 3, 0]]), "table": np.ones((3, 2))}
        cotangent = np.arange(8.0).reshape(1, 4, 2)
        _, gradients = automatic(case, EXACT, arguments, [cotangent])
        np.testing.assert_array_equal(gradients["table"], [[6, 8], [0, 0], [0, 0]])


class Rounding(unittest.TestCase):
    def test_values_and_cotangents_are_rounded_to_nearest_even(self):
        rng = np.random.default_rng(0)
        x, c = rng.standard_normal((2, 20000)) * 2.0 ** rng.integers(-20, 12, (2, 20000))
        for dtype in ("f16", "bf16"):
            _, gradients = jax_reference.results_and_gradients(
                plain(dtype), lambda arith, a: [a["x"] * np.float32(1)], {"x": x}, [c]
            )
            for got, value in ((gradients["x"], c),):
                expected = value.astype(np.float32).astype(DTYPES[dtype])
                np.testing.assert_array_equal(got, expected.astype(np.float32))
            results, _ = jax_reference.results_and_gradients(
                plain(dtype), lambda arith, a: [a["x"]], {"x": x}, [c]
            )
            expected = x.astype(np.float32).astype(DTYPES[dtype]).astype(np.float32)
            np.testing.assert_array_equal(results[0], expected)

    def test_a_second_reader_rounds_of_its_own(self):
        """The sum of two cotangents is one of rounded terms, rounded."""
        case = operations.doubled("bf16", False)
        x, c = np.ones(case.results()[0][0]), np.full(case.results()[0][0], 1 + 2**-7)
        _, gradients = automatic(case, plain("bf16"), {"x": x}, [c])
        np.testing.assert_array_equal(gradients["x"], 2 * c)
        bf16 = ml_dtypes.bfloat16
        function = lambda arith, a: [
            jax_reference.stored(arith, a["x"]) * np.float32(1.004)
            + jax_reference.stored(arith, a["x"]) * np.float32(0.502)
        ]
        _, gradients = jax_reference.results_and_gradients(
            plain("bf16"), function, {"x": np.ones(1)}, [np.ones(1)]
        )
        terms = [np.float32(bf16(1.004)), np.float32(bf16(0.502))]
        self.assertEqual(gradients["x"].item(), float(bf16(sum(terms))))


if __name__ == "__main__":
    unittest.main()
