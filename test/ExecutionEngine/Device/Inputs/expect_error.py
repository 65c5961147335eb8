"""Runs a command that fails by a user's error: exit code 2, one line on stderr,
which is printed."""

import subprocess
import sys

done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
lines = done.stderr.splitlines()
if done.returncode != 2 or len(lines) != 1 or done.stdout:
    sys.exit(f"exit code {done.returncode}, {done.stdout!r}, {done.stderr!r}")
print(lines[0])
