//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParserBase.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::bpt::ptx;
using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;
using llvm::Twine;

LogicalResult ParserBase::fail(llvm::SMLoc loc, const Twine &message) {
  if (!error)
    error = source.error(loc, message);
  return failure();
}

LogicalResult ParserBase::failExpected(const Twine &what) {
  if (token.is(Token::Kind::Invalid)) {
    if (token.text.starts_with("/*"))
      return fail(token.getLoc(), "this comment has no end");
    if (token.text.starts_with("\""))
      return fail(token.getLoc(), "this string has no end");
    return fail(token.getLoc(), "'" + token.text + "' has no meaning in PTX");
  }
  if (token.is(Token::Kind::End))
    return fail(token.getLoc(),
                "expected " + what + ", not the end of the file");
  return fail(token.getLoc(),
              "expected " + what + ", not '" + token.text + "'");
}

bool ParserBase::consumeIf(char punctuation) {
  if (!token.is(punctuation))
    return false;
  consume();
  return true;
}

bool ParserBase::consumeIfDirective(StringRef name) {
  if (!token.isDirective(name))
    return false;
  consume();
  return true;
}

LogicalResult ParserBase::expect(char punctuation) {
  if (consumeIf(punctuation))
    return success();
  return failExpected(Twine("'") + StringRef(&punctuation, 1) + "'");
}

LogicalResult ParserBase::parseIdentifier(StringRef &name, const Twine &what) {
  if (!token.is(Token::Kind::Identifier))
    return failExpected(what);
  name = token.text;
  consume();
  return success();
}

LogicalResult ParserBase::parseUnsigned(uint64_t &value, const Twine &what) {
  if (!token.is(Token::Kind::Integer))
    return failExpected(what);
  Constant constant;
  if (failed(parseConstant(constant)))
    return failure();
  value = constant.bits;
  return success();
}

LogicalResult ParserBase::parseUnsigned(unsigned &value, const Twine &what) {
  llvm::SMLoc loc = token.getLoc();
  uint64_t wide;
  if (failed(parseUnsigned(wide, what)))
    return failure();
  value = wide;
  if (value != wide)
    return fail(loc, "the number does not fit in 32 bits");
  return success();
}

static bool parseHexFloat(StringRef text, unsigned digits, uint64_t &bits) {
  return text.size() == digits && !text.getAsInteger(16, bits);
}

static bool parseInteger(StringRef text, uint64_t &bits) {
  if (text.size() > 1 && (text.back() == 'U' || text.back() == 'u'))
    text = text.drop_back();
  if (text.starts_with_insensitive("0x"))
    return !text.drop_front(2).getAsInteger(16, bits);
  if (text.starts_with_insensitive("0b"))
    return !text.drop_front(2).getAsInteger(2, bits);
  if (text.size() > 1 && text[0] == '0')
    return !text.drop_front().getAsInteger(8, bits);
  return !text.getAsInteger(10, bits);
}

LogicalResult ParserBase::parseConstant(Constant &constant) {
  char sign =
      token.is('-') || token.is('+') || token.is('~') ? token.text[0] : 0;
  llvm::SMLoc loc = token.getLoc();
  if (sign)
    consume();
  StringRef text = token.text;
  if (token.is(Token::Kind::Integer)) {
    if (!parseInteger(text, constant.bits))
      return fail(token.getLoc(), "'" + text + "' is not a number of 64 bits");
  } else if (token.is(Token::Kind::Identifier) && text == "WARP_SZ") {
    constant.bits = 32;
  } else if (token.is(Token::Kind::Float)) {
    bool ok;
    if (text.starts_with_insensitive("0f")) {
      constant.isSingle = true;
      ok = parseHexFloat(text.drop_front(2), 8, constant.bits);
    } else if (text.starts_with_insensitive("0d")) {
      constant.isDouble = true;
      ok = parseHexFloat(text.drop_front(2), 16, constant.bits);
    } else {
      constant.isDouble = true;
      double value;
      ok = !text.getAsDouble(value);
      constant.bits = llvm::bit_cast<uint64_t>(value);
    }
    if (!ok)
      return fail(token.getLoc(),
                  "'" + text +
                      "' is not a floating-point number: 0f has 8 "
                      "hexadecimal digits, 0d has 16");
  } else {
    return failExpected("a number");
  }
  consume();
  if (constant.isSingle || constant.isDouble) {
    if (sign == '~')
      return fail(loc, "'~' is for integers");
    if (sign == '-')
      constant.bits ^= constant.isDouble ? 1ull << 63 : 1ull << 31;
  } else if (sign == '-') {
    constant.bits = -constant.bits;
  } else if (sign == '~') {
    constant.bits = ~constant.bits;
  }
  return success();
}

LogicalResult ParserBase::parseDimensions(std::array<unsigned, 3> &dimensions) {
  dimensions = {1, 1, 1};
  for (unsigned i = 0; i != 3; ++i) {
    if (failed(parseUnsigned(dimensions[i], "a number")))
      return failure();
    if (i == 2 || !consumeIf(','))
      break;
  }
  return success();
}

LogicalResult ParserBase::parseVariable(Variable &variable) {
  uint64_t alignment = 0;
  bool hasType = false;
  while (token.is(Token::Kind::DotWord)) {
    StringRef word = token.text.drop_front();
    llvm::SMLoc loc = token.getLoc();
    std::optional<Type> type = parseType(word);
    consume();
    if (word == "align") {
      llvm::SMLoc number = token.getLoc();
      if (failed(parseUnsigned(alignment, "the alignment")))
        return failure();
      if (!llvm::isPowerOf2_64(alignment) || alignment > 1024)
        return fail(number, "an alignment is a power of two up to 1024");
    } else if (word == "v2" || word == "v4") {
      variable.vectorSize = word == "v2" ? 2 : 4;
    } else if (type && isFundamental(*type) && *type != Type::Pred) {
      variable.type = *type;
      hasType = true;
    } else if (word == "ptr") {
      // `.ptr .space .align N` says where a parameter points to.
      for (StringRef space : {".global", ".shared", ".const", ".local"})
        consumeIfDirective(space);
      uint64_t ignored;
      if (consumeIfDirective(".align") &&
          failed(parseUnsigned(ignored, "the alignment")))
        return failure();
    } else if (word == "attribute") {
      return fail(loc, "'.attribute' is not implemented");
    } else {
      return fail(loc, "'." + word + "' is not the type of a variable");
    }
  }
  variable.loc = token.getLoc();
  if (!hasType)
    return failExpected("the type of a variable");
  StringRef name;
  if (failed(parseIdentifier(name, "the name of a variable")))
    return failure();
  variable.name = name;
  while (consumeIf('[')) {
    uint64_t size = 0;
    llvm::SMLoc loc = token.getLoc();
    if (!token.is(']') && failed(parseUnsigned(size, "the size of an array")))
      return failure();
    if (variable.count && size > (1ull << 40) / variable.count)
      return fail(loc, "this array is larger than 2^40 elements");
    variable.count *= size;
    if (failed(expect(']')))
      return failure();
  }
  uint64_t natural =
      static_cast<uint64_t>(variable.vectorSize) * getByteWidth(variable.type);
  variable.alignment = alignment ? alignment : natural;
  return success();
}

LogicalResult ParserBase::parseInitialValue(Variable &variable,
                                            const ModuleNames &names) {
  if (consumeIf('{')) {
    do {
      if (failed(parseInitialValue(variable, names)))
        return failure();
    } while (consumeIf(','));
    return expect('}');
  }

  InitialValue value;
  value.loc = token.getLoc();
  if (!token.is(Token::Kind::Identifier)) {
    Constant constant;
    if (failed(parseConstant(constant)))
      return failure();
    if (!consumeIf('(')) {
      value.bits = constant.bits;
      value.isDouble = constant.isDouble;
      variable.initialValues.push_back(value);
      return success();
    }
    value.mask = constant.bits;
  }
  bool isMasked = value.mask != 0;
  llvm::SMLoc loc = token.getLoc();
  StringRef name;
  if (failed(parseIdentifier(name, "a name")))
    return failure();
  // All spaces are one here: a generic address is the address.
  bool isGeneric = name == "generic" && consumeIf('(');
  if (isGeneric) {
    loc = token.getLoc();
    if (failed(parseIdentifier(name, "a name")))
      return failure();
  }
  value.variable = names.variables.lookup(name);
  value.function = names.functions.lookup(name);
  if (!value.variable && !value.function)
    return fail(loc, "'" + name + "' is not declared");
  if (isGeneric && failed(expect(')')))
    return failure();
  if (token.is('+') || token.is('-')) {
    bool isNegative = token.is('-');
    consume();
    Constant offset;
    if (failed(parseConstant(offset)))
      return failure();
    value.bits = isNegative ? -offset.bits : offset.bits;
  }
  if (isMasked && failed(expect(')')))
    return failure();
  variable.initialValues.push_back(value);
  return success();
}

LogicalResult ParserBase::parseInitializer(Variable &variable,
                                           const ModuleNames &names) {
  llvm::SMLoc loc = token.getLoc();
  if (!consumeIf('='))
    return success();
  if (variable.space != Space::Global && variable.space != Space::Const)
    return fail(loc, "only .global and .const variables have initial values");
  if (failed(parseInitialValue(variable, names)))
    return failure();
  uint64_t given = variable.initialValues.size();
  if (variable.count == 0)
    variable.count = llvm::divideCeil(given, variable.vectorSize);
  if (given > variable.count * variable.vectorSize)
    return fail(loc, Twine(given) + " initial values for " +
                         Twine(variable.count * variable.vectorSize) +
                         " elements");
  return success();
}

LogicalResult ParserBase::parseParameter(Variable &parameter) {
  parameter.space = Space::Param;
  if (token.isDirective(".reg"))
    return fail(token.getLoc(), "parameters in registers are of old ABIs; "
                                "write '.param'");
  if (!consumeIfDirective(".param"))
    return failExpected("'.param'");
  return parseVariable(parameter);
}

LogicalResult ParserBase::parseDebugLocation(DebugLocation &loc) {
  unsigned *numbers[] = {&loc.file, &loc.line, &loc.column};
  for (unsigned *number : numbers)
    if (failed(parseUnsigned(*number, "a number")))
      return failure();
  // Where the code was inlined does not matter here.
  while (consumeIf(',')) {
    StringRef word;
    if (failed(parseIdentifier(word, "'function_name' or 'inlined_at'")))
      return failure();
    unsigned ignored;
    if (word == "function_name") {
      if (failed(parseIdentifier(word, "a label")))
        return failure();
      if (consumeIf('+') && failed(parseUnsigned(ignored, "a number")))
        return failure();
    } else {
      for (unsigned i = 0; i != 3; ++i)
        if (failed(parseUnsigned(ignored, "a number")))
          return failure();
    }
  }
  return success();
}

LogicalResult ParserBase::parsePragma() {
  do {
    if (!token.is(Token::Kind::String))
      return failExpected("a string");
    consume();
  } while (consumeIf(','));
  return expect(';');
}

LogicalResult ParserBase::skipSection() {
  while (!token.is('{') && !token.is(Token::Kind::End))
    consume();
  if (failed(expect('{')))
    return failure();
  for (unsigned depth = 1; depth;) {
    if (token.is(Token::Kind::End))
      return failExpected("'}'");
    if (token.is('{'))
      ++depth;
    if (token.is('}'))
      --depth;
    consume();
  }
  return success();
}
