//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/MachinePeak.h"
#include "GenerateCode.h"
#include "bpt/ExecutionEngine/HostMachine.h"
#include "bpt/ExecutionEngine/JITEngine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// How the host multiplies and adds at its fastest.
struct Kernel {
  std::string instruction;
  bool isDotProduct = false;
  bool isDouble = false;
  unsigned lanes = 4;
  /// Independent accumulators: enough for latency times throughput, no more
  /// than there are registers.
  unsigned chains = 12;

  double getFlopsPerIteration() const {
    return 2.0 * lanes * chains * (isDotProduct ? 2 : 1);
  }
};
} // namespace

static llvm::Expected<Kernel> chooseKernel(ElementType type) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  Kernel kernel;
  unsigned vectorBits = 128;
#if defined(__x86_64__)
  if (!features.lookup("fma"))
    return llvm::createStringError(
        "this CPU has no fused multiply-add; its peak is not measured");
  vectorBits = features.lookup("avx512f") ? 512 : 256;
#endif
  kernel.isDotProduct =
      type == ElementType::BF16 && features.lookup("avx512bf16");
  kernel.isDouble = type == ElementType::F64;
  kernel.lanes = vectorBits / (kernel.isDouble ? 64 : 32);
  kernel.chains = vectorBits == 256 ? 12 : 24;
  kernel.instruction = kernel.isDotProduct ? "bf16 dot product"
                       : kernel.isDouble   ? "f64 FMA"
                                           : "f32 FMA";
  return kernel;
}

/// Builds `void peak(i64 iterations, ptr operands)`: the operands are read from
/// memory, and the sums written there, so that nothing is computed in advance
/// or left out.
static void buildKernel(const Kernel &kernel, llvm::Module &module) {
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> builder(context);
  llvm::Type *element =
      kernel.isDouble ? builder.getDoubleTy() : builder.getFloatTy();
  auto *sumType = llvm::FixedVectorType::get(element, kernel.lanes);
  auto *operandType =
      kernel.isDotProduct
          ? llvm::FixedVectorType::get(builder.getBFloatTy(), kernel.lanes * 2)
          : sumType;
  auto *function = llvm::Function::Create(
      llvm::FunctionType::get(builder.getVoidTy(),
                              {builder.getInt64Ty(), builder.getPtrTy()},
                              false),
      llvm::Function::ExternalLinkage, "peak", module);
  auto *entry = llvm::BasicBlock::Create(context, "", function);
  auto *loop = llvm::BasicBlock::Create(context, "", function);
  auto *exit = llvm::BasicBlock::Create(context, "", function);

  builder.SetInsertPoint(entry);
  llvm::Value *a = builder.CreateAlignedLoad(operandType, function->getArg(1),
                                             llvm::Align(64));
  llvm::Value *b = builder.CreateAlignedLoad(
      operandType,
      builder.CreateConstGEP1_64(builder.getInt8Ty(), function->getArg(1), 64),
      llvm::Align(64));
  builder.CreateBr(loop);

  builder.SetInsertPoint(loop);
  llvm::PHINode *count = builder.CreatePHI(builder.getInt64Ty(), 2);
  std::vector<llvm::PHINode *> sums;
  for (unsigned i = 0; i < kernel.chains; ++i) {
    sums.push_back(builder.CreatePHI(sumType, 2));
    // Different starts, or the chains would be one.
    sums[i]->addIncoming(llvm::ConstantFP::get(sumType, i), entry);
  }
  std::vector<llvm::Value *> next;
  for (llvm::PHINode *sum : sums) {
    next.push_back(
        kernel.isDotProduct
            ? builder.CreateIntrinsic(
                  llvm::Intrinsic::x86_avx512bf16_dpbf16ps_512, {sum, a, b})
            : builder.CreateIntrinsic(llvm::Intrinsic::fma, {sumType},
                                      {sum, a, b}));
    sum->addIncoming(next.back(), loop);
  }
  llvm::Value *left = builder.CreateSub(count, builder.getInt64(1));
  count->addIncoming(function->getArg(0), entry);
  count->addIncoming(left, loop);
  builder.CreateCondBr(builder.CreateICmpNE(left, builder.getInt64(0)), loop,
                       exit);

  builder.SetInsertPoint(exit);
  llvm::Value *total = next.front();
  for (llvm::Value *sum : llvm::ArrayRef(next).drop_front())
    total = builder.CreateFAdd(total, sum);
  builder.CreateAlignedStore(total, function->getArg(1), llvm::Align(64));
  builder.CreateRetVoid();
}

using PeakFunction = void (*)(int64_t, void *);

/// Seconds that each thread takes, at the same time, for its iterations; the
/// slowest one counts.
static double timeRound(PeakFunction peak, unsigned numThreads,
                        int64_t iterations) {
  std::atomic<unsigned> numReady{0};
  std::vector<double> seconds(numThreads);
  auto work = [&](unsigned thread) {
    alignas(64) char operands[128] = {};
    ++numReady;
    while (numReady < numThreads)
      std::this_thread::yield();
    auto start = std::chrono::steady_clock::now();
    peak(iterations, operands);
    seconds[thread] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < numThreads; ++i)
    threads.emplace_back(work, i);
  work(0);
  for (std::thread &thread : threads)
    thread.join();
  return *llvm::max_element(seconds);
}

llvm::Expected<MachinePeak> bpt::measureMachinePeak(ElementType type,
                                                    unsigned numThreads) {
  llvm::Expected<Kernel> kernel = chooseKernel(type);
  if (!kernel)
    return kernel.takeError();
  auto machine = createHostMachine();
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  llvm::Module module("peak", context);
  buildKernel(*kernel, module);
  setTargetMachine(module, **machine);
  auto object = generateObject(module, **machine);
  if (!object)
    return object.takeError();
  auto engine = JITEngine::create(std::move(*object));
  if (!engine)
    return engine.takeError();
  auto address = (*engine)->lookup("peak");
  if (!address)
    return address.takeError();
  auto peak = reinterpret_cast<PeakFunction>(*address);

  // About 10 ms a round; the best of several, since others use the machine
  // too.
  constexpr int64_t kProbe = 100000;
  constexpr double kRoundSeconds = 0.01;
  constexpr unsigned kRounds = 6;
  timeRound(peak, numThreads, kProbe);
  double probe = timeRound(peak, numThreads, kProbe);
  auto iterations = std::max<int64_t>(
      kProbe, static_cast<int64_t>(kProbe * kRoundSeconds / probe));
  double best = probe / kProbe * iterations;
  for (unsigned i = 0; i < kRounds; ++i)
    best = std::min(best, timeRound(peak, numThreads, iterations));
  return MachinePeak{kernel->getFlopsPerIteration() * iterations * numThreads /
                         best * 1e-9,
                     kernel->instruction};
}
