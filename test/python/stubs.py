# The extension's stubs say what is in it, the package says that it is typed,
# and what is public is documented.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s

import ast
import inspect
import pathlib

import bpt
from bpt import _native

package = pathlib.Path(bpt.__file__).parent
assert (package / "py.typed").exists()
stubs = ast.parse((package / "_native.pyi").read_text())
stated = {node.name: node for node in stubs.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
public = {name for name in vars(_native) if not name.startswith("_")}
assert public == set(stated), public ^ set(stated)
methods = {node.name for node in stated["Program"].body if isinstance(node, ast.FunctionDef)}
assert {"arguments", "results", "bind", "run", "planned_bytes", "workspace_bytes"} <= methods, methods
assert "list[tuple[str, str, tuple[int | None, ...]]]" in ast.unparse(stated["Program"])

for name in bpt.__all__:
    item = getattr(bpt, name)
    assert inspect.getdoc(item), name
    for member, value in vars(item).items() if inspect.isclass(item) else ():
        is_public = callable(value) or isinstance(value, property)
        assert member.startswith("_") or not is_public or inspect.getdoc(value), (name, member)
assert str(inspect.signature(bpt.compile)).startswith("(ir: 'str | bytes | os.PathLike[str]', function: 'str' = 'main'")
