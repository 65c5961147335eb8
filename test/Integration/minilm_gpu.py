# The published all-MiniLM-L6-v2 in f32, as kernels on the emulator: two short
# sentences, one of them padded, against NumPy in fp64 and the same on the CPU.
#
# REQUIRES: minilm, python-extension
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import time

import numpy as np
from bert_reference import BertReference

from bpt import models, sentences

MAX_ERROR = 1e-5
SENTENCES = ["A man is eating food.", "Hello, world!"]

folder = models.find_minilm()
reference = BertReference(folder)


def check(what, actual, expected):
    error = np.linalg.norm(actual - expected) / np.linalg.norm(expected)
    print(f"{what}: relative error {error:.2e}")
    assert error <= MAX_ERROR, what


embeddings = {}
for device in ("cpu", "cuda-emulator"):
    start = time.monotonic()
    encoder = sentences.SentenceEncoder(folder, device=device)
    tokens = [encoder.tokenizer.encode(sentence).ids for sentence in SENTENCES]
    embeddings[device] = encoder.encode_tokens(tokens)
    print(f"{device}: {time.monotonic() - start:.1f} s")

assert len({len(ids) for ids in tokens}) == 2, tokens
for sentence, ids, cpu, gpu in zip(SENTENCES, tokens, *embeddings.values()):
    check(f"{sentence!r} against the reference", gpu, reference.embed(ids))
    check(f"{sentence!r} against the CPU", gpu, cpu)
