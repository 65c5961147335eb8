//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionBuilder.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::bpt;

FunctionBuilder::FunctionBuilder(ModuleOp module, StringRef name,
                                 const GeneratorOptions &options)
    : options(options),
      builder(module.getLoc(), OpBuilder::atBlockEnd(module.getBody())) {
  function =
      func::FuncOp::create(builder, name, builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

void FunctionBuilder::checkExtent(RankedTensorType type, StringRef name) {
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  for (int64_t size : type.getShape()) {
    if (ShapedType::isDynamic(size))
      continue;
    std::optional<int64_t> product = llvm::checkedMul(bytes, size);
    if (!product && !oversized)
      oversized = (name + " of " +
                   llvm::join(llvm::map_range(type.getShape(),
                                              [](int64_t n) {
                                                return ShapedType::isDynamic(n)
                                                           ? std::string("?")
                                                           : std::to_string(n);
                                              }),
                              "x") +
                   " elements")
                      .str();
    bytes = product.value_or(0);
  }
}

Value FunctionBuilder::addArgument(const Twine &name, ArrayRef<int64_t> shape,
                                   Type elementType) {
  auto type = RankedTensorType::get(shape, typeOr(elementType));
  std::string text = name.str();
  checkExtent(type, "'" + text + "'");
  auto attribute = builder.getNamedAttr(BPTDialect::kNameAttrName,
                                        builder.getStringAttr(text));
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(
      index, type, builder.getDictionaryAttr(attribute), builder.getLoc());
  Value argument = function.getArgument(index);
  // The first argument holds the rows: queries, activations or tokens.
  if (rows.empty())
    rows = {getSize(argument, 0), getSize(argument, 1)};
  return argument;
}

LinearWeights FunctionBuilder::addLinear(const Twine &weight, const Twine &bias,
                                         int64_t in, int64_t out) {
  LinearWeights weights;
  weights.weight = addArgument(weight, {in, out});
  if (options.linearBias)
    weights.bias = addArgument(bias, {out});
  return weights;
}

NormWeights FunctionBuilder::addNorm(const Twine &name) {
  NormWeights weights;
  weights.weight = addArgument(name + ".weight", {options.embed});
  if (options.norm == NormKind::Layer)
    weights.bias = addArgument(name + ".bias", {options.embed});
  return weights;
}

FeedForwardWeights FunctionBuilder::addFeedForward(const Twine &prefix) {
  FeedForwardWeights weights;
  int64_t embed = options.embed, ffn = *options.ffn;
  weights.up = addLinear(prefix + "w1", prefix + "b1", embed, ffn);
  if (options.gated)
    weights.gate = addLinear(prefix + "w3", prefix + "b3", embed, ffn);
  weights.down = addLinear(prefix + "w2", prefix + "b2", ffn, embed);
  return weights;
}

LayerWeights FunctionBuilder::addLayer(const Twine &prefix) {
  LayerWeights weights;
  int64_t embed = options.embed, headDim = *options.headDim;
  int64_t width = options.heads * headDim, kvWidth = *options.kvHeads * headDim;
  weights.attentionNorm = addNorm(prefix + "ln1");
  weights.query = addLinear(prefix + "wq", prefix + "bq", embed, width);
  weights.key = addLinear(prefix + "wk", prefix + "bk", embed, kvWidth);
  weights.value = addLinear(prefix + "wv", prefix + "bv", embed, kvWidth);
  weights.out = addLinear(prefix + "wo", prefix + "bo", width, embed);
  weights.feedForwardNorm = addNorm(prefix + "ln2");
  weights.feedForward = addFeedForward(prefix);
  return weights;
}

Value FunctionBuilder::addSeed() {
  if (!options.isRandom())
    return {};
  return addArgument("seed", {}, builder.getI64Type());
}

AttentionInputs FunctionBuilder::addLayerMasks() {
  AttentionInputs inputs;
  if (options.segments)
    inputs.querySegments = inputs.keySegments = addArgument(
        "segments", {options.batch, options.seq}, builder.getI32Type());
  if (options.attentionBias)
    inputs.bias = addArgument("attn_bias",
                              {options.attentionBias->batch ? options.batch : 1,
                               options.attentionBias->heads ? options.heads : 1,
                               options.seq, options.seq});
  inputs.seed = addSeed();
  return inputs;
}

//===----------------------------------------------------------------------===//
// Tensors and their sizes
//===----------------------------------------------------------------------===//

OpFoldResult FunctionBuilder::getSize(Value tensor, unsigned dim) {
  return tensor::getMixedSize(builder, builder.getLoc(), tensor, dim);
}

FunctionBuilder::Sizes FunctionBuilder::sizesOf(Value tensor) {
  Sizes sizes(rows);
  unsigned rank = cast<RankedTensorType>(tensor.getType()).getRank();
  for (unsigned dim = sizes.size(); dim < rank; ++dim)
    sizes.push_back(getSize(tensor, dim));
  return sizes;
}

Value FunctionBuilder::empty(ArrayRef<OpFoldResult> sizes, Type elementType) {
  auto op = tensor::EmptyOp::create(builder, sizes, typeOr(elementType));
  checkExtent(op.getType(), "an activation");
  return op;
}

Value FunctionBuilder::zeros(ArrayRef<OpFoldResult> sizes) {
  if (!zero) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.front());
    zero = arith::ConstantOp::create(
        builder, builder.getFloatAttr(options.elementType, 0.0));
  }
  return linalg::FillOp::create(builder, zero, empty(sizes)).getResult(0);
}

Value FunctionBuilder::splitHeads(Value tensor, unsigned dim, int64_t heads) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> reassociation;
  for (unsigned i = 0, e = type.getRank(); i < e; ++i) {
    ReassociationIndices group;
    auto append = [&](int64_t size, OpFoldResult mixed) {
      group.push_back(shape.size());
      shape.push_back(size);
      sizes.push_back(mixed);
    };
    if (i == dim) {
      append(heads, builder.getIndexAttr(heads));
      append(*options.headDim, builder.getIndexAttr(*options.headDim));
    } else {
      append(type.getDimSize(i), getSize(tensor, i));
    }
    reassociation.push_back(group);
  }
  return tensor::ExpandShapeOp::create(builder, type.clone(shape), tensor,
                                       reassociation, sizes);
}

//===----------------------------------------------------------------------===//
// Computations
//===----------------------------------------------------------------------===//

Value FunctionBuilder::normalize(Value x, const NormWeights &weights) {
  Value init = empty(sizesOf(x));
  FloatAttr eps = builder.getF32FloatAttr(1.0e-5);
  if (options.norm == NormKind::RMS)
    return RMSNormOp::create(builder, init.getType(), x, weights.weight, init,
                             eps);
  return LayerNormOp::create(builder, init.getType(), x, weights.weight,
                             weights.bias, init, eps);
}

Value FunctionBuilder::feedForward(Value x, const FeedForwardWeights &weights) {
  Value init = zeros(sizesOf(x));
  return FeedForwardOp::create(builder, init.getType(), x, weights.up.weight,
                               weights.down.weight, weights.up.bias,
                               weights.gate.weight, weights.gate.bias,
                               weights.down.bias, init, options.activation);
}

Value FunctionBuilder::project(Value x, Value weight, Value bias,
                               ArrayRef<OpFoldResult> columns) {
  Sizes sizes(rows);
  sizes.append(columns.begin(), columns.end());
  Value init = zeros(sizes);
  return LinearOp::create(builder, init.getType(), x, weight, bias, init);
}

Value FunctionBuilder::projectToHeads(Value x, const LinearWeights &weights,
                                      int64_t heads) {
  Value weight = splitHeads(weights.weight, 1, heads);
  Value bias = weights.bias ? splitHeads(weights.bias, 0, heads) : Value();
  return project(
      x, weight, bias,
      {builder.getIndexAttr(heads), builder.getIndexAttr(*options.headDim)});
}

Value FunctionBuilder::rotate(Value x) {
  if (!options.rotary)
    return x;
  Value init = empty(sizesOf(x));
  IntegerAttr dim;
  if (options.rotaryDim && *options.rotaryDim != *options.headDim)
    dim = builder.getI64IntegerAttr(*options.rotaryDim);
  return RotaryEmbeddingOp::create(
      builder, init.getType(), x, /*position=*/Value(), init,
      RotaryKindAttr::get(builder.getContext(), *options.rotary), dim,
      /*inverse=*/UnitAttr(), builder.getF64FloatAttr(10000.0));
}

Value FunctionBuilder::add(Value a, Value b) {
  return linalg::AddOp::create(builder, ValueRange{a, b},
                               ValueRange{empty(sizesOf(a))})
      .getResult(0);
}

DropoutAttr FunctionBuilder::dropoutAttr(double rate, int64_t stream) {
  return DropoutAttr::get(builder.getContext(), builder.getF64FloatAttr(rate),
                          stream);
}

Value FunctionBuilder::dropout(Value x, Value seed, int64_t stream) {
  if (options.dropout == 0)
    return x;
  Value init = empty(sizesOf(x));
  return DropoutOp::create(builder, init.getType(), x, seed,
                           /*positions=*/ValueRange(), init,
                           dropoutAttr(options.dropout, stream));
}

Value FunctionBuilder::seedOfLayer(Value seed, int64_t index) {
  // Far from the seeds of other steps, which count in the low bits.
  Value offset = arith::ConstantOp::create(
      builder, builder.getI64IntegerAttr(index << 48));
  auto type = cast<RankedTensorType>(seed.getType());
  Value init = empty({}, type.getElementType());
  AffineMap scalar = builder.getEmptyAffineMap();
  return linalg::GenericOp::create(
             builder, type, seed, init, ArrayRef<AffineMap>{scalar, scalar},
             ArrayRef<utils::IteratorType>(),
             [&](OpBuilder &b, Location l, ValueRange v) {
               linalg::YieldOp::create(
                   b, l, arith::AddIOp::create(b, l, v[0], offset).getResult());
             })
      .getResult(0);
}

SmallVector<Value> FunctionBuilder::attention(Value query, Value key,
                                              Value value,
                                              const AttentionInputs &inputs) {
  Sizes sizes = sizesOf(query);
  Value init = empty(sizes), lseInit;
  if (options.lse) {
    sizes.pop_back();
    lseInit = empty(sizes, builder.getF32Type());
  }
  IntegerAttr window =
      options.window ? builder.getI64IntegerAttr(*options.window) : nullptr;
  FloatAttr scale =
      options.scale ? builder.getF32FloatAttr(*options.scale) : nullptr;
  // A seed may be there for other operations alone.
  DropoutAttr dropout;
  if (options.attentionDropout != 0)
    dropout = dropoutAttr(options.attentionDropout, inputs.stream);
  Value seed = dropout ? inputs.seed : Value();
  auto op = AttentionOp::create(
      builder, init.getType(), lseInit ? lseInit.getType() : Type(),
      /*max=*/Type(), /*sum=*/Type(), query, key, value,
      /*query_scale=*/Value(), /*key_scale=*/Value(), /*value_scale=*/Value(),
      inputs.bias, inputs.querySegments, inputs.keySegments, seed,
      /*positions=*/ValueRange(),
      /*diagonal=*/Value(), init, lseInit, /*max_init=*/Value(),
      /*sum_init=*/Value(), options.causal, window, scale, dropout,
      /*value_transposed=*/false,
      /*query_blocks=*/DenseI64ArrayAttr(), /*key_blocks=*/DenseI64ArrayAttr(),
      /*value_blocks=*/DenseI64ArrayAttr(),
      /*scoreCount=*/options.score ? 1 : 0);
  if (options.score) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(op);
    buildScore(*op.getScoreRegion(), query, key);
  }
  return llvm::to_vector(llvm::map_range(
      op->getResults(), [](OpResult result) -> Value { return result; }));
}

Value FunctionBuilder::selfAttention(Value x, const LayerWeights &weights,
                                     const AttentionInputs &inputs) {
  int64_t heads = options.heads, kvHeads = *options.kvHeads;
  Value query = rotate(projectToHeads(x, weights.query, heads));
  Value key = rotate(projectToHeads(x, weights.key, kvHeads));
  Value value = projectToHeads(x, weights.value, kvHeads);
  Value heard = attention(query, key, value, inputs).front();
  Value weight = splitHeads(weights.out.weight, 0, heads);
  return project(heard, weight, weights.out.bias, {getSize(x, 2)});
}

Value FunctionBuilder::layer(Value x, const LayerWeights &weights,
                             const AttentionInputs &inputs) {
  auto normIf = [&](bool condition, Value value, const NormWeights &norm) {
    return condition ? normalize(value, norm) : value;
  };
  bool post = options.postNorm;
  Value input = normIf(!post, x, weights.attentionNorm);
  Value heard = dropout(selfAttention(input, weights, inputs), inputs.seed,
                        inputs.stream + 1);
  Value hidden = add(x, heard);
  hidden = normIf(post, hidden, weights.attentionNorm);
  input = normIf(!post, hidden, weights.feedForwardNorm);
  Value mapped = dropout(feedForward(input, weights.feedForward), inputs.seed,
                         inputs.stream + 2);
  Value result = add(hidden, mapped);
  return normIf(post, result, weights.feedForwardNorm);
}

Value FunctionBuilder::embedTokens(Value tokens, Value table) {
  Sizes sizes(rows);
  sizes.push_back(getSize(table, 1));
  Value init = empty(sizes);
  return EmbeddingOp::create(builder, init.getType(), tokens, table, init);
}

Value FunctionBuilder::crossEntropy(Value hidden, Value weight, Value labels) {
  Value init = empty(rows, builder.getF32Type());
  return CrossEntropyOp::create(builder, init.getType(), /*lse=*/Type(), hidden,
                                weight, labels, init, /*lse_init=*/Value(),
                                APFloat(options.labelSmoothing),
                                APFloat(options.zLoss))
      .getLoss();
}

Value FunctionBuilder::call(func::FuncOp callee, ValueRange operands) {
  return func::CallOp::create(builder, callee, operands).getResult(0);
}

func::FuncOp FunctionBuilder::finish(ValueRange results) {
  func::ReturnOp::create(builder, results);
  function.setFunctionType(
      builder.getFunctionType(function.getArgumentTypes(), results.getTypes()));
  return function;
}
