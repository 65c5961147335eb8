//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/AheadOfTime.h"
#include "GenerateCode.h"
#include "TranslateProgram.h"
#include "bpt-c/Launcher.h"
#include "bpt/ExecutionEngine/HostMachine.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace mlir;
using namespace mlir::bpt;

/// A name of the function in C.
static std::string getCName(const FunctionSignature &signature) {
  std::string name = "bpt_" + signature.name;
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name;
}

static std::string getEntryName(const FunctionSignature &signature) {
  return getCName(signature) + "_entry";
}

namespace {
/// A program and what generates code for it.
struct Program {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};
} // namespace

static llvm::Error setMachine(Program &program, StringRef entryName,
                              TargetCPU cpu) {
  auto builder = detectHostMachine();
  if (!builder)
    return builder.takeError();
  builder->setRelocationModel(llvm::Reloc::PIC_);
  if (cpu == TargetCPU::Any) {
    builder->setCPU(builder->getTargetTriple().isX86() ? "x86-64" : "generic");
    builder->getFeatures() = llvm::SubtargetFeatures();
  }
  auto machine = builder->createTargetMachine();
  if (!machine)
    return machine.takeError();
  program.machine = std::move(*machine);
  llvm::Module &module = *program.module;
  module.setPICLevel(llvm::PICLevel::BigPIC);
  setTargetMachine(module, *program.machine);
  // A program may have several of these objects, each with a `main`.
  llvm::internalizeModule(module, [&](const llvm::GlobalValue &value) {
    return value.getName() == entryName;
  });
  return llvm::Error::success();
}

static LogicalResult reportFailure(ModuleOp module, llvm::Error error) {
  return module.emitError()
         << "code generation failed: " << llvm::toString(std::move(error));
}

static LogicalResult makeProgram(ModuleOp module,
                                 const FunctionSignature &signature,
                                 TargetCPU cpu, Program &program) {
  std::string entryName = getEntryName(signature);
  program.module =
      translateProgram(module, {{signature, entryName}}, program.context);
  if (!program.module)
    return failure();
  if (llvm::Error error = setMachine(program, entryName, cpu))
    return reportFailure(module, std::move(error));
  return success();
}

FailureOr<std::string> bpt::emitLLVMIR(ModuleOp module,
                                       const FunctionSignature &signature,
                                       TargetCPU cpu) {
  Program program;
  if (failed(makeProgram(module, signature, cpu, program)))
    return failure();
  if (llvm::Error error = optimizeProgram(*program.module, *program.machine))
    return reportFailure(module, std::move(error));
  std::string text;
  llvm::raw_string_ostream os(text);
  program.module->print(os, nullptr);
  return text;
}

FailureOr<std::string> bpt::emitObject(ModuleOp module,
                                       const FunctionSignature &signature,
                                       TargetCPU cpu) {
  Program program;
  if (failed(makeProgram(module, signature, cpu, program)))
    return failure();
  auto object = generateObject(*program.module, *program.machine);
  if (!object)
    return reportFailure(module, object.takeError());
  return (*object)->getBuffer().str();
}

/// A C string literal.
static void printLiteral(StringRef text, llvm::raw_ostream &os) {
  os << '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\' || !llvm::isPrint(c))
      os << '\\' << char('0' + c / 64) << char('0' + c / 8 % 8)
         << char('0' + c % 8);
    else
      os << c;
  }
  os << '"';
}

static llvm::Error printTypes(StringRef name, ArrayRef<TensorSpec> specs,
                              llvm::raw_ostream &os) {
  if (specs.empty())
    return llvm::Error::success();
  os << "static const BPTTensorType " << name << "[] = {\n";
  for (const TensorSpec &spec : specs) {
    if (spec.shape.size() > BPT_MAX_RANK)
      return llvm::createStringError(
          "a tensor of type " + spec.getTypeString() + " has rank " +
          llvm::Twine(spec.shape.size()) + "; a header describes ranks up to " +
          llvm::Twine(BPT_MAX_RANK));
    os << "  {";
    printLiteral(spec.name, os);
    os << ", BPT_" << getName(spec.elementType).upper() << ", "
       << spec.shape.size() << ", {";
    llvm::interleaveComma(spec.shape, os, [&](int64_t size) {
      if (ShapedType::isDynamic(size))
        os << "BPT_DYNAMIC";
      else
        os << size;
    });
    os << (spec.shape.empty() ? "0}},\n" : "}},\n");
  }
  os << "};\n";
  return llvm::Error::success();
}

llvm::Expected<std::string> bpt::emitHeader(const FunctionSignature &signature,
                                            bool usesDevice) {
  std::string name = getCName(signature);
  std::string guard = StringRef(name).upper() + "_H";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "/* Written by bpt-compile; see bpt-c/Launcher.h. */\n\n"
     << "#ifndef " << guard << "\n#define " << guard << "\n\n"
     << "#include \"bpt-c/Launcher.h\"\n\n"
     << "#ifdef __cplusplus\nextern \"C\"\n#endif\n"
     << "void " << name << "_entry(void **descriptors);\n\n";
  if (llvm::Error error =
          printTypes(name + "_arguments", signature.arguments, os))
    return std::move(error);
  if (llvm::Error error = printTypes(name + "_results", signature.results, os))
    return std::move(error);
  auto printArray = [&](StringRef suffix, size_t count) {
    os << count << ", ";
    if (count == 0)
      os << "0";
    else
      os << name << suffix;
    os << ", ";
  };
  os << "static const BPTFunction " << name << " = {";
  printLiteral(signature.name, os);
  os << ", " << name << "_entry, ";
  printArray("_arguments", signature.arguments.size());
  printArray("_results", signature.results.size());
  os << (usesDevice ? 1 : 0) << "};\n\n#endif /* " << guard << " */\n";
  return text;
}
