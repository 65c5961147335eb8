//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/ControlFlow.h"

using namespace mlir::bpt::ptx;

bool mlir::bpt::ptx::isTerminator(const Instruction &instruction) {
  return instruction.opcode == "bra" || instruction.opcode == "brx" ||
         instruction.opcode == "ret" || instruction.opcode == "exit" ||
         instruction.opcode == "trap" || instruction.opcode == "brkpt";
}

ControlFlow::ControlFlow(const Function &function) {
  unsigned numInstructions = function.instructions.size();
  std::vector<bool> isLeader(numInstructions + 1);
  isLeader[0] = true;
  for (const Label &label : function.labels)
    isLeader[label.instruction] = true;
  for (unsigned i = 0; i != numInstructions; ++i)
    if (isTerminator(function.instructions[i]) ||
        function.instructions[i].opcode == "call")
      isLeader[i + 1] = true;

  // The end of the function is a block without instructions, so that a label
  // may stand there and control may run off it, which is a return.
  isLeader[numInstructions] = true;
  for (unsigned i = 0; i <= numInstructions; ++i) {
    if (isLeader[i])
      blocks.emplace_back().begin = i;
    blockOf.push_back(blocks.size() - 1);
    blocks.back().end = std::min(i + 1, numInstructions);
  }

  for (unsigned i = 0, e = blocks.size(); i != e; ++i) {
    Block &block = blocks[i];
    const Instruction *last = block.begin == block.end
                                  ? nullptr
                                  : &function.instructions[block.end - 1];
    bool jumps = last && isTerminator(*last);
    block.fallsThrough = i + 1 != e && (!jumps || last->guard >= 0);
    if (block.fallsThrough)
      block.successors.push_back(i + 1);
    if (!jumps)
      continue;
    if (last->opcode == "bra")
      block.successors.push_back(getBlock(function, last->operands[0].index));
    if (last->opcode == "brx")
      for (unsigned label : function.tables[last->operands[1].index].labels)
        block.successors.push_back(getBlock(function, label));
  }
}

unsigned ControlFlow::getBlock(const Function &function, unsigned label) const {
  return blockOf[function.labels[label].instruction];
}
