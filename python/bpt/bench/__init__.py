"""The benchmark command: `python -m bpt.bench`."""
