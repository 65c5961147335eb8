"""`python -m bpt.lm train` and `sample`: a byte-level language model."""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, Callable

from tqdm import tqdm

import bpt
from bpt.lm.corpus import Corpus
from bpt.lm.model import ModelConfig, write_on
from bpt.training import METHODS, AdamW, Trainer, checkpoint


def make_config(arguments: argparse.Namespace, corpus: Corpus) -> dict[str, Any]:
    """All that a run depends on; one that is resumed has the same."""
    return {
        "model": {field.name: getattr(arguments, field.name) for field in dataclasses.fields(ModelConfig)},
        "batch": arguments.batch,
        "accumulate": arguments.accumulate,
        "learning_rate": arguments.learning_rate,
        "warmup": arguments.warmup,
        "steps": arguments.steps,
        "seed": arguments.seed,
        "corpus": corpus.digest,
    }


def train(arguments: argparse.Namespace) -> None:
    """Trains from the start, or from where the checkpoint is."""
    if not arguments.checkpoint.parent.is_dir():
        raise bpt.Error(f"there is no folder {arguments.checkpoint.parent} for the checkpoint")
    if arguments.warmup is None:
        arguments.warmup = min(20, arguments.steps // 10)
    if arguments.warmup >= arguments.steps:
        raise bpt.Error(f"--warmup={arguments.warmup} must be less than --steps={arguments.steps}")
    corpus = Corpus(arguments.corpus)
    config = make_config(arguments, corpus)
    model = ModelConfig(**config["model"])
    if len(corpus) <= model.seq:
        raise bpt.Error(f"the corpus has {len(corpus)} bytes; a sequence takes {model.seq + 1}")
    ir = model.ir(arguments.batch, loss=True)
    say = print if not arguments.quiet else (lambda *_: None)
    say(f"compiling {model.layers} layers of {model.embed} for {arguments.batch} x {model.seq} bytes ...")
    parameters = model.first_parameters(bpt.compile(ir, threads=arguments.threads).arguments, arguments.seed)
    optimizer = AdamW(arguments.learning_rate, warmup=arguments.warmup, steps=arguments.steps)
    trainer = Trainer(
        ir,
        parameters,
        optimizer,
        method=arguments.method,
        keep=arguments.keep,
        threads=arguments.threads,
        seed=arguments.seed,
    )
    if arguments.checkpoint.exists():
        trainer.restore(arguments.checkpoint, config)
        say(f"going on from step {trainer.step_count} of {arguments.checkpoint}")

    count = sum(array.size for array in trainer.parameters.values())
    say(f"{count / 1e6:.2f} M parameters, {len(corpus) / 1e6:.1f} MB of text")
    with tqdm(
        total=arguments.steps, initial=trainer.step_count, unit="step", disable=arguments.quiet or None
    ) as bar, open(arguments.log or "/dev/null", "a") as log:
        while trainer.step_count < arguments.steps:
            began = time.perf_counter()
            first = trainer.step_count * arguments.accumulate
            result = trainer.step(
                [
                    corpus.draw(arguments.seed, first + i, arguments.batch, model.seq)
                    for i in range(arguments.accumulate)
                ]
            )
            rate = result.tokens / (time.perf_counter() - began)
            print(json.dumps(result._asdict()), file=log, flush=True)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            bar.set_postfix_str(
                f"loss {result.loss:.4f}, {rate:,.0f} tokens/s, workspace {(trainer.workspace_bytes or 0) / 1e6:.1f} MB, "
                f"process {peak / 1e6:.0f} MB"
            )
            bar.update()
            if result.step % arguments.save_every == 0 or result.step == arguments.steps:
                trainer.save(arguments.checkpoint, config)
    held_out = trainer.evaluate(corpus.held_out(8, arguments.batch, model.seq))
    say(f"loss on {8 * arguments.batch} sequences of files that were held out: {held_out:.4f} nats a byte")


def sample(arguments: argparse.Namespace) -> None:
    """Prints the prompt and what the model puts after it."""
    saved = checkpoint.read(arguments.checkpoint)
    try:
        model = ModelConfig(**saved.config["model"])
    except (KeyError, TypeError):
        raise checkpoint.CheckpointError(f"{arguments.checkpoint} is no language model of bpt.lm") from None
    parameters = {name: array for name, array in saved.tensors.items() if not name.startswith("moment")}
    out = sys.stdout.buffer
    out.write(arguments.prompt.encode())
    for byte in write_on(
        model,
        parameters,
        arguments.prompt.encode(),
        arguments.bytes,
        arguments.temperature,
        arguments.seed,
        arguments.threads,
    ):
        out.write(byte)
        out.flush()
    out.write(b"\n")


def at_least(minimum: float, kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """A type for argparse."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not value >= minimum:
            raise argparse.ArgumentTypeError(f"{text} is less than {minimum}")
        return value

    parse.__name__ = kind.__name__
    return parse


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bpt.lm", description=__doc__)
    commands = parser.add_subparsers(required=True)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--checkpoint", type=Path, required=True, help="the file of the run")
    both.add_argument("--seed", type=at_least(0, int), default=0, help="of what is drawn; 0")
    both.add_argument("--threads", type=at_least(1, int), help="that compiled code may use; all")

    command = commands.add_parser("train", parents=[both], help="train, or go on from the checkpoint")
    for field in dataclasses.fields(ModelConfig):
        kind = at_least(0, float) if isinstance(field.default, float) else at_least(1, int)
        command.add_argument(
            f"--{field.name}", type=kind, default=field.default, help=f"of the model; {field.default}"
        )
    command.add_argument("--steps", type=at_least(1, int), default=300, help="updates in all; 300")
    command.add_argument("--batch", type=at_least(1, int), default=8, help="sequences of a batch; 8")
    command.add_argument("--accumulate", type=at_least(1, int), default=1, help="batches of an update; 1")
    command.add_argument("--learning-rate", type=at_least(0, float), default=1e-3, help="the highest; 1e-3")
    command.add_argument("--warmup", type=at_least(0, int),
                         help="updates until it is reached; a tenth of all, at most 20")  # fmt: skip
    command.add_argument("--method", choices=list(METHODS), default="bpt", help="how memory is spent; bpt")
    command.add_argument("--keep", choices=["nothing", "attention", "everything"],
                         help="between forward and backward pass; what the method says")  # fmt: skip
    command.add_argument("--save-every", type=at_least(1, int), default=50, help="updates; 50")
    command.add_argument("--log", type=Path, help="a file to which a line of JSON is added for each update")
    command.add_argument("--corpus", type=Path, help="a folder of Python sources; the standard library")
    command.add_argument("--quiet", action="store_true", help="say nothing")
    command.set_defaults(run=train)

    command = commands.add_parser("sample", parents=[both], help="let a trained model write")
    command.add_argument("--prompt", default="import ", help="what it goes on from; 'import '")
    command.add_argument("--bytes", type=at_least(0, int), default=300, help="how much it writes; 300")
    command.add_argument("--temperature", type=at_least(0, float), default=0.7, help="0 takes the likeliest; 0.7")
    command.set_defaults(run=sample)
    return parser


def main() -> int:
    """0, or 1 after an error."""
    arguments = make_parser().parse_args()
    try:
        arguments.run(arguments)
    except (bpt.Error, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the checkpoint is that of the last save", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
