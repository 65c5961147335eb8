"""Forms that map each thread's values to one value; many go into one kernel.

A form's text computes `d` from `a`, `b`, `c`, `e`; `p` and `q` are free predicates. Its
model maps Python integers (bit patterns of floats, signed where the kind is) to the bit
pattern of the result.
"""

import dataclasses
from typing import Any, Callable

import numpy as np

from formats import FORMATS
from harness import Buffer, Case, Custom, module

COUNT = 256
SIGNED = {"s8": 8, "s16": 16, "s32": 32, "s64": 64}
WIDTHS = {"u8": 8, "b8": 8, "e4m3": 8, "e5m2": 8, "u16": 16, "b16": 16, "f16": 16,
          "bf16": 16, "u32": 32, "b32": 32, "f32": 32, "f16x2": 32, "bf16x2": 32, "s16x2": 32, "u16x2": 32,
          "tf32": 32, "e4m3x2": 16, "e5m2x2": 16, "u64": 64, "b64": 64, "f64": 64,
          "shift": 32, "small": 32} | SIGNED
UNSIGNED = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}


@dataclasses.dataclass
class Approximate:
    """The model gives a float; |actual - it| <= relative * |it| + absolute."""

    relative: float = 0.0
    absolute: float = 0.0


@dataclasses.dataclass
class Form:
    name: str
    text: str
    result: str
    sources: tuple
    model: Callable
    compare: Any = "bits"  # or "float" (any NaN, any sign of zero if `loose`), Approximate
    loose_zero: bool = False
    # Accepts or rejects random operands: what the ISA leaves undefined.
    domain: Callable = None
    target: str = "sm_80"
    mask: int = -1


def specials(kind):
    base = kind[:-2] if kind.endswith("x2") else kind
    if base in FORMATS:
        f = FORMATS[base]
        one = f.bias << f.mantissa_bits
        values = [0, 1, (1 << f.mantissa_bits) - 1, 1 << f.mantissa_bits, one, one + 1,
                  f.maximum, f.nan, one | 1 << (f.mantissa_bits - 1)]
        if f.has_infinity:
            values.append(f.infinity)
        return values + [v | f.sign_bit for v in values]
    width = WIDTHS[kind]
    top = 1 << (width - 1)
    return [0, 1, 2, top - 1, top, top + 1, 2 * top - 1, 2 * top - 2]


def random_bits(random, kind, count=COUNT):
    """Bit patterns: special ones, ones of ordinary size, and arbitrary ones."""
    if kind == "shift":
        return random.integers(0, 80, count).astype(np.uint32)
    if kind == "small":
        return random.integers(0, 40, count).astype(np.uint32)
    width = WIDTHS[kind]
    if kind.endswith("x2"):
        half = random_bits(random, kind[:-2], 2 * count).astype(np.uint64)
        packed = half[:count] | half[count:] << np.uint64(width // 2)
        return packed.astype(UNSIGNED[width])
    words = random.integers(0, 2**64, count, dtype=np.uint64) >> np.uint64(64 - width)
    if kind in FORMATS:
        f = FORMATS[kind]
        # Exponents near that of 1.
        kept = (1 << f.mantissa_bits) - 1 | f.sign_bit
        exponent = random.integers(-6, 7, count) + f.bias
        near = words & np.uint64(kept) | exponent.astype(np.uint64) << np.uint64(f.mantissa_bits)
        words = np.where(random.random(count) < 0.6, near, words)
    else:
        # Small magnitudes, positive and negative.
        small = random.integers(-300, 300, count).astype(np.int64).view(np.uint64)
        small &= np.uint64(2**width - 1)
        words = np.where(random.random(count) < 0.3, small, words)
    chosen = np.array(specials(kind), dtype=np.uint64)[
        random.integers(0, len(specials(kind)), count)]
    return np.where(random.random(count) < 0.25, chosen, words).astype(UNSIGNED[width])


def to_python(kind, bits):
    value = int(bits)
    if kind in SIGNED and value >> (SIGNED[kind] - 1):
        value -= 1 << SIGNED[kind]
    return value


def operands(random, form):
    columns = [random_bits(random, kind) for kind in form.sources]
    rows = list(zip(*[[to_python(k, v) for v in c] for k, c in zip(form.sources, columns)]))
    if form.domain:
        good = [i for i, row in enumerate(rows) if form.domain(*row)]
        assert good, f"{form.name}: no operand is in its domain"
        order = [good[i % len(good)] for i in range(COUNT)]
        columns = [c[order] for c in columns]
        rows = [rows[i] for i in order]
    return columns, rows


class Packer:
    """Lays the operands of several forms out in one buffer and writes their kernel."""

    def __init__(self):
        self.inputs, self.body = [], []
        self.input_size = self.output_size = 0
        self.checks = []

    def add(self, form, random):
        columns, rows = operands(random, form)
        lines = ["  {"]
        for name, kind, column in zip("abce", form.sources, columns):
            width = WIDTHS[kind]
            register = "b16" if width == 8 else f"b{width}"
            lines.append(f"    .reg .{register} {name};")
            load = {"s8": "s8", "u8": "u8", "b8": "u8"}.get(kind, f"b{width}")
            lines.append(f"    ld.global.{load} {name}, [%i{width}+{self.input_size}];")
            data = column.tobytes()
            self.inputs.append(data)
            self.input_size += len(data)
        width = WIDTHS[form.result]
        register = "b16" if width == 8 else f"b{width}"
        lines.append(f"    .reg .{register} d;")
        lines.append("    .reg .pred p, q;")
        lines += ["    " + line.strip() for line in form.text.strip().splitlines()]
        store = f"b{width}"
        lines.append(f"    st.global.{store} [%o{width}+{self.output_size}], d;")
        lines.append("  }")
        self.body += lines
        self.checks.append((form, rows, self.output_size))
        self.output_size += COUNT * width // 8

    def case(self, name, target):
        registers = ["  .reg .b64 %in, %out, %tl, %i8, %i16, %i32, %i64, %o8, %o16, %o32, %o64;"]
        prologue = ["  ld.param.u64 %in, [p0];", "  ld.param.u64 %out, [p1];",
                    "  cvt.u64.u32 %tl, %t;"]
        for width in (8, 16, 32, 64):
            prologue.append(f"  mad.lo.u64 %i{width}, %tl, {width // 8}, %in;")
            prologue.append(f"  mad.lo.u64 %o{width}, %tl, {width // 8}, %out;")
        content = np.frombuffer(b"".join(self.inputs), dtype=np.uint8)
        result = np.full(self.output_size, 0xCD, dtype=np.uint8)
        return Case(
            name,
            module("\n".join(prologue + self.body), ["u64", "u64"], target,
                   registers="\n".join(registers)),
            [Buffer(content), Buffer(result, Custom(self.compare))],
            block=(COUNT, 1, 1))

    def compare(self, actual):
        wrong = []
        for form, rows, offset in self.checks:
            width = WIDTHS[form.result]
            bits = np.frombuffer(actual.tobytes(), dtype=UNSIGNED[width], count=COUNT,
                                 offset=offset)
            text = compare_form(form, rows, [int(v) for v in bits])
            if text:
                wrong.append(text)
        return "; ".join(wrong) or None


def compare_form(form, rows, actual):
    bad = []
    for row, value in zip(rows, actual):
        expected = form.model(*row)
        if not agrees(form, value, expected):
            bad.append((row, value, expected))
    if not bad:
        return None
    row, value, expected = bad[0]
    width = WIDTHS[form.result]
    inputs = ", ".join(hex(v & (2 ** WIDTHS[k] - 1)) for k, v in zip(form.sources, row))
    if isinstance(form.compare, Approximate):
        expected = f"{expected!r} (is {decoded(form, value)!r})"
    else:
        expected = hex(expected & (2**width - 1))
    return (f"{form.name}: {len(bad)} of {len(rows)} differ, first for ({inputs}): "
            f"{hex(value)}, expected {expected}")


def decoded(form, bits):
    return FORMATS[form.result].value(bits)


def agrees(form, value, expected):
    if isinstance(form.compare, Approximate):
        actual = decoded(form, value)
        if expected != expected or abs(expected) == float("inf"):
            return actual == expected or (actual != actual and expected != expected)
        bound = form.compare.relative * abs(expected) + form.compare.absolute
        return abs(actual - expected) <= bound
    width = WIDTHS[form.result]
    expected &= 2**width - 1
    if form.compare == "float":
        kind = form.result
        if kind.endswith("x2"):
            half = width // 2
            mask = 2**half - 1
            return all(same_float(form, FORMATS[kind[:-2]], value >> s & mask,
                                  expected >> s & mask) for s in (0, half))
        return same_float(form, FORMATS[kind], value, expected)
    return value & form.mask == expected & form.mask


def same_float(form, format, value, expected):
    if format.is_nan(value) and format.is_nan(expected):
        return True
    if form.loose_zero and not (value | expected) & (format.sign_bit - 1):
        return True
    return value == expected


def pack(cases, size, seed):
    """Replaces the forms among the cases by kernels of at most `size` forms."""
    result = [c for c in cases if isinstance(c, Case)]
    forms = [c for c in cases if isinstance(c, Form)]
    by_target = {}
    for form in forms:
        by_target.setdefault(form.target, []).append(form)
    for target, group in by_target.items():
        for first in range(0, len(group), size):
            chunk = group[first:first + size]
            # Operands depend on the form alone, not on how forms are packed.
            packer = Packer()
            for form in chunk:
                packer.add(form, np.random.default_rng([seed, *form.name.encode()]))
            name = chunk[0].name if size == 1 else f"{chunk[0].name} … {chunk[-1].name}"
            result.append(packer.case(name, target))
    return result

