//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperandChecker.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::bpt::ptx;
using llvm::StringRef;
using llvm::Twine;

namespace {
/// Checks one operand after the other against the slots of a form.
class Checker {
public:
  Checker(const Function &function, const Instruction &instruction,
          const MatchedForm &form)
      : function(function), instruction(instruction), form(form) {}

  std::optional<OperandProblem> run();

private:
  using Kind = Operand::Kind;

  /// The instruction's name with its modifiers.
  std::string getMnemonic() const;
  bool isAbsent(const OperandSlot &slot) const {
    return !slot.modifier.empty() && !form.has(slot.modifier) &&
           form.get(slot.modifier).empty();
  }
  std::optional<Type> getType(const OperandSlot &slot) const;

  bool check(const OperandSlot &slot, const Operand &operand);
  bool checkList(const OperandSlot &slot, const Operand &operand);
  bool checkDestination(const Operand &operand, Type type, bool mayBeWider);
  bool checkSource(const Operand &operand, Type type, bool mayBeWider);
  bool checkPredicate(const Operand &operand, bool isDestination);
  bool checkAddress(const Operand &operand, bool isTensor);
  bool checkRegister(const Operand &operand, Type actual, Type type,
                     bool mayBeWider);

  bool fail(const Operand &operand, const Twine &message) {
    problem = OperandProblem{operand.loc, message.str()};
    return false;
  }
  bool failRole(const Operand &operand, const Twine &wanted) {
    return fail(operand, "operand " + Twine(number) + " of '" + getMnemonic() +
                             "' must be " + wanted);
  }

  const Function &function;
  const Instruction &instruction;
  const MatchedForm &form;
  std::optional<OperandProblem> problem;
  unsigned number = 0;
};
} // namespace

std::string Checker::getMnemonic() const {
  std::string result = instruction.opcode.str();
  for (StringRef value : form.values)
    if (!value.empty())
      result += "." + value.str();
  return result;
}

std::optional<Type> Checker::getType(const OperandSlot &slot) const {
  StringRef name = form.get(slot.type);
  std::optional<Type> type = parseType(name.empty() ? slot.type : name);
  if (type && slot.isWide)
    type = getWideType(*type);
  return type;
}

bool Checker::checkRegister(const Operand &operand, Type actual, Type type,
                            bool mayBeWider) {
  if (agrees(actual, type))
    return true;
  // Loads, stores and conversions may use the low part of a register. Formats
  // without registers of their own are held as bits.
  if (mayBeWider && actual != Type::Pred &&
      getBitWidth(actual) > getBitWidth(type) &&
      (getKind(actual) == TypeKind::Bits ||
       (!isFloat(actual) && !isFloat(type))))
    return true;
  return fail(operand, "operand " + Twine(number) + " of '" + getMnemonic() +
                           "' is of type ." + getName(actual) + "; ." +
                           getName(type) + " is needed");
}

bool Checker::checkDestination(const Operand &operand, Type type,
                               bool mayBeWider) {
  if (operand.is(Kind::Sink))
    return true;
  if (!operand.is(Kind::Register) || operand.isNegated)
    return failRole(operand, "a register to write");
  return checkRegister(operand, function.registers[operand.index].type, type,
                       mayBeWider);
}

bool Checker::checkSource(const Operand &operand, Type type, bool mayBeWider) {
  if (operand.isNegated)
    return failRole(operand, "without '!', which is for predicates");
  switch (operand.kind) {
  case Kind::Register:
    return checkRegister(operand, function.registers[operand.index].type, type,
                         mayBeWider);
  case Kind::SpecialRegister:
    return checkRegister(operand, mlir::bpt::ptx::getType(operand.special),
                         type, mayBeWider);
  case Kind::Immediate:
    if (isFloat(type) && getBitWidth(type) >= 32 && !operand.isDouble &&
        !operand.isSingle)
      return failRole(operand, "a floating-point number");
    if (!isFloat(type) && getKind(type) != TypeKind::Bits &&
        (operand.isDouble || operand.isSingle))
      return failRole(operand, "an integer");
    return true;
  case Kind::Variable:
  case Kind::Function:
    if (isFloat(type) || getBitWidth(type) < 32)
      return failRole(operand, "no address");
    return true;
  default:
    return failRole(operand, "a register or an immediate");
  }
}

bool Checker::checkPredicate(const Operand &operand, bool isDestination) {
  if (isDestination && operand.is(Kind::Sink))
    return true;
  if (operand.is(Kind::Register) &&
      function.registers[operand.index].type == Type::Pred &&
      !(isDestination && operand.isNegated))
    return true;
  if (!isDestination && operand.is(Kind::Immediate))
    return true;
  if (!isDestination && operand.is(Kind::SpecialRegister) &&
      mlir::bpt::ptx::getType(operand.special) == Type::Pred)
    return true;
  return failRole(operand, "a predicate");
}

bool Checker::checkAddress(const Operand &operand, bool isTensor) {
  if (!operand.is(Kind::Address))
    return failRole(operand, "an address in brackets");
  if (isTensor) {
    if (operand.elements.size() != 2 || !operand.elements[1].is(Kind::List))
      return failRole(operand, "[map, {coordinates}]");
    for (const Operand &coordinate : operand.elements[1].elements)
      if (!checkSource(coordinate, Type::S32, /*mayBeWider=*/false))
        return false;
  } else if (operand.elements.size() != 1) {
    return failRole(operand, "one address");
  }
  const Operand &base = operand.elements[0];
  if (base.is(Kind::Variable) || base.is(Kind::Immediate))
    return true;
  if (base.is(Kind::Register)) {
    Type type = function.registers[base.index].type;
    if (!isFloat(type) && (getBitWidth(type) == 32 || getBitWidth(type) == 64))
      return true;
  }
  return failRole(operand, "an address: a register of 32 or 64 bits or a "
                           "variable, and an offset");
}

/// The type of the registers that hold a fragment of a matrix.
static Type getFragmentType(Type element) {
  switch (element) {
  case Type::F32:
  case Type::F64:
  case Type::S32:
    return element;
  default:
    return Type::B32;
  }
}

bool Checker::checkList(const OperandSlot &slot, const Operand &operand) {
  std::optional<Type> type = getType(slot);
  bool isDestination = slot.role == 'v' || slot.role == 'V';
  bool isFragment = slot.role == 'V' || slot.role == 'U';
  bool mayBeWider = !isFragment;
  auto checkElement = [&](const Operand &element, Type elementType) {
    return isDestination ? checkDestination(element, elementType, mayBeWider)
                         : checkSource(element, elementType, mayBeWider);
  };
  if (isFragment) {
    // A fragment of one register may stand without braces.
    Type elementType = getFragmentType(*type);
    if (!operand.is(Kind::List)) {
      if (operand.is(Kind::Register) &&
          function.registers[operand.index].type == Type::B64)
        return failRole(operand, "a list of registers");
      return checkElement(operand, elementType);
    }
    return llvm::all_of(operand.elements, [&](const Operand &element) {
      return checkElement(element, elementType);
    });
  }
  StringRef vector = form.get("vec");
  if (vector.empty())
    return checkElement(operand, *type);
  unsigned count = vector[1] - '0';
  // Wider ones are for global memory: v8 of 32 bits, v4 of 64.
  unsigned bits = getBitWidth(*type);
  bool isWide = bits * count == 256 && bits >= 32 && bits <= 64;
  if (bits * count > 128 && !isWide)
    return failRole(operand, "a vector of at most 128 bits");
  if (!operand.is(Kind::List) || operand.elements.size() != count)
    return failRole(operand, "a list of " + Twine(count) + " registers");
  return llvm::all_of(operand.elements, [&](const Operand &element) {
    return checkElement(element, *type);
  });
}

bool Checker::check(const OperandSlot &slot, const Operand &operand) {
  if (operand.is(Kind::Pair)) {
    if (!slot.mayHavePredicate && !slot.mustHavePredicate)
      return failRole(operand, "one register, not a pair");
    OperandSlot single = slot;
    single.mayHavePredicate = single.mustHavePredicate = false;
    return check(single, operand.elements[0]) &&
           checkPredicate(operand.elements[1], /*isDestination=*/true);
  }
  if (slot.mustHavePredicate)
    return failRole(operand, "a pair: '%r|%p'");
  switch (slot.role) {
  case 'd':
  case 'D':
    return checkDestination(operand, *getType(slot), slot.role == 'D');
  case 's':
  case 'S':
    return checkSource(operand, *getType(slot), slot.role == 'S');
  case 'p':
  case 'q':
    return checkPredicate(operand, slot.role == 'q');
  case 'v':
  case 'u':
  case 'V':
  case 'U':
    return checkList(slot, operand);
  case '_':
    return operand.is(Kind::Sink) ? true : failRole(operand, "'_'");
  case 'a':
  case 't':
    return checkAddress(operand, slot.role == 't');
  case 'i':
    return operand.is(Kind::Immediate) && !operand.isDouble && !operand.isSingle
               ? true
               : failRole(operand, "an immediate integer");
  case 'l':
    return operand.is(Kind::Label) ? true : failRole(operand, "a label");
  case 'b':
    return operand.is(Kind::Table) && function.tables[operand.index].kind ==
                                          LabelTable::Kind::BranchTargets
               ? true
               : failRole(operand, "a label of .branchtargets");
  case 'x':
    return true;
  default:
    llvm_unreachable("the table has no such role");
  }
}

std::optional<OperandProblem> Checker::run() {
  llvm::SmallVector<const OperandSlot *> slots;
  unsigned numOptional = 0;
  for (const OperandSlot &slot : form.form->operands) {
    if (isAbsent(slot))
      continue;
    slots.push_back(&slot);
    numOptional += slot.isOptional;
  }
  unsigned given = instruction.operands.size();
  unsigned least = slots.size() - numOptional;
  if (given < least || given > slots.size()) {
    std::string range = std::to_string(least);
    if (numOptional)
      range += " to " + std::to_string(slots.size());
    return OperandProblem{
        instruction.loc,
        ("'" + getMnemonic() + "' takes " + range +
         (range == "1" ? " operand, not " : " operands, not ") + Twine(given))
            .str()};
  }
  // Optional operands are filled from the left.
  unsigned numPresent = given - least;
  for (const OperandSlot *slot : slots) {
    if (slot->isOptional && numPresent == 0)
      continue;
    numPresent -= slot->isOptional;
    const Operand &operand = instruction.operands[number++];
    if (!check(*slot, operand))
      return problem;
  }
  return std::nullopt;
}

std::optional<OperandProblem>
mlir::bpt::ptx::checkOperands(const Function &function,
                              const Instruction &instruction,
                              const MatchedForm &form) {
  return Checker(function, instruction, form).run();
}
