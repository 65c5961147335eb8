//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Memory/Lifetimes.h"
#include "bpt/Target/Memory/MemoryPlan.h"
#include "bpt/Target/Memory/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "bpt/Target/Memory/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static remark::RemarkOpts nameRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category("bpt-memory");
}

template <typename T> static std::string print(const T &value) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << value;
  return text;
}

/// `file:line:column`, of the operation that the user wrote.
static std::string printLocation(Location loc) {
  auto file = loc->findInstanceOf<FileLineColLoc>();
  if (!file)
    return "unknown";
  return file.getFilename().str() + ":" + std::to_string(file.getLine()) + ":" +
         std::to_string(file.getColumn());
}

namespace {
/// What a caller has to know of a function.
struct Summary {
  std::vector<SizeSymbol> symbols;
  /// With what it returns.
  std::optional<MaxByteCount> peak;
  /// Of every result; nothing where it has no bound.
  SmallVector<std::optional<MaxByteCount>> results;
  /// Of every result that is a buffer, its dimensions.
  SmallVector<SmallVector<std::optional<ByteCount>>> resultDims;
};

using SummaryMap = DenseMap<Operation *, Summary>;

class FunctionPlanner {
public:
  FunctionPlanner(func::FuncOp function, const SummaryMap &summaries)
      : function(function), summaries(summaries),
        sizes(function, [this](OpResult result, unsigned dim) {
          return getResultDim(result, dim);
        }) {}

  /// Nothing, with a remark, if it cannot be planned.
  std::optional<Summary> run();

private:
  void add(const LiveBuffer &live);
  void add(const CallSite &site);
  /// The bytes of what an operation allocates, or of a call's result.
  std::optional<MaxByteCount> getBytes(Value buffer);
  std::optional<AffineExpr> getResultDim(OpResult result, unsigned dim);
  const Summary *findCallee(CallOpInterface call) const;
  /// What calls of a function take, in this function's terms.
  std::optional<MaxByteCount> translate(const MaxByteCount &count,
                                        CallOpInterface call,
                                        const Summary &callee);
  void emitRemark();

  func::FuncOp function;
  const SummaryMap &summaries;
  SizeAnalysis sizes;
  MemoryPlan plan;
};
} // namespace

static std::string describeCall(CallOpInterface call) {
  auto callee = dyn_cast_or_null<func::FuncOp>(call.resolveCallable());
  return callee ? "call of '" + callee.getName().str() + "'" : "call";
}

const Summary *FunctionPlanner::findCallee(CallOpInterface call) const {
  auto found = summaries.find(call.resolveCallable());
  return found == summaries.end() ? nullptr : &found->second;
}

std::optional<MaxByteCount>
FunctionPlanner::translate(const MaxByteCount &count, CallOpInterface call,
                           const Summary &callee) {
  std::optional<SmallVector<AffineExpr>> symbols =
      sizes.substitute(callee.symbols, call.getArgOperands());
  if (!symbols)
    return std::nullopt;
  MaxByteCount result;
  for (const ByteCount &c : count.getCounts()) {
    std::optional<ByteCount> translated = ByteCount::fromExpr(
        c.toExpr(function.getContext()).replaceSymbols(*symbols));
    if (!translated)
      return std::nullopt;
    result.include(*translated);
  }
  return result;
}

std::optional<AffineExpr> FunctionPlanner::getResultDim(OpResult result,
                                                        unsigned dim) {
  auto call = cast<CallOpInterface>(result.getOwner());
  const Summary *callee = findCallee(call);
  if (!callee || !callee->resultDims[result.getResultNumber()][dim])
    return std::nullopt;
  std::optional<SmallVector<AffineExpr>> symbols =
      sizes.substitute(callee->symbols, call.getArgOperands());
  if (!symbols)
    return std::nullopt;
  return callee->resultDims[result.getResultNumber()][dim]
      ->toExpr(function.getContext())
      .replaceSymbols(*symbols);
}

std::optional<MaxByteCount> FunctionPlanner::getBytes(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  if (auto alloc = buffer.getDefiningOp<memref::AllocOp>()) {
    std::optional<ByteCount> bytes =
        sizes.getBytes(alloc.getType(), alloc.getDynamicSizes());
    return bytes ? std::optional<MaxByteCount>(*bytes) : std::nullopt;
  }
  auto call = buffer.getDefiningOp<CallOpInterface>();
  const Summary *callee = call ? findCallee(call) : nullptr;
  if (!callee)
    return std::nullopt;
  const std::optional<MaxByteCount> &bytes =
      callee->results[cast<OpResult>(buffer).getResultNumber()];
  return bytes ? translate(*bytes, call, *callee) : std::nullopt;
}

void FunctionPlanner::add(const LiveBuffer &live) {
  Operation *op = live.buffer.getDefiningOp();
  std::string what = print(live.buffer.getType());
  if (auto call = dyn_cast<CallOpInterface>(op))
    what += ", result of the " + describeCall(call);
  std::optional<MaxByteCount> bytes;
  if (!live.isUnbounded)
    bytes = getBytes(live.buffer);
  if (!bytes)
    remark::missed(op->getLoc(), nameRemark("NoBound"))
        << what + (live.isUnbounded
                       ? " is kept by a loop: there may be any number of it"
                       : " has no bound when the function is entered");
  plan.buffers.push_back({bytes, live.lifetime.first, live.lifetime.last,
                          live.scope, live.isResult, what,
                          printLocation(op->getLoc())});
}

void FunctionPlanner::add(const CallSite &site) {
  CallOpInterface call = site.call;
  auto target = dyn_cast_or_null<func::FuncOp>(call.resolveCallable());
  // The runtime's functions allocate nothing.
  if (target && target.isExternal() && call->getNumResults() == 0)
    return;
  const Summary *callee = findCallee(call);
  std::optional<MaxByteCount> peak;
  if (callee && callee->peak)
    peak = translate(*callee->peak, call, *callee);
  plan.buffers.push_back({peak, site.lifetime.first, site.lifetime.last,
                          site.scope, /*isResult=*/false, describeCall(call),
                          printLocation(call.getLoc())});
}

void FunctionPlanner::emitRemark() {
  SmallVector<std::string> names = plan.getSymbolNames();
  std::optional<MaxByteCount> peak = plan.getPeak();
  std::string text = "'" + function.getName().str() + "' holds " +
                     (peak ? "at most " + peak->format(names)
                           : std::string("an unknown number of")) +
                     " bytes";
  for (unsigned i : plan.getSymbolsOf(peak.value_or(MaxByteCount())))
    text += "; " + plan.describeSymbol(i);
  remark::analysis(function.getLoc(), nameRemark("MemoryPlan")) << text;
}

std::optional<Summary> FunctionPlanner::run() {
  FailureOr<FunctionBuffers> found = collectBuffers(function);
  if (failed(found)) {
    remark::missed(function.getLoc(), nameRemark("NoPlan"))
        << "'" + function.getName().str() +
               "' has no plan: it has branches between blocks";
    return std::nullopt;
  }
  plan.numSteps = found->numSteps;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto name = function.getArgAttrOfType<StringAttr>(i, "bpt.name");
    plan.argumentNames.push_back(name ? name.str() : "");
  }
  for (const ParallelScope &scope : found->scopes)
    plan.scopes.push_back(
        {scope.parent, scope.lifetime.first, scope.lifetime.last});
  for (const LiveBuffer &live : found->buffers)
    add(live);
  for (const CallSite &site : found->calls)
    add(site);
  if (llvm::any_of(plan.buffers,
                   [](const auto &buffer) { return buffer.scope != 0; }))
    (void)sizes.getWorkers();
  Summary summary;
  for (Value result : function.front().getTerminator()->getOperands()) {
    summary.results.push_back(getBytes(result));
    summary.resultDims.emplace_back();
    if (auto type = dyn_cast<MemRefType>(result.getType()))
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        summary.resultDims.back().push_back(sizes.getDim(result, dim));
  }
  plan.symbols.assign(sizes.getSymbols().begin(), sizes.getSymbols().end());
  summary.symbols = plan.symbols;
  summary.peak = plan.getPeakWithResults();
  emitRemark();
  function->setAttr(MemoryPlan::kAttrName, plan.toAttr(function.getContext()));
  return summary;
}

namespace {
struct PlanMemoryPass : bpt::impl::PlanMemoryPassBase<PlanMemoryPass> {
  void runOnOperation() override {
    visited.clear();
    summaries.clear();
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      plan(function);
    markAllAnalysesPreserved();
  }

private:
  /// What is called comes first, since its plan is part of the caller's.
  void plan(func::FuncOp function) {
    if (function.isExternal() || !visited.insert(function).second)
      return;
    function.walk([&](CallOpInterface call) {
      if (auto callee = dyn_cast_or_null<func::FuncOp>(call.resolveCallable()))
        plan(callee);
    });
    FunctionPlanner planner(function, summaries);
    if (std::optional<Summary> summary = planner.run())
      summaries[function] = std::move(*summary);
  }

  DenseSet<Operation *> visited;
  SummaryMap summaries;
};
} // namespace
