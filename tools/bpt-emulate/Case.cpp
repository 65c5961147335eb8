//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Case.h"
#include "Arguments.h"
#include "bpt/ExecutionEngine/NpyFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::Twine;

static llvm::Expected<std::unique_ptr<emulator::Module>>
loadModule(const Case &test, DeviceMemory &memory) {
  if (test.path.empty())
    return emulator::Module::load(test.text, test.name, memory, test.module);
  llvm::Expected<std::shared_ptr<MappedFile>> file =
      MappedFile::open(test.path);
  if (!file)
    return file.takeError();
  return emulator::Module::load((*file)->getBytes(), test.path, memory,
                                test.module);
}

static llvm::Expected<const Kernel *> findKernel(const emulator::Module &module,
                                                 const Case &test) {
  llvm::ArrayRef<Kernel> kernels = module.getKernels();
  if (test.kernel.empty() && kernels.size() == 1)
    return &kernels.front();
  if (const Kernel *kernel = module.findKernel(test.kernel))
    return kernel;
  std::string names;
  for (const Kernel &kernel : kernels)
    names += (names.empty() ? "" : ", ") + kernel.name;
  if (kernels.empty())
    return llvm::createStringError("the module has no kernels");
  if (test.kernel.empty())
    return llvm::createStringError("name the kernel; the module has " + names);
  return llvm::createStringError("there is no kernel '" + test.kernel +
                                 "'; the module has " + names);
}

static void printBuffer(unsigned index, const HostTensor &tensor,
                        llvm::raw_ostream &os) {
  os << "argument " << index << ": " << tensor.getTypeString() << " =";
  ElementType type = tensor.getElementType();
  for (int64_t i = 0, e = tensor.getNumElements(); i != e; ++i) {
    const char *data = tensor.getData() + i * getByteWidth(type);
    if (isFloat(type))
      os << llvm::format(" %.9g", tensor.getElement(i));
    else if (type == ElementType::UI64)
      os << ' ' << static_cast<uint64_t>(loadInteger(type, data));
    else
      os << ' ' << loadInteger(type, data);
  }
  os << '\n';
}

/// Files appear together or not at all.
static llvm::Error writeOutputs(const Case &test, const Arguments &arguments) {
  std::vector<AtomicFile> files;
  for (const auto &[index, path] : test.outputs) {
    llvm::Expected<HostTensor> tensor = arguments.readBuffer(index);
    if (!tensor)
      return tensor.takeError();
    llvm::Expected<AtomicFile> file = AtomicFile::create(path);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
    if (llvm::Error error = writeNpy(files.back(), *tensor))
      return error;
  }
  for (AtomicFile &file : files)
    if (llvm::Error error = file.commit())
      return error;
  return llvm::Error::success();
}

/// Finds what is wrong with --output and --print before the kernel runs.
static llvm::Error checkOutputs(const Case &test, const Arguments &arguments) {
  std::vector<unsigned> indices = test.printed;
  for (const auto &output : test.outputs)
    indices.push_back(output.first);
  for (unsigned index : indices) {
    llvm::Expected<HostTensor> tensor = arguments.readBuffer(index);
    if (!tensor)
      return tensor.takeError();
    if (test.outputs.count(index) &&
        !isNpyElementType(tensor->getElementType()))
      return llvm::createStringError("argument " + Twine(index) +
                                     ": a .npy file has no type for " +
                                     getName(tensor->getElementType()));
  }
  return llvm::Error::success();
}

llvm::Expected<CaseResult> emulator::runCase(const Case &test) {
  DeviceMemory memory;
  auto module = loadModule(test, memory);
  if (!module)
    return module.takeError();
  llvm::Expected<const Kernel *> kernel = findKernel(**module, test);
  if (!kernel)
    return kernel.takeError();
  llvm::Expected<Arguments> arguments =
      Arguments::parse(test.arguments, **kernel, memory);
  if (!arguments)
    return arguments.takeError();
  if (llvm::Error error = checkOutputs(test, *arguments))
    return std::move(error);

  CaseResult result;
  result.kernel = (*kernel)->name;
  std::vector<void *> pointers = arguments->getPointers();
  if (llvm::Error error = (*module)->launch(
          **kernel, test.grid, test.block, test.cluster, test.dynamicShared,
          pointers.data(), test.launch, &result.report))
    return std::move(error);
  if (llvm::Error error = writeOutputs(test, *arguments))
    return std::move(error);

  llvm::raw_string_ostream os(result.output);
  for (unsigned index : test.printed) {
    llvm::Expected<HostTensor> tensor = arguments->readBuffer(index);
    if (!tensor)
      return tensor.takeError();
    printBuffer(index, *tensor, os);
  }
  if (test.launch.profile) {
    auto description = (*module)->describe(**kernel, /*profile=*/true);
    if (!description)
      return description.takeError();
    result.profile = toJSON(result.report.profile, *description);
    llvm::raw_string_ostream text(result.profileText);
    print(text, result.report.profile, *description);
  }
  return result;
}

llvm::Expected<std::string> emulator::listKernels(const Case &test) {
  DeviceMemory memory;
  auto module = loadModule(test, memory);
  if (!module)
    return module.takeError();
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Kernel &kernel : (*module)->getKernels()) {
    os << kernel.name << ": " << kernel.parameterBytes
       << " bytes of parameters, " << kernel.staticSharedBytes
       << " of static shared memory\n";
    for (const KernelParameter &parameter : kernel.parameters)
      os << "  " << parameter.name << ": offset " << parameter.offset << ", "
         << parameter.bytes << " bytes, alignment " << parameter.alignment
         << '\n';
  }
  return text;
}
