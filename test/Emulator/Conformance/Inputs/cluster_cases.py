"""Clusters: their registers, distributed shared memory, multicast and remote barriers."""

import numpy as np

from harness import Buffer, Case, Exact, TensorMap, module

SHARED = ".shared .align 128 .b8 tile[2048];\n.shared .align 8 .b64 barrier;"
META = """
  ld.param.u64 %q0, [p0];
  ld.param.u64 %q1, [p1];
  mov.u32 %r40, tile;
  mov.u32 %r41, barrier;
  mov.u32 %r0, %cluster_ctarank;
  mov.u32 %r1, %ctaid.x;
  mad.lo.u32 %r2, %r1, 32, %t;
  mad.wide.u32 %q2, %r2, 4, %q0;
  mad.wide.u32 %q3, %r2, 4, %q1;
  mad.lo.u32 %r42, %t, 4, %r40;
"""
CLUSTER_SYNC = """
  barrier.cluster.arrive.aligned;
  barrier.cluster.wait.aligned;
"""


def cluster_case(name, body, values, expected, blocks=8, cluster=4, shared=SHARED, extra=()):
    result = np.full(len(expected), 0xCDCDCDCD, np.uint32)
    kinds = ["u64"] * 2 + ["map"] * len(extra)
    return Case(name, module(META + body, kinds, "sm_90", shared),
                [Buffer(np.asarray(values, np.uint32)),
                 Buffer(result, Exact(np.asarray(expected, np.uint32))), *extra],
                grid=(blocks, 1, 1), cluster=(cluster, 1, 1))


def register_cases(random):
    block = np.repeat(np.arange(8), 32)
    registers = {"cluster_ctarank": block % 4, "cluster_nctarank": 0 * block + 4,
                 "clusterid.x": block // 4, "nclusterid.x": 0 * block + 2,
                 "cluster_ctaid.x": block % 4, "cluster_nctaid.x": 0 * block + 4}
    for name, expected in registers.items():
        yield cluster_case(f"%{name}", f"  mov.u32 %r9, %{name};\n  st.global.b32 [%q3], %r9;",
                           np.zeros(256), expected)
    # Ranks count x first, then y.
    body = ("  mov.u32 %r0, %cluster_ctarank;\n  mov.u32 %r1, %ctaid.x;\n  mov.u32 %r2, %ctaid.y;\n"
            "  mov.u32 %r3, %nctaid.x;\n  mad.lo.u32 %r4, %r2, %r3, %r1;\n"
            "  ld.param.u64 %q0, [p0];\n  mad.wide.u32 %q1, %r4, 4, %q0;\n"
            "  setp.eq.u32 %p0, %t, 0;\n  @%p0 st.global.b32 [%q1], %r0;")
    y, x = np.meshgrid(np.arange(4), np.arange(4), indexing="ij")
    yield Case("%cluster_ctarank 2-D", module(body, ["u64"], "sm_90"),
               [Buffer(np.zeros(16, np.uint32), Exact(
                   (x % 2 + 2 * (y % 2)).ravel().astype(np.uint32)))],
               grid=(4, 4, 1), cluster=(2, 2, 1))


def memory_cases(random):
    values = random.integers(0, 2**32, 256).astype(np.uint32)
    blocks = values.reshape(8, 32)
    neighbour = np.array([b // 4 * 4 + (b + 1) % 4 for b in range(8)])
    load = """
  ld.global.b32 %r3, [%q2];
  st.shared.b32 [%r42], %r3;
""" + CLUSTER_SYNC + """
  add.u32 %r4, %r0, 1;
  and.b32 %r4, %r4, 3;
"""
    finish = CLUSTER_SYNC + "  st.global.b32 [%q3], %r9;"
    expected = blocks[neighbour].ravel()
    yield cluster_case("mapa.shared::cluster.u32", load +
                       "  mapa.shared::cluster.u32 %r5, %r42, %r4;\n"
                       "  ld.shared::cluster.b32 %r9, [%r5];\n" + finish, values, expected)
    yield cluster_case("mapa generic", load + "  cvt.u64.u32 %q4, %r42;\n"
                       "  cvta.shared.u64 %q4, %q4;\n  mapa.u64 %q5, %q4, %r4;\n"
                       "  ld.b32 %r9, [%q5];\n" + finish, values, expected)
    yield cluster_case("getctarank", load + "  mapa.shared::cluster.u32 %r5, %r42, %r4;\n"
                       "  getctarank.shared::cluster.u32 %r9, %r5;\n" + finish, values,
                       np.repeat(neighbour % 4, 32))
    yield cluster_case("ld.shared::cluster of the own block", load +
                       "  ld.shared::cluster.b32 %r9, [%r42];\n" + finish, values, values)
    previous = np.array([b // 4 * 4 + (b - 1) % 4 for b in range(8)])
    yield cluster_case("st.shared::cluster", "  ld.global.b32 %r3, [%q2];\n"
                       "  add.u32 %r4, %r0, 1;\n  and.b32 %r4, %r4, 3;\n"
                       "  mapa.shared::cluster.u32 %r5, %r42, %r4;\n"
                       "  st.shared::cluster.b32 [%r5], %r3;\n" + CLUSTER_SYNC +
                       "  ld.shared.b32 %r9, [%r42];\n  st.global.b32 [%q3], %r9;", values,
                       blocks[previous].ravel())
    sums = blocks.reshape(2, 4, 32).sum(axis=1, dtype=np.uint64) & 0xFFFFFFFF
    yield cluster_case("atom.shared::cluster", "  mov.u32 %r3, 0;\n  st.shared.b32 [%r42], %r3;\n"
                       + CLUSTER_SYNC + "  ld.global.b32 %r3, [%q2];\n"
                       "  mapa.shared::cluster.u32 %r5, %r42, 0;\n"
                       "  atom.shared::cluster.add.u32 %r6, [%r5], %r3;\n" + CLUSTER_SYNC +
                       "  ld.shared::cluster.b32 %r9, [%r5];\n" + finish, values,
                       np.repeat(sums, 4, axis=0).ravel())
    # Arrive and wait apart, with the memory order that each asks for.
    yield cluster_case("barrier.cluster relaxed", "  ld.global.b32 %r3, [%q2];\n"
                       "  st.shared.b32 [%r42], %r3;\n  fence.acq_rel.cluster;\n"
                       "  barrier.cluster.arrive.relaxed.aligned;\n"
                       "  barrier.cluster.wait.acquire.aligned;\n  add.u32 %r4, %r0, 1;\n"
                       "  and.b32 %r4, %r4, 3;\n  mapa.shared::cluster.u32 %r5, %r42, %r4;\n"
                       "  ld.shared::cluster.b32 %r9, [%r5];\n" + finish, values, expected)


INIT = """
  setp.ne.u32 %p0, %t, 0;
  @%p0 bra I;
  mbarrier.init.shared::cta.b64 [%r41], {count};
  fence.mbarrier_init.release.cluster;
I:
"""
WAIT = """
W:
  mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p9, [%r41], 0;
  @!%p9 bra W;
"""


def barrier_cases(random):
    values = random.integers(0, 2**32, 256).astype(np.uint32)
    blocks = values.reshape(8, 32)
    # Every block waits for one arrival of each block of its cluster.
    yield cluster_case("mbarrier.arrive remote", INIT.format(count=4) +
                       "  ld.global.b32 %r3, [%q2];\n  st.shared.b32 [%r42], %r3;\n"
                       + CLUSTER_SYNC + """
  setp.ge.u32 %p1, %t, 4;
  @%p1 bra A;
  mapa.shared::cluster.u32 %r5, %r41, %t;
  mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r5];
A:
""" + WAIT + "  ld.shared.b32 %r9, [%r42];\n  st.global.b32 [%q3], %r9;" + CLUSTER_SYNC, values,
                       values)
    previous = np.array([b // 4 * 4 + (b - 1) % 4 for b in range(8)])
    expect = "  mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r41], 128;\n"
    target = """
  add.u32 %r4, %r0, 1;
  and.b32 %r4, %r4, 3;
  mapa.shared::cluster.u32 %r5, %r40, %r4;
  mapa.shared::cluster.u32 %r6, %r41, %r4;
"""
    init = INIT.format(count=1).replace("I:\n", expect + "I:\n")
    dump = WAIT + "  ld.shared.b32 %r9, [%r42];\n  st.global.b32 [%q3], %r9;\n" + CLUSTER_SYNC
    yield cluster_case("st.async", init + CLUSTER_SYNC + target + """
  ld.global.b32 %r3, [%q2];
  mad.lo.u32 %r7, %t, 4, %r5;
  st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b32 [%r7], %r3, [%r6];
""" + dump, values, blocks[previous].ravel())
    yield cluster_case("cp.async.bulk shared::cta to shared::cluster", init + """
  ld.global.b32 %r3, [%q2];
  st.shared.b32 [%r42+1024], %r3;
  fence.proxy.async.shared::cta;
""" + CLUSTER_SYNC + target + """
  add.u32 %r8, %r40, 1024;
  setp.eq.u32 %p2, %t, 0;
  @%p2 cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%r5], [%r8], 128, [%r6];
""" + dump, values, blocks[previous].ravel())
    # The first block of a cluster sends the same bytes to blocks 0, 1 and 3.
    mask = 0b1011
    expected = np.zeros((8, 32), np.uint32)
    for b in range(8):
        if mask >> b % 4 & 1:
            expected[b] = blocks[b // 4 * 4]
    receive = f"""
  mov.u32 %r9, 0;
  mov.u32 %r6, {mask};
  shr.u32 %r6, %r6, %r0;
  and.b32 %r6, %r6, 1;
  setp.eq.u32 %p3, %r6, 0;
  @%p3 bra N;
""" + WAIT + "  ld.shared.b32 %r9, [%r42];\nN:\n  st.global.b32 [%q3], %r9;\n" + CLUSTER_SYNC
    send = """
  setp.ne.u32 %p2, %r0, 0;
  setp.ne.or.u32 %p2, %t, 0, %p2;
  @%p2 bra S;
  mov.u16 %h0, 11;
  """
    yield cluster_case("cp.async.bulk multicast", init + CLUSTER_SYNC + send +
                       "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes."
                       "multicast::cluster [%r40], [%q2], 128, [%r41], %h0;\nS:\n" + receive,
                       values, expected.ravel())
    tensor_map = TensorMap(0, "u32", (32, 8), (128,), (32, 1))
    yield cluster_case("tma multicast", init + CLUSTER_SYNC + send + """mov.b64 %q4, p2;
  cvta.param.u64 %q4, %q4;
  cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%r40], [%q4, {0, %r1}], [%r41], %h0;
S:
""" + receive, values, expected.ravel(), extra=[tensor_map])


def cases(random):
    return [*register_cases(random), *memory_cases(random), *barrier_cases(random)]
