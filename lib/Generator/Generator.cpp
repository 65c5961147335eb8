//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Generator/Generator.h"
#include "FunctionBuilder.h"
#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace mlir::bpt;

static void generateAttention(FunctionBuilder &function,
                              const GeneratorOptions &options) {
  int64_t batch = options.batch, seq = options.seq, kvSeq = *options.kvSeq;
  int64_t headDim = *options.headDim;
  Value query = function.addArgument("q", {batch, seq, options.heads, headDim});
  SmallVector<int64_t> kvShape{batch, kvSeq, *options.kvHeads, headDim};
  Value key = function.addArgument("k", kvShape);
  Value value = function.addArgument("v", kvShape);
  AttentionInputs inputs;
  if (options.attentionBias)
    inputs.bias = function.addArgument(
        "bias", {options.attentionBias->batch ? batch : 1,
                 options.attentionBias->heads ? options.heads : 1, seq, kvSeq});
  if (options.segments) {
    Type i32 = IntegerType::get(query.getContext(), 32);
    inputs.querySegments =
        function.addArgument("q_segments", {batch, seq}, i32);
    inputs.keySegments =
        function.addArgument("kv_segments", {batch, kvSeq}, i32);
  }
  inputs.seed = function.addSeed();
  function.finish(function.attention(query, key, value, inputs));
}

static void generateFeedForward(FunctionBuilder &function,
                                const GeneratorOptions &options) {
  Value x =
      function.addArgument("x", {options.batch, options.seq, options.embed});
  FeedForwardWeights weights = function.addFeedForward("");
  function.finish(function.feedForward(x, weights));
}

static func::FuncOp generateLayer(FunctionBuilder &function,
                                  const GeneratorOptions &options) {
  Value x =
      function.addArgument("x", {options.batch, options.seq, options.embed});
  AttentionInputs inputs = function.addLayerMasks();
  LayerWeights weights = function.addLayer("");
  return function.finish(function.layer(x, weights, inputs));
}

/// With `layer` its layers are calls of that.
static void generateModel(FunctionBuilder &function,
                          const GeneratorOptions &options, func::FuncOp layer) {
  int64_t embed = options.embed, vocab = options.vocab;
  Type i32 = IntegerType::get(options.elementType.getContext(), 32);
  Value tokens =
      function.addArgument("tokens", {options.batch, options.seq}, i32);
  Value labels;
  if (options.loss)
    labels = function.addArgument("labels", {options.batch, options.seq}, i32);
  unsigned masksBegin = function.getNumArguments();
  AttentionInputs inputs = function.addLayerMasks();
  unsigned masksEnd = function.getNumArguments();
  Value table = function.addArgument("embed.weight", {vocab, embed});
  SmallVector<LayerWeights> layers;
  SmallVector<unsigned> layerEnds{function.getNumArguments()};
  for (int64_t i = 0; i < options.layers; ++i) {
    layers.push_back(function.addLayer("layers." + Twine(i) + "."));
    layerEnds.push_back(function.getNumArguments());
  }
  NormWeights finalNorm = function.addNorm("ln_f");
  Value head = function.addArgument("lm_head.weight", {embed, vocab});

  Value x = function.embedTokens(tokens, table);
  for (auto [i, weights] : llvm::enumerate(layers)) {
    if (!layer) {
      // Three operations of a layer draw.
      inputs.stream = 3 * i;
      x = function.layer(x, weights, inputs);
      continue;
    }
    SmallVector<Value> operands{x};
    llvm::append_range(operands, function.getArguments(masksBegin, masksEnd));
    llvm::append_range(operands,
                       function.getArguments(layerEnds[i], layerEnds[i + 1]));
    if (inputs.seed)
      operands[masksEnd - masksBegin] = function.seedOfLayer(inputs.seed, i);
    x = function.call(layer, operands);
  }
  x = function.normalize(x, finalNorm);
  if (options.loss)
    function.finish(function.crossEntropy(x, head, labels));
  else
    function.finish(function.project(x, head, /*bias=*/Value(),
                                     {function.getSize(head, 1)}));
}

llvm::Expected<OwningOpRef<ModuleOp>>
bpt::generateModule(MLIRContext *context, const GeneratorOptions &options) {
  context->loadDialect<BPTDialect, arith::ArithDialect, func::FuncDialect,
                       linalg::LinalgDialect, math::MathDialect,
                       tensor::TensorDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  std::optional<std::string> oversized;
  func::FuncOp layer;
  if (options.outlineLayers) {
    FunctionBuilder function(*module, "layer", options);
    layer = generateLayer(function, options);
    layer.setPrivate();
    oversized = function.getOversizedTensor();
  }
  FunctionBuilder function(*module, "main", options);
  switch (options.kind) {
  case GeneratedKind::Attention:
    generateAttention(function, options);
    break;
  case GeneratedKind::FeedForward:
    generateFeedForward(function, options);
    break;
  case GeneratedKind::Layer:
    generateLayer(function, options);
    break;
  case GeneratedKind::Model:
    generateModel(function, options, layer);
    break;
  }
  if (!oversized)
    oversized = function.getOversizedTensor();
  if (oversized)
    return llvm::createStringError("the sizes overflow: " + Twine(*oversized) +
                                   " would take more than 2^63 bytes");
  if (failed(verify(*module)))
    return llvm::createStringError("the module does not verify");
  return module;
}
