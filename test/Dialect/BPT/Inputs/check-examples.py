"""Fails unless every MLIR example in the given .td files stands, line by line,
in the given test, where it is parsed and verified."""

import re
import sys


def lines_of(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def contains(lines, part):
    return any(lines[i : i + len(part)] == part for i in range(len(lines)))


test, *definitions = sys.argv[1:]
with open(test, encoding="utf-8") as file:
    tested = lines_of(file.read())

examples = 0
missing = []
for path in definitions:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for match in re.finditer(r"```mlir\n(.*?)```", text, re.DOTALL):
        examples += 1
        if not contains(tested, lines_of(match.group(1))):
            line = text.count("\n", 0, match.start()) + 2
            missing.append(f"{path}:{line}: this example does not stand in {test}")

print("\n".join(missing) or f"{examples} examples are tested")
sys.exit(1 if missing or not examples else 0)
