//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_PTX_PARSERBASE_H
#define BPT_LIB_EMULATOR_PTX_PARSERBASE_H

#include "bpt/Emulator/PTX/AST.h"
#include "bpt/Emulator/PTX/Lexer.h"
#include "llvm/ADT/FunctionExtras.h"
#include "llvm/Support/LogicalResult.h"

namespace mlir::bpt::ptx {

/// A number as it stands in the text.
struct Constant {
  uint64_t bits = 0;
  /// `bits` are those of a double or of a float; else an integer.
  bool isDouble = false, isSingle = false;
};

/// The names of a module, while it is parsed.
struct ModuleNames {
  llvm::StringMap<Variable *> variables;
  llvm::StringMap<Function *> functions;
};

/// The current token, the first error, and what declarations inside and outside
/// of functions have in common.
class ParserBase {
public:
  explicit ParserBase(Source &source)
      : source(source), lexer(source.getText()) {
    consume();
  }

  /// Success until something failed.
  llvm::Error takeError() { return std::move(error); }

protected:
  llvm::LogicalResult fail(llvm::SMLoc loc, const llvm::Twine &message);
  /// Fails at the current token, naming it: `expected X, not 'token'`.
  llvm::LogicalResult failExpected(const llvm::Twine &what);

  void consume() { token = lexer.next(); }
  bool consumeIf(char punctuation);
  bool consumeIfDirective(llvm::StringRef name);
  llvm::LogicalResult expect(char punctuation);
  llvm::LogicalResult parseIdentifier(llvm::StringRef &name,
                                      const llvm::Twine &what);
  llvm::LogicalResult parseUnsigned(uint64_t &value, const llvm::Twine &what);
  llvm::LogicalResult parseUnsigned(unsigned &value, const llvm::Twine &what);
  /// A number with or without a sign.
  llvm::LogicalResult parseConstant(Constant &constant);
  /// `a, b, c` up to three, for `.maxntid`.
  llvm::LogicalResult parseDimensions(std::array<unsigned, 3> &dimensions);

  /// `.align 4 .v2 .b8 name[2][3]`, after the state space.
  llvm::LogicalResult parseVariable(Variable &variable);
  /// `= {...}`, if it is there.
  llvm::LogicalResult parseInitializer(Variable &variable,
                                       const ModuleNames &names);
  /// `(.param .b32 a, ...)`, if it is there.
  template <typename Container>
  llvm::LogicalResult parseParameters(Container &parameters);
  /// `.loc 1 2 3, function_name ..., inlined_at ...`.
  llvm::LogicalResult parseDebugLocation(DebugLocation &loc);
  /// `.pragma "...";`, which are hints all.
  llvm::LogicalResult parsePragma();
  llvm::LogicalResult skipSection();

  Source &source;
  Lexer lexer;
  Token token;

private:
  llvm::LogicalResult parseInitialValue(Variable &variable,
                                        const ModuleNames &names);
  llvm::LogicalResult parseParameter(Variable &parameter);

  llvm::Error error = llvm::Error::success();
};

template <typename Container>
llvm::LogicalResult ParserBase::parseParameters(Container &parameters) {
  if (!consumeIf('('))
    return llvm::success();
  while (!consumeIf(')')) {
    if (!parameters.empty() && failed(expect(',')))
      return llvm::failure();
    Variable parameter;
    if (failed(parseParameter(parameter)))
      return llvm::failure();
    parameters.push_back(std::move(parameter));
  }
  return llvm::success();
}

} // namespace mlir::bpt::ptx

#endif // BPT_LIB_EMULATOR_PTX_PARSERBASE_H
