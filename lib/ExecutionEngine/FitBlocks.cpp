//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/ExecutionEngine/Passes.h"
#include "bpt/ExecutionEngine/Pipelines.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_FITBLOCKSPASS
#include "bpt/ExecutionEngine/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;
using tile::TileDialect;

namespace {
/// An operation whose blocks do not fit, and what the chip has not for them.
struct Misfit {
  int64_t op;
  std::string lack;
};

/// Blocks that fit, and the strategies that ask for them, by operation.
struct Fit {
  OwningOpRef<ModuleOp> blocks;
  DenseMap<int64_t, StrategyAttr> strategies;
};

struct FitBlocksPass : bpt::impl::FitBlocksPassBase<FitBlocksPass> {
  using Base::Base;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    OpPassManager blocks(ModuleOp::getOperationName());
    buildGPUBlocksPipeline(blocks, chip, tensorCores);
    blocks.getDependentDialects(registry);
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    number(module);
    FailureOr<OwningOpRef<ModuleOp>> blocks = cut(module);
    if (failed(blocks))
      return signalPassFailure();
    if (SmallVector<Misfit> misfits = findMisfits(**blocks); !misfits.empty()) {
      if (adjust)
        makeSmaller(module, *blocks, misfits);
      else
        warn(module, misfits);
    }
    (*blocks)->walk([](Operation *op) {
      op->removeDiscardableAttr(TileDialect::kOpAttrName);
      op->removeDiscardableAttr(TileDialect::kOverBudgetAttrName);
    });
    module.getBodyRegion().takeBody((*blocks)->getBodyRegion());
  }

private:
  static void number(ModuleOp module) {
    int64_t next = 0;
    Builder b(module.getContext());
    module.walk([&](BlockedOpInterface op) {
      if (op->hasAttr(BPTDialect::kStrategyAttrName))
        op->setDiscardableAttr(TileDialect::kOpAttrName,
                               b.getI64IntegerAttr(next++));
    });
  }

  static BlockedOpInterface find(ModuleOp module, int64_t number) {
    BlockedOpInterface found;
    module.walk([&](BlockedOpInterface op) {
      auto attr = op->getAttrOfType<IntegerAttr>(TileDialect::kOpAttrName);
      if (attr && attr.getInt() == number)
        found = op;
    });
    return found;
  }

  /// The blocks of a copy.
  FailureOr<OwningOpRef<ModuleOp>> cut(ModuleOp start) {
    ModuleOp copy = start.clone();
    copy.setSymName("bpt_blocks");
    getOperation().push_back(copy);
    OpPassManager pipeline(ModuleOp::getOperationName());
    buildGPUBlocksPipeline(pipeline, chip, tensorCores);
    LogicalResult result = runPipeline(pipeline, copy);
    copy->remove();
    OwningOpRef<ModuleOp> blocks(copy);
    if (failed(result))
      return failure();
    return std::move(blocks);
  }

  static SmallVector<Misfit> findMisfits(ModuleOp blocks) {
    SmallVector<Misfit> misfits;
    blocks.walk([&](scf::ForallOp loop) {
      auto op = loop->getAttrOfType<IntegerAttr>(TileDialect::kOpAttrName);
      auto lack =
          loop->getAttrOfType<StringAttr>(TileDialect::kOverBudgetAttrName);
      if (op && lack && llvm::none_of(misfits, [&](const Misfit &misfit) {
            return misfit.op == op.getInt();
          }))
        misfits.push_back({op.getInt(), lack.str()});
    });
    return misfits;
  }

  /// Smaller blocks, one dimension after the other, then all of them: a tile
  /// program then needs fewer registers, or less memory.
  static SmallVector<StrategyAttr> getSmaller(StrategyAttr strategy) {
    struct Sizes {
      int64_t keys, columns, rows;
    };
    Sizes start = {strategy.getKeys(), strategy.getColumns(),
                   strategy.getRows()};
    SmallVector<int64_t Sizes::*> dims = {&Sizes::keys, &Sizes::columns};
    // Operations that share a loop must agree about its rows.
    if (!strategy.getFuse())
      dims.push_back(&Sizes::rows);
    SmallVector<StrategyAttr> smaller;
    auto shrink = [&](ArrayRef<int64_t Sizes::*> together) {
      Sizes sizes = start;
      for (bool changed = true; changed;) {
        changed = false;
        for (int64_t Sizes::*dim : together)
          for (int64_t size : {256, 192, 128, 96, 64, 48, 32, 16})
            if (size < sizes.*dim) {
              sizes.*dim = size;
              changed = true;
              break;
            }
        if (changed)
          smaller.push_back(StrategyAttr::get(
              strategy.getContext(), sizes.rows, sizes.keys,
              strategy.getHidden(), strategy.getVocab(), strategy.getHeads(),
              sizes.columns, strategy.getScoreRows(), strategy.getChunk(),
              strategy.getStoreHidden(), strategy.getSeparate(),
              strategy.getSeparateValues(), strategy.getGroupHeads(),
              strategy.getFuse()));
      }
    };
    for (int64_t Sizes::*dim : dims)
      shrink(dim);
    shrink(dims);
    return smaller;
  }

  /// Looks for smaller blocks, of all operations that need them, that fit.
  std::optional<Fit> search(ModuleOp start, SmallVector<Misfit> misfits) {
    Fit fit;
    OwningOpRef<ModuleOp> smaller = start.clone();
    // What is left to try.
    DenseMap<int64_t, SmallVector<StrategyAttr>> choices;
    while (!misfits.empty()) {
      for (const Misfit &misfit : misfits) {
        BlockedOpInterface op = find(*smaller, misfit.op);
        auto [entry, isNew] = choices.try_emplace(misfit.op);
        SmallVector<StrategyAttr> &left = entry->second;
        if (isNew) {
          left = getSmaller(getStrategy(op));
          std::reverse(left.begin(), left.end());
        }
        if (left.empty())
          return std::nullopt;
        StrategyAttr strategy = left.pop_back_val();
        op->setAttr(BPTDialect::kStrategyAttrName, strategy);
        fit.strategies[misfit.op] = strategy;
      }
      FailureOr<OwningOpRef<ModuleOp>> next = cut(*smaller);
      if (failed(next))
        return std::nullopt;
      misfits = findMisfits(**next);
      fit.blocks = std::move(*next);
    }
    return fit;
  }

  /// Nobody should hear of blocks that are only tried.
  std::optional<Fit> searchQuietly(ModuleOp start, ArrayRef<Misfit> misfits) {
    ScopedDiagnosticHandler handler(&getContext(),
                                    [](Diagnostic &) { return success(); });
    return search(start, llvm::to_vector(misfits));
  }

  /// The sizes that differ, as `keys = 64`.
  static std::string describe(StrategyAttr before, StrategyAttr after) {
    SmallVector<std::string> texts;
    auto add = [&](StringRef name, int64_t from, int64_t to) {
      if (from != to)
        texts.push_back((name + " = " + Twine(to)).str());
    };
    add("rows", before.getRows(), after.getRows());
    add("keys", before.getKeys(), after.getKeys());
    add("columns", before.getColumns(), after.getColumns());
    return llvm::join(texts, " and ");
  }

  void makeSmaller(ModuleOp start, OwningOpRef<ModuleOp> &blocks,
                   ArrayRef<Misfit> misfits) {
    std::optional<Fit> fit = searchQuietly(start, misfits);
    if (!fit)
      return;
    for (const Misfit &misfit : misfits) {
      BlockedOpInterface op = find(start, misfit.op);
      remark::missed(
          op.getLoc(),
          remark::RemarkOpts::name("SmallerBlocks").category("bpt-gpu"))
          << (describe(getStrategy(op), fit->strategies[misfit.op]) + ": " +
              misfit.lack);
    }
    blocks = std::move(fit->blocks);
  }

  void warn(ModuleOp start, ArrayRef<Misfit> misfits) {
    std::optional<Fit> fit = searchQuietly(start, misfits);
    for (const Misfit &misfit : misfits) {
      BlockedOpInterface op = find(start, misfit.op);
      InFlightDiagnostic warning =
          emitWarning(op.getLoc())
          << "'" << op->getName()
          << "' op has blocks that do not fit: " << misfit.lack;
      if (fit)
        warning << "; " << describe(getStrategy(op), fit->strategies[misfit.op])
                << " would fit";
    }
  }
};
} // namespace
