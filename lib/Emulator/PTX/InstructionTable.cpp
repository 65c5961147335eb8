//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/InstructionTable.h"
#include "Tables/Tables.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

using namespace mlir::bpt::ptx;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

/// What the rows write as `$name`.
static constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral>
    kAbbreviations[] = {
        {"int", "u16|u32|u64|s16|s32|s64"},
        {"rounding", "rn|rz|rm|rp"},
        {"comparison", "eq|ne|lt|le|gt|ge|lo|ls|hi|hs"},
        {"fcomparison", "eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan"},
        {"scalar", "b8|b16|b32|b64|b128|u8|u16|u32|u64|s8|s16|s32|s64|f32|f64"},
        {"scope", "scope=cta|cluster|gpu|sys"},
        {"shared", "[space=shared|shared::cta]"},
        {"anyshared", "[space=shared|shared::cta|shared::cluster]"},
        {"L1", "[L1=L1::evict_normal|L1::evict_unchanged|L1::evict_first|"
               "L1::evict_last|L1::no_allocate]"},
        {"L2", "[L2=L2::evict_normal|L2::evict_first|L2::evict_last]"},
        {"prefetch", "[prefetch=L2::64B|L2::128B|L2::256B]"},
        {"vec", "[vec=v2|v4|v8]"},
        {"bytes", "mbarrier::complete_tx::bytes"},
};

/// `$wgmma16`: the shapes m64nNk16 for every N; `$iwgmma32`: those of integers,
/// whose N are fewer.
static std::string listWgmmaShapes(StringRef name) {
  bool isInteger = name.consume_front("i");
  name.consume_front("wgmma");
  std::string result;
  for (unsigned n = 8; n <= 256; n += 8) {
    if (isInteger && n > 32 && n % 16)
      continue;
    if (!result.empty())
      result += '|';
    result += ("m64n" + llvm::Twine(n) + "k" + name).str();
  }
  return result;
}

static std::string expandName(StringRef name) {
  if (name.contains("wgmma"))
    return listWgmmaShapes(name);
  const auto *found = llvm::find_if(
      kAbbreviations, [&](const auto &entry) { return entry.first == name; });
  assert(found != std::end(kAbbreviations) && "unknown abbreviation");
  return found->second.str();
}

static std::string expand(StringRef modifiers) {
  std::string result;
  while (!modifiers.empty()) {
    auto [before, rest] = modifiers.split('$');
    result += before;
    if (before.size() == modifiers.size())
      break;
    StringRef name = rest.take_while(llvm::isAlnum);
    result += expandName(name);
    modifiers = rest.drop_front(name.size());
  }
  return result;
}

static ModifierSlot parseModifierSlot(StringRef text) {
  ModifierSlot slot;
  if (text.consume_front("[")) {
    text.consume_back("]");
    slot.isOptional = true;
  }
  auto [name, alternatives] = text.split('=');
  slot.name = name;
  (alternatives.empty() ? name : alternatives).split(slot.alternatives, '|');
  return slot;
}

static OperandSlot parseOperandSlot(StringRef text) {
  OperandSlot slot;
  std::tie(text, slot.modifier) = text.split('@');
  slot.isOptional = text.consume_back("?");
  slot.mayHavePredicate = text.consume_back("|q");
  slot.mustHavePredicate = text.consume_back("&q");
  slot.isWide = text.consume_back("^");
  slot.role = text[0];
  slot.type = text.drop_front(std::min<size_t>(text.size(), 2));
  return slot;
}

namespace {
class Table {
public:
  Table() {
    for (ArrayRef<TableRow> rows :
         {tables::integerRows(), tables::floatRows(), tables::convertRows(),
          tables::memoryRows(), tables::controlRows(),
          tables::synchronizationRows(), tables::asyncRows(),
          tables::matrixRows()})
      for (const TableRow &row : rows)
        add(row);
  }

  llvm::StringMap<std::vector<Form>> forms;

private:
  void add(const TableRow &row) {
    Form form;
    // The slots refer to this text.
    expanded.push_back(std::make_unique<std::string>(expand(row.modifiers)));
    SmallVector<StringRef> words;
    StringRef(*expanded.back()).split(words, ' ', -1, /*KeepEmpty=*/false);
    for (StringRef word : words)
      form.modifiers.push_back(parseModifierSlot(word));
    words.clear();
    row.operands.split(words, ' ', -1, /*KeepEmpty=*/false);
    for (StringRef word : words)
      form.operands.push_back(parseOperandSlot(word));
    words.clear();
    row.opcode.split(words, '|');
    for (StringRef opcode : words)
      forms[opcode].push_back(form);
  }

  std::vector<std::unique_ptr<std::string>> expanded;
};
} // namespace

static const Table &getTable() {
  static const Table table;
  return table;
}

ArrayRef<Form> mlir::bpt::ptx::lookupForms(StringRef opcode) {
  const Table &table = getTable();
  auto found = table.forms.find(opcode);
  if (found == table.forms.end())
    return {};
  return found->second;
}

static void print(const ModifierSlot &slot, llvm::raw_ostream &os) {
  os << (slot.isOptional ? " [" : " ");
  if (slot.alternatives.size() != 1 || slot.alternatives[0] != slot.name)
    os << slot.name << '=';
  llvm::interleave(slot.alternatives, os, "|");
  if (slot.isOptional)
    os << ']';
}

static void print(const OperandSlot &slot, llvm::raw_ostream &os) {
  os << ' ' << slot.role;
  if (!slot.type.empty())
    os << ':' << slot.type;
  os << (slot.isWide ? "^" : "") << (slot.mayHavePredicate ? "|q" : "")
     << (slot.mustHavePredicate ? "&q" : "") << (slot.isOptional ? "?" : "");
  if (!slot.modifier.empty())
    os << '@' << slot.modifier;
}

void mlir::bpt::ptx::printForms(llvm::raw_ostream &os) {
  std::vector<StringRef> opcodes;
  for (const auto &entry : getTable().forms)
    opcodes.push_back(entry.first());
  llvm::sort(opcodes);
  for (StringRef opcode : opcodes)
    for (const Form &form : lookupForms(opcode)) {
      os << opcode << " ;";
      for (const ModifierSlot &slot : form.modifiers)
        print(slot, os);
      os << " ;";
      for (const OperandSlot &slot : form.operands)
        print(slot, os);
      os << '\n';
    }
}

bool MatchedForm::has(StringRef modifier) const {
  return llvm::is_contained(values, modifier);
}

StringRef MatchedForm::get(StringRef slot) const {
  for (auto [i, candidate] : llvm::enumerate(form->modifiers))
    if (candidate.name == slot)
      return values[i];
  return {};
}

namespace {
/// Assigns modifiers to the slots of one form, trying to leave out optional
/// ones where taking them leads nowhere.
class Matcher {
public:
  Matcher(const Form &form, ArrayRef<StringRef> modifiers,
          ModifierMismatch &mismatch)
      : form(form), modifiers(modifiers), mismatch(mismatch) {
    values.resize(form.modifiers.size());
  }

  bool match(unsigned slotIndex = 0, unsigned position = 0) {
    if (slotIndex == form.modifiers.size()) {
      if (position == modifiers.size())
        return true;
      expect(position, {});
      return false;
    }
    const ModifierSlot &slot = form.modifiers[slotIndex];
    if (position < modifiers.size() &&
        llvm::is_contained(slot.alternatives, modifiers[position])) {
      values[slotIndex] = modifiers[position];
      if (match(slotIndex + 1, position + 1))
        return true;
      values[slotIndex] = {};
    } else {
      expect(position, slot.alternatives);
    }
    return slot.isOptional && match(slotIndex + 1, position);
  }

  SmallVector<StringRef, 8> values;

private:
  /// Only what was expected at the farthest position is of interest.
  void expect(unsigned position, ArrayRef<StringRef> alternatives) {
    if (position < mismatch.position)
      return;
    if (position > mismatch.position) {
      mismatch.position = position;
      mismatch.expected.clear();
    }
    for (StringRef alternative : alternatives)
      if (!llvm::is_contained(mismatch.expected, alternative))
        mismatch.expected.push_back(alternative);
  }

  const Form &form;
  ArrayRef<StringRef> modifiers;
  ModifierMismatch &mismatch;
};
} // namespace

SmallVector<MatchedForm, 1>
mlir::bpt::ptx::matchModifiers(ArrayRef<Form> forms,
                               ArrayRef<StringRef> modifiers,
                               ModifierMismatch &mismatch) {
  SmallVector<MatchedForm, 1> matches;
  for (const Form &form : forms) {
    Matcher matcher(form, modifiers, mismatch);
    if (matcher.match())
      matches.push_back({&form, std::move(matcher.values)});
  }
  return matches;
}
