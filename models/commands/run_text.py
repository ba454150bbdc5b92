"""What `run` prints for a user: the calls as a table, then the result, or what went wrong where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import Any

from ..messages import RunMode
from ..safe_text import clean, clean_lines
from .columns import table
from .run_costs import costs_lines, flops_cell, size_cell
from .run_depth import depth_lines

ROOT = "(root)"
NAME = 200
"""Characters of a name that are written."""
TEXT = 400
"""Characters of a reason that are written."""
WIDTH = 80
"""Characters of a line of a sentence."""
USES = 4
"""Uses of a parameter that a line names."""
HINT = 2000
"""Characters of a hint."""


def text_of(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that `run` prints of a report, as `Report.fields` returns it, safe for a terminal."""
    if report["calls"]:
        columns = [*COLUMNS[:4], *COSTS, *COLUMNS[4:]] if report["dry"] else list(COLUMNS)
        if any(call["backward"] for call in report["calls"]):
            columns[COLUMNS.index(INPUTS)] = GRADIENT
        if any(map(_remark, report["calls"])):
            columns.append(NOTE)
        rows = [[title for title, _, _ in columns]]
        rows += [[text(call) for _, _, text in columns] for call in report["calls"]]
        right = {index for index, column in enumerate(columns) if column is GRADIENT or column in COSTS}
        yield from table(rows, [width for _, width, _ in columns], right=right)
        yield ""
    if report["gradients"]:
        yield from _gradients(report["gradients"])
        yield from depth_lines(report)
        yield ""
    for note in report["notes"]:
        yield f"note: {clean(note)}"
    if report["input"]:
        yield f"input {clean(report['input'])}"
    words = RunMode(**{name: value or "" for name, value in (report["mode"] or {}).items()}).words
    if words:
        yield f"run in {', '.join(words)}"
    if not report["error"]:
        yield from costs_lines(report)
    if report["from"]:
        yield f"backward {clean(report['from']['text'])}"
    yield from _ending(report)


def _ending(report: dict[str, Any]) -> Iterator[str]:
    first, error = report["nonfinite"], report["error"]
    if first and first["op"] is None and first["phase"] == "backward":
        yield f"{first['what']} in gradients, on the way back first in that of {clean(first['tensor'], NAME)}"
    elif first:
        of = " of the gradients" if first["phase"] == "backward" else ""
        yield f"first {first['what']}{of}{place_text(first)}" + (
            f", from {clean(first['tensor'])}" if first["tensor"] else ""
        )
        if first["text"]:
            yield from (f"  {line}" for line in clean_lines(first["text"]))
    if error:
        shapes = " x ".join(shape_text(shape) for shape in error["inputs"] or [])
        yield f"failed{place_text(error)}" + (f", with {shapes}" if shapes else "")
        yield from (f"  {line}" for line in clean_lines(": ".join(filter(None, [error["type"], error["message"]]))))
        if error["hint"]:
            yield f"  → {clean(error['hint'], HINT)}"
    elif report["stopped"]:
        yield f"stopped early ({'Ctrl+C' if report['stopped'] == 'interrupted' else report['stopped']})"
    else:
        yield f"output {result_text(report['output'])}"


def place_text(what: dict[str, Any]) -> str:
    """Return where something happened: ` in 0.block 1: linear, at net.py:12`."""
    text = "" if what["module"] is None else f" in {clean(what['module'], NAME) or ROOT}"
    text += f": {clean(what['op'], NAME)}" if what["op"] else ""
    return text + (f", at {clean(what['where'], NAME)}" if what["where"] else "")


def _operation(call: dict[str, Any]) -> str:
    depth: int = call["depth"]
    return "  " * depth + clean(call["op"], NAME) + (f" x{call['repeat']}" if call["repeat"] > 1 else "")


def _output(call: dict[str, Any]) -> str:
    return "" if call["output"] is None else shape_text(call["output"])


def _where(call: dict[str, Any]) -> str:
    return clean(call["where"] or "", NAME) + ("  failed" if call["failed"] else "")


def _gradient(call: dict[str, Any]) -> str:
    norm = call["backward"]["norm"] if call["backward"] else None
    return "" if norm is None else f"{norm:.3g}"


def _remark(call: dict[str, Any]) -> str:
    """Return what `CallFields.remark` does."""
    words = [word for word in call["mode"] if call["depth"] or word != "train"]
    return "; ".join(filter(None, [", ".join(words), clean(call["note"] or "", NAME)]))


TextColumn = tuple[str, int, Callable[[dict[str, Any]], str]]
INPUTS: TextColumn = ("inputs", 16, lambda call: " ".join(shape_text(shape) for shape in call["inputs"]))
"""Makes room for the gradients after a backward."""
COLUMNS: tuple[TextColumn, ...] = (
    ("module", 22, lambda call: clean(call["module"], NAME) or ROOT),
    ("operation", 24, _operation),
    INPUTS,
    ("output", 12, _output),
    ("where", 30, _where),
)
"""Of the table of calls: title, cells that fit a screen of 80 columns for most networks, what stands there of a call.

A longer cell pushes what follows.
"""
GRADIENT: TextColumn = ("gradient", 9, _gradient)
"""The norm of the gradient that came to a call; only after a backward."""
NOTE: TextColumn = ("note", 60, _remark)
"""Only where a call has one."""


COSTS: tuple[TextColumn, ...] = (
    ("FLOPs", 8, flops_cell),
    ("bytes", 8, lambda call: size_cell(call["bytes"])),
    ("kept", 8, lambda call: size_cell(call["kept"])),
    ("peak", 8, lambda call: size_cell(call["peak"])),
)
"""Of a run without values, which is about them: of its output, for backward, and the most that was alive at once."""


def _gradients(gradients: list[dict[str, Any]]) -> Iterator[str]:
    rows = [("gradient", "state", "norm", ""), *map(_gradient_row, gradients)]
    lines = table(rows, (50, 5, 12, 30), right={2})
    yield next(lines)
    for gradient, line in zip(gradients, lines, strict=True):
        yield line
        uses = gradient["uses"]
        yield from (f"  {_use(use)}" for use in uses[:USES])
        if len(uses) > USES:
            yield f"  and {len(uses) - USES} more"
    reasons: dict[str, list[str]] = {}
    for gradient in gradients:
        if gradient["text"] and gradient["reason"] != "frozen":
            reasons.setdefault(gradient["text"], []).append(gradient["path"])
    for text, paths in reasons.items():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        line = f"{clean(paths[0], NAME)}{more}: {clean(text, TEXT)}"
        yield from wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _gradient_row(gradient: dict[str, Any]) -> tuple[str, str, str, str]:
    norm = gradient["norm"]
    reason = gradient["reason"] or ""
    place = clean(gradient["where"] or "", NAME) if reason or gradient["state"] == "zero" else ""
    remarks = [f"{reason.replace('_', ' ')} {place}".strip(), "" if gradient["registered"] else "not registered"]
    if gradient["replaced"] and reason != "replaced":
        remarks.append(f"replaced, {clean(gradient['where'], NAME)}" if gradient["where"] else "replaced")
    if gradient["uses"]:
        remarks.append(f"sum of {sum(use['times'] for use in gradient['uses'])} uses:")
    remark = "; ".join(filter(None, remarks))
    return clean(gradient["path"], NAME), gradient["state"], "" if norm is None else f"{norm:.6g}", remark


def _use(use: dict[str, Any]) -> str:
    """Return one part of a gradient that is a sum: `0.5 linear, at net.py:12`."""
    norm = f"{use['times']} times {use['min']:.3g} to {use['max']:.3g}" if use["times"] > 1 else f"{use['norm']:.6g}"
    name = clean(use["module"] or use["op"] or "outside of the network", NAME)
    return f"{norm} {name}" + (f", at {clean(use['where'], NAME)}" if use["where"] else "")


def shape_text(shape: list[Any] | None) -> str:
    """Return a shape as torch writes it: `[2, 20]`, `[?, 4]`; `·` for what has none."""
    if shape is None:
        return "·"
    if any(isinstance(part, list) for part in shape) or (shape and all(part is None for part in shape)):
        return f"({', '.join(shape_text(part) for part in shape)})"
    return str(shape).replace("None", "?")


def result_text(value: Any) -> str:
    """Return a result, as `structure_of` describes it, as text: `[2, 1] float32`."""
    if isinstance(value, dict) and value.keys() == {"shape", "dtype"}:
        return f"{shape_text(value['shape'])} {value['dtype']}"
    if isinstance(value, dict):
        if value.keys() == {"type"}:
            return clean(value["type"], NAME)
        return "{" + ", ".join(f"{clean(key, NAME)}: {result_text(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return f"({', '.join(result_text(part) for part in value)})"
    return clean(repr(value), NAME)
