//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "Report.h"
#include "bpt/ExecutionEngine/FileIO.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
namespace json = llvm::json;

static bool parseDim3(const json::Value &value, Dim3 &dim, json::Path path) {
  const json::Array *list = value.getAsArray();
  if (!list || list->empty() || list->size() > 3) {
    path.report("expected a list of one to three numbers");
    return false;
  }
  uint32_t *fields[] = {&dim.x, &dim.y, &dim.z};
  for (auto [i, element] : llvm::enumerate(*list)) {
    std::optional<int64_t> number = element.getAsInteger();
    if (!number || *number < 0 || *number > UINT32_MAX) {
      path.index(i).report("expected a number");
      return false;
    }
    *fields[i] = *number;
  }
  return true;
}

static bool parseOutputs(const json::Value &value, Case &test,
                         json::Path path) {
  const json::Object *outputs = value.getAsObject();
  if (!outputs) {
    path.report("expected an object: argument number to path");
    return false;
  }
  for (const auto &[key, file] : *outputs) {
    unsigned index = 0;
    std::optional<StringRef> name = file.getAsString();
    StringRef number(key);
    if (number.getAsInteger(10, index) || !name) {
      path.field(key).report("expected argument number to path");
      return false;
    }
    name->consume_front("@");
    test.outputs[index] = name->str();
  }
  return true;
}

/// The keys of a case. An unknown one is an error, since it would be without
/// effect.
static bool parseCase(const json::Value &value, Case &test, json::Path path) {
  const json::Object *object = value.getAsObject();
  if (!object) {
    path.report("expected an object");
    return false;
  }
  test.name = "case";
  for (const auto &[key, field] : *object) {
    StringRef name(key);
    json::Path at = path.field(key);
    bool ok;
    if (name == "name")
      ok = json::fromJSON(field, test.name, at);
    else if (name == "ptx")
      ok = json::fromJSON(field, test.path, at);
    else if (name == "ptx_text")
      ok = json::fromJSON(field, test.text, at);
    else if (name == "kernel")
      ok = json::fromJSON(field, test.kernel, at);
    else if (name == "grid")
      ok = parseDim3(field, test.grid, at);
    else if (name == "block")
      ok = parseDim3(field, test.block, at);
    else if (name == "cluster")
      ok = parseDim3(field, test.cluster, at);
    else if (name == "shared")
      ok = json::fromJSON(field, test.dynamicShared, at);
    else if (name == "args")
      ok = json::fromJSON(field, test.arguments, at);
    else if (name == "outputs")
      ok = parseOutputs(field, test, at);
    else if (name == "seed")
      ok = json::fromJSON(field, test.launch.seed, at);
    else if (name == "threads")
      ok = json::fromJSON(field, test.launch.threads, at);
    else if (name == "eager")
      ok = json::fromJSON(field, test.launch.eager, at);
    else if (name == "races")
      ok = json::fromJSON(field, test.launch.races, at);
    else if (name == "profile")
      ok = json::fromJSON(field, test.launch.profile, at);
    else {
      at.report("there is no such key");
      ok = false;
    }
    if (!ok)
      return false;
  }
  test.launch.globalRaces = test.launch.races;
  if (test.path.empty() == test.text.empty()) {
    path.report("expected either ptx or ptx_text");
    return false;
  }
  return true;
}

static json::Object run(const Case &test, int &exitCode) {
  json::Object object{{"name", test.name}};
  llvm::Expected<CaseResult> result = runCase(test);
  object["ok"] = static_cast<bool>(result);
  if (result) {
    object["report"] = toJSON(*result);
    return object;
  }
  CaseError error = takeError(result.takeError());
  object["error"] = error.message;
  object["fault"] = error.isFault;
  exitCode = std::max(exitCode, error.isFault ? kFault : kUserError);
  return object;
}

llvm::Expected<int> emulator::runBatch(StringRef path, llvm::raw_ostream &os) {
  llvm::Expected<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  llvm::Expected<json::Value> value = json::parse((*file)->getBytes());
  if (!value)
    return makeFileError(path, llvm::toString(value.takeError()));
  std::vector<Case> cases;
  const json::Array *list = value->getAsArray();
  if (!list)
    return makeFileError(path, "a batch is a list of cases");
  json::Path::Root root("batch");
  for (auto [i, element] : llvm::enumerate(*list))
    if (!parseCase(element, cases.emplace_back(), json::Path(root).index(i)))
      return makeFileError(path, llvm::toString(root.getError()));
  json::Array results;
  int exitCode = kSuccess;
  for (const Case &test : cases)
    results.push_back(run(test, exitCode));
  os << json::Value(std::move(results)) << '\n';
  return exitCode;
}
