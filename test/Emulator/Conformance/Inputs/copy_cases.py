"""cp.async and bulk copies between global and shared memory."""

import numpy as np

from formats import BF16, F16, F32
from harness import Buffer, Case, Exact, module

SHARED = ".shared .align 128 .b8 tile[2048];\n.shared .align 8 .b64 barrier;"
POINTERS = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mov.u32 %r40, tile;
  mov.u32 %r41, barrier;
"""
# Lane t writes bytes 64 t to 64 t + 63 of the tile.
DUMP = "\n".join(
    ["  mad.lo.u32 %r45, %t, 64, %r40;", "  mad.wide.u32 %q9, %t, 64, %q1;"]
    + [f"  ld.shared.v4.b32 {{%r50, %r51, %r52, %r53}}, [%r45+{16 * i}];\n"
       f"  st.global.v4.b32 [%q9+{16 * i}], {{%r50, %r51, %r52, %r53}};" for i in range(4)])
CLEAR = "\n".join(
    ["  mov.u32 %r46, 0;", "  mad.lo.u32 %r45, %t, 64, %r40;"]
    + [f"  st.shared.v4.b32 [%r45+{16 * i}], {{%r46, %r46, %r46, %r46}};" for i in range(4)]
    + ["  bar.sync 0;"])
WAIT = """
W{0}:
  mbarrier.try_wait.parity.shared::cta.b64 %p9, [%r41], {0};
  @!%p9 bra W{0};
"""


def random_bytes(random, count=2048):
    return random.integers(0, 256, count).astype(np.uint8)


def copy_case(name, body, source, expected, target="sm_80", extra=()):
    return Case(name, module(POINTERS + body, ["u64"] * (2 + len(extra)), target, SHARED),
                [Buffer(source), Buffer(np.full(2048, 0xCD, np.uint8), Exact(expected)), *extra])


def async_cases(random):
    for size, operator in ((4, "ca"), (8, "ca"), (16, "ca"), (16, "cg")):
        for source_size in (None, *range(0, size + 1, max(size // 4, 1))):
            data = random_bytes(random)
            expected = np.zeros(2048, np.uint8)
            kept = size if source_size is None else source_size
            for lane in range(32):
                # Each lane moves its bytes to the mirrored place.
                to = (31 - lane) * size
                expected[to:to + size] = 0
                expected[to:to + kept] = data[lane * size:lane * size + kept]
            amount = "" if source_size is None else f", {source_size}"
            if source_size is not None and source_size % 2:
                amount = ", %r43"
            body = CLEAR + f"""
  mov.u32 %r43, {kept};
  mad.wide.u32 %q2, %t, {size}, %q0;
  sub.u32 %r42, 31, %t;
  mad.lo.u32 %r42, %r42, {size}, %r40;
  cp.async.{operator}.shared.global [%r42], [%q2], {size}{amount};
  cp.async.wait_all;
  bar.sync 0;
""" + DUMP
            yield copy_case(f"cp.async.{operator} {size} source {source_size}", body, data,
                            expected)
    # Nothing is read where the predicate says to ignore the source.
    data = random_bytes(random)
    expected = np.zeros(2048, np.uint8)
    for lane in range(0, 32, 2):
        expected[16 * lane:16 * lane + 16] = data[16 * lane:16 * lane + 16]
    yield copy_case("cp.async ignore-src", CLEAR + """
  and.b32 %r42, %t, 1;
  setp.ne.u32 %p1, %r42, 0;
  mad.wide.u32 %q2, %t, 16, %q0;
  mad.lo.u32 %r42, %t, 16, %r40;
  cp.async.cg.shared.global [%r42], [%q2], 16, %p1;
  cp.async.commit_group;
  cp.async.wait_group 0;
  bar.sync 0;
""" + DUMP, data, expected)
    # Three groups; after each wait the lane's own bytes of the older groups are there.
    data = random_bytes(random)
    expected = np.full(2048, 0xCD, np.uint8)
    expected[:1536] = data[:1536]
    body = "  mad.wide.u32 %q2, %t, 16, %q0;\n  mad.lo.u32 %r42, %t, 16, %r40;\n" \
           "  mad.wide.u32 %q3, %t, 16, %q1;\n"
    for i in range(3):
        body += (f"  cp.async.ca.shared.global [%r42+{512 * i}], [%q2+{512 * i}], 16;\n"
                 "  cp.async.commit_group;\n")
    for i in range(3):
        body += (f"  cp.async.wait_group {2 - i};\n"
                 f"  ld.shared.v4.b32 {{%r0, %r1, %r2, %r3}}, [%r42+{512 * i}];\n"
                 f"  st.global.v4.b32 [%q3+{512 * i}], {{%r0, %r1, %r2, %r3}};\n")
    yield copy_case("cp.async groups", body, data, expected)
    for noinc in ("", ".noinc"):
        # Without .noinc the pending count is raised first, so that the threads' own
        # arrivals are what the barrier counts.
        arrivals = 64 if noinc else 32
        data = random_bytes(random)
        expected = np.zeros(2048, np.uint8)
        expected[:512] = data[:512]
        yield copy_case(f"cp.async.mbarrier.arrive{noinc}", f"""
  setp.eq.u32 %p0, %t, 0;
  @%p0 mbarrier.init.shared::cta.b64 [%r41], {arrivals};
""" + CLEAR + f"""
  mad.wide.u32 %q2, %t, 16, %q0;
  mad.lo.u32 %r42, %t, 16, %r40;
  cp.async.ca.shared.global [%r42], [%q2], 16;
  cp.async.mbarrier.arrive{noinc}.shared::cta.b64 [%r41];
  mbarrier.arrive.shared::cta.b64 %q4, [%r41];
""" + WAIT.format(0) + "  bar.sync 0;\n" + DUMP, data, expected, "sm_90")


def bulk_cases(random):
    for space in ("shared::cluster", "shared::cta"):
        for size in (16, 48, 1024, 2048):
            data = random_bytes(random)
            expected = np.zeros(2048, np.uint8)
            expected[:size] = data[:size]
            yield copy_case(f"cp.async.bulk to {space} {size}", CLEAR + f"""
  fence.proxy.async.shared::cta;
  setp.ne.u32 %p0, %t, 0;
  @%p0 bra L;
  mbarrier.init.shared::cta.b64 [%r41], 1;
  fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r41], {size};
  cp.async.bulk.{space}.global.mbarrier::complete_tx::bytes [%r40], [%q0], {size}, [%r41];
L:
  bar.sync 0;
""" + WAIT.format(0) + DUMP, data, expected, "sm_90")
    fill = """
  mad.wide.u32 %q2, %t, 64, %q0;
  mad.lo.u32 %r45, %t, 64, %r40;
""" + "\n".join(f"  ld.global.v4.b32 {{%r0, %r1, %r2, %r3}}, [%q2+{16 * i}];\n"
                f"  st.shared.v4.b32 [%r45+{16 * i}], {{%r0, %r1, %r2, %r3}};"
                for i in range(4)) + """
  fence.proxy.async.shared::cta;
  bar.sync 0;
  setp.ne.u32 %p0, %t, 0;
  @%p0 bra L;
"""
    finish = """
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;
L:
"""
    data = random_bytes(random)
    expected = np.full(2048, 0xCD, np.uint8)
    expected[32:32 + 512] = data[:512]
    yield copy_case("cp.async.bulk to global", fill +
                    "  cp.async.bulk.global.shared::cta.bulk_group [%q1+32], [%r40], 512;"
                    + finish, data, expected, "sm_90")
    for op, dtype in (("add", "u32"), ("add", "s32"), ("add", "u64"), ("min", "u32"),
                      ("max", "s32"), ("and", "b32"), ("or", "b32"), ("xor", "b64"),
                      ("max", "s64"), ("inc", "u32"), ("dec", "u32")):
        kind = {"u": np.uint32, "s": np.int32, "b": np.uint32}[dtype[0]]
        if dtype[1:] == "64":
            kind = {np.uint32: np.uint64, np.int32: np.int64}[kind]
        a, b = random_bytes(random), random_bytes(random)
        x, y = a.view(kind), b.view(kind)
        if op in ("inc", "dec"):
            # Equal operands are a case of their own.
            x = np.where(np.arange(len(x)) % 3 == 0, y, x)
            a = x.view(np.uint8)
        result = {"add": x + y, "min": np.minimum(x, y), "max": np.maximum(x, y), "and": x & y,
                  "or": x | y, "xor": x ^ y, "inc": np.where(x >= y, 0, x + 1),
                  "dec": np.where((x == 0) | (x > y), y, x - 1)}[op].astype(kind)
        case = copy_case(f"cp.reduce.async.bulk.{op}.{dtype}", fill +
                         f"  cp.reduce.async.bulk.global.shared::cta.bulk_group.{op}.{dtype} "
                         "[%q1], [%r40], 2048;" + finish, b, result.view(np.uint8), "sm_90")
        case.arguments[1].content = a
        yield case
    for op, f, modifier in (("add", F32, ""), ("add", F16, ".noftz"), ("add", BF16, ".noftz"),
                            ("min", F16, ""), ("max", BF16, "")):
        dtype = np.uint32 if f is F32 else np.uint16
        count = 2048 // dtype().itemsize
        x = f.encode(random.standard_normal(count))
        y = f.encode(random.standard_normal(count))
        function = {"add": np.add, "min": np.minimum, "max": np.maximum}[op]
        result = f.encode(function(f.decode(x), f.decode(y)))
        case = copy_case(f"cp.reduce.async.bulk.{op}.{f.name}", fill +
                         "  cp.reduce.async.bulk.global.shared::cta.bulk_group."
                         f"{op}{modifier}.{f.name} [%q1], [%r40], 2048;" + finish,
                         y.view(np.uint8), result.view(np.uint8), "sm_90")
        case.arguments[1].content = x.view(np.uint8)
        yield case


def cases(random):
    return [*async_cases(random), *bulk_cases(random)]
