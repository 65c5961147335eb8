"""Loads and stores: types, widenings, vectors, state spaces, cache hints and orderings."""

import numpy as np

from harness import Buffer, Case, Exact, Scalar, module

POINTERS = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
"""


def random_bytes(random, count):
    return random.integers(0, 256, count).astype(np.uint8)


def case(name, body, source, expected, shared="", kinds=(), extra=(), initial=0xCD, dynamic=0,
         **launch):
    return Case(name, module(POINTERS + body, ["u64", "u64", *kinds], shared=shared),
                [Buffer(source), Buffer(np.full_like(expected, initial), Exact(expected)), *extra],
                shared=dynamic, **launch)


def widening_cases(random):
    """A register may be wider than the type: loads extend, stores cut."""
    data = random_bytes(random, 32 * 8)
    for letter in "usb":
        for width in (8, 16, 32, 64):
            for register in (16, 32, 64):
                if register < width:
                    continue
                kind = np.dtype(f"{'i' if letter == 's' else 'u'}{width // 8}")
                wide = np.dtype(f"{'i' if letter == 's' else 'u'}{register // 8}")
                source = data[:32 * width // 8]
                expected = source.view(kind).astype(wide).view(np.uint8)
                yield case(f"ld.global.{letter}{width} to b{register}", f"""
  .reg .b{register} x;
  mad.wide.u32 %q2, %t, {width // 8}, %q0;
  mad.wide.u32 %q3, %t, {register // 8}, %q1;
  ld.global.{letter}{width} x, [%q2];
  st.global.b{register} [%q3], x;""", source, expected)
    values = data.view(np.uint64)
    for width in (8, 16, 32):
        yield case(f"st.global.b{width} of b64", f"""
  .reg .b64 x;
  mad.wide.u32 %q2, %t, 8, %q0;
  mad.wide.u32 %q3, %t, {width // 8}, %q1;
  ld.global.b64 x, [%q2];
  st.global.u{width} [%q3], x;""", values,
                   values.astype(np.dtype(f"u{width // 8}")).view(np.uint8))


def vector_cases(random):
    for width, letter in ((8, "h"), (16, "h"), (32, "r"), (64, "q1")):
        for count in (2, 4):
            if width * count > 128:
                continue
            size = width // 8 * count
            data = random_bytes(random, 32 * size)
            names = [f"%{letter}{i}" for i in range(count)]
            registers = ", ".join(names)
            swapped = ", ".join(reversed(names))
            kind = np.dtype(f"u{width // 8}")
            expected = np.ascontiguousarray(
                data.view(kind).reshape(32, count)[:, ::-1]).view(np.uint8).ravel()
            for space in ("global", "shared", ""):
                dot = f".{space}" if space else ""
                through = f"""
  mov.u32 %r40, tile;
  mad.lo.u32 %r41, %t, {size}, %r40;
""" if space == "shared" else ""
                middle = f"""
  st.shared.v{count}.b{width} [%r41], {{{registers}}};
  ld.shared.v{count}.b{width} {{{registers}}}, [%r41];
""" if space == "shared" else ""
                outer = "" if space == "" else ".global"
                yield case(f"ld{dot}.v{count}.b{width}", through + f"""
  mad.wide.u32 %q2, %t, {size}, %q0;
  mad.wide.u32 %q3, %t, {size}, %q1;
  ld{outer}.v{count}.b{width} {{{registers}}}, [%q2];{middle}
  st{outer}.v{count}.b{width} [%q3], {{{swapped}}};""", data, expected,
                           shared=".shared .align 16 .b8 tile[2048];")


def space_cases(random):
    data = random_bytes(random, 128)
    words = data.view(np.uint32)
    # A local array, indexed by a value of the thread.
    yield case("local memory", """
  .local .align 4 .b8 array[64];
  mov.u64 %q4, array;
  mov.u32 %r1, 0;
L:
  mul.wide.u32 %q5, %r1, 4;
  add.u64 %q5, %q4, %q5;
  mad.lo.u32 %r2, %r1, 100, %t;
  st.local.b32 [%q5], %r2;
  add.u32 %r1, %r1, 1;
  setp.lt.u32 %p0, %r1, 16;
  @%p0 bra L;
  and.b32 %r3, %t, 15;
  mul.wide.u32 %q5, %r3, 4;
  add.u64 %q5, %q4, %q5;
  cvta.local.u64 %q6, %q5;
  ld.b32 %r4, [%q6];
  mad.wide.u32 %q3, %t, 4, %q1;
  st.global.b32 [%q3], %r4;""", words,
               ((np.arange(32) % 16) * 100 + np.arange(32)).astype(np.uint32))
    table = ", ".join(str(i * i + 5) for i in range(32))
    for space in ("const", "global"):
        yield case(f"initialised .{space} variable", f"""
  mov.u64 %q4, table;
  mad.wide.u32 %q4, %t, 4, %q4;
  ld.{space}.u32 %r1, [%q4];
  mad.wide.u32 %q3, %t, 4, %q1;
  st.global.b32 [%q3], %r1;""", words, (np.arange(32) ** 2 + 5).astype(np.uint32),
                   shared=f".{space} .align 4 .u32 table[32] = {{{table}}};")
    # Generic addresses reach every space.
    yield case("generic addresses", """
  mov.u32 %r40, tile;
  mad.lo.u32 %r41, %t, 4, %r40;
  cvt.u64.u32 %q4, %r41;
  cvta.shared.u64 %q4, %q4;
  cvta.to.global.u64 %q5, %q0;
  mad.wide.u32 %q5, %t, 4, %q5;
  cvta.global.u64 %q5, %q5;
  ld.b32 %r1, [%q5];
  st.b32 [%q4], %r1;
  ld.shared.b32 %r2, [%r41];
  isspacep.shared %p1, %q4;
  isspacep.global %p2, %q5;
  isspacep.global %p3, %q4;
  selp.b32 %r3, 1, 0, %p1;
  selp.b32 %r4, 2, 0, %p2;
  selp.b32 %r5, 4, 0, %p3;
  add.u32 %r2, %r2, %r3;
  add.u32 %r2, %r2, %r4;
  add.u32 %r2, %r2, %r5;
  mad.wide.u32 %q3, %t, 4, %q1;
  st.global.b32 [%q3], %r2;""", words, words + np.uint32(3),
               shared=".shared .align 16 .b8 tile[2048];")
    # Static and dynamic shared memory do not overlap.
    yield case("static beside dynamic shared memory", """
  mov.u32 %r40, tile;
  mov.u32 %r41, more;
  mad.lo.u32 %r40, %t, 4, %r40;
  mad.lo.u32 %r41, %t, 4, %r41;
  st.shared.b32 [%r40], %t;
  xor.b32 %r1, %t, 85;
  st.shared.b32 [%r41], %r1;
  ld.shared.b32 %r2, [%r40];
  ld.shared.b32 %r3, [%r41];
  mad.lo.u32 %r2, %r3, 256, %r2;
  mad.wide.u32 %q3, %t, 4, %q1;
  st.global.b32 [%q3], %r2;""", words,
               (np.arange(32) + 256 * (np.arange(32) ^ 85)).astype(np.uint32),
               shared=".shared .align 4 .b8 tile[128];\n.extern .shared .align 16 .b8 more[];",
               dynamic=128)


def parameter_cases(random):
    values = [int(v) for v in random.integers(1, 100, 4)]
    yield case("parameters of all sizes", """
  ld.param.u32 %r1, [p2];
  ld.param.s32 %r2, [p3];
  ld.param.u64 %q4, [p4];
  ld.param.f32 %f1, [p5];
  cvt.u32.u64 %r3, %q4;
  cvt.rzi.u32.f32 %r4, %f1;
  mad.lo.u32 %r1, %r1, 3, %r2;
  mad.lo.u32 %r1, %r1, 5, %r3;
  mad.lo.u32 %r1, %r1, 7, %r4;
  mad.wide.u32 %q3, %t, 4, %q1;
  st.global.b32 [%q3], %r1;""", np.zeros(1, np.uint32),
               np.full(32, (((values[0] * 3 - values[1]) * 5 + values[2]) * 7 + values[3])
                       & 0xFFFFFFFF, np.uint32),
               kinds=("u32", "s32", "u64", "f32"),
               extra=(Scalar("u32", values[0]), Scalar("i32", -values[1]),
                      Scalar("u64", values[2]), Scalar("f32", values[3] + 0.5)))


def hint_cases(random):
    """Caching hints and prefetches change nothing that a program can see."""
    data = random.integers(0, 2**32, 64).astype(np.uint32)
    expected = data[:32] ^ np.uint32(1)
    loads = ["ld.global.ca.b32", "ld.global.cg.b32", "ld.global.cs.b32", "ld.global.lu.b32",
             "ld.global.cv.b32", "ld.global.nc.b32", "ld.global.L1::no_allocate.b32",
             "ld.global.nc.L1::no_allocate.L2::128B.b32", "ld.global.L2::256B.b32",
             "ld.volatile.global.b32", "ld.relaxed.gpu.global.b32", "ld.acquire.sys.global.b32",
             "ldu.global.b32", "ld.weak.global.b32"]
    stores = ["st.global.wb.b32", "st.global.cg.b32", "st.global.cs.b32", "st.global.wt.b32",
              "st.volatile.global.b32", "st.relaxed.cta.global.b32", "st.release.gpu.global.b32",
              "st.weak.global.b32"]
    for i, load in enumerate(loads):
        store = stores[i % len(stores)]
        yield case(f"{load} {store}", f"""
  mad.wide.u32 %q2, %t, 4, %q0;
  mad.wide.u32 %q3, %t, 4, %q1;
  {load} %r1, [%q2];
  xor.b32 %r1, %r1, 1;
  {store} [%q3], %r1;""", data, expected)
    yield case("prefetch, policies, nanosleep", """
  mad.wide.u32 %q2, %t, 4, %q0;
  mad.wide.u32 %q3, %t, 4, %q1;
  prefetch.global.L1 [%q2];
  prefetch.global.L2 [%q2];
  prefetchu.L1 [%q2];
  createpolicy.fractional.L2::evict_first.b64 %q5, 1.0;
  nanosleep.u32 20;
  ld.global.L2::cache_hint.b32 %r1, [%q2], %q5;
  xor.b32 %r1, %r1, 1;
  st.global.L2::cache_hint.b32 [%q3], %r1, %q5;
  membar.gl;
  fence.sc.sys;""", data, expected)


def ordering_cases(random):
    """A value handed from thread to thread by flags alone."""
    data = random.integers(0, 2**32, 64).astype(np.uint32)
    expected = np.concatenate([data[32:], data[:32]])
    forms = {
        "st.release ld.acquire": ("st.release.cta.shared.b32 [%r43], 1;",
                                  "ld.acquire.cta.shared.b32 %r3, [%r44];", ""),
        "fence with relaxed": ("fence.acq_rel.cta; st.relaxed.cta.shared.b32 [%r43], 1;",
                               "ld.relaxed.cta.shared.b32 %r3, [%r44];", "fence.acq_rel.cta;"),
        "atomics": ("atom.release.cta.shared.exch.b32 %r9, [%r43], 1;",
                    "atom.acquire.cta.shared.add.u32 %r3, [%r44], 0;", ""),
        "fence with volatile": ("membar.cta; st.volatile.shared.b32 [%r43], 1;",
                                "ld.volatile.shared.b32 %r3, [%r44];", "membar.cta;"),
    }
    for name, (release, acquire, after) in forms.items():
        # Thread t waits for the flag of its partner in the other warp.
        yield case(f"ordering by {name}", f"""
  mov.u32 %r40, tile;
  mad.lo.u32 %r41, %t, 4, %r40;
  add.u32 %r43, %r41, 256;
  mov.u32 %r1, 0;
  st.shared.b32 [%r43], %r1;
  bar.sync 0;
  mad.wide.u32 %q2, %t, 4, %q0;
  mad.wide.u32 %q3, %t, 4, %q1;
  ld.global.b32 %r2, [%q2];
  st.shared.b32 [%r41], %r2;
  {release}
  xor.b32 %r5, %t, 32;
  mad.lo.u32 %r42, %r5, 4, %r40;
  add.u32 %r44, %r42, 256;
L:
  {acquire}
  setp.eq.u32 %p0, %r3, 0;
  @%p0 bra L;
  {after}
  ld.shared.b32 %r4, [%r42];
  st.global.b32 [%q3], %r4;""", data, expected, shared=".shared .align 16 .b8 tile[512];",
                   block=(64, 1, 1))
    # Blocks hand on a running sum through global memory.
    values = random.integers(0, 1000, 4).astype(np.uint32)
    yield case("blocks in a chain", """
  setp.ne.u32 %p1, %t, 0;
  @%p1 bra E;
  mov.u32 %r1, %ctaid.x;
  mad.wide.u32 %q2, %r1, 4, %q0;
  mad.wide.u32 %q3, %r1, 4, %q1;
  ld.global.b32 %r2, [%q2];
  mov.u32 %r5, 0;
  setp.eq.u32 %p2, %r1, 0;
  @%p2 bra S;
L:
  ld.acquire.gpu.global.b32 %r3, [%q3+12];
  setp.eq.u32 %p0, %r3, 0;
  @%p0 bra L;
  ld.global.b32 %r5, [%q3+-4];
S:
  add.u32 %r5, %r5, %r2;
  st.global.b32 [%q3], %r5;
  mov.u32 %r6, 1;
  st.release.gpu.global.b32 [%q3+16], %r6;
E:""", values, np.concatenate([np.cumsum(values), np.ones(4)]).astype(np.uint32), grid=(4, 1, 1),
               initial=0)


def cases(random):
    return [made for make in (widening_cases, vector_cases, space_cases, parameter_cases,
                              hint_cases, ordering_cases) for made in make(random)]
