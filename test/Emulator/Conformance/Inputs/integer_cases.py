"""Integer and bit instructions."""

from elementwise import Form

BITS = {"u16": 16, "u32": 32, "u64": 64, "s16": 16, "s32": 32, "s64": 64}
M32, M64 = 2**32 - 1, 2**64 - 1


def signed(value, width):
    value &= 2**width - 1
    return value - 2**width if value >> (width - 1) else value


def truncated_division(a, b):
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def clamp(value, low, high):
    return max(low, min(high, value))


def typed_forms():
    for t, width in BITS.items():
        is_signed = t[0] == "s"
        low, high = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if is_signed else (0, 2**width - 1)

        def form(op, model, sources=2, result=t, domain=None, t=t, **more):
            names = ", ".join("abc"[:sources])
            return Form(f"{op}.{t}", f"{op}.{t} d, {names};", result, (t,) * sources, model,
                        domain=domain, **more)

        yield form("add", lambda a, b: a + b)
        yield form("sub", lambda a, b: a - b)
        yield form("mul.lo", lambda a, b: a * b)
        yield form("mul.hi", lambda a, b, w=width: a * b >> w)
        yield form("mad.lo", lambda a, b, c: a * b + c, 3)
        yield form("mad.hi", lambda a, b, c, w=width: (a * b >> w) + c, 3)
        yield form("sad", lambda a, b, c: c + abs(a - b), 3)

        def defined(a, b, low=low):
            return b != 0 and not (a == low and b == -1)

        yield form("div", truncated_division, domain=defined)
        yield form("rem", lambda a, b: a - b * truncated_division(a, b), domain=defined)
        yield form("min", min)
        yield form("max", max)
        if is_signed:
            yield form("abs", abs, 1)
            yield form("neg", lambda a: -a, 1)
        if width < 64:
            wide = f"{t[0]}{2 * width}"
            yield form("mul.wide", lambda a, b: a * b, result=wide)
            yield Form(f"mad.wide.{t}", f"mad.wide.{t} d, a, b, c;", wide, (t, t, wide),
                       lambda a, b, c: a * b + c)
        yield Form(f"shr.{t}", f"shr.{t} d, a, b;", t, (t, "shift"),
                   lambda a, b, w=width: a >> min(b, w))
    yield Form("add.sat.s32", "add.sat.s32 d, a, b;", "s32", ("s32",) * 2,
               lambda a, b: clamp(a + b, -(2**31), 2**31 - 1))
    yield Form("sub.sat.s32", "sub.sat.s32 d, a, b;", "s32", ("s32",) * 2,
               lambda a, b: clamp(a - b, -(2**31), 2**31 - 1))
    yield Form("mad.hi.sat.s32", "mad.hi.sat.s32 d, a, b, c;", "s32", ("s32",) * 3,
               lambda a, b, c: clamp((a * b >> 32) + c, -(2**31), 2**31 - 1))
    yield Form("min.relu.s32", "min.relu.s32 d, a, b;", "s32", ("s32",) * 2,
               lambda a, b: max(min(a, b), 0), target="sm_90")
    yield Form("max.relu.s32", "max.relu.s32 d, a, b;", "s32", ("s32",) * 2,
               lambda a, b: max(a, b, 0), target="sm_90")


def packed_forms():
    def halves(function, is_signed):
        def model(a, b):
            result = 0
            for shift in (0, 16):
                x, y = a >> shift & 0xFFFF, b >> shift & 0xFFFF
                if is_signed:
                    x, y = signed(x, 16), signed(y, 16)
                result |= (function(x, y) & 0xFFFF) << shift
            return result
        return model

    for t in ("u16x2", "s16x2"):
        for op, function in (("add", lambda x, y: x + y), ("min", min), ("max", max)):
            yield Form(f"{op}.{t}", f"{op}.{t} d, a, b;", t, (t, t),
                       halves(function, t[0] == "s"), target="sm_90")
    for op, function in (("min", min), ("max", max)):
        yield Form(f"{op}.relu.s16x2", f"{op}.relu.s16x2 d, a, b;", "s16x2", ("s16x2",) * 2,
                   halves(lambda x, y, f=function: max(f(x, y), 0), True), target="sm_90")
    for at in "us":
        for bt in "us":
            def bytes_of(value, count, width, letter):
                parts = [value >> (i * width) & (2**width - 1) for i in range(count)]
                return [signed(p, width) if letter == "s" else p for p in parts]

            def dp4a(a, b, c, at=at, bt=bt):
                return c + sum(x * y for x, y in zip(bytes_of(a, 4, 8, at), bytes_of(b, 4, 8, bt)))

            yield Form(f"dp4a.{at}32.{bt}32", f"dp4a.{at}32.{bt}32 d, a, b, c;", "b32",
                       ("b32",) * 3, dp4a)
            for first, half in ((0, "lo"), (2, "hi")):
                def dp2a(a, b, c, at=at, bt=bt, first=first):
                    pair = bytes_of(b, 4, 8, bt)[first:first + 2]
                    return c + sum(x * y for x, y in zip(bytes_of(a, 2, 16, at), pair))

                yield Form(f"dp2a.{half}.{at}32.{bt}32", f"dp2a.{half}.{at}32.{bt}32 d, a, b, c;",
                           "b32", ("b32",) * 3, dp2a)
    for t in ("u32", "s32"):
        def low24(value, t=t):
            return signed(value, 24) if t == "s32" else value & 0xFFFFFF

        for half, shift in (("lo", 0), ("hi", 16)):
            yield Form(f"mul24.{half}.{t}", f"mul24.{half}.{t} d, a, b;", t, (t, t),
                       lambda a, b, s=shift, f=low24: f(a) * f(b) >> s)
            yield Form(f"mad24.{half}.{t}", f"mad24.{half}.{t} d, a, b, c;", t, (t,) * 3,
                       lambda a, b, c, s=shift, f=low24: (f(a) * f(b) >> s) + c)


def bit_field_extract(a, pos, length, width, is_signed):
    pos, length, top = pos & 0xFF, length & 0xFF, width - 1
    bits = a & (2**width - 1)
    fill = 0
    if is_signed and length:
        fill = bits >> min(pos + length - 1, top) & 1
    result = 0
    for i in range(width):
        inside = i < length and pos + i <= top
        result |= (bits >> (pos + i) & 1 if inside else fill) << i
    return result


def bit_field_insert(a, b, pos, length, width):
    pos, length = pos & 0xFF, length & 0xFF
    for i in range(length):
        if pos + i < width:
            b = b & ~(1 << (pos + i)) | (a >> i & 1) << (pos + i)
    return b


def find_leading(a, width, is_signed, shift_amount):
    if is_signed and a < 0:
        a = ~a
    if a == 0:
        return M32
    found = a.bit_length() - 1
    return width - 1 - found if shift_amount else found


def find_nth_set(mask, base, offset):
    if offset == 0:
        return base if mask >> base & 1 else M32
    count, position = abs(offset) - 1, base
    while 0 <= position < 32:
        if mask >> position & 1:
            if count == 0:
                return position
            count -= 1
        position += 1 if offset > 0 else -1
    return M32


def bit_mask(position, width, clamps):
    if clamps and position >= 32:
        return 0
    size = 32 if clamps and width >= 32 else width & 31
    return ((1 << size) - 1) << (position & 31) & M32


def sign_extend(a, width, clamps, is_signed):
    if clamps and width >= 32:
        return a
    width &= 31
    if width == 0:
        return 0
    return signed(a, width) if is_signed else a & ((1 << width) - 1)


def bit_forms():
    for op, function in (("and", lambda a, b: a & b), ("or", lambda a, b: a | b),
                         ("xor", lambda a, b: a ^ b)):
        for w in (16, 32, 64):
            yield Form(f"{op}.b{w}", f"{op}.b{w} d, a, b;", f"b{w}", (f"b{w}",) * 2, function)
    for w in (16, 32, 64):
        b = f"b{w}"
        yield Form(f"not.{b}", f"not.{b} d, a;", b, (b,), lambda a: ~a)
        yield Form(f"cnot.{b}", f"cnot.{b} d, a;", b, (b,), lambda a: int(a == 0))
        yield Form(f"shl.{b}", f"shl.{b} d, a, b;", b, (b, "shift"),
                   lambda a, n, w=w: a << min(n, w))
        yield Form(f"shr.{b}", f"shr.{b} d, a, b;", b, (b, "shift"), lambda a, n: a >> n)
    for w in (32, 64):
        b = f"b{w}"
        yield Form(f"popc.{b}", f"popc.{b} d, a;", "u32", (b,), lambda a: a.bit_count())
        yield Form(f"clz.{b}", f"clz.{b} d, a;", "u32", (b,), lambda a, w=w: w - a.bit_length())
        yield Form(f"brev.{b}", f"brev.{b} d, a;", b, (b,),
                   lambda a, w=w: int(format(a, f"0{w}b")[::-1], 2))
        yield Form(f"bfi.{b}", f"bfi.{b} d, a, b, c, e;", b, (b, b, "shift", "small"),
                   lambda a, f, c, e, w=w: bit_field_insert(a, f, c, e, w))
        for letter in "us":
            t = f"{letter}{w}"
            yield Form(f"bfe.{t}", f"bfe.{t} d, a, b, c;", t, (t, "shift", "small"),
                       lambda a, p, n, w=w, s=letter == "s": bit_field_extract(a, p, n, w, s))
            for suffix in ("", ".shiftamt"):
                yield Form(f"bfind{suffix}.{t}", f"bfind{suffix}.{t} d, a;", "u32", (t,),
                           lambda a, w=w, s=letter == "s", x=bool(suffix):
                           find_leading(a, w, s, x))
    yield Form("fns.b32", "and.b32 b, b, 31; fns.b32 d, a, b, c;", "b32", ("b32", "small", "s32"),
               lambda a, base, offset: find_nth_set(a, base & 31, offset),
               domain=lambda a, base, offset: abs(offset) < 40 or offset % 5 == 0)
    for mode in ("clamp", "wrap"):
        yield Form(f"bmsk.{mode}.b32", f"bmsk.{mode}.b32 d, a, b;", "b32", ("small", "small"),
                   lambda a, b, c=mode == "clamp": bit_mask(a, b, c))
        for t in ("u32", "s32"):
            yield Form(f"szext.{mode}.{t}", f"szext.{mode}.{t} d, a, b;", t, ("b32", "small"),
                       lambda a, b, c=mode == "clamp", s=t == "s32": sign_extend(a, b, c, s))
        for direction in "lr":
            def funnel(a, b, n, clamps=mode == "clamp", left=direction == "l"):
                n = min(n, 32) if clamps else n & 31
                both = b << 32 | a
                return both << n >> 32 if left else both >> n
            yield Form(f"shf.{direction}.{mode}.b32", f"shf.{direction}.{mode}.b32 d, a, b, c;",
                       "b32", ("b32", "b32", "shift"), funnel)
    for table in (0x80, 0xFE, 0x96, 0xE8, 0xCA, 0x1D, 0x00, 0x6A):
        def lop3(a, b, c, table=table):
            result = 0
            for i in range(32):
                row = (a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1)
                result |= (table >> row & 1) << i
            return result
        yield Form(f"lop3.b32 {table:#x}", f"lop3.b32 d, a, b, c, {table};", "b32",
                   ("b32",) * 3, lop3)


PERMUTATIONS = {
    "f4e": ((3, 2, 1, 0), (4, 3, 2, 1), (5, 4, 3, 2), (6, 5, 4, 3)),
    "b4e": ((5, 6, 7, 0), (6, 7, 0, 1), (7, 0, 1, 2), (0, 1, 2, 3)),
    "rc8": ((0,) * 4, (1,) * 4, (2,) * 4, (3,) * 4),
    "ecl": ((3, 2, 1, 0), (3, 2, 1, 1), (3, 2, 2, 2), (3, 3, 3, 3)),
    "ecr": ((0, 0, 0, 0), (1, 1, 1, 0), (2, 2, 1, 0), (3, 2, 1, 0)),
    "rc16": ((1, 0, 1, 0), (3, 2, 3, 2), (1, 0, 1, 0), (3, 2, 3, 2)),
}


def permute_forms():
    def default(a, b, c):
        data = (b << 32 | a).to_bytes(8, "little")
        result = 0
        for i in range(4):
            selector = c >> (4 * i) & 15
            byte = data[selector & 7]
            if selector & 8:
                byte = 0xFF if byte & 0x80 else 0
            result |= byte << (8 * i)
        return result

    yield Form("prmt.b32", "prmt.b32 d, a, b, c;", "b32", ("b32",) * 3, default)
    for mode, table in PERMUTATIONS.items():
        def model(a, b, c, table=table):
            data = (b << 32 | a).to_bytes(8, "little")
            return int.from_bytes(bytes(data[i] for i in table[c & 3]), "big")
        yield Form(f"prmt.b32.{mode}", f"prmt.b32.{mode} d, a, b, c;", "b32", ("b32",) * 3, model)


def carry_forms():
    split = "mov.b64 {l, h}, a; mov.b64 {m, n}, b;"
    registers = ".reg .b32 l, h, m, n, x, y, z, w;"
    join = "mov.b64 d, {l, h};"
    for op, chain, function in (("add", "addc", lambda a, b: a + b),
                                ("sub", "subc", lambda a, b: a - b)):
        for t in ("u32", "s32"):
            yield Form(f"{op}.cc.{t} {chain}.{t}",
                       f"{registers} {split} {op}.cc.{t} l, l, m; {chain}.{t} h, h, n; {join}",
                       "b64", ("b64", "b64"), function)
        # The carry out of the middle word as well; of a subtraction it is the borrow.
        yield Form(f"{chain}.cc.u32",
                   f"{registers} {split} {op}.cc.u32 x, l, m; {chain}.cc.u32 y, h, n; "
                   f"{chain}.u32 z, 0, 0; mov.b64 d, {{y, z}};", "b64", ("b64", "b64"),
                   lambda a, b, f=function: f(a, b) >> 32)
        yield Form(f"{op}.cc.u64 {chain}.u64",
                   f".reg .b64 x; {op}.cc.u64 x, a, b; {chain}.u64 d, c, e;", "b64",
                   ("b64",) * 4,
                   lambda a, b, c, e, f=function: f(c << 64 | a, e << 64 | b) >> 64)
    yield Form("mad.lo.cc.u32 madc.hi.u32",
               f"{registers} mov.b64 {{l, h}}, c; mad.lo.cc.u32 l, a, b, l; "
               f"madc.hi.u32 h, a, b, h; {join}",
               "b64", ("u32", "u32", "b64"), lambda a, b, c: a * b + c)
    yield Form("mad.hi.cc.u32 addc.u32",
               f"{registers} mad.hi.cc.u32 l, a, b, c; addc.u32 h, 0, 0; {join}",
               "b64", ("u32",) * 3, lambda a, b, c: (a * b >> 32) + c)
    yield Form("madc.lo.cc.u32",
               f"{registers} add.cc.u32 x, a, a; madc.lo.cc.u32 l, a, b, c; "
               f"addc.u32 h, 0, 0; {join}",
               "b64", ("u32",) * 3, lambda a, b, c: (a * b & M32) + c + (a >> 31))


COMPARISONS = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b,
               "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b}
UNSIGNED_NAMES = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}


def comparison_forms():
    for t in BITS:
        names = dict.fromkeys(COMPARISONS)
        if t[0] == "u":
            names |= UNSIGNED_NAMES
        for name, alias in names.items():
            function = COMPARISONS[alias or name]
            yield Form(f"setp.{name}.{t}", f"setp.{name}.{t} p, a, b; selp.b32 d, 1, 0, p;",
                       "u32", (t, t), lambda a, b, f=function: int(f(a, b)))
        yield Form(f"setp.eq.{t} equal", f"setp.eq.{t} p, a, a; selp.b32 d, 1, 0, p;", "u32",
                   (t,), lambda a: 1)
        yield Form(f"set.lt.u32.{t}", f"set.lt.u32.{t} d, a, b;", "u32", (t, t),
                   lambda a, b: M32 if a < b else 0)
        yield Form(f"set.ge.f32.{t}", f"set.ge.f32.{t} d, a, b;", "b32", (t, t),
                   lambda a, b: 0x3F800000 if a >= b else 0)
        yield Form(f"selp.{t}", f"setp.lt.{t} p, a, b; selp.{t} d, b, c, p;", t, (t,) * 3,
                   lambda a, b, c: b if a < b else c)
        yield Form(f"slct.{t}.s32", f"slct.{t}.s32 d, a, b, c;", t, (t, t, "s32"),
                   lambda a, b, c: a if c >= 0 else b)
        yield Form(f"slct.{t}.f32", f"slct.{t}.f32 d, a, b, c;", t, (t, t, "f32"),
                   lambda a, b, c: a if (c >> 31 == 0 and c <= 0x7F800000) or c == 1 << 31 else b)
    for bool_op, combine in (("and", lambda x, y: x & y), ("or", lambda x, y: x | y),
                             ("xor", lambda x, y: x ^ y)):
        # Two results: the comparison and its negation, each combined with the third operand.
        yield Form(f"setp.lt.{bool_op}.s32 p|q",
                   f".reg .pred r; .reg .b32 x; setp.ne.s32 r, c, 0; "
                   f"setp.lt.{bool_op}.s32 p|q, a, b, r; selp.b32 d, 1, 0, p; "
                   "selp.b32 x, 2, 0, q; or.b32 d, d, x;",
                   "u32", ("s32", "s32", "s32"),
                   lambda a, b, c, f=combine: f(a < b, c != 0) | f(a >= b, c != 0) << 1)
        yield Form(f"setp.gt.{bool_op}.u32 !c",
                   f".reg .pred r; setp.ne.s32 r, c, 0; "
                   f"setp.gt.{bool_op}.u32 p, a, b, !r; selp.b32 d, 1, 0, p;",
                   "u32", ("u32", "u32", "s32"),
                   lambda a, b, c, f=combine: int(f(a > b, c == 0)))
        yield Form(f"{bool_op}.pred", f".reg .pred r; setp.lt.s32 p, a, 0; setp.lt.s32 q, b, 0; "
                   f"{bool_op}.pred r, p, q; not.pred p, r; selp.b32 d, 5, 7, p;",
                   "u32", ("s32", "s32"),
                   lambda a, b, f=combine: 7 if f(a < 0, b < 0) else 5)


def move_forms():
    yield Form("mov.b64 unpack", ".reg .b32 l, h; mov.b64 {l, h}, a; mov.b64 d, {h, l};", "b64",
               ("b64",), lambda a: (a & M32) << 32 | a >> 32)
    yield Form("mov.b32 unpack", ".reg .b16 l, h; mov.b32 {l, h}, a; mov.b32 d, {h, l};", "b32",
               ("b32",), lambda a: (a & 0xFFFF) << 16 | a >> 16)
    yield Form("mov.b64 4x16", ".reg .b16 l, h, m, n; mov.b64 {l, h, m, n}, a; "
               "mov.b64 d, {n, m, h, l};", "b64", ("b64",),
               lambda a: sum((a >> (16 * i) & 0xFFFF) << (48 - 16 * i) for i in range(4)))
    yield Form("predicated", "mov.b32 d, a; setp.lt.s32 p, a, b; @p mov.b32 d, b; "
               "@!p add.s32 d, d, 1;", "s32", ("s32", "s32"),
               lambda a, b: b if a < b else a + 1)
    yield Form("branch", "mov.b32 d, 0; setp.lt.s32 p, a, b; @p bra L1; add.s32 d, d, a; "
               "bra.uni L2; L1: sub.s32 d, d, b; L2:", "s32", ("s32", "s32"),
               lambda a, b: -b if a < b else a)
    yield Form("loop", "mov.b32 d, 0; and.b32 a, a, 15; L1: setp.eq.s32 p, a, 0; @p bra L2; "
               "add.s32 d, d, a; sub.s32 a, a, 1; bra L1; L2:", "s32", ("s32",),
               lambda a: (a & 15) * ((a & 15) + 1) // 2)
    yield Form("brx.idx", "and.b32 a, a, 3; T: .branchtargets B0, B1, B2, B3; brx.idx a, T; "
               "B0: mov.b32 d, 10; bra E; B1: mov.b32 d, 21; bra E; B2: mov.b32 d, 32; bra E; "
               "B3: mov.b32 d, 43; E:", "u32", ("u32",), lambda a: (10, 21, 32, 43)[a & 3])


def cases(random):
    return [*typed_forms(), *packed_forms(), *bit_forms(), *permute_forms(), *carry_forms(),
            *comparison_forms(), *move_forms()]
