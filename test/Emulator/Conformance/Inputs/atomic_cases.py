"""atom and red: every operation and type, in each state space, and many threads on one word."""

import numpy as np

from elementwise import to_python
from formats import FORMATS
from harness import Buffer, Case, Close, Exact, module

DTYPES = {16: np.uint16, 32: np.uint32, 64: np.uint64}
WIDTH = {"u32": 32, "s32": 32, "b32": 32, "u64": 64, "s64": 64, "b64": 64, "b16": 16, "f32": 32,
         "f64": 64, "f16": 16, "bf16": 16, "f16x2": 32, "bf16x2": 32}


def integer_model(op, kind):
    def value(bits):
        return to_python(kind, bits)

    return {
        "add": lambda x, y: x + y,
        "min": lambda x, y: x if value(x) <= value(y) else y,
        "max": lambda x, y: x if value(x) >= value(y) else y,
        "and": lambda x, y: x & y, "or": lambda x, y: x | y, "xor": lambda x, y: x ^ y,
        "exch": lambda x, y: y,
        "inc": lambda x, y: 0 if x >= y else x + 1,
        "dec": lambda x, y: y if x == 0 or x > y else x - 1,
    }[op]


def float_model(format, packed=False):
    def one(x, y):
        # Doubles sum exactly but for f64, whose own addition is the model.
        return format.round(format.value(x) + format.value(y))

    def two(x, y):
        return one(x & 0xFFFF, y & 0xFFFF) | one(x >> 16, y >> 16) << 16

    return two if packed else one


def operands(random, kind, count):
    base = kind[:-2] if kind.endswith("x2") else kind
    if base in FORMATS:
        f = FORMATS[base]
        values = f.encode(random.standard_normal(2 * count) * 8)
        if kind.endswith("x2"):
            return values[:count].astype(np.uint32) | values[count:].astype(np.uint32) << 16
        return values[:count]
    width = WIDTH[kind]
    values = random.integers(0, 2**64, count, dtype=np.uint64) >> np.uint64(64 - width)
    small = random.integers(0, 6, count).astype(np.uint64)
    return np.where(random.random(count) < 0.4, small, values).astype(DTYPES[width])


SPACES = {
    "global": ("", "[%q4]", ""),
    "": ("", "[%q4]", ""),
    "shared": (".shared .align 16 .b8 cell[2048];", "[%r41]", "mov.u32 %r40, cell; "
               "mad.lo.u32 %r41, %t, {size}, %r40; ld.global.b{w} x, [%q4]; "
               "st.shared.b{w} [%r41], x;"),
}


def atomic_case(random, op, kind, space, keeps=True, cas=False):
    width = WIDTH[kind]
    size = width // 8
    memory = operands(random, kind, 32)
    b = operands(random, kind, 32)
    c = operands(random, kind, 32)
    if cas:
        b = np.where(random.random(32) < 0.5, memory, b)
        after = np.where(memory == b, c, memory)
    else:
        base = kind[:-2] if kind.endswith("x2") else kind
        model = float_model(FORMATS[base], kind.endswith("x2")) if base in FORMATS \
            else integer_model(op, kind)
        after = np.array([model(int(x), int(y)) & (2**width - 1) for x, y in zip(memory, b)],
                         dtype=np.uint64).astype(DTYPES[width])
    old = memory if keeps else np.zeros_like(memory)
    declaration, address, fill = SPACES[space]
    fill = fill.format(size=size, w=width)
    dot = f".{space}" if space else ""
    name = f"{'atom' if keeps else 'red'}{dot}.{op}" \
        + (".noftz" if kind in ("f16", "bf16", "f16x2", "bf16x2") else "") + f".{kind}"
    result = "d, " if keeps else ""
    third = ", c" if cas else ""
    body = f"""
  .reg .b{width} d, b, c, x;
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  ld.param.u64 %q2, [p2];
  ld.param.u64 %q3, [p3];
  mad.wide.u32 %q4, %t, {size}, %q0;
  mad.wide.u32 %q5, %t, {size}, %q1;
  mad.wide.u32 %q6, %t, {size}, %q2;
  mad.wide.u32 %q7, %t, {size}, %q3;
  {fill}
  ld.global.b{width} b, [%q5];
  ld.global.b{width} c, [%q6];
  mov.b{width} d, 0;
  {name} {result}{address}, b{third};
  st.global.b{width} [%q7], d;"""
    if space == "shared":
        body += f"\n  ld.shared.b{width} x, {address};\n  st.global.b{width} [%q4], x;"
    floating = FORMATS.get(kind)
    target = "sm_90" if "bf16" in kind else "sm_80"
    return Case(name, module(body, ["u64"] * 4, target, declaration),
                [Buffer(memory, Exact(after, floating)), Buffer(b), Buffer(c),
                 Buffer(np.zeros_like(memory), Exact(old))])


def single_cases(random):
    forms = [("add", k) for k in ("u32", "s32", "u64", "f32", "f64", "f16x2", "bf16x2", "f16",
                                  "bf16")]
    forms += [(op, k) for op in ("min", "max") for k in ("u32", "s32", "u64", "s64")]
    forms += [(op, k) for op in ("and", "or", "xor") for k in ("b32", "b64")]
    forms += [("inc", "u32"), ("dec", "u32")]
    for op, kind in forms:
        for space in SPACES:
            yield atomic_case(random, op, kind, space)
            yield atomic_case(random, op, kind, space, keeps=False)
    for space in SPACES:
        for kind in ("b32", "b64"):
            yield atomic_case(random, "exch", kind, space)
        for kind in ("b16", "b32", "b64"):
            yield atomic_case(random, "cas", kind, space, cas=True)


def vector_cases(random):
    for op, count, kind in (("add", 2, "f32"), ("add", 4, "f32"), ("add", 2, "f16"),
                            ("add", 4, "f16"), ("add", 8, "f16"), ("add", 8, "bf16"),
                            ("add", 2, "f16x2"), ("add", 4, "f16x2"), ("add", 4, "bf16x2")):
        width = WIDTH[kind]
        size = width // 8 * count
        memory = operands(random, kind, 32 * count)
        b = operands(random, kind, 32 * count)
        base = kind[:-2] if kind.endswith("x2") else kind
        model = float_model(FORMATS[base], kind.endswith("x2"))
        after = np.array([model(int(x), int(y)) for x, y in zip(memory, b)]).astype(memory.dtype)
        registers = [f"b{i}" for i in range(count)]
        loads = "\n".join(f"  ld.global.b{width} {r}, [%q5+{i * width // 8}];"
                          for i, r in enumerate(registers))
        noftz = ".noftz" if base != "f32" else ""
        name = f"red.global.add{noftz}.v{count}.{kind}"
        for returns in (False, True):
            if returns and kind != "f32":
                continue
            text = f"{name} [%q4], {{{', '.join(registers)}}};"
            stores = ""
            if returns:
                olds = [f"d{i}" for i in range(count)]
                text = f".reg .b32 {', '.join(olds)};\n  " + text.replace("red", "atom").replace(
                    " [", f" {{{', '.join(olds)}}}, [")
                stores = "\n".join(f"  st.global.b{width} [%q5+{i * width // 8}], {r};"
                                   for i, r in enumerate(olds))
            body = f"""
  .reg .b{width} {', '.join(registers)};
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mad.wide.u32 %q4, %t, {size}, %q0;
  mad.wide.u32 %q5, %t, {size}, %q1;
{loads}
  {text}
{stores}"""
            yield Case(name.replace("red", "atom") if returns else name,
                       module(body, ["u64"] * 2, "sm_90"),
                       [Buffer(memory, Exact(after)),
                        Buffer(b, Exact(memory.copy()) if returns else None)])


def contended_cases(random):
    """96 threads of 3 blocks; the sum is the same in any order."""
    values = random.integers(0, 1000, 288).astype(np.uint32)
    for op, expected in (("add.u32", values.sum()), ("max.u32", values.max()),
                         ("xor.b32", np.bitwise_xor.reduce(values))):
        body = f"""
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mov.u32 %r1, %ctaid.x;
  mad.lo.u32 %r1, %r1, 96, %t;
  mad.wide.u32 %q2, %r1, 4, %q0;
  ld.global.b32 %r2, [%q2];
  red.global.{op} [%q1], %r2;"""
        yield Case(f"red.global.{op} contended", module(body, ["u64"] * 2),
                   [Buffer(values), Buffer(np.zeros(1, np.uint32), Exact(
                       np.array([expected], np.uint32)))], grid=(3, 1, 1), block=(96, 1, 1))
    # Tickets: every old value once.
    body = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  atom.relaxed.gpu.global.add.u32 %r1, [%q0], 1;
  mad.wide.u32 %q2, %r1, 4, %q1;
  st.global.b32 [%q2], %r1;"""
    yield Case("atom tickets", module(body, ["u64"] * 2),
               [Buffer(np.zeros(1, np.uint32), Exact(np.array([288], np.uint32))),
                Buffer(np.zeros(288, np.uint32), Exact(np.arange(288, dtype=np.uint32)))],
               grid=(3, 1, 1), block=(96, 1, 1))
    floats = random.standard_normal(288).astype(np.float32)
    body = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mov.u32 %r1, %ctaid.x;
  mad.lo.u32 %r1, %r1, 96, %t;
  mad.wide.u32 %q2, %r1, 4, %q0;
  ld.global.f32 %f2, [%q2];
  red.global.add.f32 [%q1], %f2;"""
    bound = np.array([288 * np.abs(floats).sum() * 2.0**-23])
    yield Case("red.global.add.f32 contended", module(body, ["u64"] * 2),
               [Buffer(floats), Buffer(np.zeros(1, np.float32), Close(
                   np.array([floats.astype(np.float64).sum()]), bound))],
               grid=(3, 1, 1), block=(96, 1, 1))


def cases(random):
    return [*single_cases(random), *vector_cases(random), *contended_cases(random)]
