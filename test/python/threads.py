# The GIL is free while code is compiled and run; calls at the same time, and an
# interrupt in the middle of one, change no result.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import concurrent.futures
import os
import signal
import threading
import time

import numpy as np
from checks import attention, error_of, random, relative_error

import bpt

IR = bpt.generate("attention", batch=1, seq=None, kv_seq=None, heads=2, head_dim=16)


def count_during(work):
    """How far another thread counts while `work` runs, and how long that takes."""
    done, counts = threading.Event(), 0

    def count():
        nonlocal counts
        while not done.is_set():
            counts += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    start = time.monotonic()
    thread.start()
    work()
    done.set()
    thread.join()
    return counts, time.monotonic() - start


# With a held GIL the other thread would count before and after, and not between.
f = bpt.compile(IR, threads=1)
q, k, v = (random(seed, 1, 12000, 2, 16) for seed in range(3))
counts, seconds = count_during(lambda: f(q, k, v))
print(f"{counts} counts in {seconds:.2f} s of a call")
assert counts > 5 + 10 * seconds, (counts, seconds)
layer = bpt.generate("layer", seq=256, embed=64, heads=2)
counts, seconds = count_during(lambda: bpt.compile(layer))
print(f"{counts} counts in {seconds:.2f} s of compiling")
assert counts > 5 + 10 * seconds, (counts, seconds)

# As many results as calls, the same bits whichever thread and number of threads.
cases = [tuple(random(seed + i, 1, 40 + 13 * seed, 2, 16) for i in range(3)) for seed in range(8)]
functions = [bpt.compile(IR, threads=threads) for threads in (1, 2, None)]
expected = [f(*case) for case in cases]
for case, y in zip(cases, expected):
    assert relative_error(y, attention(*case)[0]) <= 1e-5
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    jobs = [(n, pool.submit(functions[(n + turn) % 3], *cases[n])) for turn in range(20) for n in range(8)]
    for n, job in jobs:
        assert np.array_equal(job.result(), expected[n])

    # Calls that fail beside calls that do not: each thread has its own error.
    wrong = [(q, k[:, 1:], v) for q, k, v in cases]
    jobs = []
    for n in range(8):
        jobs.append((n, pool.submit(f, *cases[n]), pool.submit(error_of, f, *wrong[n])))
    for n, good, bad in jobs:
        assert np.array_equal(good.result(), expected[n])
        assert "key size of 'value'" in str(bad.result())

    # Compiling at the same time.
    jobs = [pool.submit(bpt.compile, IR) for _ in range(4)]
    for job in jobs:
        assert np.array_equal(job.result()(*cases[3]), expected[3])


def interrupt(work):
    """Ctrl-C while `work` runs must raise KeyboardInterrupt, when it has ended."""
    timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        # One call ends before the interpreter looks; the loop makes it look.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            work()
    except KeyboardInterrupt:
        return
    finally:
        timer.join()
    raise AssertionError("no KeyboardInterrupt")


signal.signal(signal.SIGINT, signal.default_int_handler)
for _ in range(3):
    interrupt(lambda: f(q, k, v))
    interrupt(lambda: bpt.compile(IR))
assert np.array_equal(f(*cases[0]), expected[0])
assert np.array_equal(bpt.compile(IR)(*cases[0]), expected[0])
