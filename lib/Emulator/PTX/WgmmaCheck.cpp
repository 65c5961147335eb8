//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/WgmmaCheck.h"
#include "bpt/Emulator/PTX/ControlFlow.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <deque>

using namespace mlir::bpt::ptx;

namespace {
/// A register in use by a product.
struct InFlight {
  /// How many groups have been committed since the product's own; -1 before
  /// that is committed. Of several paths the least, which waits the longest.
  int age = -1;
  /// The product, for the message.
  const Instruction *product = nullptr;

  bool operator==(const InFlight &other) const { return age == other.age; }
};

/// The registers in flight at some point of the program.
using State = llvm::DenseMap<unsigned, InFlight>;
} // namespace

/// wait_group takes at most 7, so older groups are all alike.
static constexpr int kMaxAge = 8;

static bool isWgmma(const Instruction &instruction, llvm::StringRef op) {
  return instruction.opcode == "wgmma" && instruction.get("op") == op;
}

static void
forEachRegister(const Operand &operand,
                llvm::function_ref<void(const Operand &)> callback) {
  if (operand.is(Operand::Kind::Register))
    callback(operand);
  for (const Operand &element : operand.elements)
    forEachRegister(element, callback);
}

static bool isCopy(const Instruction &instruction) {
  return instruction.opcode == "mov" && instruction.guard < 0 &&
         instruction.operands[0].is(Operand::Kind::Register) &&
         instruction.operands[1].is(Operand::Kind::Register);
}

/// What an instruction makes of the state.
static void transfer(const Instruction &instruction, State &state) {
  if (isWgmma(instruction, "mma_async")) {
    for (unsigned i : {0, 1})
      forEachRegister(instruction.operands[i], [&](const Operand &operand) {
        // A descriptor is read at once.
        if (i == 0 || instruction.operands[1].is(Operand::Kind::List))
          state[operand.index] = {-1, &instruction};
      });
  } else if (isWgmma(instruction, "commit_group")) {
    for (auto &entry : state)
      entry.second.age = std::min(entry.second.age + 1, kMaxAge);
  } else if (isWgmma(instruction, "wait_group")) {
    int pending = instruction.operands[0].value;
    for (auto it = state.begin(), end = state.end(); it != end;) {
      auto current = it++;
      if (current->second.age >= pending)
        state.erase(current);
    }
  } else if (isCopy(instruction)) {
    auto source = state.find(instruction.operands[1].index);
    if (source == state.end()) {
      state.erase(instruction.operands[0].index);
    } else {
      InFlight copied = source->second;
      state[instruction.operands[0].index] = copied;
    }
  }
}

/// Adds what is in flight on another path; returns whether that is news.
static bool join(State &state, const State &other) {
  bool changed = false;
  for (const auto &[reg, inFlight] : other) {
    auto [entry, isNew] = state.try_emplace(reg, inFlight);
    if (isNew) {
      changed = true;
    } else if (inFlight.age < entry->second.age) {
      entry->second = inFlight;
      changed = true;
    }
  }
  return changed;
}

/// Complains about a register that is in flight and that this instruction may
/// not touch.
static llvm::Error check(const Module &module, const Function &function,
                         const Instruction &instruction, const State &state) {
  if (state.empty())
    return llvm::Error::success();
  const Operand *touched = nullptr;
  bool isProduct = isWgmma(instruction, "mma_async");
  for (auto [i, operand] : llvm::enumerate(instruction.operands)) {
    if (isProduct && i < 2)
      continue;
    if (isCopy(instruction) && i == 1)
      continue;
    forEachRegister(operand, [&](const Operand &part) {
      if (!touched && state.count(part.index))
        touched = &part;
    });
  }
  // A copy onto a register in flight gives it a new value only if the source
  // is another one's.
  if (touched && isCopy(instruction) &&
      state.count(instruction.operands[1].index))
    return llvm::Error::success();
  if (!touched)
    return llvm::Error::success();
  const InFlight &inFlight = state.find(touched->index)->second;
  return module.source->error(
      touched->loc,
      "register '" + function.registers[touched->index].name +
          "' is in use by the wgmma.mma_async of line " +
          llvm::Twine(module.source->getLine(inFlight.product->loc)) +
          (inFlight.age < 0
               ? "; commit its group and wait for it first"
               : "; a wgmma.wait_group of at most " +
                     llvm::Twine(inFlight.age) + " must come first"));
}

llvm::Error mlir::bpt::ptx::checkWgmmaRegisters(const Module &module,
                                                const Function &function) {
  bool hasProducts =
      llvm::any_of(function.instructions, [](const Instruction &instruction) {
        return isWgmma(instruction, "mma_async");
      });
  if (!hasProducts)
    return llvm::Error::success();

  ControlFlow flow(function);
  std::vector<State> entryStates(flow.blocks.size());
  std::vector<bool> isReached(flow.blocks.size());
  std::deque<unsigned> worklist{0};
  isReached[0] = true;
  while (!worklist.empty()) {
    const Block &block = flow.blocks[worklist.front()];
    State state = entryStates[worklist.front()];
    worklist.pop_front();
    for (unsigned i = block.begin; i != block.end; ++i)
      transfer(function.instructions[i], state);
    for (unsigned successor : block.successors) {
      bool changed = join(entryStates[successor], state);
      if (changed || !isReached[successor])
        worklist.push_back(successor);
      isReached[successor] = true;
    }
  }

  for (auto [block, entry] : llvm::zip(flow.blocks, entryStates)) {
    State state = entry;
    for (unsigned i = block.begin; i != block.end; ++i) {
      const Instruction &instruction = function.instructions[i];
      if (llvm::Error error = check(module, function, instruction, state))
        return error;
      transfer(instruction, state);
    }
  }
  return llvm::Error::success();
}
