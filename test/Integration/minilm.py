# The published all-MiniLM-L6-v2, compiled once for every batch and length,
# against NumPy in fp64: 20 texts of 1 to 256 tokens, alone and padded.
#
# REQUIRES: minilm, python-extension
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import numpy as np
from bert_reference import BertReference

import bpt
from bpt import models, sentences

MAX_ERROR = 1e-5
TEXT = """A transformer layer is row-parallel along the query sequence once its
keys and values exist. Attention for a block of queries, the projection that
follows, the residual, the normalisation and the feed-forward of those rows
depend on no other row: not on the row before, nor on the one after. So the
layer is computed block by block, and what a block needs beside its own rows is
read as it goes by. On Monday, 3 of 17 blocks were late (18.5%); nobody minded!
Meanwhile, in the harbour, fishermen sold mackerel, crab & lobster; children in
yellow boots counted gulls. "How many?" asked the eldest. Forty-two, or perhaps
forty-three: one had flown behind the lighthouse. Übermut tut selten gut, said
their grandmother, who collected proverbs, stamps and weather reports. It rained
until Thursday; then the wind turned north-east, the barometer rose, and the old
ferry, repainted in red and white, crossed the sound for the first time since
March, carrying nineteen passengers, two bicycles and a very patient dog. By the
weekend everyone had read the timetable, and nobody believed it. The ferry left
at noon anyway, to the minute, with the dog on the upper deck."""

folder = models.find_minilm()
reference = BertReference(folder)
encoder = sentences.SentenceEncoder(folder)
tokens = encoder.tokenizer.encode(TEXT).ids
assert len(tokens) >= 256, len(tokens)
worst = 0.0
# Different texts too: each starts somewhere else. One token is no sentence,
# but legal.
alone = [1, 2, 129, 256]
padded = [[3, 4, 5, 7, 8, 11, 16, 17], [31, 32, 33, 64, 100, 127, 128, 200]]
runs = [[length] for length in alone] + padded
assert len(set(sum(runs, []))) == 20
for lengths in runs:
    batch = [tokens[(256 - n) // 3 :][:n] for n in lengths]
    assert [len(ids) for ids in batch] == lengths
    actual = encoder.encode_tokens(batch)
    assert actual.dtype == np.float32 and actual.shape == (
        len(batch),
        384,
    ), actual.shape
    for length, ids, embedding in zip(lengths, batch, actual):
        expected = reference.embed(ids)
        error = np.linalg.norm(embedding - expected) / np.linalg.norm(expected)
        print(f"{length:4d} tokens: relative error {error:.2e}")
        assert error <= MAX_ERROR, length
        worst = max(worst, error)
print(f"worst: {worst:.2e}")

# What no reference can be wrong about.
same, paraphrase, other = encoder.encode(
    [
        "A man is eating food.",
        "Someone is having a meal.",
        "The central bank raised interest rates.",
    ]
)
assert same @ paraphrase > 0.5 > 0.2 > same @ other, (
    same @ paraphrase,
    same @ other,
)

# The model has 512 positions: more tokens are refused, not read past its table.
try:
    encoder.encode_tokens([(tokens * 3)[:513]])
except bpt.Error as error:
    assert "extract_slice runs out-of-bounds along dimension 0" in str(error), error
else:
    raise AssertionError("513 tokens were taken")
