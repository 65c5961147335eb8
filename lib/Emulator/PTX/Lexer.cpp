//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/Lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::bpt::ptx;
using llvm::StringRef;

static bool isIdentifierStart(char c) {
  return llvm::isAlpha(c) || c == '_' || c == '$' || c == '%';
}

static bool isIdentifierBody(char c) {
  return llvm::isAlnum(c) || c == '_' || c == '$';
}

template <typename Predicate> void Lexer::skipWhile(Predicate predicate) {
  while (position != end && predicate(*position))
    ++position;
}

bool Lexer::skipTrivia() {
  while (true) {
    skipWhile(llvm::isSpace);
    StringRef rest(position, end - position);
    if (rest.starts_with("//")) {
      skipWhile([](char c) { return c != '\n'; });
    } else if (rest.starts_with("/*")) {
      size_t close = rest.find("*/", 2);
      if (close == StringRef::npos)
        return false;
      position += close + 2;
    } else {
      return true;
    }
  }
}

/// `0x1F`, `0b11`, `0f3F800000`, `12U`, `1.5`, `2e-3`. What does not belong to
/// the number and touches it is left in, for the parser to complain about.
Token Lexer::lexNumber() {
  const char *start = position;
  StringRef rest(position, end - position);
  Token token;
  token.kind = Token::Kind::Integer;
  if (rest.size() > 1 && rest[0] == '0' && llvm::isAlpha(rest[1])) {
    char base = llvm::toLower(rest[1]);
    if (base == 'f' || base == 'd')
      token.kind = Token::Kind::Float;
    skipWhile(llvm::isAlnum);
  } else {
    skipWhile(llvm::isDigit);
    if (position != end && *position == '.') {
      token.kind = Token::Kind::Float;
      ++position;
      skipWhile(llvm::isDigit);
    }
    if (position != end && llvm::toLower(*position) == 'e') {
      token.kind = Token::Kind::Float;
      ++position;
      if (position != end && (*position == '-' || *position == '+'))
        ++position;
    }
    skipWhile(llvm::isAlnum);
  }
  token.text = StringRef(start, position - start);
  return token;
}

Token Lexer::next() {
  Token token;
  if (!skipTrivia()) {
    token.kind = Token::Kind::Invalid;
    token.text = StringRef(position, 2);
    position = end;
    return token;
  }
  const char *start = position;
  token.text = StringRef(start, 0);
  if (position == end)
    return token;

  char c = *position;
  if (llvm::isDigit(c))
    return lexNumber();
  ++position;
  if (isIdentifierStart(c)) {
    token.kind = Token::Kind::Identifier;
    skipWhile(isIdentifierBody);
  } else if (c == '.') {
    token.kind = Token::Kind::DotWord;
    // `::` joins the parts of one modifier; a single colon ends a label.
    while (true) {
      skipWhile(isIdentifierBody);
      if (end - position < 2 || position[0] != ':' || position[1] != ':')
        break;
      position += 2;
    }
    if (position - start == 1)
      token.kind = Token::Kind::Invalid;
  } else if (c == '"') {
    token.kind = Token::Kind::String;
    skipWhile([](char c) { return c != '"' && c != '\n'; });
    if (position != end && *position == '"')
      ++position;
    else
      token.kind = Token::Kind::Invalid;
  } else if (StringRef("(){}[],;:@!|+-<>=~*/").contains(c)) {
    token.kind = Token::Kind::Punctuation;
  } else {
    token.kind = Token::Kind::Invalid;
  }
  token.text = StringRef(start, position - start);
  return token;
}
