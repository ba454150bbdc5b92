"""What `run` prints for a user: the calls as a table, then the result, or what went wrong where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..safe_text import clean, clean_lines
from .columns import table

ROOT = "(root)"
NAME = 200
"""Characters of a name that are written."""
WIDEST = (22, 24, 16, 12, 30)
"""What fits a screen of 80 columns for most networks; a longer cell pushes what follows."""


def text_of(report: dict[str, Any]) -> Iterator[str]:
    """The lines, safe for a terminal."""
    if report["calls"]:
        rows = [("module", "operation", "inputs", "output", "where")]
        rows += [_call_row(call) for call in report["calls"]]
        yield from table(rows, WIDEST)
        yield ""
    if report["gradients"]:
        states = [("gradient", "state", "norm"), *map(_gradient_row, report["gradients"])]
        yield from table(states, (60, 5, 12), right={2})
        yield ""
    for note in report["notes"]:
        yield f"note: {clean(note)}"
    if report["input"]:
        yield f"input {clean(report['input'])}"
    yield from _ending(report)


def _ending(report: dict[str, Any]) -> Iterator[str]:
    first, error = report["nonfinite"], report["error"]
    if first:
        yield f"first {first['what']}{_place(first)}" + (f", from {clean(first['tensor'])}" if first["tensor"] else "")
    if error:
        shapes = " x ".join(_shape(shape) for shape in error["inputs"] or [])
        yield f"failed{_place(error)}" + (f", with {shapes}" if shapes else "")
        yield from (f"  {line}" for line in clean_lines(": ".join(filter(None, [error["type"], error["message"]]))))
    elif report["stopped"]:
        yield f"stopped early ({'Ctrl+C' if report['stopped'] == 'interrupted' else report['stopped']})"
    else:
        yield f"output {_value(report['output'])}"


def _place(what: dict[str, Any]) -> str:
    """` in 0.block 1: linear, at net.py:12`."""
    text = "" if what["module"] is None else f" in {clean(what['module'], NAME) or ROOT}"
    text += f": {clean(what['op'], NAME)}" if what["op"] else ""
    return text + (f", at {clean(what['where'], NAME)}" if what["where"] else "")


def _call_row(call: dict[str, Any]) -> tuple[str, str, str, str, str]:
    times = f" x{call['repeat']}" if call["repeat"] > 1 else ""
    return (
        clean(call["module"], NAME) or ROOT,
        "  " * call["depth"] + clean(call["op"], NAME) + times,
        " ".join(_shape(shape) for shape in call["inputs"]),
        "" if call["output"] is None else _shape(call["output"]),
        clean(call["where"] or "", NAME) + ("  failed" if call["failed"] else ""),
    )


def _gradient_row(gradient: dict[str, Any]) -> tuple[str, str, str]:
    norm = gradient["norm"]
    return clean(gradient["path"], NAME), gradient["state"], "" if norm is None else f"{norm:.6g}"


def _shape(shape: list[Any] | None) -> str:
    """`2x20`-like shapes as torch writes them: `[2, 20]`; `·` for what has none."""
    if shape is None:
        return "·"
    if any(not isinstance(part, int) for part in shape):
        return f"({', '.join(_shape(part) for part in shape)})"
    return str(shape)


def _value(value: Any) -> str:
    """A result as `structure_of` tells it: `[2, 1] float32`."""
    if isinstance(value, dict) and value.keys() == {"shape", "dtype"}:
        return f"{_shape(value['shape'])} {value['dtype']}"
    if isinstance(value, dict):
        if value.keys() == {"type"}:
            return clean(value["type"], NAME)
        return "{" + ", ".join(f"{clean(key, NAME)}: {_value(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return f"({', '.join(_value(part) for part in value)})"
    return clean(repr(value), NAME)
