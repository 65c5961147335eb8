"""The planned bytes of models are those that running them takes, with one thread;
with several, whose peaks need not be at the same time, no less.

    plan_equals_run.py TOOLS
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = Path(sys.argv[1])
# Flags of bpt-gen, what is made of the model, and runs: a number of threads and the
# values of the dynamic sizes in order.
CASES = [
    (
        "attention --batch=? --seq=? --kv-seq=? --heads=4 --kv-heads=2 --head-dim=16 --embed=64",
        "forward",
        # Of more than 32 rows the plan takes what is left at the end for 32.
        [
            (1, {"batch": 2, "seq": 20, "kv": 261}),
            (2, {"batch": 2, "seq": 130, "kv": 133}),
            (2, {"batch": 1, "seq": 0, "kv": 5}),
        ],
    ),
    # What is kept of bound weights, some in another type, and what computing it takes.
    (
        "layer --batch=? --seq=? --embed=64 --heads=2 --causal --dtype=bf16",
        "bound",
        [(1, {"batch": 3, "seq": 300}), (2, {"batch": 1, "seq": 1})],
    ),
    ("model --layers=2 --seq=? --embed=32 --heads=2 --vocab=100 --causal", "bound", [(1, {"seq": 300})]),
    ("layer --seq=? --embed=32 --heads=2 --causal", "all bound", [(1, {"seq": 300})]),
    (
        "layer --batch=2 --seq=150 --embed=64 --heads=2 --ffn=160 --gated --act=silu",
        "forward",
        [(1, {}), (5, {})],
    ),
    (
        "layer --batch=? --seq=? --embed=64 --heads=2 --causal --dtype=bf16",
        "forward",
        [(1, {"batch": 3, "seq": 300})],
    ),
    (
        "model --layers=2 --seq=? --embed=32 --heads=2 --vocab=100 --causal",
        "forward",
        [(1, {"seq": 300}), (2, {"seq": 300})],
    ),
    # Chunks of rows whose number is dynamic, and sums that a loop carries.
    ("layer --seq=? --embed=32 --heads=2 --causal", "keep=nothing", [(1, {"seq": 1100}), (2, {"seq": 1})]),
    ("layer --seq=? --embed=32 --heads=2 --causal", "keep=attention", [(1, {"seq": 700})]),
    ("layer --seq=600 --embed=32 --heads=2 --causal", "keep=everything", [(1, {}), (2, {})]),
    # One function that is called three times.
    ("layer --seq=100 --embed=32 --heads=2 --causal", "calls", [(1, {})]),
    ("layer --seq=? --embed=32 --heads=2 --causal", "calls", [(1, {"seq": 1}), (3, {"seq": 300})]),
]


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def header(text, function):
    """Types and names of the arguments, and types of the results."""
    found = re.search(rf"@{function}\((.*?)\) -> (.*) {{$", text, re.MULTILINE)
    arguments = re.findall(r'tensor<([^>]*)> {bpt.name = "([^"]*)"', found.group(1))
    return arguments, re.findall(r"tensor<[^>]*>", found.group(2))


def call_three_times(text):
    """The layer as a private function, and a main that is three of them."""
    arguments, (result,) = header(text, "main")
    types = ", ".join(f"tensor<{type}>" for type, _ in arguments)
    declared = ", ".join(
        f'%{i}: tensor<{type}> {{bpt.name = "{name}"}}' for i, (type, name) in enumerate(arguments)
    )
    weights = "".join(f", %{i}" for i in range(1, len(arguments)))
    body, value = "", "%0"
    for call in range(3):
        body += f"  %y{call} = func.call @layer({value}{weights}) : ({types}) -> {result}\n"
        value = f"%y{call}"
    main = f"func.func @main({declared}) -> {result} {{\n{body}  return {value} : {result}\n}}\n"
    assert text.count("func.func @main(") == 1
    end = text.rindex("}")
    return text[:end].replace("func.func @main(", "func.func private @layer(") + main + text[end:]


def inputs(text, function, sizes, words=100):
    """Random inputs. In every argument the dynamic sizes come in the same order."""
    result = []
    for seed, (type, name) in enumerate(header(text, function)[0]):
        order = ["batch", "kv" if name in "kv" and "kv" in sizes else "seq"]
        values = iter(sizes[key] for key in order if key in sizes)
        type = re.sub(r"\?", lambda _: str(next(values)), type)
        random = f"random:{seed}:0:{words}" if type.endswith("i32") else f"random:{seed}"
        result.append(f"--input={type}={random}")
    return result


with tempfile.TemporaryDirectory(prefix="bpt-plan-") as name:
    path = Path(name) / "model.mlir"
    for flags, form, runs in CASES:
        text, function = run(TOOLS / "bpt-gen", *flags.split()), "main"
        if form == "calls":
            text = call_three_times(text)
        path.write_text(text)
        if form.startswith("keep="):
            function = "main_vjp"
            text = run(TOOLS / "bpt-opt", path, f"--bpt-differentiate=function=main {form}")
            path.write_text(text)
        arguments = header(text, function)[0]
        bound = range({"bound": 1, "all bound": 0}.get(form, len(arguments)), len(arguments))
        for threads, sizes in runs:
            report = json.loads(
                run(
                    *(TOOLS / "bpt-runner", path, f"--function={function}", f"--threads={threads}"),
                    *inputs(text, function, sizes),
                    *(f"--bind={number}" for number in bound),
                    *("--memory-plan", "--memory-report", "--json"),
                )
            )
            plan = report["plan"]
            planned, measured = report["planned_bytes"], report["workspace_bytes"]
            print(f"{flags}, {form}, {sizes}, {threads} threads: {measured} of {planned} = {plan['expression']}")
            assert bool(plan["kept_bytes"]) == bool(bound)
            assert measured == planned if threads == 1 else measured <= planned
