"""mma.sync: the fragments of each shape, and products within a bound of the exact sum."""

import numpy as np

from formats import BF16, E4M3, E5M2, F16, F32, decode_tf32
from harness import Buffer, Case, Close, Exact, module

# Per lane, the (row, column) of each element of a fragment, in register order.


def fragment_a(lane, k, per_register):
    """16 x k: registers alternate between rows g and g + 8, then move on in k."""
    group, thread = lane // 4, lane % 4
    step = 4 * per_register
    return [(group + 8 * row, block * step + thread * per_register + i)
            for block in range(k // step) for row in range(2) for i in range(per_register)]


def fragment_b(lane, k, per_register):
    """k x 8: the column is the group."""
    group, thread = lane // 4, lane % 4
    step = 4 * per_register
    return [(block * step + thread * per_register + i, group)
            for block in range(k // step) for i in range(per_register)]


def fragment_c(lane, rows=16):
    group, thread = lane // 4, lane % 4
    return [(group + 8 * row, 2 * thread + i) for row in range(rows // 8) for i in range(2)]


def one_half(layout):
    """The fragment of a shape of 8 rows: what that of 16 rows has in the first 8."""
    return lambda lane: [(row, k) for row, k in layout(lane) if row < 8]


def fragments(matrix, layout):
    """The elements of each lane, flat, as stored in its registers."""
    return np.stack([np.array([matrix[position] for position in layout(lane)])
                     for lane in range(32)])


def as_registers(elements):
    return np.ascontiguousarray(elements).view(np.uint32)


def random_elements(random, shape, format):
    return format.encode(random.standard_normal(shape) * 2.0 ** random.integers(-2, 3, shape))


def error_bound(a, b, c, products, accumulator_bits):
    """Each of the k + 1 terms may be rounded or truncated in an accumulation of that width."""
    magnitude = np.abs(a) @ np.abs(b) + np.abs(c)
    return magnitude * (products + 2) * 2.0 ** -accumulator_bits + 2.0**-24


def pack_bits(elements, width):
    """Elements of fewer than 8 bits, the first lowest, into 32-bit registers."""
    shifts = (np.arange(32 // width) * width).astype(np.uint64)
    groups = (elements & (2**width - 1)).astype(np.uint64).reshape(32, -1, 32 // width)
    return (groups << shifts).sum(axis=2, dtype=np.uint64).astype(np.uint32)


def mma_case(name, instruction, a, b, c, d_count, expected, target="sm_80"):
    """a, b, c: registers of each lane."""
    registers = [("%r", 0, a), ("%r", 40, b), ("%r", 80, c)]
    loads, operands = [], []
    for index, (prefix, first, data) in enumerate(registers):
        count = data.shape[1]
        loads.append(f"  ld.param.u64 %q{index}, [p{index}];")
        loads.append(f"  mad.wide.u32 %q{index}, %t, {4 * count}, %q{index};")
        loads += [f"  ld.global.b32 {prefix}{first + i}, [%q{index}+{4 * i}];"
                  for i in range(count)]
        operands.append("{" + ", ".join(f"{prefix}{first + i}" for i in range(count)) + "}")
    results = [f"%r{120 + i}" for i in range(d_count)]
    stores = ["  ld.param.u64 %q3, [p3];", f"  mad.wide.u32 %q3, %t, {4 * d_count}, %q3;"]
    stores += [f"  st.global.b32 [%q3+{4 * i}], {r};" for i, r in enumerate(results)]
    body = "\n".join(loads) + (f"\n  {instruction} {{{', '.join(results)}}}, "
                               f"{', '.join(operands)};\n") + "\n".join(stores)
    output = np.zeros((32, d_count), np.uint32)
    return Case(name, module(body, ["u64"] * 4, target),
                [Buffer(a), Buffer(b), Buffer(c), Buffer(output, expected)])


def halves_of(format):
    def decode(bits):
        return format.decode(bits.view(np.uint16))
    return decode


def float_cases(random):
    shapes = [("f16", F16, F16.decode, np.uint16, 2, (8, 16)),
              ("bf16", BF16, BF16.decode, np.uint16, 2, (8, 16)),
              ("tf32", F32, decode_tf32, np.uint32, 1, (4, 8)),
              ("e4m3", E4M3, E4M3.decode, np.uint8, 4, (32,)),
              ("e5m2", E5M2, E5M2.decode, np.uint8, 4, (32,))]
    for name, format, decode, _, per_register, depths in shapes:
        for k in depths:
            for accumulator in ("f32", "f16") if name == "f16" else ("f32",):
                target = "sm_89" if format in (E4M3, E5M2) else "sm_80"
                a = random_elements(random, (16, k), format)
                b = random_elements(random, (k, 8), format)
                c_format = F16 if accumulator == "f16" else F32
                c = random_elements(random, (16, 8), c_format)
                va, vb, vc = decode(a), decode(b), c_format.decode(c)
                exact = va @ vb + vc
                # The tensor core truncates to no fewer bits than the accumulator has.
                bound = error_bound(va, vb, vc, k, 10 if accumulator == "f16" else 21)
                operands = [as_registers(fragments(m, layout)) for m, layout in (
                    (a, lambda lane: fragment_a(lane, k, per_register)),
                    (b, lambda lane: fragment_b(lane, k, per_register)), (c, fragment_c))]
                expected = Close(fragments(exact, fragment_c), fragments(bound, fragment_c),
                                 halves_of(F16) if accumulator == "f16" else F32.decode)
                text = (f"mma.sync.aligned.m16n8k{k}.row.col.{accumulator}.{name}.{name}."
                        f"{accumulator}")
                yield mma_case(text, text, *operands, 2 if accumulator == "f16" else 4, expected,
                               target)
                if name == "bf16" and k == 16:
                    yield special_case(text, a, b, c, va, vb)


def special_case(text, a, b, c, va, vb):
    """Infinities and NaNs go through; infinity times zero is NaN."""
    a, b, c = a.copy(), b.copy(), c.copy()
    a[3, 5] = BF16.infinity
    a[7, 2] = BF16.nan
    b[9, 4] = BF16.infinity | BF16.sign_bit
    a[12, 9] = 0
    c[0, 0] = F32.infinity
    with np.errstate(invalid="ignore"):
        exact = BF16.decode(a) @ BF16.decode(b) + F32.decode(c)
    addend = np.nan_to_num(F32.decode(c), posinf=0)
    bound = error_bound(va, vb, addend, 16, 21)
    operands = [as_registers(fragments(m, layout)) for m, layout in (
        (a, lambda lane: fragment_a(lane, 16, 2)), (b, lambda lane: fragment_b(lane, 16, 2)),
        (c, fragment_c))]
    expected = Close(fragments(exact, fragment_c), fragments(bound, fragment_c), F32.decode)
    return mma_case(text + " special", text, *operands, 4, expected)


def integer_cases(random):
    for k in (16, 32):
        for at in ("s8", "u8"):
            for bt in ("s8", "u8"):
                for saturate in ("", ".satfinite"):
                    types = {"s8": np.int8, "u8": np.uint8}
                    a = random.integers(0, 256, (16, k)).astype(np.uint8).view(types[at])
                    b = random.integers(0, 256, (k, 8)).astype(np.uint8).view(types[bt])
                    c = random.integers(-2**20, 2**20, (16, 8)).astype(np.int32)
                    c[::3] = 2**31 - 1000
                    c[1::3] = -(2**31) + 1000
                    exact = a.astype(np.int64) @ b.astype(np.int64) + c
                    if saturate:
                        exact = np.clip(exact, -(2**31), 2**31 - 1)
                    d = (exact & 0xFFFFFFFF).astype(np.uint32)
                    operands = [as_registers(fragments(m, layout)) for m, layout in (
                        (a, lambda lane: fragment_a(lane, k, 4)),
                        (b, lambda lane: fragment_b(lane, k, 4)), (c, fragment_c))]
                    text = f"mma.sync.aligned.m16n8k{k}.row.col{saturate}.s32.{at}.{bt}.s32"
                    yield mma_case(text, text, *operands, 4, Exact(fragments(d, fragment_c)))


def narrow_cases(random):
    """4-bit integers and single bits, and the shapes of 8 rows."""
    for rows, k, width in ((8, 16, 8), (8, 32, 4), (16, 32, 4), (16, 64, 4)):
        for at in "su":
            for bt in "su":
                low = {"s": -(2 ** (width - 1)), "u": 0}
                a = random.integers(low[at], low[at] + 2**width, (rows, k))
                b = random.integers(low[bt], low[bt] + 2**width, (k, 8))
                c = random.integers(-2**20, 2**20, (rows, 8))
                text = (f"mma.sync.aligned.m{rows}n8k{k}.row.col.s32.{at}{width}.{bt}{width}.s32")
                yield bit_case(text, a, b, c, a @ b + c, width)
    for rows, k in ((8, 128), (16, 128), (16, 256)):
        for op, combine in (("and", np.bitwise_and), ("xor", np.bitwise_xor)):
            a = random.integers(0, 2, (rows, k))
            b = random.integers(0, 2, (k, 8))
            c = random.integers(-2**20, 2**20, (rows, 8))
            exact = combine(a[:, :, None], b[None]).sum(axis=1) + c
            text = f"mma.sync.aligned.m{rows}n8k{k}.row.col.s32.b1.b1.s32.{op}.popc"
            yield bit_case(text, a, b, c, exact, 1)


def bit_case(text, a, b, c, exact, width):
    rows, k = a.shape
    per_register = 32 // width

    def layout_a(lane):
        return fragment_a(lane, k, per_register)

    def layout_c(lane):
        return fragment_c(lane, rows)

    def words(matrix):
        return fragments((matrix & 0xFFFFFFFF).astype(np.uint32), layout_c)

    operands = [pack_bits(fragments(a, layout_a if rows == 16 else one_half(layout_a)), width),
                pack_bits(fragments(b, lambda lane: fragment_b(lane, k, per_register)), width)]
    return mma_case(text, text, *operands, words(c), rows // 4, Exact(words(exact)))


def double_case(random):
    """m8n8k4 of doubles: one element of A and B a lane, two of C."""
    a, b, c = (random.standard_normal(shape) for shape in ((8, 4), (4, 8), (8, 8)))
    lanes = np.arange(32)
    expected = np.stack([(a @ b + c)[lanes // 4, lanes % 4 * 2 + i] for i in range(2)], axis=1)
    bound = np.full((32, 2), 1e-13)
    text = "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64"
    body = f"""
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  ld.param.u64 %q2, [p2];
  ld.param.u64 %q3, [p3];
  mad.wide.u32 %q0, %t, 8, %q0;
  mad.wide.u32 %q1, %t, 8, %q1;
  mad.wide.u32 %q2, %t, 16, %q2;
  mad.wide.u32 %q3, %t, 16, %q3;
  ld.global.b64 %q4, [%q0];
  ld.global.b64 %q5, [%q1];
  ld.global.v2.b64 {{%q6, %q7}}, [%q2];
  {text} {{%q8, %q9}}, {{%q4}}, {{%q5}}, {{%q6, %q7}};
  st.global.v2.b64 [%q3], {{%q8, %q9}};"""
    return Case(text, module(body, ["u64"] * 4),
                [Buffer(a[lanes // 4, lanes % 4]), Buffer(b[lanes % 4, lanes // 4]),
                 Buffer(np.stack([c[lanes // 4, lanes % 4 * 2 + i] for i in range(2)], axis=1)),
                 Buffer(np.zeros((32, 2)), Close(expected, bound))])


def cases(random):
    return [*float_cases(random), *integer_cases(random), *narrow_cases(random),
            double_case(random)]
