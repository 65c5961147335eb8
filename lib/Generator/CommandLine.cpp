//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Generator/CommandLine.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Option/Arg.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Option/Option.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace mlir::bpt;
namespace opt = llvm::opt;
using llvm::opt::DefaultVis;

//===----------------------------------------------------------------------===//
// The table of flags
//===----------------------------------------------------------------------===//

namespace {
enum FlagID {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "Flags.inc"
#undef OPTION
};

// What Flags.td says a flag has a meaning for.
enum KindVisibility : unsigned {
  ForAttention = 1u << 1,
  ForFeedForward = 1u << 2,
  ForLayer = 1u << 3,
  ForModel = 1u << 4,
};

#define OPTTABLE_STR_TABLE_CODE
#include "Flags.inc"
#undef OPTTABLE_STR_TABLE_CODE
#define OPTTABLE_PREFIXES_TABLE_CODE
#include "Flags.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

constexpr opt::OptTable::Info flagInfos[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "Flags.inc"
#undef OPTION
};

struct FlagTable : opt::GenericOptTable {
  FlagTable()
      : opt::GenericOptTable(OptionStrTable, OptionPrefixesTable, flagInfos) {}
};

struct KindInfo {
  StringRef name;
  GeneratedKind kind;
  KindVisibility visibility;
};
const KindInfo kinds[] = {
    {"attention", GeneratedKind::Attention, ForAttention},
    {"feed_forward", GeneratedKind::FeedForward, ForFeedForward},
    {"layer", GeneratedKind::Layer, ForLayer},
    {"model", GeneratedKind::Model, ForModel},
};

//===----------------------------------------------------------------------===//
// Values of flags
//===----------------------------------------------------------------------===//

/// A flag without its "=".
StringRef nameOf(const opt::Arg *arg) {
  return arg->getOption().getPrefixedName().rtrim('=');
}

/// Reads flags that were given; the first error is kept.
class FlagReader {
public:
  FlagReader(const opt::InputArgList &args) : args(args) {}

  bool has(FlagID id) const { return args.hasArg(id); }

  template <typename T> void readSize(FlagID id, T &size) {
    if (const opt::Arg *arg = args.getLastArg(id))
      if (std::optional<int64_t> value = parseSize(arg))
        size = *value;
  }

  /// `parse` returns an optional; `expected` says what it takes.
  template <typename T, typename Parse>
  void read(FlagID id, T &target, Parse parse, const Twine &expected) {
    const opt::Arg *arg = args.getLastArg(id);
    if (!arg)
      return;
    if (auto value = parse(StringRef(arg->getValue())))
      target = *value;
    else
      fail(nameOf(arg) + ": invalid value '" + arg->getValue() +
           "'; expected " + expected);
  }

  std::optional<std::string> message;

private:
  void fail(const Twine &text) {
    if (!message)
      message = text.str();
  }

  std::optional<int64_t> parseSize(const opt::Arg *arg) {
    StringRef text = arg->getValue();
    if (text == "?")
      return ShapedType::kDynamic;
    StringRef digits = text;
    digits.consume_front("-");
    int64_t value;
    if (digits.empty() || !llvm::all_of(digits, llvm::isDigit)) {
      fail(nameOf(arg) + ": '" + text +
           "' is not a number; expected a size such as 128, or ?");
      return std::nullopt;
    }
    if (text.getAsInteger(10, value) || value > INT32_MAX) {
      fail(nameOf(arg) + ": " + text + " is too large; at most " +
           Twine(INT32_MAX));
      return std::nullopt;
    }
    if (value < 0) {
      fail(nameOf(arg) + " is " + text + ", but a size is not negative");
      return std::nullopt;
    }
    return value;
  }

  const opt::InputArgList &args;
};

std::optional<float> parseFiniteFloat(StringRef text) {
  double value;
  if (text.getAsDouble(value) || !std::isfinite(static_cast<float>(value)))
    return std::nullopt;
  return static_cast<float>(value);
}

std::optional<ScoreFunction> parseScore(StringRef text) {
  if (text == "alibi")
    return ScoreFunction{ScoreFunction::Alibi};
  if (!text.consume_front("softcap:"))
    return std::nullopt;
  std::optional<float> cap = parseFiniteFloat(text);
  if (!cap || !(*cap > 0))
    return std::nullopt;
  return ScoreFunction{ScoreFunction::SoftCap, *cap};
}

std::optional<AttentionBiasShape> parseBiasShape(StringRef text) {
  return llvm::StringSwitch<std::optional<AttentionBiasShape>>(text)
      .Case("full", AttentionBiasShape{true, true})
      .Case("heads", AttentionBiasShape{false, true})
      .Case("batch", AttentionBiasShape{true, false})
      .Case("shared", AttentionBiasShape{false, false})
      .Default(std::nullopt);
}

std::optional<std::string> readFlags(const opt::InputArgList &args,
                                     MLIRContext *context,
                                     GeneratorOptions &options) {
  FlagReader reader(args);
  reader.readSize(OPT_batch, options.batch);
  reader.readSize(OPT_seq, options.seq);
  reader.readSize(OPT_kv_seq, options.kvSeq);
  reader.readSize(OPT_embed, options.embed);
  reader.readSize(OPT_heads, options.heads);
  reader.readSize(OPT_kv_heads, options.kvHeads);
  reader.readSize(OPT_head_dim, options.headDim);
  reader.readSize(OPT_ffn, options.ffn);
  reader.readSize(OPT_layers, options.layers);
  reader.readSize(OPT_vocab, options.vocab);
  reader.readSize(OPT_window, options.window);
  reader.readSize(OPT_rotary_dim, options.rotaryDim);
  options.dynamic = reader.has(OPT_dynamic);
  options.causal = reader.has(OPT_causal);
  options.segments = reader.has(OPT_segments);
  options.lse = reader.has(OPT_lse);
  options.loss = reader.has(OPT_loss);
  options.outlineLayers = reader.has(OPT_outline_layers);
  options.gated = reader.has(OPT_gated);
  options.postNorm = reader.has(OPT_post_norm);
  options.linearBias = reader.has(OPT_bias);
  if (reader.has(OPT_attn_bias))
    options.attentionBias = AttentionBiasShape();
  reader.read(OPT_attn_bias_shape, options.attentionBias, parseBiasShape,
              "full, heads, batch or shared");
  reader.read(OPT_scale, options.scale, parseFiniteFloat, "a finite number");
  reader.read(
      OPT_label_smoothing, options.labelSmoothing,
      [](StringRef text) -> std::optional<float> {
        std::optional<float> value = parseFiniteFloat(text);
        return value && *value >= 0 && *value < 1 ? value : std::nullopt;
      },
      "a number in [0, 1)");
  reader.read(
      OPT_z_loss, options.zLoss,
      [](StringRef text) -> std::optional<float> {
        std::optional<float> value = parseFiniteFloat(text);
        return value && *value >= 0 ? value : std::nullopt;
      },
      "a finite number that is at least 0");
  for (auto [flag, rate] :
       {std::pair<FlagID, double *>{OPT_dropout, &options.dropout},
        {OPT_attn_dropout, &options.attentionDropout}})
    reader.read(
        flag, *rate,
        [](StringRef text) -> std::optional<double> {
          double value;
          if (text.getAsDouble(value) || !(value >= 0 && value < 1))
            return std::nullopt;
          return value;
        },
        "a number in [0, 1)");
  reader.read(OPT_score, options.score, parseScore,
              "softcap:X with a positive X, or alibi");
  reader.read(
      OPT_act, options.activation,
      [](StringRef text) { return symbolizeActivation(text); },
      "relu, gelu, gelu_tanh, quick_gelu or silu");
  reader.read(
      OPT_norm, options.norm,
      [](StringRef text) {
        return llvm::StringSwitch<std::optional<NormKind>>(text)
            .Case("layer", NormKind::Layer)
            .Case("rms", NormKind::RMS)
            .Default(std::nullopt);
      },
      "layer or rms");
  using MaybeRotary = std::optional<RotaryKind>;
  reader.read(
      OPT_rotary, options.rotary,
      [](StringRef text) -> std::optional<MaybeRotary> {
        if (text == "none")
          return MaybeRotary();
        if (MaybeRotary kind = symbolizeRotaryKind(text))
          return kind;
        return std::nullopt;
      },
      "interleaved, half or none");
  options.elementType = Float32Type::get(context);
  reader.read(
      OPT_dtype, options.elementType,
      [&](StringRef text) {
        return llvm::StringSwitch<std::optional<FloatType>>(text)
            .Case("f32", Float32Type::get(context))
            .Case("bf16", BFloat16Type::get(context))
            .Case("f16", Float16Type::get(context))
            .Default(std::nullopt);
      },
      "f32, bf16 or f16");
  return reader.message;
}

//===----------------------------------------------------------------------===//
// The command line
//===----------------------------------------------------------------------===//

void printHelp(const FlagTable &table, const KindInfo *kind,
               llvm::raw_ostream &os) {
  std::string usage =
      ("bpt-gen " + (kind ? kind->name : "attention|feed_forward|layer|model") +
       " [flags]")
          .str();
  table.printHelp(os, usage.c_str(),
                  "Prints model IR of a transformer: a function @main, its "
                  "arguments named by 'bpt.name'",
                  /*ShowHidden=*/false, /*ShowAllAliases=*/false,
                  kind ? opt::Visibility(kind->visibility) : opt::Visibility());
  os << R"(
A number after ';' is the default. Flags are written --flag=VALUE or
--flag VALUE; of a flag given twice the last counts.

ARGUMENTS OF @main, in order (those in brackets with the flag that gives them):
  attention     q k v [bias] [q_segments kv_segments]
                q [batch, seq, heads, head-dim], k and v [batch, kv-seq,
                kv-heads, head-dim]
  feed_forward  x w1 [b1] [w3 [b3]] w2 [b2]
  layer         x [segments] [attn_bias] ln1.weight [ln1.bias] wq [bq] wk [bk]
                wv [bv] wo [bo] ln2.weight [ln2.bias] w1 [b1] [w3 [b3]] w2 [b2]
  model         tokens [labels] [segments] [attn_bias] embed.weight, then for
                layer N the layer's with the prefix 'layers.N.', then
                ln_f.weight [ln_f.bias] lm_head.weight; returns logits [batch,
                seq, vocab], or with --loss the loss of each position, 0 where
                the label is not in the vocabulary
Matrices are [in, out] and applied as x W + b.
)";
}

llvm::Error unknownFlag(const FlagTable &table, StringRef flag,
                        const KindInfo &kind) {
  std::string nearest, hint;
  if (table.findNearest(flag, nearest, opt::Visibility(kind.visibility), 1,
                        2) <= 2)
    hint = "; did you mean '" + StringRef(nearest).rtrim('=').str() + "'?";
  return llvm::createStringError(
      "unknown flag '" + flag + "'" +
      (hint.empty() ? Twine("; see bpt-gen --help") : Twine(hint)));
}

llvm::Error checkArguments(const FlagTable &table,
                           const opt::InputArgList &args, const KindInfo &kind,
                           unsigned missingIndex, unsigned missingCount) {
  for (const opt::Arg *arg : args) {
    if (arg->getOption().matches(OPT_UNKNOWN))
      return unknownFlag(table, arg->getSpelling(), kind);
    if (arg->getOption().matches(OPT_INPUT))
      return llvm::createStringError("unexpected argument '" +
                                     Twine(arg->getSpelling()) + "' after '" +
                                     kind.name + "'");
    if (!arg->getOption().hasVisibilityFlag(kind.visibility))
      return llvm::createStringError(nameOf(arg) + " has no meaning for '" +
                                     kind.name + "'");
  }
  if (missingCount)
    return llvm::createStringError(Twine(args.getArgString(missingIndex)) +
                                   " needs a value");
  return llvm::Error::success();
}
} // namespace

llvm::Expected<std::optional<GeneratorOptions>>
bpt::parseCommandLine(MLIRContext *context,
                      llvm::ArrayRef<const char *> arguments,
                      llvm::raw_ostream &help) {
  FlagTable table;
  const char *expected =
      "expected one of attention, feed_forward, layer, model";
  if (arguments.empty())
    return llvm::createStringError(Twine("what to generate is missing; ") +
                                   expected);
  StringRef first = arguments.front();
  if (first == "--help" || first == "-h") {
    printHelp(table, nullptr, help);
    return std::nullopt;
  }
  const KindInfo *kind =
      llvm::find_if(kinds, [&](const KindInfo &k) { return k.name == first; });
  if (kind == std::end(kinds))
    return llvm::createStringError(
        "'" + first + "' is not something to generate; " + expected);

  unsigned missingIndex = 0, missingCount = 0;
  opt::InputArgList args =
      table.ParseArgs(arguments.drop_front(), missingIndex, missingCount);
  if (llvm::Error e =
          checkArguments(table, args, *kind, missingIndex, missingCount))
    return e;
  if (args.hasArg(OPT_help)) {
    printHelp(table, kind, help);
    return std::nullopt;
  }
  GeneratorOptions options;
  options.kind = kind->kind;
  if (std::optional<std::string> message = readFlags(args, context, options))
    return llvm::createStringError(*message);
  if (llvm::Error e = options.resolve())
    return e;
  return options;
}
