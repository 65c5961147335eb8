"""Runs cases with `bpt-emulate --batch`, all of them in one process."""

import json
import pathlib
import subprocess

import numpy as np

from harness import Buffer, Scalar, TensorMap


class Emulator:
    def __init__(self, tool, directory, seed=0, eager=False):
        self.tool = tool
        self.directory = pathlib.Path(directory)
        self.seed = seed
        self.eager = eager

    def argument(self, case_index, index, argument):
        if isinstance(argument, Buffer):
            path = self.directory / f"{case_index}.in{index}.npy"
            np.save(path, np.ascontiguousarray(argument.content))
            return f"@{path}"
        if isinstance(argument, Scalar):
            return f"{argument.type}:{argument.value}"
        assert isinstance(argument, TensorMap)

        def sizes(values):
            return "x".join(map(str, values))

        text = f"map:{argument.buffer};type={argument.type};dims={sizes(argument.dims)}"
        if argument.strides:
            text += f";strides={sizes(argument.strides)}"
        text += f";box={sizes(argument.box)};swizzle={argument.swizzle}"
        if argument.fill_nan:
            text += ";oob=nan"
        return text

    def run(self, cases):
        """Returns, per case, an error text or the outputs by argument index."""
        batch = []
        for number, case in enumerate(cases):
            entry = {
                "name": case.name,
                "ptx_text": case.ptx,
                "kernel": case.kernel,
                "grid": list(case.grid),
                "block": list(case.block),
                "args": [self.argument(number, i, a) for i, a in enumerate(case.arguments)],
                "outputs": {
                    str(i): str(self.directory / f"{number}.out{i}.npy")
                    for i, a in enumerate(case.arguments)
                    if isinstance(a, Buffer) and a.expected is not None
                },
                "seed": self.seed,
                "eager": self.eager,
            }
            if case.cluster:
                entry["cluster"] = list(case.cluster)
            if case.shared:
                entry["shared"] = case.shared
            batch.append(entry | case.options)
        path = self.directory / "batch.json"
        path.write_text(json.dumps(batch))
        done = subprocess.run([self.tool, f"--batch={path}"], capture_output=True, text=True)
        try:
            answers = json.loads(done.stdout)
        except json.JSONDecodeError:
            answers = None
        if answers is None or len(answers) != len(cases):
            raise RuntimeError(f"{self.tool} --batch={path} ended with {done.returncode}, "
                               f"after {done.stdout[-300:]!r}: {done.stderr.strip()[-2000:]}")
        results = []
        for case, entry, answer in zip(cases, batch, answers):
            assert answer["name"] == case.name, (answer["name"], case.name)
            if not answer["ok"]:
                results.append(answer["error"])
                continue
            results.append({int(i): np.load(p) for i, p in entry["outputs"].items()})
        return results
