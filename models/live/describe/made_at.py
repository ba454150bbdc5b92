"""Where in the user's own code a module is made: the line of `self.NAME = …` in the class of what holds it.

Found in the text of that class, which is read and never run; of a module that a `Sequential` or a list holds, the line
of its own expression in there where it is written out.  Must not import torch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...work.own_files import is_own
from ...work.parsing import parse_python
from .class_source import find_class


class MadeAt(NamedTuple):
    """A line of a file."""

    file: str
    line: int


def made_in_class(holder: type, names: Sequence[str]) -> MadeAt | None:
    """Return where the class `holder`, if it is the user's own, makes the module at `self` and these names.

    `names` are an attribute of `self` and, for what a container there holds, the names within it: `("body", "1")`.
    None where the text does not say.
    """
    found = find_class(holder)
    if found is None or found.file.startswith("<") or not is_own(found.file):
        return None
    try:
        # As a class of its own, whatever its indentation: the lines are those of the file less what precedes it.
        body = parse_python(
            "if True:\n" + "".join(found.lines) if found.lines[0][:1].isspace() else "\n" + "".join(found.lines)
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return None
    values = sorted(_assigned(body, names[0]), key=lambda value: value.lineno)
    if not values:
        return None
    line = values[-1].lineno
    value = values[-1]
    for name in names[1:]:
        part = _part(value, name)
        if part is None:
            break
        value, line = part, part.lineno
    return MadeAt(found.file, found.first_line + line - 2)


def _assigned(tree: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what is assigned to `self.NAME`, or given to `self.add_module("NAME", …)`, in no order."""
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and any(_is_of_self(target, name) for target in targets):
            if node.value is not None:
                yield node.value
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("add_module", "register_module")
            and len(node.args) == 2
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value == name
        ):
            yield node.args[1]


def _is_of_self(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == name and isinstance(target.value, ast.Name)


def _part(value: ast.expr, name: str) -> ast.expr | None:
    """Return the expression of the part `name` of a container that is written out; None where it is not."""
    parts: list[ast.expr] = []
    if isinstance(value, ast.Call):
        parts = value.args
        if len(parts) == 1 and isinstance(parts[0], (ast.List, ast.Tuple, ast.Dict)):
            value = parts[0]
    if isinstance(value, ast.Dict):
        for key, part in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == name:
                return part
        return None
    if isinstance(value, (ast.List, ast.Tuple)):
        parts = value.elts
    if not name.isdecimal() or int(name) >= len(parts) or any(isinstance(part, ast.Starred) for part in parts):
        return None
    return parts[int(name)]
