//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"
#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/ExecutionEngine/OpenDevice.h"
#include "bpt/ExecutionEngine/ParseModule.h"
#include "bpt/ExecutionEngine/Runtime/Allocator.h"
#include "bpt/Target/Memory/MemoryPlan.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include <map>
#include <mutex>
#include <omp.h>

using namespace mlir;
using namespace mlir::bpt;

static_assert(static_cast<int>(ElementType::F64) == BPT_F64 &&
                  static_cast<int>(ElementType::BF16) == BPT_BF16 &&
                  static_cast<int>(ElementType::I1) == BPT_I1 &&
                  static_cast<int>(ElementType::UI64) == BPT_UI64 &&
                  static_cast<int>(ElementType::F8E4M3FN) == BPT_F8E4M3FN,
              "the types of both have one order");

namespace {
/// An argument or a result, with the sizes as C has them.
struct Spec {
  explicit Spec(const TensorSpec &spec)
      : spec(spec), sizes(llvm::map_to_vector(spec.shape, [](int64_t size) {
          return ShapedType::isDynamic(size) ? BPT_DYNAMIC : size;
        })) {}

  BPTTensorSpec get() const {
    return {spec.name.c_str(), static_cast<BPTElementType>(spec.elementType),
            static_cast<int64_t>(sizes.size()), sizes.data(), spec.isWritten};
  }

  const TensorSpec &spec;
  SmallVector<int64_t, 6> sizes;
};
} // namespace

namespace {
/// A function that was compiled for bound arguments, with what it was planned
/// to take.
struct CompiledBinding {
  std::shared_ptr<MLIRContext> context;
  std::unique_ptr<BindableFunction> function;
  std::optional<MemoryPlan> plan;
};

/// What a program was compiled from, and is again if arguments are bound.
struct ProgramSource {
  llvm::SourceMgr sources;
  CompileOptions options;

  /// The function for bound arguments of these numbers, ascending. Null after a
  /// diagnostic.
  std::shared_ptr<CompiledBinding> getBinding(ArrayRef<unsigned> bound,
                                              DiagnosticSink &sink);

private:
  std::shared_ptr<CompiledBinding> compileBinding(ArrayRef<unsigned> bound,
                                                  DiagnosticSink &sink);

  std::mutex mutex;
  std::map<std::vector<unsigned>, std::shared_ptr<CompiledBinding>> bindings;
};
} // namespace

struct BPTProgram {
  BPTProgram(std::shared_ptr<MLIRContext> context,
             std::unique_ptr<CompiledFunction> compiled, unsigned threads,
             std::optional<MemoryPlan> plan,
             std::unique_ptr<ProgramSource> source)
      : context(std::move(context)), function(std::move(compiled)),
        threads(threads), plan(std::move(plan)), source(std::move(source)) {
    for (const TensorSpec &spec : function->getSignature().arguments)
      arguments.emplace_back(spec);
    for (const TensorSpec &spec : function->getSignature().results)
      results.emplace_back(spec);
  }

  /// Of the plan's expressions.
  std::shared_ptr<MLIRContext> context;
  std::unique_ptr<CompiledFunction> function;
  unsigned threads;
  std::optional<MemoryPlan> plan;
  /// Null: arguments are bound.
  std::unique_ptr<ProgramSource> source;
  std::vector<Spec> arguments, results;
};

struct BPTResult {
  HostTensor tensor;
};

static constexpr unsigned kMaxThreads = 4096;

static StringRef getOr(const char *text, StringRef otherwise) {
  return text ? StringRef(text) : otherwise;
}

/// Opens the device. What it remarks later on goes to the call that it is in.
static llvm::Expected<OpenedDevice>
openDeviceOf(const BPTCompileOptions &options) {
  if (options.threads > kMaxThreads)
    return llvm::createStringError("threads=" + Twine(options.threads) +
                                   ": the number of threads is 1 to " +
                                   Twine(kMaxThreads));
  DeviceOptions device;
  device.device = getOr(options.device, "cpu");
  device.chip = getOr(options.chip, "");
  device.threads = options.threads;
  device.remark = [](const std::string &remark) {
    if (DiagnosticSink *sink = DiagnosticSink::getCurrent())
      sink->report(BPT_REMARK, "", remark);
  };
  return openDevice(device);
}

/// The plan of a lowered function, or nothing. Fails, with a diagnostic, if
/// what it has for a plan is none.
static FailureOr<std::optional<MemoryPlan>> getPlan(ModuleOp module,
                                                    StringRef name) {
  Operation *function = module.lookupSymbol(name);
  std::optional<MemoryPlan> none;
  if (!function || !function->hasAttr(MemoryPlan::kAttrName))
    return none;
  FailureOr<MemoryPlan> plan = MemoryPlan::get(function);
  if (failed(plan))
    return failure();
  return std::optional(std::move(*plan));
}

/// What is planned for arguments of these shapes; -1 if that is not known.
static int64_t planBytes(const BPTProgram &program,
                         ArrayRef<SmallVector<int64_t>> shapes) {
  if (!program.plan)
    return -1;
  const CompiledFunction &function = *program.function;
  std::optional<SmallVector<int64_t>> symbols = program.plan->evaluateSymbols(
      function.getCodeShapes(shapes),
      program.threads ? program.threads : omp_get_max_threads());
  std::optional<MaxByteCount> peak = program.plan->getPeak();
  if (!symbols || !peak)
    return -1;
  return peak->evaluate(*symbols) +
         static_cast<int64_t>(function.getKeptBytes());
}

/// `parse` gives a module of the context and the sources, or an error, or null
/// after a diagnostic.
static BPTProgram *compileParsed(
    const BPTCompileOptions *given, BPTDiagnosticHandler handler,
    llvm::function_ref<llvm::Expected<OwningOpRef<ModuleOp>>(MLIRContext &,
                                                             llvm::SourceMgr &)>
        parse) {
  DiagnosticSink sink(handler);
  BPTCompileOptions options = given ? *given : BPTCompileOptions();
  llvm::Expected<OpenedDevice> target = openDeviceOf(options);
  if (!target)
    return sink.report(target.takeError()), nullptr;

  std::unique_ptr<MLIRContext> context = createCompilerContext();
  ScopedDiagnosticHandler diagnostics = sink.listen(*context);
  auto source = std::make_unique<ProgramSource>();
  llvm::Expected<OwningOpRef<ModuleOp>> module =
      parse(*context, source->sources);
  if (!module)
    return sink.report(module.takeError()), nullptr;
  if (!*module)
    return nullptr;
  CompileOptions &compileOptions = source->options;
  compileOptions.function = getOr(options.function, "main");
  compileOptions.chip = target->chip;
  compileOptions.device = target->device;
  compileOptions.strategy = getOr(options.strategy, "");
  compileOptions.tensorCores = !options.noTensorCores;
  FailureOr<std::unique_ptr<CompiledFunction>> function =
      compile(**module, compileOptions);
  if (failed(function))
    return nullptr;
  FailureOr<std::optional<MemoryPlan>> plan =
      getPlan(**module, (*function)->getSignature().name);
  if (failed(plan))
    return nullptr;
  // Handler and module go before the program can.
  return new BPTProgram(std::move(context), std::move(*function),
                        options.threads, std::move(*plan), std::move(source));
}

std::shared_ptr<CompiledBinding>
ProgramSource::compileBinding(ArrayRef<unsigned> bound, DiagnosticSink &sink) {
  auto binding = std::make_shared<CompiledBinding>();
  binding->context = createCompilerContext();
  ScopedDiagnosticHandler diagnostics = sink.listen(*binding->context);
  const llvm::MemoryBuffer *text =
      sources.getMemoryBuffer(sources.getMainFileID());
  llvm::SourceMgr copy;
  OwningOpRef<ModuleOp> module = parseModule(
      text->getBuffer(), text->getBufferIdentifier(), *binding->context, copy);
  if (!module)
    return nullptr;
  FailureOr<std::unique_ptr<BindableFunction>> function =
      compileBindable(*module, options, bound);
  if (failed(function))
    return nullptr;
  FailureOr<std::optional<MemoryPlan>> plan =
      getPlan(*module, options.function);
  if (failed(plan))
    return nullptr;
  binding->function = std::move(*function);
  binding->plan = std::move(*plan);
  return binding;
}

std::shared_ptr<CompiledBinding>
ProgramSource::getBinding(ArrayRef<unsigned> bound, DiagnosticSink &sink) {
  std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<CompiledBinding> &binding = bindings[bound.vec()];
  if (!binding)
    binding = compileBinding(bound, sink);
  return binding;
}

BPTProgram *bptCompile(const char *source, size_t length, const char *name,
                       const BPTCompileOptions *options,
                       BPTDiagnosticHandler handler) {
  return compileParsed(
      options, handler, [&](MLIRContext &context, llvm::SourceMgr &sources) {
        return parseModule({source, length}, name, context, sources);
      });
}

BPTProgram *bptCompileFile(const char *path, const BPTCompileOptions *options,
                           BPTDiagnosticHandler handler) {
  return compileParsed(options, handler,
                       [&](MLIRContext &context, llvm::SourceMgr &sources) {
                         return parseModuleFile(path, context, sources);
                       });
}

void bptDestroyProgram(BPTProgram *program) {
  delete program;
  runtime::getHostAllocator().releaseCache();
}

int64_t bptGetNumArguments(const BPTProgram *program) {
  return program->arguments.size();
}

int64_t bptGetNumResults(const BPTProgram *program) {
  return program->results.size();
}

BPTTensorSpec bptGetArgument(const BPTProgram *program, int64_t number) {
  return program->arguments[number].get();
}

BPTTensorSpec bptGetResult(const BPTProgram *program, int64_t number) {
  return program->results[number].get();
}

int64_t bptGetPlannedBytes(const BPTProgram *program) {
  SmallVector<SmallVector<int64_t>> shapes;
  for (const TensorSpec &spec : program->function->getSignature().arguments) {
    if (ShapedType::isDynamicShape(spec.shape))
      return -1;
    shapes.push_back(llvm::to_vector(spec.shape));
  }
  return planBytes(*program, shapes);
}

/// The arguments, in the memory that they are in.
static SmallVector<HostTensor> wrap(const BPTTensorView *arguments,
                                    int64_t numArguments) {
  SmallVector<HostTensor> tensors;
  for (const BPTTensorView &view : llvm::ArrayRef(arguments, numArguments))
    tensors.push_back(HostTensor::wrap(
        static_cast<ElementType>(view.elementType),
        {view.sizes, static_cast<size_t>(view.rank)}, view.data, nullptr));
  return tensors;
}

int64_t bptPlanBytes(const BPTProgram *program, const BPTTensorView *arguments,
                     int64_t numArguments, BPTDiagnosticHandler handler) {
  DiagnosticSink sink(handler);
  SmallVector<HostTensor> tensors = wrap(arguments, numArguments);
  if (llvm::Error error =
          program->function->getSignature().checkArguments(tensors))
    return sink.report(std::move(error)), -2;
  SmallVector<SmallVector<int64_t>> shapes;
  for (const HostTensor &tensor : tensors)
    shapes.push_back(llvm::to_vector(tensor.getShape()));
  return planBytes(*program, shapes);
}

namespace {
/// The number of threads that parallel loops of this thread start; 0: as it is.
class ThreadCountScope {
public:
  explicit ThreadCountScope(unsigned count) {
    if (count == 0)
      return;
    outer = omp_get_max_threads();
    omp_set_num_threads(static_cast<int>(count));
  }
  ~ThreadCountScope() {
    if (outer != 0)
      omp_set_num_threads(outer);
  }
  ThreadCountScope(const ThreadCountScope &) = delete;
  ThreadCountScope &operator=(const ThreadCountScope &) = delete;

private:
  int outer = 0;
};
} // namespace

int bptRun(const BPTProgram *program, const BPTTensorView *arguments,
           int64_t numArguments, BPTResult **results, size_t *workspaceBytes,
           BPTDiagnosticHandler handler) {
  DiagnosticSink sink(handler);
  SmallVector<HostTensor> tensors = wrap(arguments, numArguments);
  ThreadCountScope threads(program->threads);
  llvm::Expected<CompiledFunction::Result> result =
      program->function->run(tensors);
  if (!result)
    return sink.report(result.takeError()), 1;
  for (auto [i, tensor] : llvm::enumerate(result->tensors))
    results[i] = new BPTResult{std::move(tensor)};
  if (workspaceBytes)
    *workspaceBytes = result->workspaceBytes;
  return 0;
}

BPTProgram *bptBind(const BPTProgram *program, const int64_t *numbers,
                    const BPTTensorView *tensors, int64_t numTensors,
                    BPTDiagnosticHandler handler) {
  DiagnosticSink sink(handler);
  const FunctionSignature &signature = program->function->getSignature();
  auto fail = [&](const Twine &message) -> BPTProgram * {
    sink.report(llvm::createStringError(message));
    return nullptr;
  };
  if (!program->source)
    return fail("function '" + signature.name +
                "' has bound arguments already; bind all of them at once");
  // The compiler starts only if everything fits.
  std::map<unsigned, HostTensor> bound;
  for (auto [i, tensor] : llvm::enumerate(wrap(tensors, numTensors))) {
    if (numbers[i] < 0 ||
        numbers[i] >= static_cast<int64_t>(signature.arguments.size()))
      return fail("function '" + signature.name + "' has no argument " +
                  Twine(numbers[i]) + " to bind; it takes " +
                  Twine(signature.arguments.size()));
    auto number = static_cast<unsigned>(numbers[i]);
    if (llvm::Error error = signature.checkArgument(number, tensor))
      return sink.report(std::move(error)), nullptr;
    if (!bound.try_emplace(number, std::move(tensor)).second)
      return fail(signature.getArgumentTitle(number) + " is bound twice");
  }
  std::shared_ptr<CompiledBinding> binding = program->source->getBinding(
      llvm::to_vector(llvm::make_first_range(bound)), sink);
  if (!binding)
    return nullptr;
  ThreadCountScope threads(program->threads);
  llvm::Expected<BindableFunction::Bound> result =
      binding->function->bind(llvm::to_vector(llvm::make_second_range(bound)));
  if (!result)
    return sink.report(result.takeError()), nullptr;
  return new BPTProgram(binding->context, std::move(result->function),
                        program->threads, binding->plan, /*source=*/nullptr);
}

BPTTensorView bptGetTensor(const BPTResult *result) {
  const HostTensor &tensor = result->tensor;
  return {static_cast<BPTElementType>(tensor.getElementType()),
          tensor.getRank(), tensor.getShape().data(), tensor.getData()};
}

void bptDestroyResult(BPTResult *result) { delete result; }
