"""Loops of a kernel, from its branches."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bpt.bench.loops.disassembly import Function, Instruction

# What goes on elsewhere. Others name labels too (BSSY, CALL), and go on behind
# themselves.
BRANCHES = {"BRA", "BRX", "BRXU", "JMP", "JMX", "JMXU"}
ENDS = {"EXIT", "RET"}
# A branch of these forms may not be taken.
CONDITIONAL = re.compile(r"\.(DIV|CONV|U)\b|^!?U?P\d")

# Work that counts most, work that counts next, and instructions: fewer are better.
Weight = tuple[float, float, int]
Weigh = Callable[[Instruction], tuple[float, float]]


def weigh_all(instructions: list[Instruction], weigh: Weigh) -> Weight:
    weights = list(map(weigh, instructions))
    return sum(first for first, _ in weights), sum(second for _, second in weights), -len(weights)


def add(left: Weight, right: Weight) -> Weight:
    return left[0] + right[0], left[1] + right[1], left[2] + right[2]


@dataclass
class Block:
    """Instructions without a branch between them."""

    begin: int
    end: int
    successors: list[int]


@dataclass
class Loop:
    header: int
    blocks: set[int]

    def contains(self, other: Loop) -> bool:
        return self.header != other.header and other.blocks <= self.blocks


class Flow:
    """The control-flow graph of a function, and its loops."""

    def __init__(self, function: Function):
        self.instructions = function.instructions
        self.blocks = _make_blocks(function)
        self.loops = self._find_loops()

    def instructions_of(self, loop: Loop) -> list[Instruction]:
        return [instruction for block in sorted(loop.blocks) for instruction in self._body(block)]

    def iteration(self, loop: Loop, weigh: Weigh) -> list[Instruction]:
        """The instructions of one iteration, on the way through the loop that weighs
        most, and of those the shortest: without what only some iterations do (masks),
        without waiting, and once through loops in it."""
        # Of every block the weight from it to the end, and the block after it.
        best: dict[int, tuple[Weight, int | None]] = {}
        for block in self._postorder(loop.header, loop.blocks):
            ways: list[tuple[Weight, int | None]] = []
            for successor in self.blocks[block].successors:
                if successor == loop.header:
                    ways.append(((0.0, 0, 0), None))
                elif successor in best:
                    ways.append((best[successor][0], successor))
            if ways:
                weight, following = max(ways, key=lambda way: way[0])
                best[block] = add(weight, weigh_all(self._body(block), weigh)), following
        path: list[Instruction] = []
        at: int | None = loop.header
        while at is not None:
            path += self._body(at)
            at = best[at][1]
        return path

    def _body(self, block: int) -> list[Instruction]:
        return self.instructions[self.blocks[block].begin : self.blocks[block].end]

    def _postorder(self, root: int, within: set[int]) -> list[int]:
        order: list[int] = []
        seen = {root}
        stack = [(root, iter(self.blocks[root].successors))]
        while stack:
            block, successors = stack[-1]
            for successor in successors:
                if successor in within and successor not in seen:
                    seen.add(successor)
                    stack.append((successor, iter(self.blocks[successor].successors)))
                    break
            else:
                order.append(block)
                stack.pop()
        return order

    def _find_loops(self) -> list[Loop]:
        """Natural loops: a branch back goes to a block that lies on every way to it."""
        if not self.blocks:
            return []
        order = self._postorder(0, set(range(len(self.blocks))))[::-1]
        predecessors: dict[int, list[int]] = {block: [] for block in order}
        for block in order:
            for successor in self.blocks[block].successors:
                predecessors[successor].append(block)
        dominators = {block: set(order) for block in order}
        dominators[0] = {0}
        changed = True
        while changed:
            changed = False
            for block in order[1:]:
                new = set.intersection(*(dominators[p] for p in predecessors[block])) | {block}
                if new != dominators[block]:
                    dominators[block], changed = new, True
        loops: dict[int, Loop] = {}
        for block in order:
            for header in self.blocks[block].successors:
                if header not in dominators[block]:
                    continue
                loop = loops.setdefault(header, Loop(header, {header}))
                work = [block]
                while work:
                    member = work.pop()
                    if member not in loop.blocks:
                        loop.blocks.add(member)
                        work += predecessors[member]
        return list(loops.values())


def _make_blocks(function: Function) -> list[Block]:
    instructions = function.instructions
    starts = {0, *function.labels.values()}
    starts |= {n + 1 for n, i in enumerate(instructions) if i.name in BRANCHES | ENDS}
    begins = sorted(start for start in starts if start < len(instructions))
    numbers = {begin: number for number, begin in enumerate(begins)}
    blocks = []
    for begin, end in zip(begins, [*begins[1:], len(instructions)]):
        last = instructions[end - 1]
        following = []
        if last.name in BRANCHES:
            for label in re.findall(r"[.$\w]+", last.operands):
                target = function.labels.get(label)
                if target in numbers and numbers[target] not in following:
                    following.append(numbers[target])
        if _goes_on(last) and end in numbers and numbers[end] not in following:
            following.append(numbers[end])
        blocks.append(Block(begin, end, following))
    return blocks


def _goes_on(last: Instruction) -> bool:
    """Whether the next instruction may follow."""
    if last.name not in BRANCHES | ENDS:
        return True
    return bool(last.guard or CONDITIONAL.search(last.opcode) or CONDITIONAL.match(last.operands))
