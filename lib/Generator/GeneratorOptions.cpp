//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Generator/GeneratorOptions.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
bool isDynamic(int64_t size) { return ShapedType::isDynamic(size); }

/// A size that must be known, and at least `minimum`.
llvm::Error checkStatic(StringRef flag, int64_t size, int64_t minimum,
                        StringRef why) {
  if (isDynamic(size))
    return llvm::createStringError(flag + " cannot be '?' here: " + why);
  if (size < minimum)
    return llvm::createStringError(flag + " is " + Twine(size) +
                                   "; it must be at least " + Twine(minimum));
  return llvm::Error::success();
}

/// A size that may be known at run time only.
llvm::Error checkSize(StringRef flag, int64_t size, int64_t minimum) {
  if (isDynamic(size))
    return llvm::Error::success();
  return checkStatic(flag, size, minimum, "");
}

llvm::Error resolveHeads(GeneratorOptions &options) {
  bool isAttention = options.kind == GeneratedKind::Attention;
  if (!options.kvHeads)
    options.kvHeads = options.heads;
  int64_t heads = options.heads, kvHeads = *options.kvHeads;
  if (isDynamic(heads) != isDynamic(kvHeads))
    return llvm::createStringError(
        "--heads and --kv-heads must be both numbers, or both '?' "
        "and then equal");
  if (!isAttention)
    if (llvm::Error e = checkStatic("--heads", heads, 1,
                                    "the projections split their columns into "
                                    "a known number of heads"))
      return e;
  if (llvm::Error e = checkSize("--heads", heads, 1))
    return e;
  if (llvm::Error e = checkSize("--kv-heads", kvHeads, 1))
    return e;
  if (!isDynamic(heads) && heads % kvHeads != 0)
    return llvm::createStringError("--kv-heads=" + Twine(kvHeads) +
                                   " must divide --heads=" + Twine(heads));
  if (!options.headDim) {
    if (isDynamic(options.embed) || isDynamic(heads))
      return llvm::createStringError(
          "--head-dim has no default when --embed or --heads is '?'; "
          "give one");
    if (options.embed % heads != 0)
      return llvm::createStringError(
          "--embed=" + Twine(options.embed) + " is not a multiple of --heads=" +
          Twine(heads) + "; change one, or give --head-dim");
    options.headDim = options.embed / heads;
  }
  if (!isAttention)
    if (llvm::Error e = checkStatic("--head-dim", *options.headDim, 1,
                                    "the projections split their columns into "
                                    "heads of a known size"))
      return e;
  return checkSize("--head-dim", *options.headDim, 1);
}

llvm::Error resolveRotary(GeneratorOptions &options) {
  if (!options.rotary)
    return options.rotaryDim ? llvm::createStringError(
                                   "--rotary-dim needs --rotary=interleaved or "
                                   "--rotary=half")
                             : llvm::Error::success();
  int64_t headDim = *options.headDim;
  if (!options.rotaryDim) {
    if (headDim % 2 != 0)
      return llvm::createStringError(
          "a rotary embedding turns pairs, but the head has " + Twine(headDim) +
          " components; give an even --rotary-dim");
    return llvm::Error::success();
  }
  int64_t dim = *options.rotaryDim;
  if (isDynamic(dim))
    return llvm::createStringError(
        "--rotary-dim cannot be '?': the angles depend on it");
  if (dim < 2 || dim % 2 != 0)
    return llvm::createStringError(
        "--rotary-dim is " + Twine(dim) +
        "; a rotary embedding turns pairs, so it must be even and at "
        "least 2");
  if (dim > headDim)
    return llvm::createStringError("--rotary-dim=" + Twine(dim) +
                                   " is larger than the head (" +
                                   Twine(headDim) + " components)");
  return llvm::Error::success();
}

llvm::Error checkMasks(const GeneratorOptions &options) {
  if (std::optional<int64_t> window = options.window) {
    if (isDynamic(*window))
      return llvm::createStringError(
          "--window cannot be '?': the mask is an attribute");
    if (*window < 1)
      return llvm::createStringError("--window is " + Twine(*window) +
                                     ", but a query sees at least 1 key");
  }
  if (options.score && options.score->kind == ScoreFunction::Alibi &&
      isDynamic(options.heads))
    return llvm::createStringError(
        "--score=alibi needs a known number of heads: the slopes "
        "depend on it");
  return llvm::Error::success();
}
} // namespace

llvm::Error GeneratorOptions::resolve() {
  if (dynamic) {
    seq = ShapedType::kDynamic;
    if (kvSeq)
      kvSeq = ShapedType::kDynamic;
  }
  if (!kvSeq)
    kvSeq = seq;
  for (auto [flag, size] : {std::pair<StringRef, int64_t>{"--batch", batch},
                            {"--seq", seq},
                            {"--kv-seq", *kvSeq}})
    if (llvm::Error e = checkSize(flag, size, 0))
      return e;
  if (llvm::Error e = checkSize("--embed", embed, 1))
    return e;

  bool hasAttention = kind != GeneratedKind::FeedForward;
  bool hasFeedForward = kind != GeneratedKind::Attention;
  if (hasAttention) {
    if (llvm::Error e = resolveHeads(*this))
      return e;
    if (llvm::Error e = resolveRotary(*this))
      return e;
    if (llvm::Error e = checkMasks(*this))
      return e;
  }
  if (hasFeedForward) {
    if (!ffn)
      ffn = isDynamic(embed) ? ShapedType::kDynamic : 4 * embed;
    if (llvm::Error e = checkSize("--ffn", *ffn, 1))
      return e;
  }
  if (!loss && (labelSmoothing != 0 || zLoss != 0))
    return llvm::createStringError(
        Twine(labelSmoothing != 0 ? "--label-smoothing" : "--z-loss") +
        " is of the loss, and needs --loss");
  if (kind == GeneratedKind::Model) {
    if (llvm::Error e = checkStatic("--layers", layers, 1,
                                    "every layer has arguments of its own"))
      return e;
    if (layers > 10000)
      return llvm::createStringError("--layers is " + Twine(layers) +
                                     "; at most 10000 are "
                                     "printed");
    if (llvm::Error e = checkSize("--vocab", vocab, 1))
      return e;
  }
  return llvm::Error::success();
}
