"""Small wrong kernels: each must be reported, with its kind, at the line marked `//!`.

In a body `<<wrong|right>>` is the mistake and its correction; the corrected kernel must
run without a report, so that a check that always fires is found as well.
"""

import dataclasses
import re

import numpy as np

from harness import Buffer, Case, Custom, TensorMap, module

OUT_OF_BOUNDS = "out of bounds|not in the shared memory"
MISTAKE = re.compile(r"<<(.*?)\|(.*?)>>", re.S)


@dataclasses.dataclass
class Fault:
    name: str
    body: str
    # Regular expressions that the message must match, all of them.
    messages: tuple
    shared: str = ".shared .align 128 .b8 tile[2048];\n.shared .align 8 .b64 barrier;"
    target: str = "sm_80"
    block: tuple = (32, 1, 1)
    grid: tuple = (1, 1, 1)
    dynamic: tuple = (0, 0)
    maps: tuple = ()
    attributes: str = ""
    # Where nothing runs, the line may be that of the whole module.
    has_line: bool = True

    def text(self, which):
        prologue = """  ld.param.u64 %q0, [p0];
  mov.u32 %r40, tile;
  mov.u32 %r41, barrier;
  mad.lo.u32 %r42, %t, 4, %r40;
  mad.wide.u32 %q1, %t, 4, %q0;
  setp.eq.u32 %p0, %t, 0;
"""
        if "tile" not in self.shared:
            prologue = re.sub(r".*(tile|barrier|%r40).*\n", "", prologue)
        text = module(prologue + self.body.strip("\n"), ["u64"] + ["map"] * len(self.maps),
                      self.target, self.shared, attributes=self.attributes)
        return MISTAKE.sub(lambda m: m[which], text)

    def case(self, which):
        values = np.arange(1024, dtype=np.uint32)
        return Case(self.name + ("" if which == 1 else ", corrected"), self.text(which),
                    [Buffer(values, Custom(lambda actual: None)), *self.maps], self.grid,
                    self.block, shared=self.dynamic[which - 1])

    def line(self):
        for number, text in enumerate(self.text(1).splitlines(), 1):
            if "//!" in text:
                return number
        return None


def memory_faults():
    yield Fault("global load past the end",
                "  ld.global.b32 %r0, [%q1+<<4096|3968>>]; //!", (OUT_OF_BOUNDS,))
    yield Fault("global store past the end",
                "  st.global.b32 [%q1+<<3972|3968>>], %t; //!", (OUT_OF_BOUNDS,))
    yield Fault("global store before the start",
                "  st.global.b32 [%q1+<<-4|0>>], %t; //!", (OUT_OF_BOUNDS,))
    yield Fault("global atomic past the end",
                "  red.global.add.u32 [%q0+<<4096|0>>], 1; //!", (OUT_OF_BOUNDS,))
    yield Fault("half of a vector past the end",
                "  ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%q0+<<4096|4080>>]; //!",
                (OUT_OF_BOUNDS,))
    yield Fault("shared store past the end",
                "  st.shared.b32 [%r42+<<1048576|1024>>], %t; //!", (OUT_OF_BOUNDS,))
    yield Fault("shared store before the start",
                "  <<sub.u32 %r42, %r42, 300000|nop>>;\n  st.shared.b32 [%r42], %t; //!"
                .replace("nop", "mov.u32 %r42, %r42"), (OUT_OF_BOUNDS,))
    for width, offset in (("b16", 1), ("b32", 2), ("b64", 4)):
        register = {"b16": "%h0", "b32": "%r0", "b64": "%q5"}[width]
        yield Fault(f"misaligned global {width}",
                    f"  ld.global.{width} {register}, [%q0+<<{offset}|8>>]; //!", ("misaligned",))
    yield Fault("misaligned vector",
                "  ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%q0+<<8|16>>]; //!", ("misaligned",))
    yield Fault("misaligned shared",
                "  st.shared.b32 [%r42], %t;\n  ld.shared.b32 %r0, [%r42+<<2|0>>]; //!",
                ("misaligned",))
    yield Fault("misaligned cp.async",
                "  mad.lo.u32 %r43, %t, 16, %r40;\n  mad.wide.u32 %q2, %t, 16, %q0;\n"
                "  cp.async.cg.shared.global [%r43], [%q2+<<8|0>>], 16; //!\n"
                "  cp.async.wait_all;", ("misaligned",))
    yield Fault("shared load of a global address",
                "  @%p0 st.shared.b32 [%r40], 0;\n  bar.sync 0;\n  cvt.u32.u64 %r1, %q0;\n"
                "  ld.shared.b32 %r0, [<<%r1|%r40>>]; //!", ("not in the shared memory",))
    yield Fault("global load of a shared address",
                "  st.shared.b32 [%r42], 0;\n  cvt.u64.u32 %q2, %r42;\n"
                "  ld.global.b32 %r0, [<<%q2|%q0>>]; //!", ("is in shared memory",))
    yield Fault("uninitialised shared memory",
                "  <<//|>>st.shared.b32 [%r42], 1;\n  ld.shared.b32 %r0, [%r42]; //!\n"
                "  st.global.b32 [%q1], %r0;", ("uninitialised shared memory",))
    yield Fault("uninitialised element of a vector",
                "  mad.lo.u32 %r43, %t, 16, %r40;\n  st.shared.v2.b32 [%r43], {%t, %t};\n"
                "  <<//|>>st.shared.v2.b32 [%r43+8], {%t, %t};\n"
                "  ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%r43]; //!",
                ("uninitialised shared memory",))
    yield Fault("null pointer", "  mov.u64 %q2, 0;\n  ld.global.b32 %r0, [<<%q2|%q0>>]; //!",
                (OUT_OF_BOUNDS,))


def race_faults():
    yield Fault("missing barrier, shared", """
  st.shared.b32 [%r42], 0;
  bar.sync 0;
  st.shared.b32 [%r42], %t; //!
  <<//|>>bar.sync 0;
  xor.b32 %r1, %t, 33;
  mad.lo.u32 %r1, %r1, 4, %r40;
  ld.shared.b32 %r0, [%r1]; //!
  st.global.b32 [%q1], %r0;""", ("data race",), block=(64, 1, 1))
    yield Fault("missing barrier before the next write", """
  st.shared.b32 [%r42], %t;
  bar.sync 0;
  xor.b32 %r1, %t, 33;
  mad.lo.u32 %r1, %r1, 4, %r40;
  ld.shared.b32 %r0, [%r1]; //!
  <<//|>>bar.sync 0;
  st.shared.b32 [%r42], %r0; //!""", ("data race",), block=(64, 1, 1))
    yield Fault("lanes of a warp without bar.warp.sync", """
  st.shared.b32 [%r42], %t;
  <<//|>>bar.warp.sync -1;
  xor.b32 %r1, %t, 1;
  mad.lo.u32 %r1, %r1, 4, %r40;
  ld.shared.b32 %r0, [%r1]; //!""", ("race|uninitiali",))
    yield Fault("two writers of one global word",
                "  <<st|red>>.global<<|.add>>.b32 [%q0], %t; //!".replace(".b32", ".<<b32|u32>>"),
                ("data race",), block=(64, 1, 1))
    yield Fault("two blocks write one global word",
                "  mov.u32 %r0, %ctaid.x;\n  <<mov.u64 %q2, %q0|mad.wide.u32 %q2, %r0, 4, %q0>>;\n"
                "  @%p0 st.global.b32 [%q2], %r0; //!", ("data race",), grid=(2, 1, 1))
    yield Fault("plain load beside an atomic", """
  setp.lt.u32 %p1, %t, 32;
  @%p1 red.shared.add.u32 [%r40+512], 1; //!
  @%p1 bra E;
  <<ld|ld.relaxed.cta>>.shared.b32 %r0, [%r40+512]; //!
E:""".replace("  setp.lt", "  @%p0 st.shared.b32 [%r40+512], 0;\n  bar.sync 0;\n  setp.lt", 1),
                ("data race",), block=(64, 1, 1))


def collective_faults():
    yield Fault("membermask without the lane itself",
                "  shfl.sync.bfly.b32 %r0, %t, 1, 31, <<0xffff|-1>>; //!", ("mask",))
    yield Fault("reads from a lane that has exited", """
  setp.ge.u32 %p1, %t, 16;
  @%p1 bra E;
  shfl.sync.bfly.b32 %r0, %t, <<16|1>>, 31, -1; //!
E:""", ("which has exited",))
    yield Fault("membermask with lanes that are elsewhere", """
  setp.ge.u32 %p1, %t, 16;
  @%p1 bra E;
  shfl.sync.bfly.b32 %r0, %t, 1, 31, <<-1|0xffff>>; //!
  bra F;
E:
  bar.warp.sync <<-1|0xffff0000>>; //!
F:""", ("mask|deadlock",))
    yield Fault("membermasks that differ", """
  selp.b32 %r1, <<0x7fffffff|-1>>, -1, %p0;
  vote.sync.ballot.b32 %r0, %p0, %r1; //!""", ("mask|deadlock",))
    yield Fault("divergent bar.sync", "  <<@%p0|>> bar.sync 0; //!\n  <<@!%p0|>> bar.sync 0; //!",
                ("is .aligned",))
    yield Fault("divergent ldmatrix", """
  st.shared.v4.b32 [%r40], {%t, %t, %t, %t};
  mov.u32 %r43, 0;
  mad.lo.u32 %r44, %t, 16, %r40;
  st.shared.v4.b32 [%r44], {%t, %t, %t, %t};
  bar.sync 0;
  setp.lt.u32 %p1, %t, 16;
  <<@%p1|>> ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%r44]; //!
""".replace("  st.shared.v4.b32 [%r40], {%t, %t, %t, %t};\n  mov.u32 %r43, 0;\n", ""),
                ("is .aligned",))
    yield Fault("divergent mma", """
  setp.lt.u32 %p1, %t, 16;
  <<@%p1|>> mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%r0, %r1}, {%r2, %r3}, {%r4}, {%r5, %r6}; //!
""".replace("  setp", "\n".join(f"  mov.u32 %r{i}, 0;" for i in range(7)) + "\n  setp", 1),
                ("is .aligned",))
    yield Fault("two barriers that wait for each other", """
  setp.lt.u32 %p1, %t, 32;
  @%p1 bar.sync 1, 64; //!
  @!%p1 bar.sync <<2|1>>, 64; //!""", ("deadlock",), block=(64, 1, 1))
    yield Fault("barrier counts that differ", """
  setp.lt.u32 %p1, %t, 32;
  @%p1 bar.sync 1, 64; //!
  @!%p1 bar.sync 1, <<96|64>>; //!""", ("barrier 1 is waited for by",), block=(64, 1, 1))
    yield Fault("barrier count that is no multiple of a warp",
                "  bar.sync 1, <<48|64>>; //!", ("multiple of the warp size",), block=(64, 1, 1))
    yield Fault("trap", "  setp.gt.u32 %p1, %t, 40;\n  <<@%p0|@%p1>> trap; //!", ("the kernel traps",))


WAIT = """
W:
  mbarrier.try_wait.parity.shared::cta.b64 %p9, [%r41], 0; {0}
  @!%p9 bra W;
"""


def asynchronous_faults():
    copy = """
  mad.lo.u32 %r43, %t, 16, %r40;
  mad.wide.u32 %q2, %t, 16, %q0;
  cp.async.cg.shared.global [%r43], [%q2], 16;
  cp.async.commit_group;
"""
    yield Fault("missing cp.async wait", copy + """
  <<//|>>cp.async.wait_group 0;
  ld.shared.b32 %r0, [%r43]; //!""", ("data race: .*asynchronous operation",))
    yield Fault("wait for a group that was not committed", copy.replace(
        "cp.async.commit_group;", "<<//|>>cp.async.commit_group;") + """
  cp.async.wait_group 0;
  ld.shared.b32 %r0, [%r43]; //!""", ("data race: .*asynchronous operation",))
    yield Fault("weak wait_group", copy + copy.replace("[%r43]", "[%r43+512]") + """
  cp.async.wait_group <<1|0>>;
  ld.shared.b32 %r0, [%r43+512]; //!""", ("data race: .*asynchronous operation",))
    yield Fault("cp.async seen by another thread without a barrier", copy + """
  cp.async.wait_group 0;
  <<//|>>bar.sync 0;
  xor.b32 %r1, %r43, 512;
  mad.lo.u32 %r1, %t, 16, %r40;
  xor.b32 %r1, %r1, 16;
  ld.shared.b32 %r0, [%r1]; //!""".replace("  xor.b32 %r1, %r43, 512;\n", ""), ("race|uninitiali",))
    yield Fault("overwrites what cp.async still writes", copy + """
  <<//|>>cp.async.wait_group 0;
  st.shared.b32 [%r43], %t; //!""", ("data race: .*asynchronous operation",))
    yield Fault("missing fence.proxy.async", """
  st.shared.b32 [%r42], %t;
  <<//|>>fence.proxy.async.shared::cta;
  bar.sync 0;
  @!%p0 bra E;
  cp.async.bulk.global.shared::cta.bulk_group [%q0], [%r40], 128; //!
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;
E:""", ("missing fence.proxy.async",), target="sm_90")
    yield Fault("source overwritten before a bulk store has read it", """
  st.shared.b32 [%r42], %t;
  fence.proxy.async.shared::cta;
  bar.sync 0;
  @!%p0 bra E;
  cp.async.bulk.global.shared::cta.bulk_group [%q0], [%r40], 128;
  cp.async.bulk.commit_group;
  <<//|>>cp.async.bulk.wait_group.read 0;
  st.shared.b32 [%r40], %t; //!
  cp.async.bulk.wait_group 0;
E:""", ("data race: .*asynchronous operation",), target="sm_90")
    load = """
  @!%p0 bra I;
  mbarrier.init.shared::cta.b64 [%r41], 1;
  fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r41], {0};
  cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r40{1}], [%q0{2}], {3}, [%r41]; {4}
I:
  bar.sync 0;
"""
    yield Fault("bulk load read before its barrier", load.format(128, "", "", 128, "") +
                "  <<//|>>" + WAIT.format("").strip().replace("\n", "\n  <<//|>>").replace(
                    "<<//|>>  ", "<<//|>>") + "\n  ld.shared.b32 %r0, [%r42]; //!",
                ("data race: .*asynchronous operation",), target="sm_90")
    yield Fault("expects more bytes than arrive", load.format("<<256|128>>", "", "", 128, "") +
                WAIT.format("//!"), ("deadlock",), target="sm_90")
    yield Fault("expects fewer bytes than arrive", load.format("<<64|128>>", "", "", 128, "//!") +
                WAIT.format("//!") + "  ld.shared.b32 %r0, [%r42]; //!",
                ("deadlock",), target="sm_90")
    yield Fault("misaligned bulk load", load.format(128, "<<+8|>>", "", 128, "//!") +
                WAIT.format(""), ("misaligned",), target="sm_90")
    yield Fault("bulk load of a size that is no multiple of 16",
                load.format(128, "", "", "<<120|128>>", "//!") + WAIT.format(""), ("16",),
                target="sm_90")
    yield Fault("bulk load past the end of global memory",
                load.format(128, "", "+<<4032|3968>>", 128, "//!") + WAIT.format(""),
                (OUT_OF_BOUNDS,), target="sm_90")
    yield Fault("bulk load past the end of shared memory",
                load.format(128, "+<<262144|0>>", "", 128, "//!") + WAIT.format(""),
                (OUT_OF_BOUNDS,), target="sm_90")
    yield Fault("tensor copy to a misaligned destination", load.format(128, "", "", 128, "")
                .replace("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
                         "[%r40], [%q0], 128, [%r41]; ",
                         "mov.b64 %q2, p1;\n  cvta.param.u64 %q2, %q2;\n"
                         "  cp.async.bulk.tensor.2d.shared::cluster.global."
                         "mbarrier::complete_tx::bytes [%r40+<<16|0>>], [%q2, {0, 0}], [%r41]; //!")
                + WAIT.format(""), ("misaligned",), target="sm_90",
                maps=(TensorMap(0, "u32", (32, 32), (128,), (32, 1)),))


def barrier_faults():
    yield Fault("arrival at a barrier that was not initialised",
                "  <<//|>>@%p0 mbarrier.init.shared::cta.b64 [%r41], 32;\n  bar.sync 0;\n"
                "  mbarrier.arrive.shared::cta.b64 %q2, [%r41]; //!", ("no mbarrier",))
    yield Fault("initialised twice",
                "  @!%p0 bra E;\n  mbarrier.init.shared::cta.b64 [%r41], 1;\n"
                "  <<//|>>mbarrier.inval.shared::cta.b64 [%r41];\n"
                "  mbarrier.init.shared::cta.b64 [%r41], 1; //!\nE:", ("mbarrier at .* already",))
    yield Fault("more arrivals than are pending",
                "  @!%p0 bra E;\n  mbarrier.init.shared::cta.b64 [%r41], 2;\n"
                "  mbarrier.arrive.shared::cta.b64 %q2, [%r41], <<3|2>>; //!\nE:",
                ("arrivals at an mbarrier",), target="sm_90")
    yield Fault("noComplete that completes",
                "  @!%p0 bra E;\n  mbarrier.init.shared::cta.b64 [%r41], 2;\n"
                "  mbarrier.arrive.noComplete.shared::cta.b64 %q2, [%r41], <<2|1>>; //!\nE:",
                ("complete",))
    yield Fault("count of zero", "  @%p0 mbarrier.init.shared::cta.b64 [%r41], <<0|1>>; //!",
                ("count",))
    yield Fault("misaligned mbarrier", "  @%p0 mbarrier.init.shared::cta.b64 [%r41+<<4|0>>], 1; //!",
                ("misaligned",))
    yield Fault("plain store over an mbarrier",
                "  @!%p0 bra E;\n  mbarrier.init.shared::cta.b64 [%r41], 1;\n"
                "  <<//|>>mbarrier.inval.shared::cta.b64 [%r41];\n"
                "  st.shared.b32 [%r41], 7; //!\nE:", ("mbarrier",))
    yield Fault("init not ordered before the first use",
                "  @%p0 mbarrier.init.shared::cta.b64 [%r41], 64;\n  <<//|>>bar.sync 0;\n"
                "  mbarrier.arrive.shared::cta.b64 %q2, [%r41]; //!", ("data race|no mbarrier",),
                block=(64, 1, 1))
    yield Fault("barrier that never completes",
                "  @%p0 mbarrier.init.shared::cta.b64 [%r41], <<33|32>>;\n  bar.sync 0;\n"
                "  mbarrier.arrive.shared::cta.b64 %q2, [%r41];\n" + WAIT.format("//!"),
                ("deadlock",), target="sm_90")
    # A ring of one stage: the second warp reads what the first one writes.
    yield Fault("early release of a stage", """
  @!%p0 bra I;
  mbarrier.init.shared::cta.b64 [%r41], 32;
  mbarrier.init.shared::cta.b64 [%r41+8], 32;
I:
  bar.sync 0;
  and.b32 %r1, %t, 31;
  mad.lo.u32 %r42, %r1, 4, %r40;
  mov.u32 %r2, 0;
  setp.ge.u32 %p1, %t, 32;
  @%p1 bra C;
P:
  xor.b32 %r3, %r2, 1;
PW:
  mbarrier.try_wait.parity.shared::cta.b64 %p9, [%r41+8], %r3;
  @!%p9 bra PW;
  st.shared.b32 [%r42], %r2; //!
  mbarrier.arrive.shared::cta.b64 _, [%r41];
  add.u32 %r2, %r2, 1;
  and.b32 %r2, %r2, 1;
  add.u32 %r4, %r4, 1;
  setp.lt.u32 %p2, %r4, 3;
  @%p2 bra P;
  bra E;
C:
CW:
  mbarrier.try_wait.parity.shared::cta.b64 %p9, [%r41], %r2;
  @!%p9 bra CW;
  <<mbarrier.arrive.shared::cta.b64 _, [%r41+8];|>>
  ld.shared.b32 %r5, [%r42]; //!
  <<|mbarrier.arrive.shared::cta.b64 _, [%r41+8];>>
  add.u32 %r2, %r2, 1;
  and.b32 %r2, %r2, 1;
  add.u32 %r4, %r4, 1;
  setp.lt.u32 %p2, %r4, 3;
  @%p2 bra C;
E:""".replace("  mov.u32 %r2, 0;", "  mov.u32 %r2, 0;\n  mov.u32 %r4, 0;"), ("data race",),
                target="sm_90", block=(64, 1, 1),
                shared=".shared .align 128 .b8 tile[2048];\n.shared .align 8 .b64 barrier[2];")


def warpgroup_faults():
    zero = "\n".join(f"  mov.b32 %f{i}, 0;" for i in range(4))
    fill = "\n".join(f"  st.shared.b32 [%r42+{512 * i}], 0;" for i in range(4))
    prologue = zero + "\n" + fill + """
  fence.proxy.async.shared::cta;
  bar.sync 0;
  shr.u32 %r1, %r40, 4;
  and.b32 %r1, %r1, 16383;
  cvt.u64.u32 %q5, %r1;
  or.b64 %q5, %q5, 0x1000080000;
"""
    multiply = ("  wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0, %f1, %f2, %f3}, "
                "%q5, %q5, 1, 1, 1, 0, 0;")
    epilogue = "\n  mad.wide.u32 %q2, %t, 4, %q0;\n  st.global.f32 [%q2], %f0; //!"
    common = {"target": "sm_90a", "block": (128, 1, 1)}
    yield Fault("accumulator read before the wait", prologue + "  wgmma.fence.sync.aligned;\n"
                + multiply + "\n  wgmma.commit_group.sync.aligned;\n"
                "  <<//|>>wgmma.wait_group.sync.aligned 0;" + epilogue,
                ("in use by the wgmma",), **common)
    yield Fault("accumulator read after a weak wait", prologue + "  wgmma.fence.sync.aligned;\n"
                + multiply + "\n  wgmma.commit_group.sync.aligned;\n"
                "  wgmma.wait_group.sync.aligned <<1|0>>;" + epilogue,
                ("in use by the wgmma",), **common)
    yield Fault("missing commit_group", prologue + "  wgmma.fence.sync.aligned;\n" + multiply +
                "\n  <<//|>>wgmma.commit_group.sync.aligned;\n"
                "  wgmma.wait_group.sync.aligned 0;" + epilogue, ("in use by the wgmma",), **common)
    yield Fault("missing wgmma.fence", prologue + "  <<//|>>wgmma.fence.sync.aligned;\n" +
                multiply + " //!\n  wgmma.commit_group.sync.aligned;\n"
                "  wgmma.wait_group.sync.aligned 0;" + epilogue.replace("//!", ""),
                ("wgmma.fence.sync.aligned has to come before",), **common)
    yield Fault("missing fence.proxy.async before wgmma",
                prologue.replace("  fence.proxy", "  <<//|>>fence.proxy") +
                "  wgmma.fence.sync.aligned;\n" + multiply + " //!\n"
                "  wgmma.commit_group.sync.aligned;\n  wgmma.wait_group.sync.aligned 0;" +
                epilogue.replace("//!", ""), ("missing fence.proxy.async",), **common)
    # Reported at the later of the two, the write or another warp's read.
    yield Fault("operand overwritten while wgmma reads it", prologue +
                "  wgmma.fence.sync.aligned;\n" + multiply +
                " //!\n  wgmma.commit_group.sync.aligned;\n"
                "  <<//|>>wgmma.wait_group.sync.aligned 0;\n  <<//|>>bar.sync 0;\n"
                "  st.shared.b32 [%r42], %t; //!\n  wgmma.wait_group.sync.aligned 0;",
                ("data race",), **common)
    yield Fault("wgmma of one warp", prologue + "  setp.lt.u32 %p1, %t, 32;\n"
                "  <<@!%p1|@%p5>> bra E;\n".replace("@%p5", "setp.lt.u32 %p1, %t, 0; @%p1") +
                "  wgmma.fence.sync.aligned; //!\n" + multiply + " //!\n"
                "  wgmma.commit_group.sync.aligned;\n  wgmma.wait_group.sync.aligned 0; //!\nE:",
                ("deadlock|exited",), **common)


def register_faults():
    """Two warpgroups, of which the second gives registers to the first: 65536 of a block
    are 168 for each of 384 threads, in units of 8."""
    def roles(dec, inc, marks=("", "")):
        return f"""
  setp.ge.u32 %p1, %t, 256;
  @%p1 bra P;
  setmaxnreg.inc.sync.aligned.u32 {inc}; {marks[0]}
  bra E;
P:
  {dec} {marks[1]}
E:"""
    directives = {"target": "sm_90a", "block": (384, 1, 1),
                  "attributes": ".reqntid 384, 1, 1\n.minnctapersm 1"}
    yield Fault("registers that nobody gives back",
                roles("<<//|>>setmaxnreg.dec.sync.aligned.u32 40;", 232, ("//!", "")),
                ("deadlock", "setmaxnreg.inc"), **directives)
    yield Fault("more registers than are given back",
                roles("setmaxnreg.dec.sync.aligned.u32 40;", "<<240|232>>", ("//!", "")),
                ("deadlock", "setmaxnreg.inc"), **directives)
    yield Fault("setmaxnreg.dec to more registers than there are",
                roles("setmaxnreg.dec.sync.aligned.u32 <<176|40>>;", 168, ("", "//!")),
                ("to 176 registers, but .* has 168",), **directives)
    yield Fault("setmaxnreg.inc to fewer registers than there are",
                roles("setmaxnreg.dec.sync.aligned.u32 40;", "<<160|168>>", ("//!", "")),
                ("to 160 registers, but .* has 168",), **directives)
    yield Fault("setmaxnreg where ptxas ignores it",
                "  setmaxnreg.dec.sync.aligned.u32 24; //!", ("ptxas ignores it",),
                target="sm_90a", block=(128, 1, 1),
                attributes="<<.maxntid 128, 1, 1|.maxnreg 64>>")


def module_faults():
    yield Fault("unknown opcode", "  <<frobnicate|mov>>.b32 %r0, %t; //!",
                ("frobnicate",))
    yield Fault("unknown modifier", "  add<<.frob|>>.u32 %r0, %t, 1; //!", ("frob",))
    yield Fault("modifier of another instruction", "  add<<.sat|>>.u32 %r0, %t, 1; //!", ("sat",))
    yield Fault("unknown register", "  add.u32 %r0, <<%rx|%t>>, 1; //!", ("%rx",))
    yield Fault("undefined label", "  bra <<NOWHERE|E>>; //!\nE:", ("NOWHERE",))
    yield Fault("too much static shared memory", "  st.shared.b32 [%r42], %t;",
                ("shared",), shared=".shared .align 128 .b8 tile[<<300000|2048>>];\n"
                ".shared .align 8 .b64 barrier;", has_line=False)
    yield Fault("too much dynamic shared memory", "  st.shared.b32 [%r42], %t;", ("shared",),
                dynamic=(240000, 1024), has_line=False)
    yield Fault("more threads than .reqntid", "  st.global.b32 [%q1], %t;", ("reqntid|threads",),
                attributes=".reqntid <<64|32>>, 1, 1", has_line=False)
    yield Fault("more threads than .maxntid", "  st.global.b32 [%q1], %t;", ("maxntid|threads",),
                attributes=".maxntid <<16|32>>, 1, 1", has_line=False)


def all_faults():
    return [*memory_faults(), *race_faults(), *collective_faults(), *asynchronous_faults(),
            *barrier_faults(), *warpgroup_faults(), *register_faults(),
            *module_faults()]
