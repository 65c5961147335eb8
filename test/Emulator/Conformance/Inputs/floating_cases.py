"""Floating-point arithmetic, comparisons and the approximate functions."""

import math
from fractions import Fraction

from elementwise import Approximate, Form
from formats import BF16, F16, F32, F64, FORMATS

ROUNDINGS = ("rn", "rz", "rm", "rp")
TARGETS = {"f16": "sm_80", "bf16": "sm_90", "f32": "sm_80", "f64": "sm_80"}


def finite(*values):
    return all(math.isfinite(v) for v in values)


def exact_zero(values_sum_signs, mode):
    """The sign of a sum that is exactly zero: negative where every term is, or in rm."""
    if all(math.copysign(1, s) < 0 for s in values_sum_signs):
        return -0.0
    if all(math.copysign(1, s) > 0 for s in values_sum_signs):
        return 0.0
    return -0.0 if mode == "rm" else 0.0


def add(x, y, mode):
    if not finite(x, y):
        return x + y
    total = Fraction(x) + Fraction(y)
    return exact_zero((x, y), mode) if total == 0 else total


def multiply(x, y, mode):
    if not finite(x, y):
        # Infinity times zero is NaN; Python agrees.
        return x * y
    product = Fraction(x) * Fraction(y)
    if product == 0:
        return math.copysign(0.0, math.copysign(1, x) * math.copysign(1, y))
    return product


def fused(x, y, z, mode):
    if not finite(x, y):
        product = x * y
        return product + z if not math.isinf(z) or not math.isnan(product) else math.nan
    if not finite(z):
        return z
    total = Fraction(x) * Fraction(y) + Fraction(z)
    if total:
        return total
    product = multiply(x, y, mode)
    if product != 0:
        return exact_zero((1.0, -1.0), mode)
    return exact_zero((product, z), mode)


def divide(x, y, mode):
    if math.isnan(x) or math.isnan(y):
        return math.nan
    sign = math.copysign(1, x) * math.copysign(1, y)
    if math.isinf(x):
        return math.nan if math.isinf(y) else sign * math.inf
    if math.isinf(y):
        return sign * 0.0
    if y == 0:
        return math.nan if x == 0 else sign * math.inf
    return Fraction(x) / Fraction(y) if x else sign * 0.0


def square_root(x, mode):
    """A Fraction that rounds as the root does: its first bits and whether more follow."""
    if math.isnan(x) or x < 0:
        return math.nan
    if x == 0 or math.isinf(x):
        return x
    value = Fraction(x)
    # value = n / 4^s, with n of 240 bits: its integer root has 120.
    scale = 0
    while value.numerator // value.denominator < 1 << 240:
        value *= 4
        scale += 1
    n = value.numerator // value.denominator
    root = math.isqrt(n)
    if root * root != n or n * value.denominator != value.numerator:
        return Fraction(2 * root + 1, 2 ** (scale + 1))
    return Fraction(root, 2**scale)


def rounded(format, operation, mode="rn", ftz=False, sat=False, relu=False):
    """The bits of an operation on bits: flush, compute exactly, round once, flush."""

    def model(*bits):
        if ftz:
            bits = [format.flush(b) for b in bits]
        values = [format.value(b) for b in bits]
        result = format.round(operation(*values, mode), mode)
        if ftz:
            result = format.flush(result)
        if sat:
            value = format.value(result)
            result = 0 if math.isnan(value) else format.round(min(max(value, 0.0), 1.0))
        if relu and format.value(result) < 0:
            result = 0
        return result

    return model


def pairwise(model):
    """Applies a model to both halves of packed operands."""

    def both(*operands):
        low = model(*[o & 0xFFFF for o in operands])
        high = model(*[o >> 16 for o in operands])
        return low | high << 16

    return both


OPERATIONS = {"add": (add, 2), "sub": (lambda x, y, m: add(x, -y, m), 2), "mul": (multiply, 2),
              "fma": (fused, 3)}


def arithmetic_forms():
    for op, (operation, count) in OPERATIONS.items():
        names = ", ".join("abc"[:count])
        for mode in ROUNDINGS:
            for f, suffixes in ((F32, ("", ".ftz", ".sat", ".ftz.sat")), (F64, ("",))):
                for suffix in suffixes:
                    text = f"{op}.{mode}{suffix}.{f.name}"
                    yield Form(text, f"{text} d, {names};", f.name, (f.name,) * count,
                               rounded(f, operation, mode, "ftz" in suffix, "sat" in suffix),
                               "float", loose_zero="sat" in suffix)
        for f in (F16, BF16):
            suffixes = ("", ".ftz", ".sat") if f is F16 else ("",)
            if op == "fma":
                suffixes += (".relu",)
            for suffix in suffixes:
                model = rounded(f, operation, "rn", "ftz" in suffix, "sat" in suffix,
                                "relu" in suffix)
                for kind, form_model in ((f.name, model), (f.name + "x2", pairwise(model))):
                    text = f"{op}.rn{suffix}.{kind}"
                    target = "sm_80" if op == "fma" else TARGETS[f.name]
                    yield Form(text, f"{text} d, {names};", kind, (kind,) * count, form_model,
                               "float", loose_zero=suffix in (".sat", ".relu"), target=target)
    # Without a rounding modifier: to nearest even.
    yield Form("add.f32", "add.f32 d, a, b;", "f32", ("f32",) * 2, rounded(F32, add), "float")
    yield Form("mul.f64", "mul.f64 d, a, b;", "f64", ("f64",) * 2, rounded(F64, multiply), "float")
    yield Form("mad.rn.f32", "mad.rn.f32 d, a, b, c;", "f32", ("f32",) * 3, rounded(F32, fused),
               "float")
    for mode in ROUNDINGS:
        for f in (F32, F64):
            for suffix in ("", ".ftz") if f is F32 else ("",):
                for op, operation, count in (
                        ("div", divide, 2), ("sqrt", square_root, 1),
                        ("rcp", lambda x, m: divide(1.0, x, m), 1)):
                    text = f"{op}.{mode}{suffix}.{f.name}"
                    yield Form(text, f"{text} d, {', '.join('ab'[:count])};", f.name,
                               (f.name,) * count, rounded(f, operation, mode, bool(suffix)),
                               "float")


def order(value, bits, format):
    """-0 is less than +0."""
    return (value, 0 if bits & format.sign_bit else 1)


def extreme(format, pick, ftz=False, propagates=False, xorsign=False):
    def model(a, b):
        if ftz:
            a, b = format.flush(a), format.flush(b)
        sign = (a ^ b) & format.sign_bit
        if xorsign:
            a, b = a & ~format.sign_bit, b & ~format.sign_bit
        nans = [format.is_nan(v) for v in (a, b)]
        if all(nans) or (propagates and any(nans)):
            return format.nan
        if any(nans):
            result = a if nans[1] else b
        else:
            result = pick((a, b), key=lambda v: order(format.value(v), v, format))
        return result | sign if xorsign else result

    return model


def extreme_forms():
    for op, pick in (("min", min), ("max", max)):
        for f in (F32, F64, F16, BF16):
            suffixes = [""]
            if f is not F64:
                suffixes += [".NaN", ".xorsign.abs", ".NaN.xorsign.abs"]
            if f in (F32, F16):
                suffixes += [".ftz", ".ftz.NaN"]
            for suffix in suffixes:
                target = "sm_86" if "xorsign" in suffix else "sm_80"
                model = extreme(f, pick, "ftz" in suffix, "NaN" in suffix, "xorsign" in suffix)
                kinds = [(f.name, model)]
                if f in (F16, BF16):
                    kinds.append((f.name + "x2", pairwise(model)))
                for kind, form_model in kinds:
                    text = f"{op}{suffix}.{kind}"
                    yield Form(text, f"{text} d, a, b;", kind, (kind, kind), form_model, "float",
                               target=target)


def sign_forms():
    for f in (F32, F64, F16, BF16):
        for suffix in ("", ".ftz") if f in (F32, F16) else ("",):
            def maybe_flush(bits, f=f, ftz=bool(suffix)):
                return f.flush(bits) if ftz else bits

            for op, function in (
                    ("abs", lambda a, f=f, flush=maybe_flush: flush(a) & ~f.sign_bit),
                    ("neg", lambda a, f=f, flush=maybe_flush: flush(a) ^ f.sign_bit)):
                kinds = [(f.name, function)]
                if f.width == 16:
                    kinds.append((f.name + "x2", pairwise(function)))
                for kind, model in kinds:
                    text = f"{op}{suffix}.{kind}"
                    yield Form(text, f"{text} d, a;", kind, (kind,), model, "float")
    for f in (F32, F64):
        # The sign of the first operand on the second.
        yield Form(f"copysign.{f.name}", f"copysign.{f.name} d, a, b;", f.name, (f.name,) * 2,
                   lambda a, b, f=f: (a & f.sign_bit) | (b & ~f.sign_bit), "float")
        tests = {
            "finite": lambda b, v, f: math.isfinite(v),
            "infinite": lambda b, v, f: math.isinf(v),
            "number": lambda b, v, f: not math.isnan(v),
            "notanumber": lambda b, v, f: math.isnan(v),
            "normal": lambda b, v, f: math.isfinite(v) and v != 0 and not f.is_subnormal(b),
            "subnormal": lambda b, v, f: f.is_subnormal(b),
        }
        for name, test in tests.items():
            yield Form(f"testp.{name}.{f.name}",
                       f"testp.{name}.{f.name} p, a; selp.b32 d, 1, 0, p;", "u32", (f.name,),
                       lambda a, f=f, t=test: int(t(a, f.value(a), f)))


ORDERED = {"eq": lambda x, y: x == y, "ne": lambda x, y: x != y, "lt": lambda x, y: x < y,
           "le": lambda x, y: x <= y, "gt": lambda x, y: x > y, "ge": lambda x, y: x >= y}


def comparison(name):
    if name == "num":
        return lambda x, y: not (math.isnan(x) or math.isnan(y))
    if name == "nan":
        return lambda x, y: math.isnan(x) or math.isnan(y)
    unordered = name.endswith("u")
    function = ORDERED[name.rstrip("u")]
    return lambda x, y: unordered if math.isnan(x) or math.isnan(y) else function(x, y)


def comparison_forms():
    for f in (F32, F64, F16, BF16):
        for name in [*ORDERED, *[n + "u" for n in ORDERED], "num", "nan"]:
            test = comparison(name)
            target = "sm_90" if f is BF16 else "sm_80"
            yield Form(f"setp.{name}.{f.name}",
                       f"setp.{name}.{f.name} p, a, b; selp.b32 d, 1, 0, p;", "u32",
                       (f.name, f.name), lambda a, b, f=f, t=test: int(t(f.value(a), f.value(b))),
                       target=target)
        yield Form(f"setp.equ.{f.name} equal", f"setp.equ.{f.name} p, a, a; selp.b32 d, 1, 0, p;",
                   "u32", (f.name,), lambda a: 1, target=target)
    yield Form("setp.lt.ftz.f32", "setp.lt.ftz.f32 p, a, b; selp.b32 d, 1, 0, p;", "u32",
               ("f32", "f32"),
               lambda a, b: int(F32.value(F32.flush(a)) < F32.value(F32.flush(b))))
    for result, true in (("u32", 2**32 - 1), ("s32", 2**32 - 1), ("f32", 0x3F800000)):
        yield Form(f"set.gtu.{result}.f32", f"set.gtu.{result}.f32 d, a, b;", "b32",
                   ("f32", "f32"),
                   lambda a, b, true=true: true if comparison("gtu")(F32.value(a), F32.value(b))
                   else 0)
    for f in (F16, BF16):
        kind = f.name + "x2"

        def both(a, b, f=f):
            return sum(int(f.value(a >> s & 0xFFFF) < f.value(b >> s & 0xFFFF)) << (s // 16)
                       for s in (0, 16))

        target = TARGETS[f.name]
        yield Form(f"setp.lt.{kind} p|q",
                   f".reg .b32 x; setp.lt.{kind} p|q, a, b; selp.b32 d, 1, 0, p; "
                   "selp.b32 x, 2, 0, q; or.b32 d, d, x;", "u32", (kind, kind), both,
                   target=target)
        one = f.round(1.0)
        yield Form(f"set.lt.{kind}.{kind}", f"set.lt.{kind}.{kind} d, a, b;", "b32", (kind, kind),
                   lambda a, b, m=both, one=one: (m(a, b) & 1) * one | (m(a, b) >> 1) * (one << 16),
                   target=target)


def of_value(function, format, ftz=False):
    def model(*bits):
        if ftz:
            bits = [format.flush(b) for b in bits]
        return function(*[format.value(b) for b in bits])
    return model


def guarded(function):
    """Python raises where IEEE 754 has an infinity or a NaN."""
    def call(x):
        if math.isnan(x):
            return math.nan
        try:
            return function(x)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan
    return call


def power_of_two(x):
    return 0.0 if x == -math.inf else math.inf if x >= 1024 else 2.0**x


def logarithm(x):
    return -math.inf if x == 0 else math.nan if x < 0 else math.log2(x)


def reciprocal_root(x):
    if x == 0:
        return math.copysign(math.inf, x)
    return math.nan if x < 0 else 1 / math.sqrt(x)


def within_f32(function):
    """Overflow is decided by the format."""
    def call(*values):
        result = function(*values)
        if math.isfinite(result) and abs(result) >= 2.0**128:
            return math.copysign(math.inf, result)
        return result
    return call


def approximate_forms():
    def form(name, function, relative=0.0, absolute=0.0, count=1, domain=None, kind="f32"):
        f = FORMATS[kind]
        ftz = "ftz" in name or kind != "f32"
        # A result below the normal range may be flushed where .ftz is given.
        tiny = 2.0**-126 if ".ftz" in name else 2.0**-149
        if kind == "f16":
            tiny = 2.0**-24
        inside = None
        if domain:
            def inside(*bits):
                return domain(*[f.value(b) for b in bits])
        yield Form(name, f"{name} d, {', '.join('ab'[:count])};", kind, (kind,) * count,
                   of_value(within_f32(function), f, ftz and kind == "f32" and ".ftz" in name),
                   Approximate(relative, absolute + tiny), domain=inside,
                   target="sm_90" if kind == "bf16" else "sm_80")

    def small(x):
        return abs(x) <= math.pi

    for ftz in ("", ".ftz"):
        yield from form(f"ex2.approx{ftz}.f32", guarded(power_of_two), 2.0**-22)
        yield from form(f"rsqrt.approx{ftz}.f32", guarded(reciprocal_root), 2.0**-22.9,
                        domain=lambda x: not 0 < abs(x) < 2.0**-126)
        yield from form(f"sqrt.approx{ftz}.f32", guarded(math.sqrt), 2.0**-22.9,
                        domain=lambda x: not 0 < abs(x) < 2.0**-126)
        yield from form(f"rcp.approx{ftz}.f32", lambda x: float_divide(1.0, x), 2.0**-22.9,
                        domain=lambda x: not 0 < abs(x) < 2.0**-126)
        yield from form(f"sin.approx{ftz}.f32", guarded(math.sin), 0, 2.0**-20.5, domain=small)
        yield from form(f"cos.approx{ftz}.f32", guarded(math.cos), 0, 2.0**-20.5, domain=small)
        # Absolute near 1, relative elsewhere.
        yield from form(f"lg2.approx{ftz}.f32", guarded(logarithm), 2.0**-22, 2.0**-22)

        def ordinary(x, y):
            return finite(x, y) and 2.0**-126 <= abs(y) <= 2.0**126 and (
                x == 0 or 2.0**-100 < abs(x) < 2.0**100)

        yield from form(f"div.approx{ftz}.f32", float_divide, 2.0**-22, count=2, domain=ordinary)
        yield from form(f"div.full{ftz}.f32", float_divide, 2.0**-22, count=2, domain=ordinary)
    yield from form("tanh.approx.f32", guarded(math.tanh), 2.0**-11)
    yield from form("tanh.approx.f16", guarded(math.tanh), 0, 2.0**-10.987, kind="f16")
    yield from form("tanh.approx.bf16", guarded(math.tanh), 2.0**-8, kind="bf16")

    def half_range(x):
        return not abs(x) > 14 or math.isinf(x)

    yield from form("ex2.approx.f16", guarded(power_of_two), 2.0**-9.9, kind="f16",
                    domain=half_range)
    yield from form("ex2.approx.ftz.bf16", guarded(power_of_two), 2.0**-7, kind="bf16")


def float_divide(x, y):
    result = divide(x, y, "rn")
    if result != result:
        return math.nan
    return float(result) if abs(result) < 2**1000 else math.copysign(math.inf, result)


def cases(random):
    return [*arithmetic_forms(), *extreme_forms(), *sign_forms(), *comparison_forms(),
            *approximate_forms()]
