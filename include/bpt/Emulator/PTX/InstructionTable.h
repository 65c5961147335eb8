//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_INSTRUCTIONTABLE_H
#define BPT_EMULATOR_PTX_INSTRUCTIONTABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

namespace mlir::bpt::ptx {

/// A line of the instruction table: which modifiers an opcode takes, in which
/// order, and which operands follow.
///
/// `opcode` is one name or several, `add|sub`.
///
/// `modifiers` are slots, separated by spaces:
///   ftz                 must be there
///   [ftz]               may be there
///   mode=hi|lo          one of these, which get("mode") returns
///   [rnd=rn|rz]         one of these or none
///   $int                an abbreviation (see kAbbreviations)
///
/// `operands` are, separated by spaces, a role, `:TYPE` where it has one (the
/// name of a type, or of the slot that names it, `^` for twice its width), and
/// a suffix:
///   d:T   destination register       D:T   may be wider than the type
///   s:T   source                     S:T   may be wider than the type
///   q     destination predicate      p     source predicate, `!` allowed
///   v:T   one or a `{list}` of destination registers, as many as slot `vec`
///         says, which may be wider; u:T the same for sources
///   V:T   `{list}` of destination registers of any length; U:T of sources
///   a     `[address]`                t     `[map, {coordinates}]`
///   i     immediate integer          x     anything
///   _     the sink `_`
///   l     label                      b     label of `.branchtargets`
///   d:T|q  a predicate may follow, `%r|%p`; d:T&q  must follow
///   s:T?   may be left out           s:T@m  there with modifier m only
struct TableRow {
  llvm::StringLiteral opcode;
  llvm::StringLiteral modifiers;
  llvm::StringLiteral operands;
};

struct ModifierSlot {
  /// Its own name for a modifier that stands for itself.
  llvm::StringRef name;
  bool isOptional = false;
  llvm::SmallVector<llvm::StringRef, 4> alternatives;
};

struct OperandSlot {
  char role = 0;
  llvm::StringRef type;
  bool isWide = false;
  bool mayHavePredicate = false, mustHavePredicate = false;
  bool isOptional = false;
  /// The modifier that it belongs to, if it does.
  llvm::StringRef modifier;
};

/// A TableRow, taken apart.
struct Form {
  std::vector<ModifierSlot> modifiers;
  std::vector<OperandSlot> operands;
};

/// An instruction's modifiers, assigned to the slots of its form.
struct MatchedForm {
  const Form *form = nullptr;
  /// As many as there are slots; empty where an optional one is absent.
  llvm::SmallVector<llvm::StringRef, 8> values;

  /// Whether the modifier is there, in whichever slot.
  bool has(llvm::StringRef modifier) const;
  /// What stands in the slot of that name; empty if nothing does.
  llvm::StringRef get(llvm::StringRef slot) const;
};

/// Where no form takes the modifiers: the first that fits nowhere (as many as
/// there are modifiers if more are needed), and what could stand there.
struct ModifierMismatch {
  unsigned position = 0;
  llvm::SmallVector<llvm::StringRef, 8> expected;
};

/// The forms of an opcode; empty if there is no such opcode.
llvm::ArrayRef<Form> lookupForms(llvm::StringRef opcode);

/// Prints the table, a form a line: opcode, modifiers and operands with ` ; `
/// between them, in the notation of TableRow without abbreviations.
void printForms(llvm::raw_ostream &os);

/// The forms that take these modifiers (without their dots).
llvm::SmallVector<MatchedForm, 1>
matchModifiers(llvm::ArrayRef<Form> forms,
               llvm::ArrayRef<llvm::StringRef> modifiers,
               ModifierMismatch &mismatch);

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_INSTRUCTIONTABLE_H
