"""Python tools of BPT, a compiler for blockwise parallel transformers."""
