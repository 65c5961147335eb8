"""Runs compiled attention, layers and models against the reference.

    run_cases.py --bin=build/bin [--filter=REGEX] [--jobs=N] [--seed=N]
                 [--device=cpu|cuda|cuda-emulator]

The grid is that of cases.py on the CPU, and of gpu_cases.py on a GPU and its
emulator. Each case prints model IR with bpt-gen, runs it with bpt-runner on random inputs
and compares every result with the reference in fp64:
  f32        relative Frobenius error at most 1e-5 (with scores of ±1e4, where
             the plain computation in f32 may miss it: at most twice its error,
             the largest of four orders of its sums)
  bf16, f16  error at most twice that of the plain computation in the same type
             (of n independent roundings: times 1 + 2/√n, by which such a ratio
             varies)
and never a NaN; a log-sum-exp is -inf exactly where no key is kept.
Prints a line for every failing case, with the command that repeats it, and
last the counts. Exit code 1 if a case fails.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

import numpy as np

import cases
import gpu_cases
import reference
import tensor_files
from arithmetic import EXACT, plain

F32_TOLERANCE = 1e-5
# Where the plain computation happens to be exact, as with a single key.
ERROR_FLOOR = 1e-6


class CaseFailure(Exception):
    pass


def run_tool(command, timeout, cache=""):
    """What the tool prints. `cache`: where it keeps code and finds it."""
    environment = {**os.environ, "BPT_CACHE_DIR": str(cache)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=environment
        )
    except subprocess.TimeoutExpired:
        raise CaseFailure(f"{command[0]} took more than {timeout} s")
    if done.returncode == 0:
        return done.stdout
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    # A crash is announced by a line that says nothing about it.
    lines = [line for line in lines if not line.startswith("PLEASE submit")]
    said = next(
        (l for l in lines if "error" in l.lower()), (lines or ["no message"])[0]
    )
    how = f"exit code {done.returncode}"
    if done.returncode < 0:
        how = f"killed by {signal.Signals(-done.returncode).name}"
    raise CaseFailure(f"{os.path.basename(command[0])} {how}: {said}")


def difference(actual, exact):
    """In fp64; equal infinities differ by nothing."""
    actual = actual.astype(np.float64)
    same = (actual == exact) & np.isinf(exact)
    return np.where(same, 0, actual - np.where(same, 0, exact))


def relative_error(actual, exact):
    """In the Frobenius norm."""
    norm = np.linalg.norm(np.where(np.isinf(exact), 0, exact))
    error = np.linalg.norm(difference(actual, exact))
    return error / norm if norm > 0 else error


def check_special_values(what, actual, exact):
    """No NaN, and infinities where they belong."""
    if np.isnan(actual).any():
        first = tuple(int(i) for i in np.argwhere(np.isnan(actual))[0])
        raise CaseFailure(f"{what} has {np.isnan(actual).sum()} NaNs, first at {first}")
    if (np.isinf(actual) != np.isinf(exact)).any():
        where = np.argwhere(np.isinf(actual) != np.isinf(exact))[0]
        at = tuple(int(i) for i in where)
        raise CaseFailure(f"{what} is {actual[at]} at {at}, expected {exact[at]}")


def check_error(what, error, allowed, actual, exact):
    """Raises, or returns the error as a share of what is allowed."""
    if not error <= allowed:
        worst = np.unravel_index(np.argmax(np.abs(actual - exact)), exact.shape)
        at = tuple(int(i) for i in worst)
        raise CaseFailure(
            f"{what}: relative error {error:.3g}, allowed {allowed:.3g}; worst at "
            f"{at}: {actual[at]:.6g}, expected {exact[at]:.6g}"
        )
    return error / allowed


def orders_of_sums(config, arguments):
    """Orders of the components of a head (None: as they are) in which the plain
    computation is done. With large scores, rounding decides rows in which the
    largest nearly tie, and one order says little of what it does."""
    orders = [None]
    if config.data == "large" and "q" in arguments:
        size = arguments["q"].shape[-1]
        orders += [np.random.default_rng(seed).permutation(size) for seed in range(3)]
    return orders


def reorder(arguments, order):
    """The same attention with the components of its heads in another order."""
    if order is None:
        return arguments
    return arguments | {name: arguments[name][..., order] for name in ("q", "k")}


def evaluate_plainly(config, arguments):
    """What the plain computation in the case's type gives, in several orders."""
    return [
        reference.evaluate(plain(config.dtype), config, reorder(arguments, order))
        for order in orders_of_sums(config, arguments)
    ]


def independent_roundings(config, difference):
    """Of how many a difference is made, (Σe²)² / Σe⁴ of its elements: few, where
    masks leave few rows. A row of a head has one, since what a score errs by
    multiplies all of a key, and there are never more than rows, since what a norm or
    a sum of exponentials errs by multiplies all of a token."""
    squares = np.square(difference)
    if squares.ndim == 4:
        squares = squares.sum(axis=-1)
    fourth = np.sum(np.square(squares))
    count = np.sum(squares) ** 2 / fourth if fourth > 0 else 1.0
    rows = getattr(config, "batch", 1) * getattr(config, "seq", np.inf)
    if getattr(config, "kind", "") == "attention":
        rows *= config.heads
    return min(count, max(rows, 1))


def allowed_ratio(count):
    """How many times the error of the plain computation is no more than rounding.
    The norms of two errors of n independent roundings differ by about 1/√n by
    chance."""
    return 2 * (1 + 2 / np.sqrt(count))


def check_result(config, what, actual, exact, rounded):
    """Raises, or returns the error as a share of what is allowed; `rounded` are
    results of the plain computation."""
    actual = actual.astype(np.float64)
    check_special_values(what, actual, exact)
    error = relative_error(actual, exact)
    allowed = 0.0
    if config.dtype != "f32" or config.data == "large":
        count = min(independent_roundings(config, difference(r, exact)) for r in rounded)
        plain_error = max(relative_error(r, exact) for r in rounded)
        allowed = allowed_ratio(count) * plain_error + ERROR_FLOOR
    if config.dtype == "f32":
        allowed = max(allowed, F32_TOLERANCE)
    return check_error(what, error, allowed, actual, exact)


def checks_repeatability(options, config):
    """One case in eight (`--repeat-every`) is run again, and must give the same to
    the last bit."""
    return zlib.crc32(config.name.encode()) % options.repeat_every == 0


def first_flags(options, config):
    """What the device adds to the command line. Warps of the emulator run in
    another order in every case."""
    flags = [] if options.device == "cpu" else [f"--device={options.device}"]
    if options.device == "cuda-emulator":
        flags.append(f"--emulator-seed={schedule_seed(options, config)}")
    return flags


def repeated_flags(options, config):
    """(what differs, the flags in place of the first ones), for every repetition:
    results depend neither on the number of threads nor on the order of warps."""
    if options.device == "cpu":
        return [(f"{n} threads", [f"--threads={n}"]) for n in (1, 3)]
    if options.device == "cuda":
        return [("a second run", first_flags(options, config))]
    seed = schedule_seed(options, config)
    repeated = []
    for i in range(1, options.schedules):
        flags = ["--device=cuda-emulator", f"--emulator-seed={seed + i}"]
        what = f"order {i + 1} of warps"
        if i % 2 == 1:
            flags.append("--emulator-eager")
            what += " and early copies"
        repeated.append((what, flags))
    return repeated


def bound_flags(command):
    """What binds the weights before, or an argument where there are none: what is
    computed once is what every call computes."""
    has_weights = any(flag.startswith("--weights=") for flag in command)
    return ["--bind-weights"] if has_weights else ["--bind=1"]


def schedule_seed(options, config):
    return (options.seed + zlib.crc32(config.name.encode())) % 10**6


class CaseRunner:
    """Runs cases of the forward grid."""

    script = os.path.relpath(__file__)

    def __init__(self, options):
        self.options = options

    def grid(self):
        """(name, case) of all cases."""
        options = self.options
        module = cases if options.device == "cpu" else gpu_cases
        return module.all_cases(options.seed, options.random)

    def describe(self, config):
        """What is listed beside the name."""
        return shlex.join(config.flags())

    def tool_flags(self):
        """The tools in use, for the command that repeats a case."""
        return [f"--gen={self.options.gen}", f"--runner={self.options.runner}"]

    def run(self, name, config):
        """Returns the largest error, as a share of what is allowed."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bpt-case-"))
        try:
            return self.run_in(folder, config)
        finally:
            if self.options.keep:
                target = pathlib.Path(self.options.keep) / name
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(folder, target)
            shutil.rmtree(folder, ignore_errors=True)

    def run_in(self, folder, config):
        options = self.options
        ir = run_tool([options.gen, *config.flags()], options.timeout)
        (folder / "main.mlir").write_text(ir)
        inputs, weights = cases.random_arguments(config, options.seed)
        command = [options.runner, str(folder / "main.mlir"), "--function=main"]
        if options.poison:
            command.append("--poison-memory")
        for name, array in inputs.items():
            flag = tensor_files.write_tensor(folder, name, array)
            command.append(f"--input={flag}")
        if weights:
            path = folder / "weights.safetensors"
            tensor_files.write_safetensors(path, weights)
            command.append(f"--weights={path}")
        results = self.run_twice(folder, config, config.results(), command)

        arguments = inputs | weights
        exact = reference.evaluate(EXACT, config, arguments)
        rounded = []
        if config.dtype != "f32" or config.data == "large":
            rounded = evaluate_plainly(config, arguments)
        share = 0.0
        for i, actual in enumerate(results):
            what = "log-sum-exp" if i == 1 else "result"
            plain_results = [results[i] for results in rounded]
            share = max(share, check_result(config, what, actual, exact[i], plain_results))
        return share

    def run_twice(self, folder, config, expected, command):
        """The results, of these shapes and types, of the runner's command; one
        case in eight is run again, and must give the same."""
        command = command + self.options.runner_flags
        flags = first_flags(self.options, config)
        if not checks_repeatability(self.options, config):
            return self.read_results(folder, expected, [*command, *flags])
        cache = folder / "cache"
        results = self.read_results(folder, expected, [*command, *flags], cache)
        self.compare_repeated(folder, config, expected, command, results, cache)
        return results

    def read_results(self, folder, expected, command, cache=""):
        """Runs the command; the results have the shapes and types they should."""
        outputs = [f"result{i}" for i in range(len(expected))]
        for name, (_, dtype) in zip(outputs, expected):
            flag = tensor_files.path_for(folder, name, dtype)[1]
            command = [*command, f"--output={flag}"]
        (folder / "command.txt").write_text(shlex.join(command) + "\n")
        run_tool(command, self.options.timeout, cache)
        results = []
        for i, (shape, dtype) in enumerate(expected):
            if not tensor_files.path_for(folder, outputs[i], dtype)[0].exists():
                raise CaseFailure(f"result {i} was not written")
            actual = tensor_files.read_tensor(folder, outputs[i], dtype)
            if actual.shape != shape or actual.dtype != dtype:
                raise CaseFailure(
                    f"result {i} is {actual.shape} {actual.dtype}, "
                    f"expected {shape} {dtype}"
                )
            results.append(actual)
        return results

    def compare_repeated(self, folder, config, expected, command, results, cache):
        """The last repetition compiles anew: the same program is the same code."""
        repetitions = repeated_flags(self.options, config)
        if self.options.device == "cpu":
            repetitions.insert(0, ("arguments bound before", bound_flags(command)))
        for i, (what, flags) in enumerate(repetitions):
            again = folder / f"again{i}"
            again.mkdir()
            found = cache if i + 1 < len(repetitions) else ""
            repeated = self.read_results(again, expected, [*command, *flags], found)
            for j, other in enumerate(repeated):
                if other.tobytes() != results[j].tobytes():
                    raise CaseFailure(f"result {j} differs with {what}")


class Progress:
    """One line, on a terminal only."""

    def __init__(self, total):
        self.total, self.done, self.failed = total, 0, 0
        self.enabled = sys.stderr.isatty()

    def show(self, name):
        if self.enabled:
            line = f"[{self.done}/{self.total}] {self.failed} failed  {name}"
            sys.stderr.write(f"\r\x1b[K{line[:110]}")
            sys.stderr.flush()

    def clear(self):
        if self.enabled:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def make_parser(description):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", default="build/bin", help="folder of the tools")
    parser.add_argument("--gen", help="bpt-gen, if elsewhere")
    parser.add_argument("--runner", help="bpt-runner, if elsewhere")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda", "cuda-emulator"])
    parser.add_argument("--filter", default="", help="regular expression on names")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, help="of inputs and random cases")
    parser.add_argument(
        "--random", type=int, help="random cases (24; on other devices than the CPU 12)"
    )
    parser.add_argument("--shard", default="0/1", help="I/N: case I, I+N, I+2N, …")
    parser.add_argument("--subset", type=int, help="so many cases, evenly spread")
    parser.add_argument("--list", action="store_true", help="print names and flags")
    parser.add_argument(
        "--repeat-every", type=int, default=8, metavar="N",
        help="run one case in N again, with other threads or orders of warps (8)",
    )  # fmt: skip
    parser.add_argument(
        "--schedules", type=int, default=2, metavar="N",
        help="orders of warps in which the emulator runs a case that it repeats (2)",
    )  # fmt: skip
    parser.add_argument("--keep", help="folder that keeps each case's files")
    parser.add_argument("--timeout", type=float, default=300, help="seconds a tool")
    parser.add_argument(
        "--no-poison", dest="poison", action="store_false",
        help="do not fill allocated memory with NaNs",
    )  # fmt: skip
    parser.add_argument("--slowest", type=int, default=0, help="print so many times")
    parser.add_argument("--errors", action="store_true", help="print every error")
    parser.add_argument("runner_flags", nargs="*", help="flags of bpt-runner, after --")
    return parser


def parse_options(arguments, parser=None):
    options = (parser or make_parser(__doc__)).parse_args(arguments)
    options.gen = options.gen or os.path.join(options.bin, "bpt-gen")
    options.runner = options.runner or os.path.join(options.bin, "bpt-runner")
    if options.seed is None:
        options.seed = int(os.environ.get("BPT_SEED", secrets.randbelow(10**6)))
    if options.random is None:
        options.random = 24 if options.device == "cpu" else 12
    return options


def select(runner):
    options = runner.options
    selected = [
        (name, config)
        for name, config in runner.grid()
        if re.search(options.filter, name)
    ]
    index, _, count = options.shard.partition("/")
    selected = selected[int(index) :: int(count)]
    if options.subset and options.subset < len(selected):
        at = np.linspace(0, len(selected) - 1, options.subset).round().astype(int)
        selected = [selected[i] for i in sorted(set(at.tolist()))]
    return selected


def repeat_command(runner, name):
    options = runner.options
    parts = [sys.executable, runner.script, f"--seed={options.seed}",
             f"--device={options.device}", f"--random={options.random}", f"--filter=^{re.escape(name)}$",
             *runner.tool_flags()]  # fmt: skip
    if options.runner_flags:
        parts += ["--", *options.runner_flags]
    return shlex.join(parts)


def main(arguments):
    return run_all(CaseRunner(parse_options(arguments)))


def run_all(runner):
    """The exit code."""
    options, selected = runner.options, select(runner)
    if options.list:
        for name, config in selected:
            print(name, runner.describe(config), sep=": ")
        return 0
    print(f"seed {options.seed}, {len(selected)} cases", flush=True)
    progress, times = Progress(len(selected)), []

    def timed(name, config):
        start = time.monotonic()
        try:
            result = runner.run(name, config)
        except CaseFailure as failure:
            result = str(failure)
        return result, time.monotonic() - start

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        pending = {pool.submit(timed, name, config): name for name, config in selected}
        for future in concurrent.futures.as_completed(pending):
            name = pending[future]
            result, seconds = future.result()
            times.append((seconds, name))
            progress.done += 1
            if isinstance(result, str):
                progress.failed += 1
                progress.clear()
                print(
                    f"FAIL {name}: {result}\n  {repeat_command(runner, name)}",
                    flush=True,
                )
            elif options.errors:
                print(f"{result:8.4f} of the allowed error  {name}", flush=True)
            progress.show(name)
    progress.clear()
    for seconds, name in sorted(times, reverse=True)[: options.slowest]:
        print(f"{seconds:7.2f} s  {name}")
    print(f"{progress.done - progress.failed} passed, {progress.failed} failed")
    return 1 if progress.failed or not selected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
