"""Runs bpt-emulate --list on each module of a file and compares the error.

A module starts at a line `--- name`. Lines `//! text` in it are the error, from
the position on: `3:5: error: message`. A module that has no line `.version` is
the body of a kernel: `PROLOGUE` is put before it, on one line.
"""

import subprocess
import sys

PROLOGUE = (
    ".version 8.3 .target sm_90a .address_size 64 "
    ".entry k(.param .u64 out) { .reg .pred %p<4>; .reg .b16 %h<4>; "
    ".reg .b32 %r<64>; .reg .b64 %d<8>; .reg .f32 %f<64>; .reg .f64 %e<4>;\n"
)


def split(path):
    name, lines = None, []
    for line in open(path, encoding="utf-8"):
        if line.startswith("--- "):
            if name:
                yield name, lines
            name, lines = line[4:].strip(), []
        else:
            lines.append(line)
    yield name, lines


def main():
    path, folder, tool = sys.argv[1:]
    failures = 0
    count = 0
    for name, lines in split(path):
        expected = [line[4:].strip() for line in lines if line.startswith("//! ")]
        text = "".join(line for line in lines if not line.startswith("//! "))
        if ".version" not in text and "raw" not in name:
            text = PROLOGUE + text + "}\n"
        file = f"{folder}/{name}.ptx"
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        result = subprocess.run([tool, "--list", file], capture_output=True, text=True)
        first = result.stderr.split("\n")[0]
        actual = first[len(file) + 1 :] if first.startswith(file) else first
        if result.returncode != 2 or len(expected) != 1 or actual != expected[0]:
            failures += 1
            print(f"{name}: exit code {result.returncode}\n  {actual}\nshould be\n  {expected}")
        count += 1
    print(f"{count} errors, {failures} not as they should be")
    return 1 if failures or not count else 0


sys.exit(main())
