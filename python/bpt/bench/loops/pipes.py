"""Which pipe executes an instruction, and for how long: docs/gpu-counters.md, "From
the disassembly"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bpt.bench.loops.disassembly import Instruction

WARP_SIZE = 32
WARPS_OF_A_GROUP = 4
PARTITIONS = 4


@dataclass(frozen=True)
class Rates:
    """Of a multiprocessor and a cycle, as CounterModel.cpp has them: instructions of
    warps, operations of dense 16-bit products, bytes."""

    gpu: str
    float32: float
    tensor: float
    issue: float = 4
    alu: float = 2
    special: float = 0.5
    shared: float = 128
    global_memory: float = 128


A100 = Rates("A100 SXM", float32=2, tensor=2048)
H100 = Rates("H100 SXM", float32=4, tensor=4096)


def find_rates(chip: str) -> Rates | None:
    """A100 for chips before sm_90, H100 for sm_90; none for later ones."""
    found = re.fullmatch(r"sm_(\d+)\d[a-z]?", chip)
    if not found or int(found[1]) > 9:
        return None
    return H100 if int(found[1]) == 9 else A100


# In the order of the table.
CLASSES = ("tensor", "fma", "alu", "conversion", "xu", "memory", "uniform", "barrier", "control", "other")

TENSOR = re.compile(r"[HIQ]G?MMA$")
# HGMMA.64x128x16, and HMMA.16816, HMMA.1688 and IMMA.8816.
SIZES = re.compile(r"(?:(\d+)x(\d+)x(\d+)|(16|8)(8)(\d+))\b")
COPIES = {"LDGSTS", "UBLKCP", "UTMALDG"}

# What is in none is uniform if it starts with U, and else counted as other.
_NAMES = {
    "fma": "FADD FMUL FFMA FADD32I FMUL32I FFMA32I FSWZADD IMAD IMAD32I IMUL IDP HADD2 HMUL2 HFMA2",
    "alu": "IADD IADD3 IADD32I LOP LOP3 LOP32I SHF SHL SHR LEA ISETP ISET FSETP FSET FMNMX FMNMX3 IMNMX VIMNMX "
    "VIMNMX3 VIADD VIADDMNMX VABSDIFF SEL FSEL PRMT BMSK SGXT FCHK PLOP3 PSETP MOV MOV32I P2R R2P ISCADD IABS "
    "HMNMX2 HSETP2 HSET2 VOTE",
    "conversion": "F2FP F2F F2I F2IP I2F I2FP I2I I2IP FRND",
    "xu": "MUFU POPC FLO BREV",
    "memory": "LD LDG LDS LDSM LDL ST STG STS STSM STL LDGSTS ATOM ATOMG ATOMS RED SHFL MOVM UBLKCP UBLKPF UBLKRED "
    "UTMALDG UTMASTG UTMAPF UTMAREDG UTMACCTL CCTL CCTLL",
    "uniform": "R2UR S2UR VOTEU REDUX",
    "barrier": "SYNCS WARPSYNC WARPGROUP DEPBAR LDGDEPBAR BAR B2R MEMBAR FENCE ERRBAR ARRIVES ENDCOLLECTIVE "
    "UCGABAR_ARV UCGABAR_WAIT UTMACMDFLUSH USETMAXREG ACQBULK WARPGROUPSET",
    "control": "BRA BRX BRXU JMP JMX JMXU BSSY BSYNC BREAK BMOV CALL RET EXIT YIELD NANOSLEEP KILL BPT",
}
_CLASS_OF = {name: kind for kind, names in _NAMES.items() for name in names.split()}


def classify(instruction: Instruction) -> str:
    name = instruction.name
    # ptxas writes loads that no lane executes, to wait for others.
    if instruction.guard == "!PT":
        return "other"
    if TENSOR.match(name):
        return "tensor"
    if kind := _CLASS_OF.get(name):
        return kind
    return "uniform" if name.startswith("U") else "other"


def is_group_product(instruction: Instruction) -> bool:
    """A product that four warps start, and that runs by itself (wgmma)."""
    return bool(re.match(r"[HIQ]GMMA$", instruction.name))


def tensor_operations(instruction: Instruction) -> float:
    """2·m·n·k of a product, in the time of 16-bit ones, of which twice as many 8-bit
    and half as many tf32 ones run."""
    if not TENSOR.match(instruction.name):
        return 0
    modifiers = instruction.opcode.split(".")[1:]
    if not (sizes := SIZES.match(".".join(modifiers))):
        return 0
    m, n, k = map(int, filter(None, sizes.groups()))
    scale = 2 if "TF32" in modifiers else 1 if instruction.name[0] == "H" else 0.5
    return 2 * m * n * k * scale


def product_shared_bytes(instruction: Instruction) -> float:
    """What a product of four warps reads from shared memory. A row of 16 terms of 16
    bits, or as many bytes of other types, is 32 bytes."""
    if not is_group_product(instruction):
        return 0
    m, n = map(int, instruction.opcode.split(".")[1].split("x")[:2])
    # The left operand is in registers (`R24, R4, gdesc[UR8]`) or with the right one.
    sources = [operand.strip() for operand in instruction.operands.split(",")[1:]]
    left_is_shared = bool(sources) and sources[0].startswith("gdesc")
    return 32 * (n + (m if left_is_shared else 0))


def _lane_bytes(instruction: Instruction) -> int:
    for modifier in instruction.opcode.split(".")[1:]:
        if modifier in ("64", "128"):
            return int(modifier) // 8
        if modifier in ("U8", "S8", "U16", "S16"):
            return int(modifier[1:]) // 8
    return 4


def _shared_bytes(instruction: Instruction) -> float:
    """What an instruction of a warp moves through shared memory, all lanes taking
    part; a shuffle goes the same way. What copies of blocks (TMA) write is in
    descriptors, and not counted."""
    if instruction.name in ("LDSM", "STSM"):
        matrices = re.search(r"88\.(\d)$", instruction.opcode)
        return 128 * int(matrices[1] if matrices else 1)
    if instruction.name in ("LDS", "STS", "LDGSTS", "ATOMS", "SHFL"):
        return WARP_SIZE * _lane_bytes(instruction)
    return 0


def _global_bytes(instruction: Instruction) -> float:
    if instruction.name in ("LD", "LDG", "LDL", "ST", "STG", "STL", "LDGSTS", "ATOM", "ATOMG", "RED"):
        return WARP_SIZE * _lane_bytes(instruction)
    return 0


# Conversions to narrow floats, and from integers, share the alu; others are xu's.
_ALU_CONVERSIONS = {"F2FP", "I2FP", "I2IP", "F2IP"}
# A multiplier of integers is in half of the lanes of H100, and in all of A100.
_INTEGER_FMA = {"IMAD", "IMAD32I", "IMUL", "IDP"}
_INTEGER_FMA_RATE = 2

PIPES = ("tensor", "fma", "alu", "xu", "shared memory", "global memory", "issue")


def cycles(instructions: Iterable[Instruction], rates: Rates) -> dict[str, float]:
    """What each pipe needs for one warp, in cycles of a quarter of a multiprocessor
    (its *sub-partition*); a product of four warps is a quarter each."""
    work = dict.fromkeys(PIPES, 0.0)
    integer_fma = 0.0
    for instruction in instructions:
        kind = classify(instruction)
        name = instruction.name
        work["issue"] += 1 / rates.issue
        if kind == "tensor":
            share = 1 / WARPS_OF_A_GROUP if is_group_product(instruction) else 1
            work["tensor"] += share * tensor_operations(instruction) / rates.tensor
            work["shared memory"] += share * product_shared_bytes(instruction) / rates.shared
        elif kind == "fma":
            work["fma"] += 1 / rates.float32
            integer_fma += (name in _INTEGER_FMA) / _INTEGER_FMA_RATE
        elif kind == "alu" or (kind == "conversion" and name in _ALU_CONVERSIONS):
            work["alu"] += 1 / rates.alu
        elif kind in ("xu", "conversion"):
            work["xu"] += 1 / rates.special
        elif kind == "memory":
            work["shared memory"] += _shared_bytes(instruction) / rates.shared
            work["global memory"] += _global_bytes(instruction) / rates.global_memory
    work["fma"] = max(work["fma"], integer_fma)
    return {pipe: amount * PARTITIONS for pipe, amount in work.items()}
