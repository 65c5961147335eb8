"""A byte-level language model, trained on the Python standard library's sources:
`python -m bpt.lm --help`."""
