//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/Parser.h"
#include "BodyParser.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::bpt::ptx;
using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;

namespace {
class ModuleParser : public BodyParser {
public:
  explicit ModuleParser(Module &module)
      : BodyParser(*module.source), module(module) {}

  LogicalResult parse();

private:
  LogicalResult parseTopLevel();
  LogicalResult parseVersion();
  LogicalResult parseTarget();
  LogicalResult parseAddressSize();
  LogicalResult parseFile();
  LogicalResult parseGlobal(Space space, bool isExternal);
  LogicalResult parseFunction(bool isEntry);
  LogicalResult parseFunctionDirectives(Function &function);
  Function &getOrCreate(StringRef name);

  Module &module;
  bool hasTarget = false;
};
} // namespace

LogicalResult ModuleParser::parse() {
  if (!token.isDirective(".version"))
    return failExpected("'.version', with which PTX starts");
  while (!token.is(Token::Kind::End))
    if (failed(parseTopLevel()))
      return failure();
  for (const Variable &variable : module.variables)
    if (variable.isExternal && variable.space != Space::Shared)
      return fail(variable.loc, "'" + variable.name +
                                    "' is defined in no module: it is .extern");
  return success();
}

LogicalResult ModuleParser::parseTopLevel() {
  if (consumeIfDirective(".version"))
    return parseVersion();
  if (consumeIfDirective(".target"))
    return parseTarget();
  if (consumeIfDirective(".address_size"))
    return parseAddressSize();
  if (consumeIfDirective(".file"))
    return parseFile();
  if (consumeIfDirective(".loc")) {
    DebugLocation ignored;
    return parseDebugLocation(ignored);
  }
  if (consumeIfDirective(".section"))
    return skipSection();
  if (consumeIfDirective(".pragma"))
    return parsePragma();
  if (consumeIf(';'))
    return success();

  bool isExternal = false;
  while (true) {
    if (consumeIfDirective(".extern"))
      isExternal = true;
    else if (!consumeIfDirective(".visible") && !consumeIfDirective(".weak") &&
             !consumeIfDirective(".common"))
      break;
  }
  if (!hasTarget)
    return fail(token.getLoc(), "'.target' must stand before this");
  if (consumeIfDirective(".entry"))
    return parseFunction(/*isEntry=*/true);
  if (consumeIfDirective(".func"))
    return parseFunction(/*isEntry=*/false);
  if (consumeIfDirective(".global"))
    return parseGlobal(Space::Global, isExternal);
  if (consumeIfDirective(".const"))
    return parseGlobal(Space::Const, isExternal);
  if (consumeIfDirective(".shared"))
    return parseGlobal(Space::Shared, isExternal);
  if (token.is(Token::Kind::DotWord))
    return fail(token.getLoc(),
                "directive '" + token.text + "' is not implemented");
  return failExpected("a directive, a variable or a function");
}

LogicalResult ModuleParser::parseVersion() {
  llvm::SMLoc loc = token.getLoc();
  auto [major, minor] = token.text.split('.');
  if (!token.is(Token::Kind::Float) ||
      major.getAsInteger(10, module.majorVersion) ||
      minor.getAsInteger(10, module.minorVersion))
    return failExpected("a version like 8.3");
  if (module.majorVersion < 6)
    return fail(loc, "PTX before version 6.0 is not supported");
  consume();
  return success();
}

LogicalResult ModuleParser::parseTarget() {
  llvm::SMLoc loc = token.getLoc();
  StringRef name;
  if (failed(parseIdentifier(name, "a target like sm_90a")))
    return failure();
  if (!name.starts_with("sm_"))
    return fail(loc, "'" + name + "' is not a target; write one like sm_90a");
  module.target = name;
  hasTarget = true;
  while (consumeIf(','))
    if (failed(parseIdentifier(name, "an option of the target")))
      return failure();
  return success();
}

LogicalResult ModuleParser::parseAddressSize() {
  llvm::SMLoc loc = token.getLoc();
  unsigned size;
  if (failed(parseUnsigned(size, "the size of addresses")))
    return failure();
  if (size != 64)
    return fail(loc, "addresses must have 64 bits");
  return success();
}

LogicalResult ModuleParser::parseFile() {
  unsigned number;
  if (failed(parseUnsigned(number, "the number of the file")))
    return failure();
  if (!token.is(Token::Kind::String))
    return failExpected("the name of the file");
  module.files.emplace_back(number, token.text.drop_front().drop_back());
  consume();
  // Time and size of the file.
  uint64_t ignored;
  while (consumeIf(','))
    if (failed(parseUnsigned(ignored, "a number")))
      return failure();
  return success();
}

LogicalResult ModuleParser::parseGlobal(Space space, bool isExternal) {
  do {
    Variable variable;
    variable.space = space;
    variable.isExternal = isExternal;
    if (failed(parseVariable(variable)))
      return failure();
    // The name is known in its own initial value.
    Variable *&known = names.variables[variable.name];
    if (known && !known->isExternal && !isExternal)
      return fail(variable.loc, "'" + variable.name + "' is declared already");
    if (!known)
      known = &module.variables.emplace_back();
    bool keepsDefinition =
        isExternal && !known->name.empty() && !known->isExternal;
    if (!keepsDefinition)
      *known = variable;
    Variable *stored = known;
    if (failed(parseInitializer(*stored, names)))
      return failure();
    if (stored->count == 0 && !isExternal)
      return fail(variable.loc,
                  "the size of '" + variable.name + "' is missing");
  } while (consumeIf(','));
  return expect(';');
}

Function &ModuleParser::getOrCreate(StringRef name) {
  Function *&function = names.functions[name];
  if (!function) {
    function = &module.functions.emplace_back();
    function->name = name;
  }
  return *function;
}

LogicalResult ModuleParser::parseFunction(bool isEntry) {
  std::deque<Variable> results, parameters;
  llvm::SMLoc attribute = token.getLoc();
  if (consumeIfDirective(".attribute"))
    return fail(attribute, "'.attribute' is not implemented");
  if (!isEntry && failed(parseParameters(results)))
    return failure();
  llvm::SMLoc loc = token.getLoc();
  StringRef name;
  if (failed(parseIdentifier(name, "the name of the function")) ||
      failed(parseParameters(parameters)))
    return failure();
  Function &function = getOrCreate(name);
  if (function.loc.isValid() &&
      (function.isEntry != isEntry ||
       function.parameters.size() != parameters.size() ||
       function.results.size() != results.size()))
    return fail(loc, "'" + name + "' was declared with other parameters");
  function.loc = loc;
  function.isEntry = isEntry;
  if (failed(parseFunctionDirectives(function)))
    return failure();
  if (consumeIf(';')) {
    if (!function.hasBody) {
      function.results = std::move(results);
      function.parameters = std::move(parameters);
    }
    return success();
  }
  if (function.hasBody)
    return fail(loc, "'" + name + "' is defined already");
  function.results = std::move(results);
  function.parameters = std::move(parameters);
  function.hasBody = true;
  if (failed(expect('{')))
    return failure();
  return parseBody(function);
}

LogicalResult ModuleParser::parseFunctionDirectives(Function &function) {
  PerformanceDirectives &directives = function.directives;
  while (token.is(Token::Kind::DotWord)) {
    llvm::SMLoc loc = token.getLoc();
    StringRef word = token.text;
    consume();
    LogicalResult result = success();
    unsigned ignored;
    if (word == ".maxntid")
      result = parseDimensions(directives.maxThreads);
    else if (word == ".reqntid")
      result = parseDimensions(directives.requiredThreads);
    else if (word == ".reqnctapercluster")
      result = parseDimensions(directives.requiredCluster);
    else if (word == ".maxnreg")
      result = parseUnsigned(directives.maxRegisters, "a number");
    else if (word == ".minnctapersm")
      result = parseUnsigned(directives.minCTAsPerSM, "a number");
    else if (word == ".maxnctapersm")
      result = parseUnsigned(ignored, "a number");
    else if (word == ".maxclusterrank")
      result = parseUnsigned(directives.maxClusterRank, "a number");
    else if (word == ".explicitcluster")
      directives.explicitCluster = true;
    else if (word == ".noreturn")
      function.isNoReturn = true;
    else if (word == ".pragma")
      result = parsePragma();
    else
      return fail(loc, "'" + word + "' is not a directive of a function");
    if (failed(result))
      return failure();
  }
  return success();
}

const Function *Module::findFunction(StringRef name) const {
  for (const Function &function : functions)
    if (function.name == name)
      return &function;
  return nullptr;
}

StringRef Module::getFileName(unsigned number) const {
  for (const auto &[fileNumber, name] : files)
    if (fileNumber == number)
      return name;
  return {};
}

llvm::Expected<std::unique_ptr<Module>>
mlir::bpt::ptx::parseModule(StringRef text, StringRef name) {
  auto module = std::make_unique<Module>();
  module->source = std::make_unique<Source>(text, name);
  ModuleParser parser(*module);
  if (failed(parser.parse()))
    return parser.takeError();
  return module;
}
