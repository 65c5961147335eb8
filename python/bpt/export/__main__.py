"""`python -m bpt.export [MODEL_DIR] -o FILE.mlir`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bpt import models
from bpt.export import export_sentence_encoder


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bpt.export",
        description="Writes a published sentence encoder (BERT) as bpt model IR.",
    )
    parser.add_argument(
        "model",
        nargs="?",
        type=Path,
        help="folder with config.json (default: all-MiniLM-L6-v2 from its Python package)",
    )
    parser.add_argument("-o", "--output", type=Path, help="where to write the IR (default: stdout)")
    args = parser.parse_args()
    try:
        folder = args.model or models.find_minilm()
        text = export_sentence_encoder(folder / "config.json")
        if args.output:
            args.output.write_text(text)
        else:
            sys.stdout.write(text)
    except (models.ModelMissing, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
