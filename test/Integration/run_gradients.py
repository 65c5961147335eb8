"""Runs compiled gradients of attention, layers, models and operations against
those of the reference.

    run_gradients.py --bin=build/bin [--filter=REGEX] [--jobs=N] [--seed=N]
                     [--device=cpu|cuda|cuda-emulator]

The grid is that of gradient_cases.py. Each case makes @main_vjp with bpt-opt
--bpt-differentiate, runs it with bpt-runner on random inputs and cotangents and
compares every result as run_cases.py does, and every gradient with fp64
automatic differentiation (jax_reference.py):
  f32        relative Frobenius error at most 1e-4 (with scores of ±1e4, where
             the plain computation in f32 may miss it: at most twice its error)
  bf16, f16  error at most twice that of the plain computation in the same type, the
             largest of six that round in different ways and take softmax's
             derivative from its row or from its result (of n independent roundings:
             times 1 + 2/√n, by which such a ratio varies), or that of f32, in which
             sums are taken
and never a NaN. A gradient that is small beside the others, because what it is
a sum of cancels, is measured by a small share of the norm of all of them.
Where relu's argument rounds to the other side of 0, its derivative is another
number of no larger error: what the gradients differ by if the jump is a few
roundings away is allowed as well.
Prints a line for every failing case, with the command that repeats it, and
last the counts. Exit code 1 if a case fails.
"""

import itertools
import os
import shlex
import sys
import zlib

import numpy as np

import gradient_cases
import jax_reference
import run_cases
import tensor_files
from arithmetic import EXACT, plain

F32_TOLERANCE = 1e-4
# Of the norm of all gradients, scaled to the number of elements of one: what a
# gradient is measured by at least.
SMALL = 1e-1
# How far from relu's jump the sign of its argument, of about 1, is safe.
KINK = {"f32": 2e-6, "f16": 4e-3, "bf16": 1.6e-2}


def draw_cotangents(case, seed):
    """One for every floating-point result."""
    rng = np.random.default_rng([seed, 1, zlib.crc32(case.name.encode())])
    return [
        rng.standard_normal(shape).astype(dtype)
        for shape, dtype in case.results()
        if not np.issubdtype(dtype, np.integer)
    ]


def plain_programs(case, arguments):
    """(arithmetic, order of sums) of programs that are all plain computations in the
    case's type. What one of them errs by in a few rows, where a norm or a softmax
    makes much of it, is chance."""
    in_type = plain(case.dtype)
    programs = [in_type, jax_reference.vary(in_type, from_output=True)]
    orders = run_cases.orders_of_sums(case, arguments)
    yield from itertools.product(programs, orders)
    if in_type.storage != in_type.compute:
        for seed in range(4):
            noise = np.random.default_rng(seed)
            yield jax_reference.vary(in_type, from_output=seed % 2 == 1, noise=noise), None


def differentiate(case, arith, arguments, cotangents):
    """(results, gradients) of the reference."""
    function = lambda arith, values: case.evaluate(jax_reference, arith, values)
    return jax_reference.results_and_gradients(
        arith, function, arguments, cotangents, case.wrt
    )


def differentiate_plainly(case, arguments, cotangents):
    """(cotangents, (results, gradients) of every plain program). In f16 cotangents
    are scaled where a program would leave the range of the type, as those who train
    in it scale the loss: the norm of a row that is nearly zero has a derivative of
    hundreds."""
    if case.dtype == "f32" and case.data != "large":
        return cotangents, []
    for scale in (1, 2.0**-6, 2.0**-12):
        scaled = [(c * scale).astype(c.dtype) for c in cotangents]
        rounded = []
        for arith, order in plain_programs(case, arguments):
            reordered = run_cases.reorder(arguments, order)
            results, gradients = differentiate(case, arith, reordered, scaled)
            if order is not None:
                gradients = run_cases.reorder(gradients, np.argsort(order))
            rounded.append((results, gradients))
        finite = all(np.isfinite(g).all() for _, gs in rounded for g in gs.values())
        if finite or case.dtype != "f16":
            return scaled, rounded
    raise run_cases.CaseFailure("the plain computation leaves the range of f16")


def smallest_scale(gradients, exact):
    """What a gradient is measured by at least: SMALL times what its norm would be
    if its elements were as large as those of all gradients are."""
    elements = sum(g.size for g in gradients.values())
    square = sum(np.sum(np.square(g)) for g in gradients.values())
    return SMALL * np.sqrt(square * exact.size / max(elements, 1))


def check_gradient(case, name, actual, exact, rounded, jumps):
    """Raises, or returns the error as a share of what is allowed. `exact` are all
    gradients by name, `rounded` those that plain computations gave, and `jumps`
    what gradients vary by."""
    what, actual = f"gradient of {name}", actual.astype(np.float64)
    run_cases.check_special_values(what, actual, exact[name])
    scale = max(np.linalg.norm(exact[name]), smallest_scale(exact, exact[name]))
    scale = scale or 1.0
    error = np.linalg.norm(actual - exact[name]) / scale
    allowed = 0.0
    if rounded:
        differences = [run_cases.difference(r[name], exact[name]) for r in rounded]
        count = min(run_cases.independent_roundings(case, d) for d in differences)
        # With large scores all of the error lies in the few rows whose largest
        # scores nearly tie: one row, at worst.
        if "-large" in case.name:
            count = 1
        plain_error = max(np.linalg.norm(d) for d in differences) / scale
        allowed = run_cases.allowed_ratio(count) * plain_error + run_cases.ERROR_FLOOR
    # What is summed in f32 is at best as exact as that, whatever is stored.
    allowed = max(allowed, F32_TOLERANCE)
    allowed += np.linalg.norm(jumps.get(name, 0)) / scale
    return run_cases.check_error(what, error, allowed, actual, exact[name])


class GradientRunner(run_cases.CaseRunner):
    script = os.path.relpath(__file__)

    def grid(self):
        return gradient_cases.all_cases(self.options.seed, self.options.random)

    def describe(self, case):
        return " ".join(self.differentiate_flags(case))

    def tool_flags(self):
        return [*super().tool_flags(), f"--opt={self.options.opt}"]

    def differentiate_flags(self, case):
        options = "function=main"
        if case.keep:
            options += f" keep={case.keep}"
        if case.wrt:
            options += f" wrt={','.join(case.wrt)}"
        return [f"--bpt-differentiate={options}"]

    def run_in(self, folder, case):
        options = self.options
        ir = case.ir(
            lambda flags: run_cases.run_tool([options.gen, *flags], options.timeout)
        )
        (folder / "main.mlir").write_text(ir)
        differentiate = [options.opt, str(folder / "main.mlir"), *self.differentiate_flags(case),
                         "-o", str(folder / "main_vjp.mlir")]  # fmt: skip
        (folder / "differentiate.txt").write_text(shlex.join(differentiate) + "\n")
        run_cases.run_tool(differentiate, options.timeout)

        inputs, weights = case.draw(options.seed)
        arguments = inputs | weights
        cotangents, rounded = differentiate_plainly(
            case, arguments, draw_cotangents(case, options.seed)
        )
        command = [options.runner, str(folder / "main_vjp.mlir"), "--function=main_vjp"]
        if options.poison:
            command.append("--poison-memory")
        positional = dict(inputs)
        positional |= {f"cotangent{i}": c for i, c in enumerate(cotangents)}
        for name, array in positional.items():
            flag = tensor_files.write_tensor(folder, name, array)
            command.append(f"--input={flag}")
        if weights:
            path = folder / "weights.safetensors"
            tensor_files.write_safetensors(path, weights)
            command.append(f"--weights={path}")

        wanted = [
            name
            for name, array in arguments.items()
            if jax_reference.is_differentiable(array)
            and (not case.wrt or name in case.wrt)
        ]
        expected = case.results()
        expected += [(arguments[name].shape, arguments[name].dtype) for name in wanted]
        actual = self.run_twice(folder, case, expected, command)
        return self.check(case, arguments, cotangents, rounded, wanted, actual)

    def check(self, case, arguments, cotangents, rounded, wanted, actual):
        """Returns the largest error, as a share of what is allowed; `rounded` is what
        plain programs gave."""
        results, gradients = differentiate(case, EXACT, arguments, cotangents)
        jumps = {}
        if case.has_kinks:
            margin = KINK[case.dtype] * getattr(case, "layers", 1)
            above, below = (
                differentiate(
                    case, jax_reference.vary(EXACT, kink=kink), arguments, cotangents
                )[1]
                for kink in (margin, -margin)
            )
            jumps = {name: above[name] - below[name] for name in wanted}
        share = 0.0
        for i, exact in enumerate(results):
            what = f"result {i}"
            plainly = [results[i] for results, _ in rounded]
            share = max(share, run_cases.check_result(case, what, actual[i], exact, plainly))
        plain_gradients = [gradients for _, gradients in rounded]
        for name, gradient in zip(wanted, actual[len(results) :]):
            share = max(
                share,
                check_gradient(case, name, gradient, gradients, plain_gradients, jumps),
            )
        return share


def parse_options(arguments):
    parser = run_cases.make_parser(__doc__)
    parser.add_argument("--opt", help="bpt-opt, if elsewhere")
    options = run_cases.parse_options(arguments, parser)
    options.opt = options.opt or os.path.join(options.bin, "bpt-opt")
    return options


def main(arguments):
    return run_cases.run_all(GradientRunner(parse_options(arguments)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
