//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/Translate/Module.h"
#include "DeviceVariables.h"
#include "HostCode.h"
#include "ModuleTranslator.h"
#include "bpt/Emulator/PTX/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <mutex>

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;

namespace {
/// The translation with or without the hooks of profiles.
struct Variant {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> llvmModule;
  std::unique_ptr<HostCode> code;
  std::vector<Site> sites;
  std::vector<BasicBlock> blocks;
  /// The kernels that were launched.
  llvm::DenseMap<const Kernel *, void (*)(const uint8_t *)> entries;
};
} // namespace

struct emulator::Module::Impl {
  Impl(std::unique_ptr<ptx::Module> module, DeviceMemory &memory,
       const ModuleOptions &options)
      : ptxModule(std::move(module)), memory(memory), options(options),
        variables(*ptxModule, memory), shared(*ptxModule) {}

  void collectKernels();
  llvm::Error translate(Variant &variant, bool profile);
  llvm::Expected<Variant *> getVariant(bool profile);
  llvm::Error compile(Variant &variant, unsigned optLevel);
  unsigned chooseOptLevel(const Kernel &kernel, Dim3 grid, Dim3 block) const;
  llvm::Expected<KernelDescription> describe(const Kernel &kernel,
                                             Variant &variant);

  std::unique_ptr<ptx::Module> ptxModule;
  DeviceMemory &memory;
  ModuleOptions options;
  DeviceVariables variables;
  SharedLayout shared;
  std::vector<Kernel> kernels;
  std::optional<Variant> plain, profiled;
  /// Whose functions the variables hold.
  Variant *current = nullptr;
  std::mutex mutex;
};

static Dim3 toDim3(const std::array<unsigned, 3> &dimensions) {
  return {dimensions[0], dimensions[1], dimensions[2]};
}

void emulator::Module::Impl::collectKernels() {
  for (const ptx::Function &function : ptxModule->functions) {
    if (!function.isEntry || !function.hasBody)
      continue;
    Kernel kernel;
    kernel.name = function.name;
    for (const ptx::Variable &variable : function.parameters) {
      KernelParameter parameter;
      parameter.name = variable.name;
      parameter.bytes = variable.getByteSize();
      parameter.alignment = variable.alignment;
      parameter.offset =
          llvm::alignTo(kernel.parameterBytes, variable.alignment);
      kernel.parameterBytes = parameter.offset + parameter.bytes;
      kernel.parameters.push_back(std::move(parameter));
    }
    kernel.staticSharedBytes = shared.getStaticBytes(function);
    kernel.requiredBlock = toDim3(function.directives.requiredThreads);
    kernel.maxBlock = toDim3(function.directives.maxThreads);
    kernel.requiredCluster = toDim3(function.directives.requiredCluster);
    kernel.maxRegisters = function.directives.maxRegisters;
    kernel.minBlocks = function.directives.minCTAsPerSM;
    kernels.push_back(std::move(kernel));
  }
}

llvm::Error emulator::Module::Impl::translate(Variant &variant, bool profile) {
  variant.context = std::make_unique<llvm::LLVMContext>();
  ModuleTranslator translator(*ptxModule, variables.getAddresses(), profile,
                              hasHalfConversions(), *variant.context);
  if (llvm::Error error = translator.run())
    return error;
  variant.llvmModule = std::move(translator.llvmModule);
  variant.sites = std::move(translator.sites);
  variant.blocks = std::move(translator.blocks);
  return llvm::Error::success();
}

llvm::Expected<Variant *> emulator::Module::Impl::getVariant(bool profile) {
  std::optional<Variant> &variant = profile ? profiled : plain;
  if (variant)
    return &*variant;
  variant.emplace();
  if (llvm::Error error = translate(*variant, profile)) {
    variant.reset();
    return std::move(error);
  }
  return &*variant;
}

/// How many instructions a thread of a kernel may execute, for each that it
/// has: loops are taken to run eight times.
static double guessRepetition(const ptx::Function &function) {
  std::vector<double> weights(function.instructions.size(), 1);
  for (auto [i, instruction] : llvm::enumerate(function.instructions)) {
    if (instruction.opcode != "bra")
      continue;
    unsigned target =
        function.labels[instruction.operands[0].index].instruction;
    for (unsigned k = target; k <= i; ++k)
      weights[k] *= 8;
  }
  double sum = 0;
  for (double weight : weights)
    sum += weight;
  return weights.empty() ? 0 : sum / weights.size();
}

/// Compiling an instruction well takes 0.1 ms more than compiling it fast, and
/// saves about 1 ns each time it is executed.
unsigned emulator::Module::Impl::chooseOptLevel(const Kernel &kernel, Dim3 grid,
                                                Dim3 block) const {
  if (options.optLevel)
    return *options.optLevel;
  const ptx::Function &function = *ptxModule->findFunction(kernel.name);
  // Without optimisation every register has a place in the fibre's stack.
  constexpr size_t kMaxRegisters = 20000;
  if (function.registers.size() > kMaxRegisters)
    return 1;
  // With it the time to compile grows faster than the kernel.
  constexpr size_t kMaxInstructions = 4000;
  if (function.instructions.size() > kMaxInstructions)
    return 0;
  double numThreads = static_cast<double>(grid.product()) * block.product();
  return guessRepetition(function) * numThreads > 1e5;
}

llvm::Error emulator::Module::Impl::compile(Variant &variant,
                                            unsigned optLevel) {
  if (!variant.code) {
    auto code = HostCode::compile(std::move(variant.llvmModule),
                                  std::move(variant.context), optLevel);
    if (!code)
      return code.takeError();
    variant.code = std::move(*code);
  }
  if (current == &variant)
    return llvm::Error::success();
  current = &variant;
  return variables.writeFunctions(
      [&](const ptx::Function &function) -> llvm::Expected<uint64_t> {
        auto address =
            variant.code->lookup(ModuleTranslator::getSymbolName(function));
        if (!address)
          return address.takeError();
        return reinterpret_cast<uint64_t>(*address);
      });
}

llvm::Expected<KernelDescription>
emulator::Module::Impl::describe(const Kernel &kernel, Variant &variant) {
  KernelDescription description;
  description.name = kernel.name;
  description.parameterBytes = kernel.parameterBytes;
  description.staticSharedBytes = kernel.staticSharedBytes;
  description.dynamicSharedAlignment = shared.getDynamicAlignment();
  description.sites = variant.sites;
  description.blocks = variant.blocks;
  description.requiredBlock = kernel.requiredBlock;
  description.maxBlock = kernel.maxBlock;
  description.requiredCluster = kernel.requiredCluster;
  description.maxRegisters = kernel.maxRegisters;
  description.minBlocks = kernel.minBlocks;
  if (!variant.code)
    return description;
  auto &entry = variant.entries[&kernel];
  if (!entry) {
    auto address = variant.code->lookup(
        ModuleTranslator::getSymbolName(*ptxModule->findFunction(kernel.name)));
    if (!address)
      return address.takeError();
    entry = reinterpret_cast<void (*)(const uint8_t *)>(*address);
  }
  description.entry = entry;
  return description;
}

emulator::Module::Module(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
emulator::Module::~Module() = default;

llvm::Expected<std::unique_ptr<emulator::Module>>
emulator::Module::load(llvm::StringRef text, llvm::StringRef name,
                       DeviceMemory &memory, const ModuleOptions &options) {
  auto parsed = ptx::parseModule(text, name);
  if (!parsed)
    return parsed.takeError();
  auto impl = std::make_unique<Impl>(std::move(*parsed), memory, options);
  impl->collectKernels();
  // What is wrong with the module is to be known now.
  llvm::Expected<Variant *> variant = impl->getVariant(/*profile=*/false);
  if (!variant)
    return variant.takeError();
  return std::unique_ptr<Module>(new Module(std::move(impl)));
}

llvm::ArrayRef<Kernel> emulator::Module::getKernels() const {
  return impl->kernels;
}

const Kernel *emulator::Module::findKernel(llvm::StringRef name) const {
  for (const Kernel &kernel : impl->kernels)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

llvm::Expected<KernelDescription>
emulator::Module::describe(const Kernel &kernel, bool profile) {
  std::lock_guard<std::mutex> lock(impl->mutex);
  llvm::Expected<Variant *> variant = impl->getVariant(profile);
  if (!variant)
    return variant.takeError();
  return impl->describe(kernel, **variant);
}

llvm::Error emulator::Module::launch(const Kernel &kernel, Dim3 grid,
                                     Dim3 block, Dim3 cluster,
                                     uint32_t dynamicShared,
                                     void *const *arguments,
                                     const LaunchOptions &options,
                                     LaunchReport *report) {
  KernelDescription description;
  {
    std::lock_guard<std::mutex> lock(impl->mutex);
    llvm::Expected<Variant *> variant = impl->getVariant(options.profile);
    if (!variant)
      return variant.takeError();
    unsigned optLevel =
        (*variant)->code ? 0 : impl->chooseOptLevel(kernel, grid, block);
    if (llvm::Error error = impl->compile(**variant, optLevel))
      return error;
    auto described = impl->describe(kernel, **variant);
    if (!described)
      return described.takeError();
    description = std::move(*described);
  }
  std::vector<uint8_t> parameters(kernel.parameterBytes);
  for (auto [i, parameter] : llvm::enumerate(kernel.parameters))
    std::memcpy(parameters.data() + parameter.offset, arguments[i],
                parameter.bytes);
  return emulator::launch(description, {grid, block, cluster, dynamicShared},
                          parameters, impl->memory, options, report);
}
