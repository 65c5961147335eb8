"""What the tests of the package share."""

import numpy as np

import bpt


def error_of(call, *arguments, **named):
    """The bpt.Error that a call raises."""
    try:
        call(*arguments, **named)
    except bpt.Error as error:
        assert error.diagnostics and str(error) == "\n".join(map(str, error.diagnostics)), error
        return error
    raise AssertionError("no bpt.Error was raised")


def expect_error(text, call, *arguments, **named):
    """The call must raise a bpt.Error of one line that has `text` in it."""
    error = error_of(call, *arguments, **named)
    assert text in str(error) and "\n" not in str(error), error
    return error


def random(seed, *shape, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def attention(q, k, v, causal=False):
    """In fp64; q, k, v are [batch, seq, heads, head_dim]."""
    q, k, v = (array.astype(np.float64) for array in (q, k, v))
    scores = np.einsum("bihd,bjhd->bhij", q, k) / np.sqrt(q.shape[-1])
    if causal:
        i, j = np.indices(scores.shape[-2:])
        scores = np.where(j <= i + k.shape[1] - q.shape[1], scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    weights = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = weights.sum(axis=-1)
    lse = np.where(total > 0, np.log(np.where(total > 0, total, 1)) + np.where(total > 0, top[..., 0], 0), -np.inf)
    result = np.einsum("bhij,bjhd->bihd", weights, v)
    result /= np.where(total > 0, total, 1).transpose(0, 2, 1)[..., None]
    return result, lse.transpose(0, 2, 1)


def relative_error(actual, expected):
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    norm = np.linalg.norm(expected)
    return np.linalg.norm(actual - expected) / norm if norm else np.linalg.norm(actual)
