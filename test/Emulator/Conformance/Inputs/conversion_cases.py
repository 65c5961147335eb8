"""cvt in all its roundings, between all types."""

import math
from fractions import Fraction

from elementwise import Form
from formats import BF16, E4M3, E5M2, F16, F32, F64, TF32
from formats import round_integer

INTEGERS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64, "s8": 8, "s16": 16, "s32": 32, "s64": 64}
ROUNDINGS = ("rn", "rz", "rm", "rp")


def limits(kind):
    width = INTEGERS[kind]
    if kind[0] == "s":
        return -(2 ** (width - 1)), 2 ** (width - 1) - 1
    return 0, 2**width - 1


def clamp(value, kind):
    low, high = limits(kind)
    return min(max(value, low), high)


def integer_forms():
    for source in INTEGERS:
        for target in INTEGERS:
            if source == target:
                continue
            yield Form(f"cvt.{target}.{source}", f"cvt.{target}.{source} d, a;", target, (source,),
                       lambda a: a)
            low, high = limits(target)
            source_low, source_high = limits(source)
            if low > source_low or high < source_high:
                yield Form(f"cvt.sat.{target}.{source}", f"cvt.sat.{target}.{source} d, a;",
                           target, (source,), lambda a, t=target: clamp(a, t))


def integer_to_float_forms():
    for source in INTEGERS:
        for f in (F16, F32, F64, BF16):
            if f is BF16 and INTEGERS[source] == 8:
                continue
            for mode in ROUNDINGS:
                text = f"cvt.{mode}.{f.name}.{source}"
                yield Form(text, f"{text} d, a;", f.name, (source,),
                           lambda a, f=f, m=mode: f.round(Fraction(a), m),
                           target="sm_90" if f is BF16 else "sm_80")


def nan_result(source, target):
    """What the ISA gives for NaN."""
    if source is not F64 and target not in ("u64", "s64"):
        return 0
    return 1 << (INTEGERS[target] - 1)


def float_to_integer(f, target, mode, ftz=False):
    def model(bits):
        if ftz:
            bits = f.flush(bits)
        value = f.value(bits)
        if math.isnan(value):
            return nan_result(f, target)
        if math.isinf(value):
            return clamp(2**100 if value > 0 else -(2**100), target)
        negative = value < 0
        magnitude = round_integer(abs(Fraction(value)), mode, negative)
        return clamp(-magnitude if negative else magnitude, target)

    return model


def float_to_integer_forms():
    for f in (F32, F64, F16, BF16):
        for target in INTEGERS:
            if f is BF16 and INTEGERS[target] == 8:
                continue
            for mode in ROUNDINGS:
                # NaN to 8 or 16 bits: the ISA's two rules differ between its versions.
                narrow = INTEGERS[target] < 32 and f is F64
                text = f"cvt.{mode}i.{target}.{f.name}"
                yield Form(text, f"{text} d, a;", target, (f.name,),
                           float_to_integer(f, target, mode),
                           domain=(lambda a, f=f: not f.is_nan(a)) if narrow else None,
                           target="sm_90" if f is BF16 else "sm_80")
    yield Form("cvt.rpi.ftz.s32.f32", "cvt.rpi.ftz.s32.f32 d, a;", "s32", ("f32",),
               float_to_integer(F32, "s32", "rp", True))
    yield Form("cvt.rzi.sat.u8.f32", "cvt.rzi.sat.u8.f32 d, a;", "u8", ("f32",),
               float_to_integer(F32, "u8", "rz"), domain=lambda a: not F32.is_nan(a))


def converted(source, target, mode="rn", saturate=False, relu=False, ftz=False, unit=False):
    def model(bits):
        if ftz and source is F32:
            bits = F32.flush(bits)
        value = source.value(bits)
        if relu and value <= 0:
            return 0
        if unit:
            value = 0.0 if math.isnan(value) else min(max(value, 0.0), 1.0)
        result = target.round(value, mode, saturate)
        return F32.flush(result) if ftz and target is F32 else result

    return model


def float_forms():
    def form(text, source, target, model, loose=False, kind="float", arch="sm_80"):
        return Form(text, f"{text} d, a;", target.name, (source.name,), model, kind,
                    loose_zero=loose, target=arch)

    for narrow, wide in ((F16, F32), (F16, F64), (F32, F64), (BF16, F32)):
        text = f"cvt.{wide.name}.{narrow.name}"
        yield form(text, narrow, wide, converted(narrow, wide),
                   arch="sm_90" if narrow is BF16 else "sm_80")
    yield form("cvt.ftz.f64.f32", F32, F64, converted(F32, F64, ftz=True))
    yield form("cvt.ftz.f32.f32", F32, F32, converted(F32, F32, ftz=True))
    for f in (F32, F64, F16):
        text = f"cvt.sat.{f.name}.{f.name}"
        yield form(text, f, f, converted(f, f, unit=True), loose=True)
    for mode in ROUNDINGS:
        for source, target in ((F64, F32), (F64, F16), (F32, F16)):
            text = f"cvt.{mode}.{target.name}.{source.name}"
            yield form(text, source, target, converted(source, target, mode))
        text = f"cvt.{mode}.ftz.f32.f64"
        yield form(text, F64, F32, converted(F64, F32, mode, ftz=True))
        for f in (F32, F64, F16):
            text = f"cvt.{mode}i.{f.name}.{f.name}"

            def integral(bits, f=f, mode=mode):
                value = f.value(bits)
                if not math.isfinite(value):
                    return f.round(value)
                negative = math.copysign(1, value) < 0
                magnitude = round_integer(abs(Fraction(value)), mode, negative)
                return f.round(Fraction(magnitude)) | (f.sign_bit if negative else 0)

            yield form(text, f, f, integral)
    for mode in ("rn", "rz"):
        for relu in ("", ".relu"):
            for f in (F16, BF16):
                # A saturated NaN is still NaN.
                for saturate in ("", ".satfinite"):
                    text = f"cvt.{mode}{relu}{saturate}.{f.name}.f32"
                    model = converted(F32, f, mode, bool(saturate), bool(relu))
                    yield form(text, F32, f, model, loose=bool(relu))
                    kind = f.name + "x2"
                    text = f"cvt.{mode}{relu}{saturate}.{kind}.f32"
                    yield Form(text, f"{text} d, a, b;", kind, ("f32", "f32"),
                               lambda a, b, m=model: m(a) << 16 | m(b), "float",
                               loose_zero=bool(relu))


def tf32_form(mode, relu=False, saturate=False, target="sm_80"):
    suffix = (".satfinite" if saturate else "") + (".relu" if relu else "")
    text = f"cvt.{mode}{suffix}.tf32.f32"

    def model(a):
        if relu and F32.value(a) < 0:
            return 0
        return TF32.round(F32.value(a), mode, saturate) << 13

    # The ISA leaves the lower bits of the register undefined.
    return Form(text, f"{text} d, a;", "b32", ("f32",), model, mask=0xFFFFE000, target=target,
                domain=lambda a: not F32.is_nan(a) and not (relu and a == 1 << 31))


def narrow_forms():
    yield tf32_form("rna")
    for mode in ("rn", "rz"):
        for relu in (False, True):
            yield tf32_form(mode, relu, target="sm_90")
    for f in (E4M3, E5M2):
        kind = f.name + "x2"
        for relu in ("", ".relu"):
            model = converted(F32, f, "rn", True, bool(relu))
            text = f"cvt.rn.satfinite{relu}.{kind}.f32"
            yield Form(text, f"{text} d, a, b;", kind, ("f32", "f32"),
                       lambda a, b, m=model: m(a) << 8 | m(b), "float", loose_zero=bool(relu),
                       target="sm_90")
            half = converted(F16, f, "rn", True, bool(relu))
            text = f"cvt.rn.satfinite{relu}.{kind}.f16x2"
            yield Form(text, f"{text} d, a;", kind, ("f16x2",),
                       lambda a, m=half: m(a >> 16) << 8 | m(a & 0xFFFF), "float",
                       loose_zero=bool(relu), target="sm_90")
            widen = converted(f, F16, relu=bool(relu))
            text = f"cvt.rn{relu}.f16x2.{kind}"
            yield Form(text, f"{text} d, a;", "f16x2", (kind,),
                       lambda a, m=widen: m(a >> 8) << 16 | m(a & 0xFF), "float",
                       loose_zero=bool(relu), target="sm_90")


def pack_forms():
    for kind, width in (("u16", 16), ("s16", 16)):
        yield Form(f"cvt.pack.sat.{kind}.s32", f"cvt.pack.sat.{kind}.s32 d, a, b;", "b32",
                   ("s32", "s32"),
                   lambda a, b, k=kind: (clamp(a, k) & 0xFFFF) << 16 | clamp(b, k) & 0xFFFF)
    for kind in ("u8", "s8"):
        yield Form(f"cvt.pack.sat.{kind}.s32.b32", f"cvt.pack.sat.{kind}.s32.b32 d, a, b, c;",
                   "b32", ("s32", "s32", "b32"),
                   lambda a, b, c, k=kind: (c & 0xFFFF) << 16 | (clamp(a, k) & 0xFF) << 8
                   | clamp(b, k) & 0xFF)


def cases(random):
    return [*integer_forms(), *integer_to_float_forms(), *float_to_integer_forms(),
            *float_forms(), *narrow_forms(), *pack_forms()]
