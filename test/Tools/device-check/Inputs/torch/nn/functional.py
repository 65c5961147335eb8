import torch


def scaled_dot_product_attention(q, k, v, is_causal):
    torch.CALLS[0] += 1
    return q


def linear(x, weight, bias):
    return x


def gelu(x, approximate):
    return x


def layer_norm(x, shape, weight, bias):
    return x
