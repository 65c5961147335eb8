//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_CONTROLFLOW_H
#define BPT_EMULATOR_PTX_CONTROLFLOW_H

#include "bpt/Emulator/PTX/AST.h"

namespace mlir::bpt::ptx {

/// Instructions [begin, end) that run one after the other. A call ends a block:
/// the lanes of a warp may come back from it apart.
struct Block {
  unsigned begin = 0, end = 0;
  /// Blocks that may follow. The first is the one that stands behind it, if
  /// control can fall through.
  llvm::SmallVector<unsigned, 2> successors;
  bool fallsThrough = false;
};

/// The basic blocks of a function in the order of the text.
struct ControlFlow {
  explicit ControlFlow(const Function &function);

  /// The block that begins where a label stands.
  unsigned getBlock(const Function &function, unsigned label) const;

  std::vector<Block> blocks;

private:
  /// By instruction; one more for the end of the function.
  std::vector<unsigned> blockOf;
};

/// Whether control leaves a block here: jumps, returns, exits.
bool isTerminator(const Instruction &instruction);

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_CONTROLFLOW_H
