"""What the lanes of a warp do together: shfl, vote, match, redux, elect, bar.red."""

import numpy as np

from harness import Buffer, Case, Custom, Exact, module

FULL = 0xFFFFFFFF
PROLOGUE = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mad.wide.u32 %q2, %t, 4, %q0;
  mad.wide.u32 %q3, %t, 4, %q1;
  ld.global.b32 %r0, [%q2];
"""


def lane_case(name, body, values, expected, target="sm_80"):
    """%r0 is the lane's value, %r9 its result."""
    result = np.full(len(values), 0xCDCDCDCD, np.uint32)
    return Case(name, module(PROLOGUE + body + "\n  st.global.b32 [%q3], %r9;",
                             ["u64", "u64"], target),
                [Buffer(np.asarray(values, np.uint32)),
                 Buffer(result, Exact(np.asarray(expected, np.uint32)))],
                block=(len(values), 1, 1))


def shuffle_source(mode, lane, b, c):
    """The lane to read from and whether it is in range; a lane's segment is in c[12:8]."""
    clamp, segment = c & 31, c >> 8 & 31
    highest = (lane & segment) | (clamp & ~segment & 31)
    lowest = lane & segment
    b &= 31
    if mode == "up":
        source = lane - b
        valid = source >= highest
    elif mode == "down":
        source = lane + b
        valid = source <= highest
    elif mode == "bfly":
        source = lane ^ b
        valid = source <= highest
    else:
        source = lowest | (b & ~segment & 31)
        valid = source <= highest
    return (source if valid else lane), valid


def shuffle_cases(random):
    for mode in ("up", "down", "bfly", "idx"):
        for width in (32, 16, 8, 4):
            for b in (0, 1, 3, int(random.integers(4, 32)), 33):
                segment = (32 - width) << 8
                c = segment if mode == "up" else segment | 31
                yield shuffle(random, mode, b, c)
        for _ in range(3):
            # Any clamp and segment mask; up compares with the clamp as a lower bound.
            yield shuffle(random, mode, int(random.integers(0, 32)),
                          int(random.integers(0, 32)) | int(random.integers(0, 32)) << 8)
    # A source lane that differs from lane to lane.
    values = random.integers(0, 2**32, 32)
    index = (np.arange(32) * 7 + 3) & 31
    yield lane_case("shfl.sync.idx per lane",
                    "  mad.lo.u32 %r1, %t, 7, 3;\n"
                    "  shfl.sync.idx.b32 %r9, %r0, %r1, 31, -1;", values, values[index])
    # Half a warp by itself.
    expected = np.where(np.arange(32) < 16, values[np.arange(32) ^ 1], 7)
    yield lane_case("shfl.sync.bfly half", "  mov.u32 %r9, 7;\n  setp.lt.u32 %p0, %t, 16;\n"
                    "  @!%p0 bra L;\n  shfl.sync.bfly.b32 %r9, %r0, 1, 31, 0xffff;\nL:",
                    values, expected)


def shuffle(random, mode, b, c):
    values = random.integers(0, 2**31, 64)
    expected = []
    for thread in range(64):
        lane = thread & 31
        source, valid = shuffle_source(mode, lane, b, c)
        expected.append(int(values[(thread & ~31) | source]) * 2 + valid)
    body = (f"  shfl.sync.{mode}.b32 %r1|%p0, %r0, {b}, {c}, -1;\n"
            "  selp.b32 %r2, 1, 0, %p0;\n  mad.lo.u32 %r9, %r1, 2, %r2;")
    return lane_case(f"shfl.sync.{mode} b={b} c={c:#x}", body, values,
                     np.array(expected) & FULL)


def vote_cases(random):
    for kind, values in (("mixed", random.integers(0, 2, 32)), ("ones", np.ones(32, int)),
                         ("zeros", np.zeros(32, int))):
        ballot = sum(int(v) << i for i, v in enumerate(values))
        predicate = "  setp.ne.b32 %p1, %r0, 0;\n"
        results = {"all": ballot == FULL, "any": ballot != 0, "uni": ballot in (0, FULL)}
        for mode, expected in results.items():
            yield lane_case(f"vote.sync.{mode} {kind}", predicate +
                            f"  vote.sync.{mode}.pred %p2, %p1, -1;\n  selp.b32 %r9, 1, 0, %p2;",
                            values, [int(expected)] * 32)
        yield lane_case(f"vote.sync.ballot {kind}",
                        predicate + "  vote.sync.ballot.b32 %r9, %p1, -1;", values, [ballot] * 32)
        yield lane_case(f"vote.sync.ballot negated {kind}",
                        predicate + "  vote.sync.ballot.b32 %r9, !%p1, -1;", values,
                        [~ballot & FULL] * 32)
    values = random.integers(0, 2, 32)
    members = 0x00FF0F0F
    ballot = sum(int(v) << i for i, v in enumerate(values)) & members
    inside = members >> np.arange(32) & 1
    yield lane_case("vote.sync.ballot of some lanes",
                    "  setp.ne.b32 %p1, %r0, 0;\n  mov.u32 %r9, 9;\n"
                    f"  mov.u32 %r1, {members};\n  shr.u32 %r1, %r1, %t;\n  and.b32 %r1, %r1, 1;\n"
                    "  setp.eq.u32 %p0, %r1, 0;\n  @%p0 bra L;\n"
                    f"  vote.sync.ballot.b32 %r9, %p1, {members};\nL:", values,
                    np.where(inside, ballot, 9))


def match_cases(random):
    values = random.integers(0, 4, 32)
    masks = [sum(1 << j for j in range(32) if values[j] == v) for v in values]
    yield lane_case("match.any.sync.b32", "  match.any.sync.b32 %r9, %r0, -1;", values, masks)
    yield lane_case("match.any.sync.b64", "  mov.b64 %q4, {7, %r0};\n"
                    "  match.any.sync.b64 %r9, %q4, -1;", values, masks)
    for name, data in (("alike", np.full(32, 77)), ("different", values)):
        same = len(set(data.tolist())) == 1
        yield lane_case(f"match.all.sync.b32 {name}",
                        "  match.all.sync.b32 %r1|%p0, %r0, -1;\n  selp.b32 %r2, 1, 0, %p0;\n"
                        "  xor.b32 %r9, %r1, %r2;", data,
                        [(FULL ^ 1) if same else 0] * 32)


def reduce_cases(random):
    values = random.integers(0, 2**32, 32).astype(np.uint32)
    signed = values.view(np.int32)
    results = {
        "add.u32": int(values.sum(dtype=np.uint64)), "add.s32": int(values.sum(dtype=np.uint64)),
        "min.u32": int(values.min()), "max.u32": int(values.max()),
        "min.s32": int(signed.min()), "max.s32": int(signed.max()),
        "and.b32": int(np.bitwise_and.reduce(values | 0xF0)),
        "or.b32": int(np.bitwise_or.reduce(values & 0xFFFF0000)),
        "xor.b32": int(np.bitwise_xor.reduce(values)),
    }
    for op, expected in results.items():
        data = {"and.b32": values | 0xF0, "or.b32": values & 0xFFFF0000}.get(op, values)
        yield lane_case(f"redux.sync.{op}", f"  redux.sync.{op} %r9, %r0, -1;", data,
                        [expected & FULL] * 32)
    low = int(values[:16].sum(dtype=np.uint64)) & FULL
    yield lane_case("redux.sync.add.u32 half", "  mov.u32 %r9, 1;\n  setp.ge.u32 %p0, %t, 16;\n"
                    "  @%p0 bra L;\n  redux.sync.add.u32 %r9, %r0, 0xffff;\nL:", values,
                    np.where(np.arange(32) < 16, low, 1))


def check_elected(actual):
    """One lane, the same for all, which lane the ISA does not say."""
    chosen, flags = actual & 0xFF, actual >> 8
    if len(set(chosen.tolist())) != 1:
        return f"lanes disagree on the elected one: {chosen.tolist()}"
    expected = (np.arange(32) == chosen[0]).astype(np.uint32)
    return None if (flags == expected).all() else f"elected by predicate: {flags.tolist()}"


def elect_cases(random):
    case = lane_case("elect.sync", "  elect.sync %r1|%p0, -1;\n  selp.b32 %r2, 256, 0, %p0;\n"
                     "  or.b32 %r9, %r1, %r2;", np.zeros(32), np.zeros(32), "sm_90")
    case.arguments[1].expected = Custom(check_elected)
    yield case


def barrier_cases(random):
    """Reductions over the threads of a barrier, and barriers of some warps."""
    values = random.integers(0, 2, 96)
    count = int(values.sum())
    predicate = "  setp.ne.b32 %p1, %r0, 0;\n"
    yield lane_case("bar.red.popc", predicate + "  bar.red.popc.u32 %r9, 0, %p1;", values,
                    [count] * 96)
    for op, expected in (("and", count == 96), ("or", count > 0)):
        yield lane_case(f"barrier.cta.red.{op}", predicate +
                        f"  barrier.cta.red.{op}.aligned.pred %p2, 1, %p1;\n"
                        "  selp.b32 %r9, 1, 0, %p2;", values, [int(expected)] * 96)
    # Warps 0 and 1 meet at barrier 3, warp 2 passes by.
    yield lane_case("bar.red of two warps", predicate + "  mov.u32 %r9, 5;\n"
                    "  setp.ge.u32 %p0, %t, 64;\n  @%p0 bra L;\n"
                    "  bar.red.popc.u32 %r9, 3, 64, %p1;\nL:", values,
                    np.where(np.arange(96) < 64, int(values[:64].sum()), 5))


def special_register_cases(random):
    registers = {"laneid": lambda t: t % 32, "ntid.x": lambda t: 64,
                 "nctaid.x": lambda t: 1, "ctaid.x": lambda t: 0,
                 "lanemask_lt": lambda t: (1 << t % 32) - 1,
                 "lanemask_le": lambda t: (2 << t % 32) - 1,
                 "lanemask_eq": lambda t: 1 << t % 32,
                 "lanemask_ge": lambda t: FULL & ~((1 << t % 32) - 1),
                 "lanemask_gt": lambda t: FULL & ~((2 << t % 32) - 1)}
    for name, model in registers.items():
        yield lane_case(f"%{name}", f"  mov.u32 %r9, %{name};", np.zeros(64),
                        [model(t) for t in range(64)])
    # The order of threads in a block of three dimensions.
    body = ("  mov.u32 %r1, %tid.x;\n  mov.u32 %r2, %tid.y;\n  mov.u32 %r3, %tid.z;\n"
            "  mov.u32 %r4, %ntid.x;\n  mov.u32 %r5, %ntid.y;\n"
            "  mad.lo.u32 %r6, %r3, %r5, %r2;\n  mad.lo.u32 %r6, %r6, %r4, %r1;\n"
            "  ld.param.u64 %q1, [p0];\n  mad.wide.u32 %q3, %r6, 4, %q1;\n"
            "  mov.u32 %r7, %laneid;\n  st.global.b32 [%q3], %r7;")
    yield Case("lanes in 3-D", module(body, ["u64"]),
               [Buffer(np.full(64, 99, np.uint32),
                       Exact((np.arange(64) % 32).astype(np.uint32)))], block=(4, 2, 8))


def cases(random):
    return [case for make in (shuffle_cases, vote_cases, match_cases, reduce_cases, elect_cases,
                              barrier_cases, special_register_cases) for case in make(random)]
