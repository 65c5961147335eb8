# RUN: %python %s %bpt_tools_dir

"""The harness finds wrong results: it runs a runner that spoils them."""

import contextlib
import io
import itertools
import os
import pathlib
import sys
import tempfile
import types
import unittest

import numpy as np

import cases
import gpu_cases
import run_cases
from arithmetic import DTYPES

HERE = pathlib.Path(__file__).parent
TOOLS = pathlib.Path(sys.argv.pop())
# Rows without keys, and a log-sum-exp.
CASE = "^attention-f32-b2-s128x17-.*causal-lse$"


def run(spoil, case=CASE, *extra):
    """(exit code, lines) of one case with the spoiling runner."""
    launcher = tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False)
    with launcher:
        launcher.write(f'#!/bin/sh\nexec "{sys.executable}" ')
        launcher.write(f'"{HERE}/Inputs/spoiling_runner.py" "$@"\n')
    os.chmod(launcher.name, 0o755)
    os.environ.update(SPOIL=spoil, REAL_RUNNER=str(TOOLS / "bpt-runner"))
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            code = run_cases.main(
                [f"--bin={TOOLS}", f"--runner={launcher.name}", f"--filter={case}",
                 "--seed=1", "--random=0", *extra]
            )  # fmt: skip
    finally:
        os.remove(launcher.name)
    return code, output.getvalue().splitlines()


def select(*arguments):
    """(name, config) of the cases selected."""
    return run_cases.select(run_cases.CaseRunner(run_cases.parse_options(arguments)))


class Harness(unittest.TestCase):
    def check_failure(self, spoil, message, case=CASE):
        code, lines = run(spoil, case)
        self.assertEqual(code, 1)
        self.assertTrue(any("FAIL" in l and message in l for l in lines), lines)
        self.assertTrue(any("--seed=1" in l and "--filter=" in l for l in lines))
        self.assertEqual(lines[-1], "0 passed, 1 failed")

    def test_passes_what_is_right(self):
        code, lines = run("nothing")
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed"), lines)

    def test_error_of_3e_5(self):
        self.check_failure("scale", "relative error 3e-05, allowed 1e-05")

    def test_nan(self):
        self.check_failure("nan", "result has 1 NaNs, first at (0, 0, 0, 3)")

    def test_finite_log_sum_exp_of_an_empty_row(self):
        self.check_failure("lse", "log-sum-exp is -3.4")

    def test_wrong_shape(self):
        self.check_failure("shape", "expected (2, 128, 2, 40) float32")

    def test_crash(self):
        self.check_failure("crash", "killed by SIGABRT")

    def test_output_missing(self):
        self.check_failure("missing", "result 0 was not written")

    def test_nothing_selected(self):
        code, lines = run("nothing", "^no such case$")
        self.assertEqual((code, lines[-1]), (1, "0 passed, 0 failed"))

    def test_shards_are_a_partition(self):
        every = select("--seed=5")
        parts = [
            name for i in range(3) for name, _ in select("--seed=5", f"--shard={i}/3")
        ]
        self.assertEqual(sorted(parts), sorted(name for name, _ in every))

    def test_grid_has_the_sizes_it_is_for(self):
        grid = [c for _, c in select("--random=0")]
        attention = [c for c in grid if c.kind == "attention"]
        layers = [c for c in grid if c.kind == "layer"]
        self.assertGreaterEqual(len(attention) + len(layers), 200)
        lengths = {c.seq for c in attention} | {c.kv_seq for c in attention}
        self.assertLessEqual(
            {0, 1, 2, 17, 63, 64, 65, 113, 128, 203, 256, 512, 1000, 2048}, lengths
        )
        self.assertEqual(
            {c.head_dim for c in attention},
            {8, 17, 32, 40, 59, 64, 96, 111, 128, 160, 256},
        )
        self.assertLessEqual({1, 2, 3}, {c.batch for c in attention})
        for kind in (attention, layers):
            self.assertEqual({c.dtype for c in kind}, {"f32", "bf16", "f16"})
            self.assertEqual({c.dynamic for c in kind}, {False, True})
        combinations = {(c.norm, c.post_norm, c.act, c.gated) for c in layers}
        self.assertEqual(len(combinations), 2 * 2 * 5 * 2)
        self.assertEqual({c.rotary for c in layers}, {None, "half", "interleaved"})

    def test_gpu_grid_has_what_it_is_for(self):
        grid = [c for _, c in select("--device=cuda-emulator", "--random=0")]
        self.assertGreaterEqual(sum(c.seq * c.kv_seq * c.batch > 0 for c in grid), 160)
        self.assertGreaterEqual(sum(map(gpu_cases.has_many_blocks, grid)), 130)
        self.assertLessEqual(max(c.cost() for c in grid), gpu_cases.MAX_COST)
        attention = [c for c in grid if c.kind == "attention"]
        for features in cases.ATTENTION_FEATURES:
            having = [
                c for c in attention if features.items() <= vars(c).items()
            ]
            self.assertEqual({c.dtype for c in having}, set(DTYPES), features)
            self.assertEqual({c.dynamic for c in having}, {False, True}, features)
        self.assertEqual(
            {(c.dtype, c.head_dim) for c in attention if gpu_cases.has_many_blocks(c)}
            & set(itertools.product(DTYPES, gpu_cases.HEAD_DIMS)),
            set(itertools.product(DTYPES, gpu_cases.HEAD_DIMS)),
        )
        networks = {(c.dtype, c.act, c.gated) for c in grid if c.kind == "feed_forward"}
        self.assertEqual(len(networks), 3 * 5 * 2)
        layers = [c for c in grid if c.kind == "layer" and c.seq * c.batch]
        forms = {(c.dtype, c.norm, c.post_norm, c.dynamic) for c in layers}
        self.assertEqual(len(forms), 3 * 2 * 2 * 2)
        self.assertEqual(
            {(c.dtype, c.rotary) for c in layers},
            set(itertools.product(DTYPES, [None, "half", "interleaved"])),
        )
        models = {(c.dtype, c.dynamic) for c in grid if c.kind == "model" and c.seq}
        self.assertEqual(len(models), 3 * 2)

    def test_another_result_of_another_schedule(self):
        # One of those that are run twice.
        case = "^attention-f32-b1-s130x190-h2k1d8$"
        code, lines = run("eager", case, "--device=cuda-emulator")
        self.assertEqual(code, 1)
        self.assertIn("differs with order 2 of warps and early copies", lines[1])

    def test_schedules_are_different(self):
        options = run_cases.parse_options(["--device=cuda-emulator", "--schedules=5", "--seed=7"])
        case = types.SimpleNamespace(name="case")
        repeated = [flags for _, flags in run_cases.repeated_flags(options, case)]
        orders = [run_cases.first_flags(options, case)[1]] + [flags[1] for flags in repeated]
        self.assertEqual(len(set(orders)), 5)
        self.assertEqual(["--emulator-eager" in flags for flags in repeated],
                         [True, False, True, False])  # fmt: skip
        self.assertFalse(run_cases.checks_repeatability(options, case))
        options.repeat_every = 1
        self.assertTrue(run_cases.checks_repeatability(options, case))


class Roundings(unittest.TestCase):
    """How many independent ones an error is made of."""

    def count(self, shape, rows=slice(None), **fields):
        case = types.SimpleNamespace(**fields)
        difference = np.zeros(shape)
        difference[rows] = np.random.default_rng(0).standard_normal(difference[rows].shape)
        return run_cases.independent_roundings(case, difference)

    def test_elements(self):
        self.assertGreater(self.count((100, 100)), 3000)

    def test_heads_of_the_rows_that_are_left(self):
        attention = dict(kind="attention", batch=3, seq=200, heads=5)
        count = self.count((3, 200, 5, 64), (slice(None), slice(198, 200)), **attention)
        self.assertTrue(25 < count <= 30, count)

    def test_no_more_than_tokens(self):
        self.assertEqual(self.count((100, 100), kind="model", batch=1, seq=2), 2)

    def test_no_error(self):
        self.assertEqual(self.count((4, 4), slice(0, 0)), 1)


if __name__ == "__main__":
    unittest.main()
