//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds a function piece by piece. Arguments are declared in the
// order of the weights' names, independent of the order in which they are used.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_GENERATOR_FUNCTIONBUILDER_H
#define BPT_LIB_GENERATOR_FUNCTIONBUILDER_H

#include "bpt/Generator/GeneratorOptions.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::bpt {

struct LinearWeights {
  Value weight, bias;
};
struct NormWeights {
  Value weight, bias;
};
struct FeedForwardWeights {
  LinearWeights up, gate, down;
};
struct LayerWeights {
  NormWeights attentionNorm, feedForwardNorm;
  LinearWeights query, key, value, out;
  FeedForwardWeights feedForward;
};

/// What attention takes besides query, key and value.
struct AttentionInputs {
  Value bias, querySegments, keySegments;
  /// Of dropout, and the first stream that this attention or layer may use.
  Value seed;
  int64_t stream = 0;
};

class FunctionBuilder {
public:
  FunctionBuilder(ModuleOp module, StringRef name,
                  const GeneratorOptions &options);

  // Arguments.
  Value addArgument(const Twine &name, ArrayRef<int64_t> shape,
                    Type elementType = {});
  LinearWeights addLinear(const Twine &weight, const Twine &bias, int64_t in,
                          int64_t out);
  NormWeights addNorm(const Twine &name);
  FeedForwardWeights addFeedForward(const Twine &prefix);
  LayerWeights addLayer(const Twine &prefix);
  /// The seed of dropout, if there is any.
  Value addSeed();
  /// Segment ids, bias and, last, the seed, which all layers share.
  AttentionInputs addLayerMasks();

  // Computations.
  Value normalize(Value x, const NormWeights &weights);
  Value feedForward(Value x, const FeedForwardWeights &weights);
  /// One value, or two when the log-sum-exp is wanted.
  SmallVector<Value> attention(Value query, Value key, Value value,
                               const AttentionInputs &inputs);
  Value layer(Value x, const LayerWeights &weights,
              const AttentionInputs &inputs);
  /// The seed of layer `index` of layers that are calls of one function.
  Value seedOfLayer(Value seed, int64_t index);
  /// The loss of every row.
  Value crossEntropy(Value hidden, Value weight, Value labels);
  Value call(func::FuncOp callee, ValueRange operands);
  Value embedTokens(Value tokens, Value table);
  /// x · weight + bias with the sizes `columns` after batch and sequence.
  Value project(Value x, Value weight, Value bias,
                ArrayRef<OpFoldResult> columns);
  func::FuncOp finish(ValueRange results);

  unsigned getNumArguments() { return function.getNumArguments(); }
  /// The arguments from `begin` on, up to `end`.
  ValueRange getArguments(unsigned begin, unsigned end) {
    return function.getArguments().slice(begin, end - begin);
  }

  OpFoldResult getSize(Value tensor, unsigned dim);
  /// The first argument whose shape has an extent past what a tensor can hold.
  std::optional<std::string> getOversizedTensor() const { return oversized; }

private:
  using Sizes = SmallVector<OpFoldResult>;
  Value empty(ArrayRef<OpFoldResult> sizes, Type elementType = {});
  Value zeros(ArrayRef<OpFoldResult> sizes);
  Sizes sizesOf(Value tensor);
  /// The columns (or, for the output projection, the rows) of a matrix as
  /// heads × head_dim.
  Value splitHeads(Value tensor, unsigned dim, int64_t heads);
  Value projectToHeads(Value x, const LinearWeights &weights, int64_t heads);
  Value rotate(Value x);
  Value add(Value a, Value b);
  DropoutAttr dropoutAttr(double rate, int64_t stream);
  Value dropout(Value x, Value seed, int64_t stream);
  Value selfAttention(Value x, const LayerWeights &weights,
                      const AttentionInputs &inputs);
  void buildScore(Region &region, Value query, Value key);
  /// The element type given, or that of the activations and weights.
  Type typeOr(Type elementType) const {
    return elementType ? elementType : Type(options.elementType);
  }
  void checkExtent(RankedTensorType type, StringRef name);

  const GeneratorOptions &options;
  ImplicitLocOpBuilder builder;
  func::FuncOp function;
  std::optional<std::string> oversized;
  /// Batch and sequence of the activations, read once.
  Sizes rows;
  /// Where the sums of the linear maps start.
  Value zero;
};

} // namespace mlir::bpt

#endif // BPT_LIB_GENERATOR_FUNCTIONBUILDER_H
