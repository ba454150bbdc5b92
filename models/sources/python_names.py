"""What a Python file defines at its top, found by reading it, never by running it.

Must not import torch: it is asked for while somebody types.
"""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path
from typing import NamedTuple

from ..work.parsing import parse_python

LONGEST_FILE = 1_000_000
"""Bytes of a file that is read; a longer one was written by a program."""
NAME_LIMIT = 200
"""Names of one file, at most."""


class DefinedName(NamedTuple):
    """One public name of a file."""

    name: str
    kind: str
    """`class`, `function` or `value`."""
    is_network: bool
    """Whether the text says that it is a network or builds one: a class of modules, a call of one, a `-> nn.Module`."""
    needs: tuple[str, ...] = ()
    """The arguments without which it cannot be called."""

    @property
    def opens(self) -> bool:
        """Return whether it can be opened as it stands, as far as its text says."""
        return self.is_network and not self.needs


def defined_names(path: Path) -> list[DefinedName]:
    """Return the public names that a file defines at its top, in its order, at most `NAME_LIMIT`.

    None are in a file that cannot be read, or that is no Python.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST_FILE:
            return []
        tree = parse_python(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return []
    found: dict[str, DefinedName] = {}
    classes: dict[str, DefinedName] = {}
    for statement in tree.body if isinstance(tree, ast.Module) else ():
        for defined in _defined_by(statement, classes):
            if statement.__class__ is ast.ClassDef and defined.is_network:
                classes[defined.name] = defined
            if not defined.name.startswith("_"):
                found[defined.name] = defined
    return list(found.values())[:NAME_LIMIT]


def _defined_by(statement: ast.stmt, classes: dict[str, DefinedName]) -> list[DefinedName]:
    if isinstance(statement, ast.ClassDef):
        above = next((classes[name] for base in statement.bases if (name := _last(base)) in classes), None)
        is_network = above is not None or any(_is_module_class(base) for base in statement.bases)
        needs = _needs_of_class(statement, above) if is_network else ()
        return [DefinedName(statement.name, "class", is_network, needs)]
    if isinstance(statement, ast.FunctionDef):
        returns = statement.returns
        builds = returns is not None and (_is_module_class(returns) or _last(returns) in classes)
        return [DefinedName(statement.name, "function", builds, _needs(statement.args, 0))]
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        return []
    is_network = _is_network(value, classes)
    return [DefinedName(target.id, "value", is_network) for target in targets if isinstance(target, ast.Name)]


def _is_network(value: ast.expr, classes: dict[str, DefinedName]) -> bool:
    """Return whether an expression is the call of a class of modules: `Net()`, `nn.Sequential(…)`, `Net().eval()`."""
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    if isinstance(called, ast.Attribute) and called.attr in ("eval", "train", "to", "half", "double", "cuda"):
        return _is_network(called.value, classes)
    return _last(called) in classes or _is_of_torch(called)


def _is_module_class(base: ast.expr) -> bool:
    """Return whether a base, or a return's annotation, is a class of modules by its name."""
    name = _last(base)
    return name.endswith("Module") or name == "PreTrainedModel" or _is_of_torch(base)


def _is_of_torch(node: ast.expr) -> bool:
    """Return whether it is written `nn.Name` or `torch.nn.Name`, with the name of a class."""
    if not isinstance(node, ast.Attribute) or not node.attr[:1].isupper() or node.attr == "Parameter":
        return False
    return _last(node.value) == "nn"


def _last(node: ast.expr) -> str:
    """Return the last part of a dotted name; empty for another expression."""
    if isinstance(node, ast.Subscript):  # Net[int]
        node = node.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _needs_of_class(statement: ast.ClassDef, above: DefinedName | None) -> tuple[str, ...]:
    for inner in statement.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            return _needs(inner.args, 1)
    if any(_last(base) in _NEEDS_SIZES for base in statement.bases):
        return ("sizes",)
    return above.needs if above is not None else ()


_NEEDS_SIZES = frozenset(("Linear", "Conv1d", "Conv2d", "Conv3d", "Embedding", "LayerNorm", "BatchNorm2d"))
"""Layers of torch that cannot be built without arguments, as bases of a class that has no `__init__`."""


def _needs(arguments: ast.arguments, skip: int) -> tuple[str, ...]:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[skip : len(positional) - len(arguments.defaults)]
    named = [each for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None]
    return tuple(each.arg for each in [*required, *named])


def has_torch(path: Path) -> bool:
    """Return whether the text of a file speaks of torch at all; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_size <= LONGEST_FILE and b"torch" in file.read(LONGEST_FILE)
    except OSError:
        return False
