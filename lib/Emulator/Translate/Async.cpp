//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using llvm::Value;
using ptx::Operand;
using ptx::Type;

/// `[dst], [src], bytes {, source bytes | ignore} {, policy}`.
static void translateCopy(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  const Operand &size = t.getOperand(2);
  bool isValid = size.value == 16 ||
                 (t.get("cop") == "ca" && (size.value == 4 || size.value == 8));
  if (!isValid)
    return t.fail(size.loc, "cp.async.ca copies 4, 8 or 16 bytes, cp.async.cg "
                            "16");
  Value *bytes = t.getInt32(size.value);
  Value *sourceBytes = bytes;
  bool hasFourth = t.getNumOperands() - (t.has("L2::cache_hint") ? 1 : 0) == 4;
  if (hasFourth) {
    const Operand &operand = t.getOperand(3);
    bool isIgnore = operand.is(Operand::Kind::Register) &&
                    t.function.registers[operand.index].type == Type::Pred;
    sourceBytes = isIgnore ? b.CreateSelect(t.readPredicate(operand),
                                            t.getInt32(0), bytes)
                           : t.read(operand, Type::U32);
  }
  t.call(
      "bpt_emu_cp_async", b.getVoidTy(),
      {t.readAddress(0u), t.readAddress(1), bytes, sourceBytes, t.getSite()});
}

static void translateCopyGroup(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  StringRef op = t.get("op");
  if (op == "mbarrier") {
    t.call("bpt_emu_cp_async_mbarrier_arrive", b.getVoidTy(),
           {t.readAddress(0u), t.getInt32(t.has("noinc")), t.getSite()});
  } else if (op == "wait_group") {
    t.call("bpt_emu_cp_async_wait_group", b.getVoidTy(),
           {t.read(0u, Type::U32), t.getSite()});
  } else {
    t.call(("bpt_emu_cp_async_" + op).str(), b.getVoidTy(), {t.getSite()});
  }
}

namespace {
/// Bulk copies, with and without a tensor map.
class BulkTranslator {
public:
  explicit BulkTranslator(FunctionTranslator &t) : t(t), b(t.b) {}

  void translateGroup();
  void translatePlain();
  void translateTensor();

private:
  void call(StringRef name, llvm::SmallVector<Value *> arguments) {
    arguments.push_back(t.getSite());
    t.call(name, b.getVoidTy(), arguments);
  }
  Value *getReduction() { return t.getEnum(parseReduction(t.get("red"))); }
  Value *getReductionType() { return t.getEnum(getElementKind(t.getType())); }
  /// Adds whether there is a mask of CTAs, and the mask of operand `index`.
  void addMulticast(llvm::SmallVector<Value *> &arguments, unsigned index);
  /// Adds the map, the rank and the coordinates of operand `index`.
  bool addTensor(llvm::SmallVector<Value *> &arguments, unsigned index);

  FunctionTranslator &t;
  llvm::IRBuilder<> &b;
};
} // namespace

void BulkTranslator::translateGroup() {
  if (t.get("op") == "commit_group")
    return call("bpt_emu_bulk_commit_group", {});
  call("bpt_emu_bulk_wait_group",
       {t.read(0u, Type::U32), t.getInt32(t.has("read"))});
}

void BulkTranslator::addMulticast(llvm::SmallVector<Value *> &arguments,
                                  unsigned index) {
  bool isMulticast = t.has("multicast::cluster");
  arguments.push_back(t.getInt32(isMulticast));
  arguments.push_back(
      isMulticast ? b.CreateZExt(t.read(index, Type::B16), b.getInt32Ty())
                  : t.getInt32(0));
}

void BulkTranslator::translatePlain() {
  if (t.get("op") == "prefetch")
    return call("bpt_emu_bulk_prefetch",
                {t.readAddress(0u), t.read(1, Type::U32)});
  llvm::SmallVector<Value *> arguments = {t.readAddress(0u), t.readAddress(1),
                                          t.read(2, Type::U32)};
  bool isReduction = t.has("reduce");
  if (t.get("dst") == "global") {
    if (!isReduction)
      return call("bpt_emu_bulk_shared_to_global", arguments);
    arguments.append({getReduction(), getReductionType()});
    return call("bpt_emu_bulk_reduce_to_global", arguments);
  }
  arguments.push_back(t.readAddress(3));
  if (isReduction) {
    arguments.append({getReduction(), getReductionType()});
    return call("bpt_emu_bulk_reduce_to_cluster", arguments);
  }
  if (t.get("src") == "shared::cta")
    return call("bpt_emu_bulk_shared_to_cluster", arguments);
  addMulticast(arguments, 4);
  call("bpt_emu_bulk_global_to_shared", arguments);
}

bool BulkTranslator::addTensor(llvm::SmallVector<Value *> &arguments,
                               unsigned index) {
  const Operand &tensor = t.getOperand(index);
  const Operand &list = tensor.elements[1];
  unsigned rank = t.get("dim")[0] - '0';
  if (list.elements.size() != rank) {
    t.fail(list.loc, llvm::Twine(list.elements.size()) +
                         " coordinates for a tensor of rank " +
                         llvm::Twine(rank));
    return false;
  }
  arguments.push_back(t.readAddress(tensor));
  arguments.push_back(t.getInt32(rank));
  arguments.push_back(
      t.storeScratch("tma.coordinates", t.readList(list, Type::S32)));
  return true;
}

void BulkTranslator::translateTensor() {
  llvm::SmallVector<Value *> arguments;
  if (t.get("op") == "prefetch") {
    if (addTensor(arguments, 0))
      call("bpt_emu_tma_prefetch", arguments);
    return;
  }
  if (t.get("dst") == "global") {
    if (!addTensor(arguments, 0))
      return;
    arguments.push_back(t.readAddress(1));
    if (!t.has("reduce"))
      return call("bpt_emu_tma_store", arguments);
    arguments.push_back(getReduction());
    return call("bpt_emu_tma_reduce", arguments);
  }
  arguments.push_back(t.readAddress(0u));
  if (!addTensor(arguments, 1))
    return;
  arguments.push_back(t.readAddress(2));
  addMulticast(arguments, 3);
  call("bpt_emu_tma_load", arguments);
}

static void translateCopies(FunctionTranslator &t) {
  StringRef op = t.get("op");
  if (t.has("bulk")) {
    BulkTranslator bulk(t);
    if (op.ends_with("_group"))
      bulk.translateGroup();
    else if (!t.get("dim").empty())
      bulk.translateTensor();
    else
      bulk.translatePlain();
  } else if (op.empty()) {
    translateCopy(t);
  } else {
    translateCopyGroup(t);
  }
}

static void translateTensorMap(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  if (t.has("cp_fenceproxy")) {
    if (t.getOperand(2).value != 128)
      return t.fail(t.getOperand(2).loc, "the size of a tensor map is 128");
    t.call("bpt_emu_tensormap_cp_fenceproxy", b.getVoidTy(),
           {t.readAddress(0u), t.readAddress(1), t.getInt32(128), t.getSite()});
    return;
  }
  StringRef name = t.get("field");
  TensorMapField field =
      llvm::StringSwitch<TensorMapField>(name)
          .Case("global_address", TensorMapField::GlobalAddress)
          .Case("rank", TensorMapField::Rank)
          .Case("box_dim", TensorMapField::BoxDim)
          .Case("global_dim", TensorMapField::GlobalDim)
          .Case("global_stride", TensorMapField::GlobalStride)
          .Case("element_stride", TensorMapField::ElementStride)
          .Case("elemtype", TensorMapField::ElementType)
          .Case("interleave_layout", TensorMapField::InterleaveLayout)
          .Case("swizzle_mode", TensorMapField::SwizzleMode)
          .Default(TensorMapField::FillMode);
  bool hasIndex = t.getNumOperands() == 3;
  Value *index = hasIndex ? t.read(1, Type::B32) : t.getInt32(0);
  Value *value =
      b.CreateZExt(t.read(hasIndex ? 2 : 1, t.getType()), b.getInt64Ty());
  t.call("bpt_emu_tensormap_replace", b.getVoidTy(),
         {t.readAddress(0u), t.getEnum(field), index, value, t.getSite()});
}

void emulator::addAsyncHandlers(HandlerMap &handlers) {
  handlers["cp"] = translateCopies;
  handlers["tensormap"] = translateTensorMap;
}
