# bpt.generate is bpt-gen.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path BPT_BIN=%bpt_bin_dir %python %s

import bpt
from bpt.tools import run_tool

for options, flags in [
    (dict(), []),
    (dict(kv_heads=4, causal=True, gated=False), ["--kv-heads=4", "--causal"]),
    (
        dict(seq=None, act="silu", gated=True, norm="rms", rotary="half"),
        ["--seq=?", "--act=silu", "--gated", "--norm=rms", "--rotary=half"],
    ),
    (dict(attn_bias="heads", scale=0.25, dtype="bf16"), ["--attn-bias=heads", "--scale=0.25", "--dtype=bf16"]),
]:
    for kind in ("layer", "model"):
        assert bpt.generate(kind, **options) == run_tool("bpt-gen", [kind, *flags]), (kind, options)
assert bpt.generate("layer", help=True) == run_tool("bpt-gen", ["layer", "--help"])
