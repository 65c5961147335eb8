"""Times what PyTorch has for the cases of a bundle, on the GPU's clock.

    peers.py peers.json OUT.tsv

Prints what PyTorch this is. A line of the output is a case, "PyTorch", and the
median of its milliseconds.
"""

import json
import sys

import torch
import torch.nn.functional as F

ROUNDS, ROUND_MS, MAX_CALLS = 7, 20, 200


def time_ms(compute):
    def once(calls):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(calls):
            compute()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / calls

    once(3)
    calls = int(min(max(ROUND_MS / max(once(1), 1e-3), 1), MAX_CALLS))
    return sorted(once(calls) for _ in range(ROUNDS))[ROUNDS // 2]


def random(*shape, scale=1.0):
    return ((torch.rand(shape, device="cuda") * 2 - 1) * scale).to(torch.bfloat16)


def attention(case):
    # Heads before tokens is the layout that PyTorch's kernels read; the view is free.
    shape = (1, case["seq"], case["heads"], case["head_dim"])
    q, k, v = (random(*shape).transpose(1, 2) for _ in range(3))
    return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=case["causal"])


def layer(case):
    embed, heads, ffn = case["embed"], case["heads"], case["ffn"]
    x = random(1, case["seq"], embed)
    # One product for q, k and v, as a PyTorch program would have it.
    w_qkv, w_o = random(3 * embed, embed, scale=0.05), random(embed, embed, scale=0.05)
    w_1, w_2 = random(ffn, embed, scale=0.05), random(embed, ffn, scale=0.05)
    b_qkv, b_o, b_1, b_2 = (random(n, scale=0.05) for n in (3 * embed, embed, ffn, embed))
    norms = [random(embed, scale=0.05) for _ in range(4)]

    def compute():
        y = F.layer_norm(x, (embed,), norms[0], norms[1])
        qkv = F.linear(y, w_qkv, b_qkv).view(1, -1, 3, heads, embed // heads)
        q, k, v = (part.transpose(1, 2) for part in qkv.unbind(2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(x.shape)
        h = x + F.linear(y, w_o, b_o)
        y = F.layer_norm(h, (embed,), norms[2], norms[3])
        return h + F.linear(F.gelu(F.linear(y, w_1, b_1), approximate="tanh"), w_2, b_2)

    return compute


KINDS = {"attention": attention, "layer": layer}


def main():
    cases = json.load(open(sys.argv[1]))
    with open(sys.argv[2], "w") as out, torch.inference_mode():
        for case in cases:
            milliseconds = time_ms(KINDS[case["kind"]](case))
            print(case["name"], "PyTorch", milliseconds, sep="\t", file=out, flush=True)
    print(f"{torch.__version__}, CUDA {torch.version.cuda}")


if __name__ == "__main__":
    main()
