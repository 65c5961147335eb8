"""BERT sentence embeddings in NumPy fp64, from the published weights.

Written from the model's published definition (Devlin et al. 2018; Reimers and
Gurevych 2019), one sentence at a time and without padding, so that it shares
nothing with the compiler or with the exporter.
"""

import json
import math

import numpy as np
from safetensors.numpy import load_file

_erf = np.vectorize(math.erf, otypes=[np.float64])


class BertReference:
    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {
            name: array.astype(np.float64)
            for name, array in load_file(folder / "model.safetensors").items()
            if array.dtype == np.float32
        }

    def embed(self, ids):
        """The embedding of one sentence's token ids."""
        w = self.weights
        ids = np.asarray(ids)
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][: len(ids)]
        x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")
        for layer in range(self.config["num_hidden_layers"]):
            x = self._layer(x, f"encoder.layer.{layer}.")
        mean = x.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, x, name):
        heads = self.config["num_attention_heads"]
        q, k, v = (
            self._dense(x, f"{name}attention.self.{part}").reshape(len(x), heads, -1)
            for part in ("query", "key", "value")
        )
        scores = np.einsum("ihd,jhd->hij", q, k) / math.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        probabilities = scores / scores.sum(axis=-1, keepdims=True)
        context = np.einsum("hij,jhd->ihd", probabilities, v).reshape(x.shape)
        x = self._norm(
            x + self._dense(context, f"{name}attention.output.dense"),
            f"{name}attention.output.LayerNorm",
        )
        hidden = self._dense(x, f"{name}intermediate.dense")
        hidden = hidden * 0.5 * (1.0 + _erf(hidden / math.sqrt(2.0)))
        return self._norm(
            x + self._dense(hidden, f"{name}output.dense"), f"{name}output.LayerNorm"
        )

    def _dense(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _norm(self, x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.mean(centred**2, axis=-1, keepdims=True)
        scaled = centred / np.sqrt(variance + self.config["layer_norm_eps"])
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
