"""The code around the line that led to a call: of the class whose code runs there, or of the function in its file."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from msgspec.structs import replace

from ..messages import SourceText
from ..work.parsing import parse_python
from .trace.calls import Call
from .trace.where import files_named

LINES = 2_000
"""Lines of a text, at most."""


def source_of_call(
    calls: Sequence[Call],
    index: int,
    class_source: Callable[[str], SourceText],
    files_of: Callable[[str], Collection[str]],
    failed_at: str = "",
) -> SourceText:
    """Return the code with the line that led to the call of a row, as `call_line`; of a call that failed where it did.

    Where that line is not known, or its text is gone, it is the code of the class of the call's module, as for the
    module itself.

    Args:
        calls: all rows of the trace.
        class_source: returns the code of the class of the module at a path, which is dear.
        files_of: returns the names of the files that this code is in, without their folders.
        failed_at: the line at which the last call that failed did.
    """
    call = calls[index]
    name, _, number = (failed_at if call.failed and failed_at else call.where).rpartition(":")
    if not name or not number.isdigit():
        return class_source(call.module)
    line = int(number)
    for path in _around(calls, index):
        if name in files_of(path):
            found = class_source(path)
            if found.file is not None and Path(found.file).name == name and _holds(found, line):
                return replace(found, call_line=line)
    return _in_file(name, line) or class_source(call.module)


def _around(calls: Sequence[Call], index: int) -> list[str]:
    """Return the paths of the modules in whose calls a call happened, the innermost first, its own among them."""
    found = [calls[index].module]
    depth = calls[index].depth
    for row in range(index - 1, -1, -1):
        if calls[row].depth < depth:
            depth = calls[row].depth
            found.append(calls[row].module)
        if not depth:
            break
    return list(dict.fromkeys(found))


def _holds(source: SourceText, line: int) -> bool:
    return source.first_line <= line < source.first_line + len(source.text.splitlines())


def _in_file(name: str, line: int) -> SourceText | None:
    """Return the outermost function or class of a file around a line, or the whole file; None where it is not there."""
    for file in files_named(name):
        lines = linecache.getlines(file)
        if len(lines) < line:
            continue
        first, last, what = _statement(lines, line)
        text = textwrap.dedent("".join(lines[first - 1 : min(last, first - 1 + LINES)]))
        return SourceText(path="", class_name=what, text=text, file=file, first_line=first, call_line=line)
    return None


def _statement(lines: Sequence[str], line: int) -> tuple[int, int, str]:
    """Return first and last line of the function or class around a line, and its name; the lines near it for none."""
    try:
        tree = parse_python("".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        tree = None
    for node in getattr(tree, "body", ()):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first <= line <= (node.end_lineno or first):
                return first, node.end_lineno or first, node.name
    return max(line - LINES // 2, 1), len(lines), ""
