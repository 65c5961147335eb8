"""Sentence encoders: BERT, mean over the tokens, unit length."""

from __future__ import annotations

from pathlib import Path

from bpt.export.bert import BertConfig, BertEncoder
from bpt.export.builder import FunctionBuilder, Value, tensor_type

# Divisors are kept away from zero as PyTorch's sentence encoders do.
MIN_COUNT = 1.0e-9
MIN_NORM = 1.0e-12


def export_sentence_encoder(config: BertConfig | Path) -> str:
    """Model IR of `@main(input_ids, attention_mask, weights...)`, whose result
    is one embedding of unit length per sentence, `[batch, embed]`.

    `config` is the model's, or the path of its config.json. Batch and length
    are dynamic; at most `config.positions` tokens per sentence.
    """
    if isinstance(config, Path):
        config = BertConfig.load(config)
    encoder = BertEncoder(config)
    hidden, layer = encoder.build()
    mean = _mean_over_tokens(encoder.main, hidden, encoder.mask, encoder.batch, config.embed)
    return layer + "\n" + encoder.main.build(_normalise(encoder.main, mean, encoder.batch))


def _mean_over_tokens(b: FunctionBuilder, hidden: Value, mask: Value, batch: Value, embed: int) -> Value:
    total = b.generic(
        ["(b, s, e) -> (b, s, e)", "(b, s, e) -> (b, s)", "(b, s, e) -> (b, e)"],
        ["parallel", "reduction", "parallel"],
        [hidden, mask],
        b.zeros(tensor_type(["?", embed]), [batch]),
        [
            "%m = arith.sitofp %in1 : i32 to f32",
            "%x = arith.mulf %in0, %m : f32",
            "%sum = arith.addf %out, %x : f32",
            "linalg.yield %sum : f32",
        ],
    )
    count = b.generic(
        ["(b, s) -> (b, s)", "(b, s) -> (b)"],
        ["parallel", "reduction"],
        [mask],
        b.zeros(tensor_type(["?"]), [batch]),
        [
            "%m = arith.sitofp %in0 : i32 to f32",
            "%sum = arith.addf %out, %m : f32",
            "linalg.yield %sum : f32",
        ],
    )
    least = b.f32(MIN_COUNT)
    return _divide(b, total, count, batch, [f"%d = arith.maximumf %in1, {least} : f32"])


def _normalise(b: FunctionBuilder, x: Value, batch: Value) -> Value:
    squares = b.generic(
        ["(b, e) -> (b, e)", "(b, e) -> (b)"],
        ["parallel", "reduction"],
        [x],
        b.zeros(tensor_type(["?"]), [batch]),
        [
            "%square = arith.mulf %in0, %in0 : f32",
            "%sum = arith.addf %out, %square : f32",
            "linalg.yield %sum : f32",
        ],
    )
    least = b.f32(MIN_NORM)
    return _divide(
        b,
        x,
        squares,
        batch,
        ["%norm = math.sqrt %in1 : f32", f"%d = arith.maximumf %norm, {least} : f32"],
    )


def _divide(b: FunctionBuilder, x: Value, row: Value, batch: Value, divisor: list[str]) -> Value:
    """x[b, e] / d(row[b]), where the lines `divisor` make %d from %in1."""
    return b.generic(
        ["(b, e) -> (b, e)", "(b, e) -> (b)", "(b, e) -> (b, e)"],
        ["parallel", "parallel"],
        [x, row],
        b.empty(x.type, [batch]),
        [*divisor, "%y = arith.divf %in0, %d : f32", "linalg.yield %y : f32"],
    )
