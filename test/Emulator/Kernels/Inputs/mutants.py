"""Seeded bugs: edits of the kernels' PTX that a programmer could have made."""

import dataclasses
import re


@dataclasses.dataclass
class Edit:
    """Replaces the matches of a pattern, or the one with number `which` (from the end if
    negative); must apply."""

    pattern: str
    replacement: str
    which: int = None

    def apply(self, text):
        matches = list(re.finditer(self.pattern, text, re.M))
        if not matches:
            raise ValueError(f"no match of '{self.pattern}'")
        chosen = matches if self.which is None else [matches[self.which]]
        for match in reversed(chosen):
            text = text[:match.start()] + match.expand(self.replacement) + text[match.end():]
        return text


@dataclasses.dataclass
class Mutant:
    kernel: str
    name: str
    edits: tuple

    def apply(self, text):
        for edit in self.edits:
            mutated = edit.apply(text)
            assert mutated != text, self.name
            text = mutated
        return text


def mutant(kernel, name, *edit, **options):
    return Mutant(kernel, name, (Edit(*edit, **options),))


def drop(kernel, name, pattern, which=None):
    return mutant(kernel, name, r"^\s*(?:@!?%p\d+ )?" + pattern + r"[^;]*;$", "", which=which)


BARRIER = r"bar\.sync\s+0"
LDMATRIX = r"ldmatrix\.sync\.aligned\.m8n8\.x4\."
MMA = r"(mma\.sync\S+ \{[^}]*\}), "
REGISTERS4 = r"\{([^,]*), ([^,]*), ([^,]*), ([^}]*)\}"
WAIT = r"@!done bra AGAIN;"
TMA = r"cp\.async\.bulk\.tensor\.2d\.shared"

MUTANTS = [
    drop("reduce", "no barrier before the partial sums are read", BARRIER),
    mutant("reduce", "membermask of half a warp", r"(mov\.u32\s+%r14, )-1;", r"\g<1>65535;"),
    mutant("reduce", "one shuffle step twice as far", r"(mov\.u32\s+%r17, )8;", r"\g<1>16;"),
    mutant("reduce", "loop bound one too large", r"setp\.lt\.s32(\s+%p2, )%r52, (%r\d+)",
           r"setp.le.s32\1%r52, \2"),
    mutant("reduce", "one partial sum too few", r"(setp\.gt\.u32\s+%p10, %r8, )7", r"\g<1>6"),
    mutant("reduce", "one partial sum too many", r"(setp\.gt\.u32\s+%p10, %r8, )7", r"\g<1>8"),
    mutant("reduce", "sum of the blocks by a plain load and store",
           r"atom\.global\.add\.f32\s+(%f\d+), (\[%rd6\]), (%f\d+);",
           r"ld.global.f32 \1, \2; add.f32 \1, \1, \3; st.global.f32 \2, \1;"),

    mutant("matmul", "weak cp.async wait", r"cp\.async\.wait_group 1;", "cp.async.wait_group 2;"),
    drop("matmul", "no cp.async wait", r"cp\.async\.wait_group"),
    drop("matmul", "no commit in the loop", r"cp\.async\.commit_group", -1),
    drop("matmul", "no commit of the first stage", r"cp\.async\.commit_group", 0),
    drop("matmul", "no barrier in the loop", BARRIER),
    Mutant("matmul", "barrier before the wait instead of after it",
           (Edit(r"(cp\.async\.wait_group 1;)([\s\S]*?)(bar\.sync\s+0;)", r"\3\2\1"),)),
    mutant("matmul", "two registers of an A fragment swapped", MMA + REGISTERS4,
           r"\1, {\2, \4, \3, \5}", which=0),
    mutant("matmul", "registers of a B fragment swapped",
           r"(mma\.sync\S+ \{[^}]*\}, \{[^}]*\}), \{([^,]*), ([^}]*)\}", r"\1, {\3, \2}", which=5),
    mutant("matmul", "B not transposed", LDMATRIX + "trans",
           "ldmatrix.sync.aligned.m8n8.x4", which=0),
    mutant("matmul", "A transposed", LDMATRIX + "shared",
           "ldmatrix.sync.aligned.m8n8.x4.trans.shared", which=2),
    mutant("matmul", "rows of the swizzle counted from the wrong bit",
           r"(and\.b32\s+%r\d+, %r\d+, )7;", r"\g<1>3;", which=0),
    mutant("matmul", "source of a copy shifted by 8 bytes",
           r"(cp\.async\.cg\.shared\.global \[%r\d+\], \[%rd\d+)\]", r"\1+8]", which=1),
    mutant("matmul", "copy of 16 bytes from a source of 8",
           r"(cp\.async\.cg\.shared\.global \[%r\d+\], \[%rd\d+\], 16);", r"\1, 8;", which=0),
    mutant("matmul", "one step in k too many", r"setp\.lt\.s32(\s+%p12, )", r"setp.le.s32\1"),
    mutant("matmul", "result one row too low", r"(st\.global\.v2\.f32\s+\[%rd\d+)\],", r"\1+512],",
           which=0),
    mutant("matmul", "results of two columns swapped",
           r"(st\.global\.v2\.f32\s+\[%rd\d+\+32\], )\{(%f\d+), (%f\d+)\}", r"\1{\3, \2}", which=0),
    mutant("matmul", "result stored at a misaligned address",
           r"(st\.global\.v2\.f32\s+\[%rd\d+)\+64\]", r"\1+60]", which=0),

    drop("flash", "no barrier after the wait", BARRIER, 0),
    drop("flash", "no barrier before a stage is loaded again", BARRIER, 1),
    mutant("flash", "weak wait for keys and values", r"cp\.async\.wait_group 1;",
           "cp.async.wait_group 2;"),
    drop("flash", "no wait for the last block", r"cp\.async\.wait_group 0"),
    mutant("flash", "row maximum over the wrong lanes",
           r"(shfl\.sync\.bfly\.b32\s+%r810\|%p35, %r807, )%r806", r"\g<1>4"),
    mutant("flash", "membermask of half a warp",
           r"(shfl\.sync\.bfly\.b32\s+%r815\|%p37, %r814, %r806, %r808, )%r809", r"\g<1>65535"),
    drop("flash", "one rescaling of the output left out", r"mul\.f32\s+%f\d+, %f902,", 2),
    drop("flash", "no final division of one element", r"div\.rn\.f32", 3),
    mutant("flash", "keys loaded transposed", LDMATRIX + "shared",
           "ldmatrix.sync.aligned.m8n8.x4.trans.shared", which=6),
    mutant("flash", "values not transposed", LDMATRIX + "trans", "ldmatrix.sync.aligned.m8n8.x4",
           which=0),
    mutant("flash", "weights packed in the wrong order",
           r"(cvt\.rn\.bf16x2\.f32\s+%r\d+), ([^,]+), ([^;]+);", r"\1, \3, \2;", which=0),
    mutant("flash", "causal mask off by one", r"setp\.gt\.s32(\s+%p\d+, %r\d+, %r\d+;)",
           r"setp.ge.s32\1", which=3),
    mutant("flash", "mask on all blocks but the last", r"setp\.ne\.s32(\s+%p13, )", r"setp.eq.s32\1"),
    mutant("flash", "one block of keys too few", r"(add\.s32\s+%r884, %r2, )1;", r"\g<1>0;"),
    mutant("flash", "one block of keys too many", r"(add\.s32\s+%r884, %r2, )1;", r"\g<1>2;"),

    mutant("gemm", "producer does not wait for a free stage", WAIT, "", which=1),
    mutant("gemm", "consumer does not wait for a full stage", WAIT, "", which=0),
    mutant("gemm", "producer waits for the wrong phase", r"not\.b32(\s+%r148, )", r"mov.b32\1"),
    mutant("gemm", "consumer waits for the wrong phase", r"(and\.b32\s+%r35, )%r42, 1;",
           r"\1%r42, 1; xor.b32 %r35, %r35, 1;"),
    mutant("gemm", "weak wgmma wait before the release", r"wgmma\.wait_group\.sync\.aligned 1;",
           "wgmma.wait_group.sync.aligned 2;"),
    drop("gemm", "no wgmma wait before the release", r"wgmma\.wait_group\.sync\.aligned 1"),
    mutant("gemm", "stage released one step early", r"(add\.s32\s+%r\d+, %r158, )-1;", r"\g<1>0;"),
    drop("gemm", "no wgmma wait before the result", r"wgmma\.wait_group\.sync\.aligned 0"),
    drop("gemm", "no wgmma commit", r"wgmma\.commit_group"),
    drop("gemm", "no wgmma fence", r"wgmma\.fence"),
    mutant("gemm", "free stages count one consumer", r"(mov\.u32\s+%r\d+, )2;(?=\s+//|\s*\n)",
           r"\g<1>1;", which=0),
    drop("gemm", "stages are never released", r"mbarrier\.arrive\.shared::cta\.b64 _"),
    drop("gemm", "no barrier after the mbarriers are initialised", BARRIER),
    mutant("gemm", "expects too few bytes", r"(mov\.u32\s+%r138, )24576", r"\g<1>16384"),
    mutant("gemm", "expects too many bytes", r"(mov\.u32\s+%r138, )24576", r"\g<1>32768"),
    mutant("gemm", "descriptor: half the stride of 8 rows", r", 4611686293305360384;",
           f", {1 << 62 | 32 << 32 | 1 << 16};"),
    mutant("gemm", "descriptor: swizzle of 64 bytes", r", 4611686293305360384;",
           f", {(2 << 62 | 64 << 32 | 1 << 16) - 2**64};"),
    mutant("gemm", "descriptor: no swizzle", r", 4611686293305360384;",
           f", {64 << 32 | 1 << 16};"),
    mutant("gemm", "one step in k within the tile repeated", r"(add\.s32\s+%r\d+, %r52, )16416;",
           r"\g<1>16384;"),
    mutant("gemm", "A negated in one product", r"p, 1, 1, 0, 0;", "p, -1, 1, 0, 0;", which=2),
    mutant("gemm", "first product adds to what is in the registers",
           r"setp\.ne\.b32 p, %r158, 0;", "setp.eq.b32 p, %r158, %r158;"),
    mutant("gemm", "tile loaded 64 columns further", r"(" + TMA + r"[^{]*\{)(%r\d+), ",
           r"\g<1>%r6, ", which=0),
    mutant("gemm", "coordinates of a load swapped", r"(" + TMA + r"[^{]*\{)(%r\d+), (%r\d+)\}",
           r"\1\3, \2}", which=1),
    mutant("gemm", "load to a misaligned stage", r"(" + TMA + r"\S+ \[%r\d+)\]", r"\1+64]",
           which=1),
    drop("gemm", "no fence.proxy.async before the result leaves", r"fence\.proxy\.async"),
    drop("gemm", "no barrier before the result leaves", r"bar\.sync %r\d+, 128"),
    mutant("gemm", "barrier of too few threads", r"(bar\.sync %r\d+, )128;", r"\g<1>96;"),
    drop("gemm", "no wait for the result's copy", r"cp\.async\.bulk\.wait_group 0"),
    mutant("gemm", "result stored 64 rows too far", r"(add\.s32\s+%r121, %r127, )-64;",
           r"\g<1>0;"),
]
