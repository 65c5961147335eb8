"""Seeds bugs in what the hardware copies for attention on sm_90a, as it is compiled; the
emulator must notice each.

    tensor_map_mutants.py [--emulator=bpt-emulate] [--filter=REGEX] [--quiet]

Prints what caught each; exit code 1 if one was not caught, or if the kernel itself is.
"""

import copy
from dataclasses import dataclass

import numpy as np

from hopper_mutants import Case, Mutant, WholeKernel, check_mutants, drop
from tile_kernel import check_run, from_bits, to_bits

ROWS, KEYS, HEADS, DIM = 128, 300, 2, 128
# Ten tiles in four buffers of each ring, two panels each.
STRATEGY = """
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_attention(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @block(%op: !transform.any_op {transform.readonly}) {
    %strategy = transform.param.constant #bpt.strategy<rows = 128, keys = 32, heads = 1> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    %schedule = transform.param.constant #bpt_tile.schedule<persistent = true> -> !transform.any_param
    transform.annotate %op "bpt_tile.schedule" = %schedule : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %annotated = transform.foreach_match in %module
        @is_attention -> @block : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
"""


def compile_kernel():
    """Attention of both heads, in one block."""
    model = check_run(["bpt-gen", "attention", f"--seq={ROWS}", f"--kv-seq={KEYS}", "--dtype=bf16",
                       f"--heads={HEADS}", f"--embed={HEADS * DIM}"])  # fmt: skip
    return WholeKernel(model, STRATEGY)


class WholeCase(Case):
    """Both heads, whose tensors maps describe: one block takes one after the other."""

    def __init__(self):
        rng = np.random.default_rng(7)
        q, k, v = (
            to_bits(rng.standard_normal((1, rows, HEADS, DIM)), "bf16")
            for rows in (ROWS, KEYS, KEYS)
        )
        values = [from_bits(x, "bf16")[0].transpose(1, 0, 2) for x in (q, k, v)]
        scores = np.exp(values[0] @ values[1].transpose(0, 2, 1) / np.sqrt(DIM))
        expected = scores / scores.sum(axis=2, keepdims=True) @ values[2]
        self.expected = expected.transpose(1, 0, 2)
        self.args = [np.full_like(q, 0x7FFF), q, k, v, f"i64:{HEADS}"]
        self.output = 0
        # The fields of maps, which a mutant may change.
        self.maps = [self.describe(1, ROWS, 128), self.describe(2, KEYS, 32),
                     self.describe(3, KEYS, 32)]  # fmt: skip

    @staticmethod
    def describe(argument, rows, box_rows):
        row = HEADS * DIM * 2
        return (f"map:{argument};type=bf16;dims={DIM}x{rows}x{HEADS}x1;"
                f"strides={row}x{DIM * 2}x{rows * row};box=64x{box_rows}x1x1;swizzle=128")  # fmt: skip

    def list_args(self):
        return [*self.args, *self.maps]


@dataclass
class MapMutant:
    """A tensor map that says something else."""

    name: str
    number: int
    said: str
    changed: str

    def seed(self, text, case):
        mutated = copy.copy(case)
        mutated.maps = list(case.maps)
        mutated.maps[self.number] = case.maps[self.number].replace(self.said, self.changed)
        assert mutated.maps != case.maps, self.name
        return text, mutated


COPY = r"(cp\.async\.bulk\.tensor\.4d\S+ \[%rd\d+\], \[%rd\d+, )\{(%r\d+), (%r\d+), (%r\d+), (%r\d+)\}"
EXPECT = r"(mbarrier\.arrive\.expect_tx\.shared\.b64 %rd\d+, \[\S+\], )(%r\d+);"
TRY_WAIT = r"(mbarrier\.try_wait\.parity\.shared\.b64 P1, \[%r\d+\], )(%r\d+|\d)(, 10000000;)"
WAITED = r"@P1 bra\.uni DONE;"
# The copies of the text: two panels of queries, then of keys and values in a loop, then of
# the last keys and values. Its waits are in the same order.
KEYS_COPY, VALUES_COPY, LATER_KEYS = 2, 4, 6
REFILL_QUERIES, REFILL_KEYS, REFILL_VALUES = 0, 1, 2
# Releases: of the first keys, in the loop, of the loop's last values, of the last keys.
QUERIES = 5

MUTANTS = [
    # What is copied, and where to.
    drop("the second panel of queries is not copied", r"cp\.async\.bulk\.tensor", 1),
    drop("the first panel of a tile of keys is not copied", r"cp\.async\.bulk\.tensor", LATER_KEYS),
    Mutant("rows and heads change places", COPY, r"\1{\2, \4, \3, \5}", KEYS_COPY),
    Mutant("the columns are those of the panel before", COPY, r"\1{\5, \3, \4, \5}", KEYS_COPY + 1),
    Mutant("values of the first keys are copied again", COPY, r"\1{\2, \5, \4, \5}", LATER_KEYS + 2),
    Mutant("a panel is copied over the one before", r"add\.s64 (\s*%rd\d+, %rd\d+), 37888;",
           r"add.s64 \1, 33792;"),
    Mutant("all threads that copy start copies",
           r"(setmaxnreg\.dec[^;]*;\s*setp\.ne\.b32\s+%p\d+, )%r\d+, \d+;", r"\1%r1, %r1;"),
    # Barriers.
    Mutant("fewer bytes are expected than come", r"mov\.b32(\s+%r\d+), 8192;", r"mov.b32\1, 8176;"),
    Mutant("more bytes are expected than come", r"mov\.b32(\s+%r\d+), 8192;", r"mov.b32\1, 8208;"),
    drop("bytes are not expected", r"mbarrier\.arrive\.expect_tx", 1),
    Mutant("it is said that a tile is there, without its bytes", EXPECT,
           r"mbarrier.arrive.shared.b64 _, [bpt_shared_memory+66560];", 1),
    Mutant("a buffer of keys is filled before it is free", WAITED, "bra.uni DONE;", REFILL_KEYS),
    Mutant("a buffer of values is filled before it is free", WAITED, "bra.uni DONE;",
           REFILL_VALUES),
    Mutant("the first buffer is waited for though it is free", TRY_WAIT, r"\g<1>0\3", REFILL_KEYS),
    Mutant("keys are released in the wrong buffer", r"(mbarrier\.arrive\.shared\.b64\s+%rd\d+, )\[[^\]]*\]",
           r"\1[bpt_shared_memory+66592]", 1),
    # From one head to the next.
    Mutant("queries are filled before they are free", WAITED, "bra.uni DONE;", REFILL_QUERIES),
    drop("queries are not released", r"mbarrier\.arrive\.shared", QUERIES),
    Mutant("warps that copy count tiles of one head only", r"(add\.s32\s+%r\d+, %r\d+, )10;",
           r"\g<1>0;", 0),
    Mutant("warps that compute count tiles of one head only", r"(add\.s32\s+%r\d+, %r\d+, )10;",
           r"\g<1>0;", 1),
    # The host's descriptions.
    MapMutant("keys are not swizzled", 1, "swizzle=128", "swizzle=0"),
    MapMutant("there is a key more", 1, f"dims={DIM}x{KEYS}x", f"dims={DIM}x{KEYS + 1}x"),
    MapMutant("rows of values are further apart", 2, f"strides={2 * HEADS * DIM}x",
              f"strides={2 * HEADS * DIM + 16}x"),
    MapMutant("the box of values has half the rows", 2, "box=64x32", "box=64x16"),
    # Registers.
    Mutant("more registers are taken than there are", r"(setmaxnreg\.inc\S+\s+)240;",
           r"\g<1>248;"),
]  # fmt: skip


if __name__ == "__main__":
    check_mutants(__doc__, compile_kernel, WholeCase, MUTANTS)
