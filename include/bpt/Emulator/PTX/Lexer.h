//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_LEXER_H
#define BPT_EMULATOR_PTX_LEXER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"

namespace mlir::bpt::ptx {

struct Token {
  enum class Kind : uint8_t {
    End,
    /// A character that starts no token, an open comment or string.
    Invalid,
    /// `add`, `%r1`, `$L__BB0_1`, `_`.
    Identifier,
    /// `.reg`, `.f32`, `.shared::cta`: with its dot.
    DotWord,
    /// `12`, `0xffU`, `0b101`, `017`.
    Integer,
    /// `0f3F800000`, `0d3FF0000000000000`, `1.5e3`.
    Float,
    /// With its quotes.
    String,
    /// One character.
    Punctuation
  };

  Kind kind = Kind::End;
  llvm::StringRef text;

  llvm::SMLoc getLoc() const {
    return llvm::SMLoc::getFromPointer(text.data());
  }
  llvm::SMLoc getEndLoc() const {
    return llvm::SMLoc::getFromPointer(text.data() + text.size());
  }
  bool is(char punctuation) const {
    return kind == Kind::Punctuation && text[0] == punctuation;
  }
  bool is(Kind other) const { return kind == other; }
  bool isDirective(llvm::StringRef name) const {
    return kind == Kind::DotWord && text == name;
  }
};

/// Cuts PTX into tokens. The end is returned again and again.
class Lexer {
public:
  explicit Lexer(llvm::StringRef text)
      : position(text.begin()), end(text.end()) {}

  Token next();

private:
  /// Skips spaces and comments; false at a comment without an end.
  bool skipTrivia();
  template <typename Predicate> void skipWhile(Predicate predicate);
  Token lexNumber();

  const char *position;
  const char *end;
};

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_LEXER_H
