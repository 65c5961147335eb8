"""wgmma: operands from shared memory in every layout, or A from registers."""

import numpy as np

from formats import BF16, E4M3, E5M2, F16, F32, decode_tf32
from harness import Buffer, Case, Close, Exact, module
from product_cases import error_bound, fragment_a, halves_of, random_elements
from tensor_map_cases import swizzled

SHARED = ".extern .shared .align 1024 .b8 tile[];"
SWIZZLE_FIELD = {0: 0, 128: 1, 64: 2, 32: 3}


class Operand:
    """A matrix of m or n by k in shared memory, and its descriptor."""

    def __init__(self, matrix, swizzle=0, mn_major=False, k_offset=0):
        self.matrix = matrix
        self.swizzle = swizzle
        self.mn_major = mn_major
        extent, depth = matrix.shape
        size = matrix.itemsize
        chunk = 16 // size
        mn, k = np.meshgrid(np.arange(extent), np.arange(depth), indexing="ij")
        # Gaps between the core matrices, so that the two strides differ.
        if not mn_major:
            if swizzle == 0:
                self.leading, self.stride = 144, 144 * (depth // chunk) + 16
                offset = mn // 8 * self.stride + mn % 8 * 16 + k // chunk * self.leading
            else:
                self.leading, self.stride = 16, 8 * swizzle
                offset = mn // 8 * self.stride + mn % 8 * swizzle + (k // chunk) * 16 + k_offset
            offset = offset + k % chunk * size
        else:
            column = mn // chunk
            if swizzle == 0:
                self.stride, self.leading = 144, 144 * (extent // chunk) + 32
                offset = column * self.stride + k % 8 * 16 + k // 8 * self.leading
            else:
                width = swizzle // 16
                blocks = max(extent // chunk // width, 1)
                self.stride = 8 * swizzle * blocks
                self.leading = 8 * swizzle
                offset = (column % width * 16 + column // width * self.leading + k % 8 * swizzle
                          + k // 8 * self.stride)
            offset = offset + mn % chunk * size
        self.offset = swizzled(offset, swizzle)
        self.start = k_offset
        self.size = -(-(int(self.offset.max()) + 16) // 1024) * 1024

    def image(self):
        result = np.full(self.size, 0x7F, np.uint8)
        raw = np.ascontiguousarray(self.matrix).view(np.uint8).reshape(*self.matrix.shape, -1)
        for byte in range(self.matrix.itemsize):
            result[self.offset + byte] = raw[..., byte]
        return result

    def descriptor(self):
        """Without the address of the tile."""
        return (SWIZZLE_FIELD[self.swizzle] << 62 | (self.stride >> 4) << 32
                | (self.leading >> 4) << 16)


def accumulator_layout(thread, n):
    warp, lane = thread // 32, thread % 32
    return [(16 * warp + lane // 4 + 8 * (i >> 1 & 1), (i >> 2) * 8 + lane % 4 * 2 + (i & 1))
            for i in range(n // 2)]


def accumulators(matrix, n):
    return np.stack([np.array([matrix[p] for p in accumulator_layout(t, n)]) for t in range(128)])


TYPES = {"f16": (F16, F16.decode, 16, 2), "bf16": (BF16, BF16.decode, 16, 2),
         "tf32": (F32, decode_tf32, 8, 1), "e4m3": (E4M3, E4M3.decode, 32, 4),
         "e5m2": (E5M2, E5M2.decode, 32, 4), "s8": (None, None, 32, 4), "u8": (None, None, 32, 4)}


def wgmma_case(random, name, type, n=64, result="f32", a_swizzle=0, b_swizzle=0, a_mn=False,
               b_mn=False, a_registers=False, k_offset=0, scale_d=True, scale_a=1, scale_b=1,
               b_type=None, saturate=False):
    format, decode, k, per_register = TYPES[type]
    b_type = b_type or type
    if format is None:
        kinds = {"s8": np.int8, "u8": np.uint8}
        a = random.integers(0, 256, (64, k)).astype(np.uint8).view(kinds[type])
        b = random.integers(0, 256, (n, k)).astype(np.uint8).view(kinds[b_type])
        c = random.integers(-2**30, 2**30, (64, n)).astype(np.int32)
        if saturate:
            c[::2] = 2**31 - 5000
        exact = a.astype(np.int64) @ b.astype(np.int64).T + (c if scale_d else 0)
        if saturate:
            exact = np.clip(exact, -(2**31), 2**31 - 1)
        expected = Exact(accumulators((exact & 0xFFFFFFFF).astype(np.uint32), n))
        registers = accumulators(c.view(np.uint32), n)
    else:
        a = random_elements(random, (64, k), format)
        b = random_elements(random, (n, k), TYPES[b_type][0])
        c_format = F16 if result == "f16" else F32
        c = random_elements(random, (64, n), c_format)
        va, vb, vc = decode(a), TYPES[b_type][1](b).T, c_format.decode(c) * scale_d
        exact = scale_a * va @ (scale_b * vb) + vc
        bound = error_bound(va, vb, vc, k, 10 if result == "f16" else 21)
        if per_register == 4:
            # Sums of 8-bit products are kept to fewer bits.
            bound = np.maximum(bound, error_bound(va, vb, vc, k, 13))
        expected = Close(accumulators(exact, n), accumulators(bound, n),
                         halves_of(F16) if result == "f16" else F32.decode)
        registers = np.ascontiguousarray(accumulators(c, n)).view(np.uint32)
    count = registers.shape[1]
    left = Operand(a, a_swizzle, a_mn, k_offset)
    right = Operand(b, b_swizzle, b_mn, k_offset)
    images = [] if a_registers else [left.image()]
    right_start = sum(len(i) for i in images)
    images.append(right.image())
    image = np.concatenate(images)
    a_fragments = np.stack([np.array([a[16 * (t // 32) + r, c_] for r, c_ in
                                      fragment_a(t % 32, k, per_register)]) for t in range(128)])
    a_fragments = np.ascontiguousarray(a_fragments).view(np.uint32)
    d = [f"%r{10 + i}" for i in range(count)]
    lines = [f"""
  mov.u32 %r0, tile;
  ld.param.u64 %q0, [p0];
  mov.u32 %r1, %t;
C:
  setp.ge.u32 %p0, %r1, {len(image) // 16};
  @%p0 bra E;
  mad.lo.u32 %r2, %r1, 16, %r0;
  mad.wide.u32 %q3, %r1, 16, %q0;
  ld.global.v4.b32 {{%r4, %r5, %r6, %r7}}, [%q3];
  st.shared.v4.b32 [%r2], {{%r4, %r5, %r6, %r7}};
  add.u32 %r1, %r1, 128;
  bra C;
E:
  fence.proxy.async.shared::cta;
  bar.sync 0;
  ld.param.u64 %q1, [p1];
  mad.wide.u32 %q1, %t, {4 * count}, %q1;
  ld.param.u64 %q2, [p2];
  mad.wide.u32 %q2, %t, 16, %q2;
  ld.global.v4.b32 {{%r200, %r201, %r202, %r203}}, [%q2];"""]
    lines += [f"  ld.global.b32 {r}, [%q1+{4 * i}];" for i, r in enumerate(d)]
    for register, operand, start in (("%q10", left, 0), ("%q11", right, right_start)):
        lines.append(f"""  add.u32 %r1, %r0, {start + operand.start};
  shr.u32 %r1, %r1, 4;
  and.b32 %r1, %r1, 16383;
  cvt.u64.u32 {register}, %r1;
  or.b64 {register}, {register}, {operand.descriptor():#x};""")
    suffix = (".satfinite" if saturate else "") + f".{result}.{type}.{b_type}"
    source = "{%r200, %r201, %r202, %r203}" if a_registers else "%q10"
    scales = "" if format is None else f", {scale_a}, {scale_b}"
    if format in (F16, BF16):
        scales += f", {int(b_mn)}" if a_registers else f", {int(a_mn)}, {int(b_mn)}"
    lines.append(f"""  setp.ne.u32 %p3, {int(scale_d)}, 0;
  wgmma.fence.sync.aligned;
  wgmma.mma_async.sync.aligned.m64n{n}k{k}{suffix} {{{', '.join(d)}}}, {source}, %q11, %p3{scales};
  wgmma.commit_group.sync.aligned;
  wgmma.wait_group.sync.aligned 0;""")
    lines += [f"  st.global.b32 [%q1+{4 * i}], {r};" for i, r in enumerate(d)]
    content = registers
    return Case(name, module("\n".join(lines), ["u64"] * 3, "sm_90a", SHARED),
                [Buffer(image), Buffer(content, expected), Buffer(a_fragments)],
                block=(128, 1, 1), shared=len(image) + 1024)


def cases(random):
    result = []

    def add(name, *arguments, **options):
        result.append(wgmma_case(random, "wgmma " + name, *arguments, **options))

    for swizzle in (0, 32, 64, 128):
        for a_mn in (False, True):
            for b_mn in (False, True):
                majors = f"{'M' if a_mn else 'K'}{'N' if b_mn else 'K'}"
                add(f"bf16 SS swizzle {swizzle} {majors}", "bf16", a_swizzle=swizzle,
                    b_swizzle=swizzle, a_mn=a_mn, b_mn=b_mn, n=128)
        add(f"f16 RS swizzle {swizzle}", "f16", a_registers=True, b_swizzle=swizzle)
        add(f"bf16 RS swizzle {swizzle} N-major", "bf16", a_registers=True, b_swizzle=swizzle,
            b_mn=True)
        for type in ("tf32", "s8", "e4m3"):
            add(f"{type} SS swizzle {swizzle}", type, result="s32" if type == "s8" else "f32",
                a_swizzle=swizzle, b_swizzle=swizzle, n=32)
    # Further in k, the start address advances within the swizzled rows.
    for swizzle, offsets in ((64, (32,)), (128, (32, 64, 96))):
        for offset in offsets:
            add(f"bf16 swizzle {swizzle} k offset {offset}", "bf16", a_swizzle=swizzle,
                b_swizzle=swizzle, k_offset=offset)
    add("bf16 mixed swizzles", "bf16", a_swizzle=128, b_swizzle=32)
    for n in (8, 16, 24, 40, 96, 192, 256):
        add(f"f16 n{n}", "f16", n=n, b_swizzle=32, a_swizzle=64)
    for n in (8, 64, 256):
        add(f"f16 to f16 n{n}", "f16", n=n, result="f16", b_swizzle=128)
    for type in ("s8", "u8"):
        for b_type in ("s8", "u8"):
            add(f"{type} {b_type}", type, b_type=b_type, result="s32", n=16)
            add(f"{type} {b_type} RS satfinite", type, b_type=b_type, result="s32", n=48,
                a_registers=True, saturate=True)
    add("e5m2 e4m3", "e5m2", b_type="e4m3", n=24)
    add("e4m3 RS", "e4m3", a_registers=True, b_swizzle=128)
    add("tf32 RS", "tf32", a_registers=True, b_swizzle=64)
    add("no scale-d", "bf16", scale_d=False, a_swizzle=128, b_swizzle=128)
    add("negated a", "bf16", scale_a=-1)
    add("negated b", "f16", scale_b=-1, a_registers=True)
    add("negated both", "tf32", scale_a=-1, scale_b=-1)
    return result
