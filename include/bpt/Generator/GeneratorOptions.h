//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What to generate: the sizes and features of a transformer layer or model.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_GENERATOR_OPTIONS_H
#define BPT_GENERATOR_OPTIONS_H

#include "bpt/Dialect/BPT/IR/BPTAttributes.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/Support/Error.h"
#include <optional>

namespace mlir::bpt {

enum class GeneratedKind { Attention, FeedForward, Layer, Model };
enum class NormKind { Layer, RMS };

/// Which of its leading dimensions an additive attention bias has; the others
/// are 1.
struct AttentionBiasShape {
  bool batch = true, heads = true;
};

/// How a score region changes the scores.
struct ScoreFunction {
  enum Kind { SoftCap, Alibi } kind;
  float cap = 0;
};

/// Sizes may be ShapedType::kDynamic where `resolve` allows it; absent ones
/// follow from others.
struct GeneratorOptions {
  GeneratedKind kind = GeneratedKind::Layer;
  FloatType elementType;

  int64_t batch = 1, seq = 1024, embed = 768, heads = 12;
  std::optional<int64_t> kvSeq, kvHeads, headDim, ffn;
  int64_t layers = 12, vocab = 50257;
  bool dynamic = false;

  Activation activation = Activation::Gelu;
  bool gated = false, linearBias = false;
  NormKind norm = NormKind::Layer;
  bool postNorm = false;
  bool loss = false, outlineLayers = false;
  float labelSmoothing = 0, zLoss = 0;
  std::optional<RotaryKind> rotary;
  std::optional<int64_t> rotaryDim;

  /// Probabilities to drop an output of a sublayer, and one of attention's.
  double dropout = 0, attentionDropout = 0;

  bool causal = false, segments = false, lse = false;
  std::optional<int64_t> window;
  std::optional<float> scale;
  std::optional<AttentionBiasShape> attentionBias;
  std::optional<ScoreFunction> score;

  /// Whether a seed is taken.
  bool isRandom() const { return dropout != 0 || attentionDropout != 0; }

  /// Fills in what follows from other options, and refuses combinations that
  /// have no meaning. The message names flags of bpt-gen.
  llvm::Error resolve();
};

} // namespace mlir::bpt

#endif // BPT_GENERATOR_OPTIONS_H
