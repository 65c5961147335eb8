# RUN: %python %s %bpt_tools_dir

"""The harness of gradients finds wrong ones: it runs tools that stand in for the
compiler's, with the reference's gradients, and spoils them."""

import contextlib
import dataclasses
import io
import os
import pathlib
import re
import sys
import tempfile
import unittest

import cases
import gradient_cases
import gradient_operations
import run_gradients
from arithmetic import DTYPES

HERE = pathlib.Path(__file__).parent
TOOLS = pathlib.Path(sys.argv.pop())
# What repeats the cases that a run without options does.
EIGHTH = run_gradients.parse_options([])
GRID = dict(gradient_cases.all_cases(0, 0))


def find(**fields):
    """The name of the first case with these fields."""
    for name, case in GRID.items():
        if all(getattr(case, key, None) == value for key, value in fields.items()):
            return name
    raise LookupError(fields)


ATTENTION = find(kind="attention", dtype="f32", causal=True, lse=True, wrt=())
BF16 = find(kind="attention", dtype="bf16", causal=True, window=64)
SUBSET = find(kind="attention", dtype="f32", wrt=("k",))
MODEL = find(kind="model", dtype="f32", loss=True, layers=1, norm="rms")


def run(spoil, name, *extra):
    """(exit code, lines) of one case with the spoiling tools."""
    with tempfile.TemporaryDirectory() as folder:
        for tool in ("opt", "runner"):
            launcher = pathlib.Path(folder) / tool
            launcher.write_text(
                f'#!/bin/sh\nexec "{sys.executable}" '
                f'"{HERE}/Inputs/reference_tools.py" {tool} "$@"\n'
            )
            launcher.chmod(0o755)
        os.environ.update(SPOIL=spoil, CASE=name)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = run_gradients.main(
                [f"--bin={TOOLS}", f"--opt={folder}/opt", f"--runner={folder}/runner",
                 f"--filter=^{re.escape(name)}$", "--seed=0", "--random=0", *extra]
            )  # fmt: skip
    return code, output.getvalue().splitlines()


class Harness(unittest.TestCase):
    def check_failure(self, spoil, message, name=ATTENTION):
        code, lines = run(spoil, name)
        self.assertEqual(code, 1)
        self.assertTrue(any("FAIL" in l and message in l for l in lines), lines)
        self.assertTrue(any("--seed=0" in l and "--opt=" in l for l in lines))
        self.assertEqual(lines[-1], "0 passed, 1 failed")

    def test_passes_what_is_right(self):
        for name in (ATTENTION, BF16, SUBSET, MODEL):
            code, lines = run("nothing", name)
            self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed"), lines)

    def test_error_of_a_result(self):
        self.check_failure("result", "result 0: relative error 3e-05, allowed 1e-05")

    def test_error_of_the_last_gradient(self):
        self.check_failure("gradient", "gradient of v: relative error 0.0003")

    def test_one_wrong_row(self):
        self.check_failure("row", "gradient of q: relative error")

    def test_nan(self):
        self.check_failure("nan", "gradient of q has 1 NaNs, first at (0, 0, 0, 3)")

    def test_gradients_in_another_order(self):
        self.check_failure("order", "gradient of k: relative error")

    def test_missing_contribution(self):
        self.check_failure("zero", "gradient of v: relative error 1, allowed 0.0001")

    def test_error_beyond_rounding(self):
        self.check_failure("round", "gradient of q: relative error 0.0", BF16)

    def test_another_number_of_threads(self):
        repeated = next(
            name
            for name, case in GRID.items()
            if run_gradients.run_cases.checks_repeatability(EIGHTH, case)
            and case.dtype == "f32"
            and getattr(case, "kind", "") == "attention"
            and case.seq * case.kv_seq * case.batch
        )
        self.check_failure("threads", "differs with 3 threads", repeated)

    def test_refusal(self):
        self.check_failure(
            "refuse",
            "opt exit code 1: main.mlir:3:8: error: 'bpt.linear' cannot be differentiated",
        )


class Grid(unittest.TestCase):
    """It has what it is for."""

    def having(self, **fields):
        return [
            c
            for c in GRID.values()
            if all(getattr(c, key, None) == value for key, value in fields.items())
        ]

    def test_size(self):
        self.assertGreaterEqual(len(GRID), 170)
        for keep in (None, *gradient_cases.KEEPS):
            self.assertGreaterEqual(len(self.having(keep=keep)), 30)
        with_rows = [
            c for c in GRID.values() if getattr(c, "seq", 1) * getattr(c, "batch", 1)
        ]
        self.assertGreaterEqual(len(with_rows), 170)

    def test_attention(self):
        attention = self.having(kind="attention")
        for features in cases.ATTENTION_FEATURES:
            types = {c.dtype for c in attention if features.items() <= vars(c).items()}
            self.assertEqual(types, set(DTYPES), features)
        self.assertLessEqual(set(gradient_cases.HEAD_DIMS), {c.head_dim for c in attention})
        self.assertEqual({c.dynamic for c in attention}, {False, True})
        self.assertLessEqual({0, 1, 2, 3}, {c.batch for c in attention})
        self.assertTrue(any(c.kv_heads == 1 < c.heads for c in attention))
        self.assertTrue(any(1 < c.kv_heads < c.heads for c in attention))
        for data in ("large", "empty_rows"):
            types = {c.dtype for c in attention if c.data == data}
            self.assertEqual(types, set(DTYPES))

    def test_layers(self):
        layers = [c for c in self.having(kind="layer") if c.seq * c.batch]
        forms = {(c.norm, c.post_norm, c.act, c.gated) for c in layers}
        self.assertEqual(len(forms), 2 * 2 * 5 * 2)
        self.assertEqual({c.rotary for c in layers}, {None, "half", "interleaved"})
        for field in ("dtype", "keep"):
            counted = {getattr(c, field) for c in layers}
            self.assertGreaterEqual(len(counted), 3)
        for field in ("bias", "segments", "causal", "attn_bias", "window", "score"):
            self.assertTrue(any(getattr(c, field) for c in layers), field)

    def test_models(self):
        models = {(c.dtype, c.dynamic) for c in self.having(kind="model", loss=True) if c.seq}
        self.assertEqual(len(models), 3 * 2)

    def test_same_case_with_every_policy(self):
        for kind in ("layer", "model"):
            kept = {}
            for case in self.having(kind=kind):
                form = dataclasses.replace(case, keep=None)
                kept.setdefault(form, set()).add(case.keep)
            self.assertTrue(any(k >= set(gradient_cases.KEEPS) for k in kept.values()))

    def test_every_score_region_in_two_types(self):
        for name in gradient_operations.SCORES:
            found = [c for n, c in GRID.items() if n.startswith(f"score_{name}-")]
            self.assertEqual(len(found), 2)

    def test_names_are_unique(self):
        grid = [c.name for c in gradient_operations.operation_cases()]
        self.assertEqual(len(grid), len(set(grid)))

    def test_random_cases_depend_on_the_seed(self):
        names = [
            [n for n, _ in gradient_cases.all_cases(seed, 4) if n.startswith("random")]
            for seed in (1, 2, 1)
        ]
        self.assertEqual(names[0], names[2])
        self.assertNotEqual(names[0], names[1])


if __name__ == "__main__":
    unittest.main()
