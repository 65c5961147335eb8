//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorFiles.h"
#include "bpt/ExecutionEngine/NpyFile.h"
#include "bpt/ExecutionEngine/TensorLiteral.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// `@path` or `@path#name`; the path decides which.
struct FileReference {
  StringRef path;
  StringRef name;
  bool isNpy = false;
};
} // namespace

static llvm::Expected<FileReference> parseReference(StringRef text) {
  FileReference reference;
  reference.path = text;
  bool isFile = reference.path.consume_front("@");
  if (isFile && reference.path.ends_with(".npy")) {
    reference.isNpy = true;
    return reference;
  }
  if (isFile && !reference.path.contains(".safetensors"))
    return llvm::createStringError("'" + text +
                                   "': the file's name must end in .npy or in "
                                   ".safetensors#NAME");
  // A tensor's name may hold any character, so the first mark counts.
  size_t mark = reference.path.find(".safetensors#");
  if (!isFile || mark == StringRef::npos)
    return llvm::createStringError(
        "'" + text + "': write @FILE.npy or @FILE.safetensors#NAME");
  size_t pathLength = mark + StringRef(".safetensors").size();
  reference.name = reference.path.drop_front(pathLength + 1);
  reference.path = reference.path.take_front(pathLength);
  if (reference.name.empty())
    return llvm::createStringError("'" + text +
                                   "': the tensor's name after # is missing");
  return reference;
}

llvm::Expected<const SafetensorsFile *>
TensorReader::openSafetensors(StringRef path) {
  auto found = files.find(path);
  if (found == files.end()) {
    llvm::Expected<SafetensorsFile> file = SafetensorsFile::open(path);
    if (!file)
      return file.takeError();
    found = files.try_emplace(path, std::move(*file)).first;
  }
  return &found->second;
}

llvm::Expected<HostTensor> TensorReader::readFile(StringRef text) {
  llvm::Expected<FileReference> reference = parseReference(text);
  if (!reference)
    return reference.takeError();
  if (reference->isNpy)
    return readNpy(reference->path);
  llvm::Expected<const SafetensorsFile *> file =
      openSafetensors(reference->path);
  if (!file)
    return file.takeError();
  return (*file)->get(reference->name);
}

llvm::Expected<HostTensor> TensorReader::readInput(StringRef text) {
  return text.starts_with("@") ? readFile(text) : parseTensorLiteral(text);
}

llvm::Expected<SmallVector<HostTensor>>
bpt::readArguments(const FunctionSignature &signature, StringRef weights,
                   ArrayRef<std::string> inputs, TensorReader &reader,
                   SmallVectorImpl<unsigned> &weightNumbers) {
  const SafetensorsFile *file = nullptr;
  if (!weights.empty()) {
    llvm::Expected<const SafetensorsFile *> opened =
        reader.openSafetensors(weights);
    if (!opened)
      return opened.takeError();
    file = *opened;
  }

  SmallVector<HostTensor> arguments;
  ArrayRef<std::string> rest = inputs;
  for (auto [i, spec] : llvm::enumerate(signature.arguments)) {
    bool isWeight = file && !spec.name.empty() && file->contains(spec.name);
    if (!isWeight && rest.empty())
      return llvm::createStringError(signature.getArgumentTitle(i) +
                                     " of type " + spec.getTypeString() +
                                     " is missing: give one more "
                                     "--input");
    llvm::Expected<HostTensor> tensor =
        isWeight ? file->get(spec.name) : reader.readInput(rest.front());
    if (!tensor)
      return tensor.takeError();
    if (isWeight)
      weightNumbers.push_back(i);
    else
      rest = rest.drop_front();
    arguments.push_back(std::move(*tensor));
  }
  if (file && weightNumbers.empty() && !signature.arguments.empty())
    return makeFileError(weights, "holds none of the arguments of function '" +
                                      signature.name + "'");
  if (!rest.empty())
    return llvm::createStringError(
        Twine(inputs.size()) + " --input flags, but function '" +
        signature.name + "' takes " +
        Twine(signature.arguments.size() - weightNumbers.size()) + " of its " +
        Twine(signature.arguments.size()) + " arguments from them");
  return arguments;
}

llvm::Expected<SmallVector<unsigned>>
bpt::findArguments(const FunctionSignature &signature,
                   ArrayRef<std::string> names) {
  SmallVector<unsigned> numbers;
  for (StringRef name : names) {
    std::optional<unsigned> number = signature.findArgument(name);
    if (!number)
      return llvm::createStringError("function '" + signature.name +
                                     "' has no argument '" + name +
                                     "' to bind");
    numbers.push_back(*number);
  }
  return numbers;
}

llvm::Expected<OutputFiles>
OutputFiles::parse(ArrayRef<std::string> references,
                   const FunctionSignature &signature) {
  if (references.size() > signature.results.size())
    return llvm::createStringError(
        Twine(references.size()) + " --output flags, but function '" +
        signature.name + "' has " + Twine(signature.results.size()) +
        " results");
  OutputFiles files;
  for (auto [i, text] : llvm::enumerate(references)) {
    llvm::Expected<FileReference> reference = parseReference(text);
    if (!reference)
      return reference.takeError();
    ElementType type = signature.results[i].elementType;
    if (reference->isNpy && !isNpyElementType(type))
      return makeFileError(reference->path,
                           "a .npy file has no type for " + getName(type) +
                               "; write the result to @FILE.safetensors#NAME");
    Target *target = llvm::find_if(files.targets, [&](const Target &other) {
      return other.path == reference->path;
    });
    if (target == files.targets.end()) {
      files.targets.push_back({reference->path.str(), {}, reference->isNpy});
      target = &files.targets.back();
    } else if (reference->isNpy ||
               llvm::any_of(target->results, [&](const auto &result) {
                 return result.first == reference->name;
               })) {
      return llvm::createStringError("two results go to '" + text + "'");
    }
    target->results.emplace_back(reference->name.str(), i);
  }
  return files;
}

llvm::Error OutputFiles::write(ArrayRef<HostTensor> results) const {
  std::vector<AtomicFile> staged;
  for (const Target &target : targets) {
    llvm::Expected<AtomicFile> file = AtomicFile::create(target.path);
    if (!file)
      return file.takeError();
    staged.push_back(std::move(*file));
    if (target.isNpy) {
      if (llvm::Error error =
              writeNpy(staged.back(), results[target.results[0].second]))
        return error;
      continue;
    }
    std::vector<NamedTensor> tensors;
    for (const auto &[name, index] : target.results)
      tensors.emplace_back(name, results[index]);
    if (llvm::Error error =
            writeSafetensors(staged.back(), target.path, tensors))
      return error;
  }
  for (AtomicFile &file : staged)
    if (llvm::Error error = file.commit())
      return error;
  return llvm::Error::success();
}
