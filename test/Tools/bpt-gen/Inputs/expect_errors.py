"""Runs the commands of a list; each must fail as the line says.

A line is `arguments => message`: the exit code must be 2, stdout empty and
stderr the one line `bpt-gen: error: message`.
"""

import shlex
import subprocess
import sys

tool, path = sys.argv[1:]
failures = count = 0
for line in open(path):
    if "=>" not in line:
        continue
    arguments, _, message = line.partition("=>")
    done = subprocess.run(
        [tool, *shlex.split(arguments)], capture_output=True, text=True, timeout=60
    )
    count += 1
    expected = f"bpt-gen: error: {message.strip()}\n"
    if (done.returncode, done.stdout, done.stderr) != (2, "", expected):
        failures += 1
        print(f"bpt-gen {arguments.strip()}")
        print(f"  expected: {expected!r}")
        print(f"  got:      {done.stderr!r}, exit code {done.returncode},", end=" ")
        print(f"{len(done.stdout)} characters on stdout")
print(f"{count} commands, {failures} failed")
sys.exit(1 if failures or not count else 0)
