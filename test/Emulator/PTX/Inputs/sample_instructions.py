"""Writes instructions of every form that the emulator's table has, and checks
that bpt-emulate takes them, or that ptxas does.

    sample_instructions.py DIRECTORY [PTXAS]

Of each form some are written, with alternatives and optional parts drawn at
random from a fixed seed.
"""

import random
import re
import subprocess
import sys

SAMPLES = 8
PROLOGUE = """.version 9.0
.target sm_90a
.address_size 64
.func f() { ret; }
.entry k()
{
  .reg .pred %p<4>; .reg .b16 %h<10>; .reg .b32 %r<200>; .reg .b64 %d<20>;
  .reg .f32 %f<200>; .reg .f64 %e<40>; .reg .b128 %q<8>;
TABLE: .branchtargets LABEL;
LABEL:
"""
EPILOGUE = "  ret;\n}\n"
BITS = {"pred": 1, "tf32": 32, "bf16": 16}

# What ptxas does not take on sm_90a, though PTX has it: forms of other
# architectures, and hints that it takes in some combinations only.
ELSEWHERE = re.compile(
    r"requires .target sm_100|not supported on .target|256 bit wide"
    r"|with '\.(L2::)?evict_\w+' modifier|cannot be applied to '[.\w:]+' space"
    r"|State space incorrect for feature 'cache prefetching'"
    r"|Illegal modifier '\.sat' for instruction 'cvt'|exceeds 128 bit limit"
)


def bits(type_name):
    if type_name in BITS:
        return BITS[type_name]
    width, packed = re.fullmatch(r"[a-z]+?(\d+)(x2)?", type_name.replace("e4m3", "b8").replace("e5m2", "b8")).groups()
    return int(width) * (2 if packed else 1)


def prefix(type_name):
    if type_name in ("f32", "f64", "pred"):
        return {"f32": "%f", "f64": "%e", "pred": "%p"}[type_name]
    return {8: "%h", 16: "%h", 32: "%r", 64: "%d", 128: "%q"}[bits(type_name)]


def registers(type_name, count):
    return "{" + ", ".join(f"{prefix(type_name)}{i}" for i in range(count)) + "}"


def parse(line):
    opcode, modifiers, operands = (part.split() for part in line.split(" ;"))
    slots = []
    for word in modifiers:
        optional = word.startswith("[")
        name, _, alternatives = word.strip("[]").partition("=")
        slots.append((name, optional, (alternatives or name).split("|")))
    return opcode[0], slots, operands


class Sampler:
    def __init__(self, line, draw):
        self.opcode, self.slots, self.operands = parse(line)
        self.draw = draw

    def sample(self):
        self.values = {}
        words = [self.opcode]
        for name, optional, alternatives in self.slots:
            value = self.draw.choice(alternatives)
            # Priorities of eviction and operators of the cache exclude each other.
            if (optional and self.draw.random() < 0.5) or (name in ("L1", "L2") and "cop" in self.values):
                continue
            self.values[name] = value
            words.append(value)
        operands = [self.operand(i, text) for i, text in enumerate(self.operands)]
        return ".".join(words) + " " + ", ".join(text for text in operands if text) + ";"

    def has(self, modifier):
        return modifier in self.values or modifier in self.values.values()

    def fragment(self, index, type_name):
        """The number of registers of a matrix's fragment."""
        shape = re.fullmatch(r"m(\d+)n(\d+)k(\d+)", self.values["shape"])
        if not shape:
            return int(self.values["num"][1])
        m, n, k = map(int, shape.groups())
        if self.opcode == "wgmma":
            return 4 if index else m * n * bits(type_name) // (128 * 32)
        size = {0: m * n, 1: m * k, 2: n * k, 3: m * n}[index]
        return size // 32 if type_name == "f64" else size * bits(type_name) // 1024

    def immediate(self):
        if self.opcode in ("applypriority", "discard", "fence", "tensormap") and not self.has("replace"):
            return "128"
        if self.opcode == "setmaxnreg":
            return "64"
        return "16" if self.opcode == "cp" and "cop" in self.values else "1"

    def operand(self, index, text):
        text, _, modifier = text.partition("@")
        if modifier and not self.has(modifier):
            return None
        if text.endswith("?") and self.draw.random() < 0.5:
            return None
        text = text.rstrip("?")
        pair = "|%p2" if text.endswith("&q") or (text.endswith("|q") and self.draw.random() < 0.5) else ""
        role, _, type_name = re.sub(r"[|&]q$", "", text).partition(":")
        wide = type_name.endswith("^")
        type_name = type_name.rstrip("^")
        type_name = self.values.get(type_name, type_name)
        if wide:
            type_name = type_name[0] + str(2 * int(type_name[1:]))
        if role in "dDsS":
            result = prefix(type_name) + "1"
        elif role in "pq":
            result = "%p1"
        elif role in "vu":
            count = int(self.values.get("vec", "v0")[1])
            result = registers(type_name, count) if count else prefix(type_name) + "1"
        elif role in "VU":
            element = type_name if type_name in ("f32", "f64") else "b32"
            result = registers(element, self.fragment(index, type_name))
        elif role == "t":
            rank = int(self.values["dim"][0])
            result = "[%d1, " + registers("b32", rank) + "]"
        elif role == "x":
            result = "f" if self.opcode == "call" else prefix(self.values["type"]) + "1"
            if self.opcode == "call" and index:
                return None
        else:
            result = {"a": "[%d1+16]", "i": self.immediate(), "_": "_", "l": "LABEL", "b": "TABLE"}[role]
        return result + pair


def vector_is_too_long(sampler):
    """The table has no rule for the product of a vector's length and width."""
    vector, type_name = sampler.values.get("vec"), sampler.values.get("type")
    return vector is not None and int(vector[1]) * bits(type_name) > 128


def main():
    directory, *ptxas = sys.argv[1:]
    table = subprocess.run(["bpt-emulate", "--instructions"], capture_output=True, text=True, check=True).stdout
    draw = random.Random(1)
    instructions = []
    for line in table.splitlines():
        sampler = Sampler(line, draw)
        for _ in range(SAMPLES):
            text = sampler.sample()
            if not vector_is_too_long(sampler) and text not in instructions:
                instructions.append(text)
    # The accumulators of products may not be touched by other instructions.
    groups = [[], []]
    for text in instructions:
        groups[text.startswith("wgmma")].append(text)
    refused = []
    for number, group in enumerate(groups):
        for start in range(0, len(group), 50 if ptxas else len(group)):
            chunk = group[start : start + 50] if ptxas else group
            path = f"{directory}/{number}-{start}.ptx"
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(PROLOGUE + "\n".join(chunk) + "\n" + EPILOGUE)
            command = [ptxas[0], "-arch=sm_90a", path, "-o", f"{directory}/out.cubin"] if ptxas else ["bpt-emulate", "--list", path]
            result = subprocess.run(command, capture_output=True, text=True)
            output = result.stdout + result.stderr
            errors = list(re.finditer(r"line (\d+); *error *: *(.*)", output))
            if result.returncode and not errors:
                refused.append(output)
            for match in errors:
                if not ELSEWHERE.search(match[2]):
                    refused.append(f"{chunk[int(match[1]) - PROLOGUE.count(chr(10)) - 1]}\n  {match[2]}")
    print("\n".join(refused))
    print(f"{len(instructions)} instructions, {len(refused)} refused")
    return 1 if refused or len(instructions) < 1000 else 0


sys.exit(main())
