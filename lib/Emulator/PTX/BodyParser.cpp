//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BodyParser.h"
#include "OperandChecker.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::bpt::ptx;
using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;
using llvm::Twine;

template <typename Value>
const Value *BodyParser::lookup(llvm::StringMap<Value> Scope::*map,
                                StringRef name, int scope) const {
  for (; scope >= 0; scope = scopes[scope].parent) {
    const auto &values = scopes[scope].*map;
    auto found = values.find(name);
    if (found != values.end())
      return &found->second;
  }
  return nullptr;
}

LogicalResult BodyParser::parseBody(Function &body) {
  function = &body;
  scopes.clear();
  scopes.emplace_back();
  scope = 0;
  labelUses.clear();
  debugLoc = {};
  for (const auto *parameters : {&body.results, &body.parameters})
    for (const Variable &parameter : *parameters)
      scopes[0].variables[parameter.name] = &parameter;

  while (true) {
    if (consumeIf('{')) {
      scopes.emplace_back();
      scopes.back().parent = scope;
      scope = scopes.size() - 1;
    } else if (token.is('}')) {
      consume();
      scope = scopes[scope].parent;
      if (scope < 0)
        return resolveLabels();
    } else if (failed(parseStatement())) {
      return failure();
    }
  }
}

LogicalResult BodyParser::parseStatement() {
  if (token.is(Token::Kind::DotWord))
    return parseDirective();
  if (consumeIf(';'))
    return success();
  return parseInstruction();
}

LogicalResult BodyParser::parseDirective() {
  if (consumeIfDirective(".reg"))
    return parseRegisters();
  if (consumeIfDirective(".loc"))
    return parseDebugLocation(debugLoc);
  if (consumeIfDirective(".pragma"))
    return parsePragma();
  if (consumeIfDirective(".shared"))
    return parseLocalVariables(Space::Shared);
  if (consumeIfDirective(".local"))
    return parseLocalVariables(Space::Local);
  if (consumeIfDirective(".param"))
    return parseLocalVariables(Space::Param);
  return fail(token.getLoc(),
              "'" + token.text + "' is not a directive of a function's body");
}

LogicalResult BodyParser::parseRegisters() {
  std::optional<Type> type;
  llvm::SMLoc loc = token.getLoc();
  if (token.is(Token::Kind::DotWord))
    type = parseType(token.text.drop_front());
  if (!type || !isFundamental(*type) || *type == Type::B8 ||
      *type == Type::U8 || *type == Type::S8)
    return fail(loc, "'" + token.text + "' is not the type of a register");
  consume();
  llvm::StringMap<unsigned> &registers = scopes[scope].registers;
  do {
    llvm::SMLoc nameLoc = token.getLoc();
    StringRef name;
    if (failed(parseIdentifier(name, "the name of a register")))
      return failure();
    auto declare = [&](const Twine &fullName) -> LogicalResult {
      unsigned index = function->registers.size();
      std::string text = fullName.str();
      if (!registers.try_emplace(text, index).second)
        return fail(nameLoc,
                    "register '" + Twine(text) + "' is declared already");
      function->registers.push_back({std::move(text), *type});
      return success();
    };
    if (!consumeIf('<')) {
      if (failed(declare(name)))
        return failure();
      continue;
    }
    unsigned count;
    llvm::SMLoc countLoc = token.getLoc();
    if (failed(parseUnsigned(count, "the number of registers")) ||
        failed(expect('>')))
      return failure();
    if (count > (1u << 20))
      return fail(countLoc, "there are at most 2^20 registers of a name");
    for (unsigned i = 0; i != count; ++i)
      if (failed(declare(name + Twine(i))))
        return failure();
  } while (consumeIf(','));
  return expect(';');
}

LogicalResult BodyParser::parseLocalVariables(Space space) {
  Variable variable;
  variable.space = space;
  if (failed(parseVariable(variable)) ||
      failed(parseInitializer(variable, names)))
    return failure();
  if (variable.count == 0)
    return fail(variable.loc, "a variable of a function needs a size; only "
                              "an .extern .shared array outside has none");
  if (!scopes[scope].variables.try_emplace(variable.name, nullptr).second)
    return fail(variable.loc, "'" + variable.name + "' is declared already");
  function->variables.push_back(std::move(variable));
  const Variable &stored = function->variables.back();
  scopes[scope].variables[stored.name] = &stored;
  return expect(';');
}

LogicalResult BodyParser::parseLabel(const Token &name) {
  if (token.isDirective(".branchtargets"))
    return parseTable(LabelTable::Kind::BranchTargets, name);
  if (token.isDirective(".callprototype"))
    return parseTable(LabelTable::Kind::CallPrototype, name);
  if (token.isDirective(".calltargets"))
    return parseTable(LabelTable::Kind::CallTargets, name);
  unsigned index = function->labels.size();
  if (!scopes[scope].labels.try_emplace(name.text, index).second)
    return fail(name.getLoc(), "label '" + name.text + "' is defined already");
  function->labels.push_back({name.text.str(), name.getLoc(),
                              unsigned(function->instructions.size())});
  return success();
}

LogicalResult BodyParser::parseTable(LabelTable::Kind kind,
                                     const Token &label) {
  consume();
  LabelTable table;
  table.kind = kind;
  table.name = label.text;
  table.loc = label.getLoc();
  if (kind == LabelTable::Kind::CallPrototype) {
    StringRef name;
    if (failed(parseParameters(table.results)) ||
        failed(parseIdentifier(name, "'_'")) ||
        failed(parseParameters(table.parameters)))
      return failure();
    consumeIfDirective(".noreturn");
  } else {
    do {
      Token name = token;
      StringRef text;
      if (failed(parseIdentifier(text, "a name")))
        return failure();
      if (kind == LabelTable::Kind::BranchTargets)
        table.labels.push_back(addLabelUse(name));
      else if (!names.functions.count(text))
        return fail(name.getLoc(), "there is no function '" + text + "'");
    } while (consumeIf(','));
  }
  scopes[scope].tables[label.text] = function->tables.size();
  function->tables.push_back(std::move(table));
  return expect(';');
}

unsigned BodyParser::addLabelUse(const Token &name) {
  labelUses.push_back({name.text, name.getLoc(), scope});
  return labelUses.size() - 1;
}

/// Replaces the uses of labels, which operands and tables refer to so far, with
/// the labels.
LogicalResult BodyParser::resolveLabels() {
  std::vector<unsigned> labels;
  for (const LabelUse &use : labelUses) {
    const unsigned *label = lookup(&Scope::labels, use.name, use.scope);
    if (!label)
      return fail(use.loc, "there is no label '" + use.name + "' here");
    labels.push_back(*label);
  }
  for (Instruction &instruction : function->instructions)
    for (Operand &operand : instruction.operands)
      if (operand.is(Operand::Kind::Label))
        operand.index = labels[operand.index];
  for (LabelTable &table : function->tables)
    for (unsigned &label : table.labels)
      label = labels[label];
  return success();
}

LogicalResult BodyParser::parseGuard(Instruction &instruction) {
  instruction.guardNegated = consumeIf('!');
  llvm::SMLoc loc = token.getLoc();
  StringRef name;
  if (failed(parseIdentifier(name, "a predicate")))
    return failure();
  const unsigned *index = lookup(&Scope::registers, name, scope);
  if (!index || function->registers[*index].type != Type::Pred)
    return fail(loc, "'" + name + "' is not a predicate");
  instruction.guard = *index;
  return success();
}

LogicalResult BodyParser::parseInstruction() {
  Instruction instruction;
  instruction.loc = token.getLoc();
  instruction.debugLoc = debugLoc;
  if (consumeIf('@') && failed(parseGuard(instruction)))
    return failure();
  Token opcode = token;
  if (!token.is(Token::Kind::Identifier))
    return failExpected("an instruction");
  consume();
  if (instruction.guard < 0 && consumeIf(':'))
    return parseLabel(opcode);
  instruction.opcode = opcode.text;
  if (lookupForms(opcode.text).empty())
    return fail(opcode.getLoc(),
                "there is no instruction '" + opcode.text + "'");

  llvm::SmallVector<Token> modifiers;
  while (token.is(Token::Kind::DotWord)) {
    modifiers.push_back(token);
    consume();
  }
  if (failed(parseOperands(instruction)))
    return failure();
  const char *start = instruction.loc.getPointer();
  instruction.text = StringRef(start, token.text.data() - start).rtrim();
  if (failed(expect(';')) || failed(matchForm(instruction, modifiers)))
    return failure();
  function->instructions.push_back(std::move(instruction));
  return success();
}

LogicalResult BodyParser::matchForm(Instruction &instruction,
                                    llvm::ArrayRef<Token> modifiers) {
  llvm::SmallVector<StringRef> words;
  for (const Token &modifier : modifiers)
    words.push_back(modifier.text.drop_front());
  ModifierMismatch mismatch;
  auto forms = matchModifiers(lookupForms(instruction.opcode), words, mismatch);
  if (forms.empty()) {
    std::string expected;
    for (StringRef word : mismatch.expected)
      expected += (expected.empty() ? "." : ", .") + word.str();
    // The shapes of wgmma alone are 32.
    constexpr size_t kMaxShown = 100;
    if (expected.size() > kMaxShown)
      expected = expected.substr(0, expected.find(',', kMaxShown)) + ", ...";
    if (mismatch.position < modifiers.size())
      return fail(modifiers[mismatch.position].getLoc(),
                  "'" + instruction.opcode + "' does not take '" +
                      modifiers[mismatch.position].text + "' here" +
                      (expected.empty() ? "" : "; it takes " + expected));
    return fail(
        modifiers.empty() ? instruction.loc : modifiers.back().getEndLoc(),
        "'" + instruction.opcode + "' lacks a modifier here: " + expected);
  }

  std::optional<OperandProblem> first;
  for (MatchedForm &form : forms) {
    std::optional<OperandProblem> problem =
        checkOperands(*function, instruction, form);
    if (!problem) {
      instruction.form = std::move(form);
      return success();
    }
    if (!first)
      first = std::move(problem);
  }
  return fail(first->loc, first->message);
}

LogicalResult BodyParser::parseOperands(Instruction &instruction) {
  namesLabels = instruction.opcode == "bra" || instruction.opcode == "brx";
  if (token.is(';'))
    return success();
  do {
    Operand operand;
    if (failed(parseOperand(operand)))
      return failure();
    instruction.operands.push_back(std::move(operand));
  } while (consumeIf(','));
  return success();
}

LogicalResult BodyParser::parseList(Operand &operand, char close) {
  operand.kind = Operand::Kind::List;
  while (!consumeIf(close)) {
    if (!operand.elements.empty() && failed(expect(',')))
      return failure();
    operand.elements.emplace_back();
    if (failed(parseOperand(operand.elements.back())))
      return failure();
  }
  return success();
}

/// `+4`, `-4` and `+-4`, each perhaps several times.
LogicalResult BodyParser::parseOffset(Operand &operand) {
  while (token.is('+') || token.is('-')) {
    bool isNegative = token.is('-');
    consume();
    Constant constant;
    if (failed(parseConstant(constant)))
      return failure();
    operand.value += isNegative ? -constant.bits : constant.bits;
  }
  return success();
}

LogicalResult BodyParser::parseAddress(Operand &operand) {
  operand.kind = Operand::Kind::Address;
  do {
    operand.elements.emplace_back();
    Operand &element = operand.elements.back();
    if (failed(parseOperand(element)))
      return failure();
    // That of `[variable+4]` has been taken for the variable's.
    if (operand.elements.size() == 1 && failed(parseOffset(operand)))
      return failure();
  } while (consumeIf(','));
  return expect(']');
}

LogicalResult BodyParser::parseName(Operand &operand) {
  Token name = token;
  consume();
  if (const unsigned *index = lookup(&Scope::registers, name.text, scope)) {
    operand.kind = Operand::Kind::Register;
    operand.index = *index;
    return success();
  }
  if (name.text.starts_with("%")) {
    std::string full = name.text.str();
    if (token.is(Token::Kind::DotWord)) {
      full += token.text;
      consume();
    }
    std::optional<SpecialRegister> special = parseSpecialRegister(full);
    if (!special)
      return fail(name.getLoc(),
                  "register '" + Twine(full) + "' is not declared");
    operand.kind = Operand::Kind::SpecialRegister;
    operand.special = *special;
    return success();
  }
  const Variable *const *local = lookup(&Scope::variables, name.text, scope);
  operand.variable = local ? *local : names.variables.lookup(name.text);
  if (operand.variable) {
    operand.kind = Operand::Kind::Variable;
    return parseOffset(operand);
  }
  if (const unsigned *table = lookup(&Scope::tables, name.text, scope)) {
    operand.kind = Operand::Kind::Table;
    operand.index = *table;
    return success();
  }
  if (namesLabels) {
    operand.kind = Operand::Kind::Label;
    operand.index = addLabelUse(name);
    return success();
  }
  operand.function = names.functions.lookup(name.text);
  if (!operand.function)
    return fail(name.getLoc(), "'" + name.text + "' is not declared");
  operand.kind = Operand::Kind::Function;
  return success();
}

LogicalResult BodyParser::parseOperand(Operand &operand) {
  operand.loc = token.getLoc();
  if (consumeIf('{'))
    return parseList(operand, '}');
  if (consumeIf('('))
    return parseList(operand, ')');
  if (consumeIf('['))
    return parseAddress(operand);
  operand.isNegated = consumeIf('!');
  if (token.is(Token::Kind::Identifier) && token.text == "_") {
    consume();
  } else if (token.is(Token::Kind::Identifier) && token.text != "WARP_SZ") {
    if (failed(parseName(operand)))
      return failure();
  } else {
    Constant constant;
    if (failed(parseConstant(constant)))
      return failure();
    operand.kind = Operand::Kind::Immediate;
    operand.value = constant.bits;
    operand.isDouble = constant.isDouble;
    operand.isSingle = constant.isSingle;
  }
  if (!consumeIf('|'))
    return success();
  Operand pair;
  pair.kind = Operand::Kind::Pair;
  pair.loc = operand.loc;
  pair.elements.push_back(std::move(operand));
  pair.elements.emplace_back();
  if (failed(parseOperand(pair.elements.back())))
    return failure();
  operand = std::move(pair);
  return success();
}
