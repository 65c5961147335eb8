"""PyTorch on the CPU, as its users call it. Optional: ModuleNotFoundError
where it is not installed."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from bpt.bench.case import Arrays, Compute, Unavailable


def layer(arguments: Arrays, threads: int, heads: int, causal: bool, compiled: bool = False) -> Compute:
    """A pre-norm layer: Linear, GELU and scaled_dot_product_attention."""
    torch, t = _prepare(arguments, threads)
    return _inference(torch, lambda t: _layer(torch, t, heads, causal), t, compiled)


def model(arguments: Arrays, threads: int, layers: int, heads: int, causal: bool, compiled: bool = False) -> Compute:
    """Embedding, layers, a norm and the logits."""
    torch, t = _prepare(arguments, threads)

    def compute(t: dict[str, Any]) -> Any:
        f = torch.nn.functional
        x = f.embedding(t["tokens"], t["embed.weight"])
        for i in range(layers):
            prefix = f"layers.{i}."
            own = {name.removeprefix(prefix): value for name, value in t.items() if name.startswith(prefix)}
            x = _layer(torch, own | {"x": x}, heads, causal)
        return f.linear(f.layer_norm(x, x.shape[-1:], t["ln_f.weight"], t["ln_f.bias"], 1e-5), t["lm_head.weight"])

    t["embed.weight"] = t["embed.weight"].T.contiguous()
    return _inference(torch, compute, t, compiled)


def layer_gradient(arguments: Arrays, threads: int, heads: int, causal: bool, checkpointed: bool) -> Compute:
    """The same, and the gradients of all arguments; with activation
    checkpointing, only its input is kept and it is computed again."""
    torch, t = _prepare(arguments, threads)
    cotangent = t.pop("cotangent")

    def compute() -> Any:
        if not checkpointed:
            return _layer(torch, t, heads, causal)
        from torch.utils.checkpoint import checkpoint

        return checkpoint(lambda x: _layer(torch, t | {"x": x}, heads, causal), t["x"], use_reentrant=False)

    return _training(torch, t, compute, cotangent)


def _layer(torch: Any, t: dict[str, Any], heads: int, causal: bool) -> Any:
    f = torch.nn.functional
    x = t["x"]
    batch, seq, embed = x.shape
    normed = f.layer_norm(x, (embed,), t["ln1.weight"], t["ln1.bias"], 1e-5)
    q, k, v = (
        f.linear(normed, t[f"w{part}"], t[f"b{part}"]).view(batch, seq, heads, -1).transpose(1, 2) for part in "qkv"
    )
    context = f.scaled_dot_product_attention(q, k, v, is_causal=causal)
    x = x + f.linear(context.transpose(1, 2).reshape(batch, seq, embed), t["wo"], t["bo"])
    normed = f.layer_norm(x, (embed,), t["ln2.weight"], t["ln2.bias"], 1e-5)
    hidden = f.gelu(f.linear(normed, t["w1"], t["b1"]), approximate="tanh")
    return x + f.linear(hidden, t["w2"], t["b2"])


def attention(arguments: Arrays, threads: int, causal: bool) -> Compute:
    """scaled_dot_product_attention on `[batch, seq, heads, head_dim]`."""
    torch, t = _prepare(arguments, threads)
    return _inference(torch, lambda t: _attention(torch, t, causal), t)


def attention_gradient(arguments: Arrays, threads: int, causal: bool) -> Compute:
    """The same, and its gradients."""
    torch, t = _prepare(arguments, threads)
    cotangent = t.pop("cotangent")
    return _training(torch, t, lambda: _attention(torch, t, causal), cotangent)


def _attention(torch: Any, t: dict[str, Any], causal: bool) -> Any:
    q, k, v = (t[name].transpose(1, 2) for name in "qkv")
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2)


def feed_forward(arguments: Arrays, threads: int) -> Compute:
    """Linear, GELU, Linear."""
    torch, t = _prepare(arguments, threads)
    f = torch.nn.functional
    return _inference(
        torch,
        lambda t: f.linear(f.gelu(f.linear(t["x"], t["w1"], t["b1"]), approximate="tanh"), t["w2"], t["b2"]),
        t,
    )


def matmul(arguments: Arrays, threads: int) -> Compute:
    """x · w."""
    torch, t = _prepare(arguments, threads)
    return _inference(torch, lambda t: torch.nn.functional.linear(t["x"], t["w"]), t)


def _prepare(arguments: Arrays, threads: int) -> tuple[Any, dict[str, Any]]:
    """PyTorch and its tensors, matrices `[out, in]` as its Linear keeps them."""
    import torch

    torch.set_num_threads(threads)
    tensors = {}
    for name, array in arguments.items():
        tensor = _from_numpy(torch, array)
        tensors[name] = tensor.T.contiguous() if tensor.ndim == 2 and tensor.is_floating_point() else tensor
    return torch, tensors


def _from_numpy(torch: Any, array: np.ndarray) -> Any:
    """A tensor of the same memory."""
    if array.dtype != ml_dtypes.bfloat16:
        return torch.from_numpy(array)
    return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)


def _to_numpy(torch: Any, tensor: Any) -> np.ndarray:
    """An array of the same memory."""
    if tensor.dtype != torch.bfloat16:
        return tensor.numpy()
    return tensor.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)


def _inference(torch: Any, compute: Any, tensors: dict[str, Any], compiled: bool = False) -> Compute:
    """Calls `compute` with the tensors, as it is or through torch.compile."""
    if compiled:
        compute = torch.compile(compute)

    def run() -> list[np.ndarray]:
        with torch.inference_mode():
            return [_to_numpy(torch, compute(tensors))]

    if compiled:
        # What it compiles with may not be there, or not compile here.
        try:
            run()
        except Exception as error:
            raise Unavailable(f"torch.compile: {str(error).strip().splitlines()[0]}") from error
    return run


def _training(torch: Any, variables: dict[str, Any], compute: Any, cotangent: Any) -> Compute:
    """The result, and the gradients of the variables."""
    for tensor in variables.values():
        tensor.requires_grad_()

    def run() -> list[np.ndarray]:
        for tensor in variables.values():
            tensor.grad = None
        result = compute()
        result.backward(cotangent)
        gradients = [tensor.grad.T if tensor.ndim == 2 else tensor.grad for tensor in variables.values()]
        return [_to_numpy(torch, tensor) for tensor in (result.detach(), *gradients)]

    return run
