"""Finds the source lines of a class by where its own functions were compiled, so that classes typed into the console,
nested ones and two of the same name are found too.  Must not import torch.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from ...work.parsing import parse_python


@dataclass(frozen=True, slots=True)
class ClassSource:
    """The source lines of one class and where they are."""

    file: str
    """Absolute path, or the name that the interpreter gave to typed text, such as `<console 3>`."""
    first_line: int
    """Line of the first decorator, or of the `class` statement, from 1."""
    lines: list[str]
    """With their line ends."""
    forward_line: int | None
    """Line of the `def` of a `forward` in the class itself, from 1; None if it is inherited."""


def find_class(kind: type) -> ClassSource | None:
    """Return the source of `kind`; None when it is not available (made by code, by C++, or the file is gone)."""
    codes = own_codes(kind)
    for file, lines in _texts(kind, codes):
        node = _node(kind, lines, [code.co_firstlineno for code, _ in codes.values()])
        if node is None:
            continue
        first, last = _first_line(node), node.end_lineno or node.lineno
        absolute = file if file.startswith("<") else str(Path(file).absolute())
        return ClassSource(absolute, first, lines[first - 1 : last], _forward_line(node, codes))
    return None


def own_codes(kind: type) -> dict[str, tuple[CodeType, dict[str, Any]]]:
    """Return by name the code objects and globals of the functions in the body of `kind`, decorators unwrapped."""
    found = {}
    for name, value in vars(kind).items():
        if isinstance(value, property):
            value = value.fget
        try:
            function = inspect.unwrap(getattr(value, "__func__", value))
        except Exception:  # an attribute of the user's may raise anything
            continue
        if isinstance(function, FunctionType) and function.__qualname__ == f"{kind.__qualname__}.{name}":
            found[name] = (function.__code__, function.__globals__)
    return found


def _texts(kind: type, codes: dict[str, tuple[CodeType, dict[str, Any]]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the files that may hold the class, the likeliest first, with their lines."""
    files = {code.co_filename: names for code, names in codes.values()}
    module = sys.modules.get(kind.__module__)
    if isinstance(file := getattr(module, "__file__", None), str):
        files.setdefault(file, vars(module))
    for file, names in files.items():
        if lines := linecache.getlines(file, names):
            yield file, lines
    if not codes:  # a class without functions does not know where it was typed
        for typed in [name for name in reversed(linecache.cache) if name.startswith("<console")]:
            yield typed, linecache.getlines(typed)


def _node(kind: type, lines: list[str], inside: list[int]) -> ast.ClassDef | None:
    """Return the statement that defines the class: the innermost of its name around its functions, or the only one."""
    try:
        tree = parse_python("".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return None
    named = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == kind.__name__]
    if not inside:
        return named[0] if len(named) == 1 else None
    around = [node for node in named if any(_first_line(node) <= line <= (node.end_lineno or 0) for line in inside)]
    return max(around, key=lambda node: node.lineno, default=None)


def _first_line(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _forward_line(node: ast.ClassDef, codes: dict[str, tuple[CodeType, dict[str, Any]]]) -> int | None:
    if "forward" not in codes:
        return None
    start = codes["forward"][0].co_firstlineno  # of the first decorator
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef) and inner.name == "forward" and _first_line(inner) == start:
            return inner.lineno
    return None
