"""A row of an outline as a message: of one call, of several layers that are alike, or of all calls of a loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from ...messages import CALL_STATUSES, CallBackward, CallDifference, CallRanges, CallRow
from ..trace.calls import Call, Shape, shape_as_text
from .outline import OutlineNode, Recorded

NAMES = 4
"""Operations of a loop that are named."""
_NUMBERS = re.compile(r"(\d+)")


def row_of_node(calls: Sequence[Call], level: int, node: OutlineNode) -> CallRow:
    """Return what is shown of a row of an outline, `level` levels deep."""
    members = [calls[member.index] for member in node.members]
    row = _of_loop(calls, node) if node.is_loop else _of_alike(members)
    fold = "" if not node.children else "open" if node.is_open else "closed"
    return replace(row, level=level, fold=fold, key=node.key, group=node.group)


def _of_alike(members: Sequence[Call]) -> CallRow:
    """Return one row for calls that are alike; that of the call itself where there is one."""
    first = members[0]
    row = first.row()
    if len(members) == 1:
        return row
    statistics = [call.statistics for call in members if call.statistics is not None]
    joined = statistics[0] if statistics else None
    for each in statistics[1:]:
        joined = None if joined is None else joined.joined(each)
    ranges = _ranges(members)
    return replace(
        row,
        module=merged_path([call.module for call in members]),
        tensors=[merged_path([call.tensors[at] for call in members]) for at in range(len(first.tensors))],
        inputs=[shapes_text([call.inputs[at] for call in members]) for at in range(len(first.inputs))],
        output=shapes_text([call.output for call in members]),
        repeat=sum(call.repeat for call in members),
        alike=len(members),
        ranges=ranges,
        difference=_difference(members),
        statistics=None
        if joined is None
        else replace(joined.message(), rows=None if ranges.rows is None else ranges.rows[0]),
        note="; ".join(dict.fromkeys(call.note for call in members if call.note)),
        **_sums(members),
    )


def _of_loop(calls: Sequence[Call], node: OutlineNode) -> CallRow:
    """Return the row above the calls of one turn."""
    inner = [calls[each.index] for each in _outermost(node)]
    first = inner[0]
    names = list(dict.fromkeys(call.op for call in inner))
    shown = ", ".join(names[:NAMES]) + (", …" if len(names) > NAMES else "")
    loop = node.members[0].loop
    least, most = (node.turns, node.turns) if loop is None else loop.range
    times = f"{least:,}" if least == most else f"{least:,}–{most:,}"
    return CallRow(
        module=merged_path([call.module for call in inner])
        if len({call.module for call in inner}) > 1
        else first.module,
        op=f"{times} alike: {shown}" if loop is None else f"loop of {times}: {shown}",
        kind="operation",
        depth=first.depth,
        inputs=[],
        output="",
        where=first.where,
        repeat=max(most, 1),
        turns=max(most, 1),
        index=max(first.index, 0),
        difference=_difference(inner),
        **_sums(inner),
    )


def _difference(members: Sequence[Call]) -> CallDifference | None:
    """Return the most serious difference of several calls, with the largest of their numbers; None without any."""
    found = [call.difference for call in members if call.difference is not None]
    if not found:
        return None
    worst = max(found, key=lambda each: (each.differs, CALL_STATUSES.index(each.status), each.how_much or 0.0))
    numbers = {name: [getattr(each, name) for each in found] for name in ("max_abs", "relative", "grew")}
    known = {name: [number for number in every if number is not None] for name, every in numbers.items()}
    largest = {name: max(every) if every else None for name, every in known.items()}
    return replace(worst, index=None, **largest)


def _outermost(node: OutlineNode) -> Iterable[Recorded]:
    """Yield the calls right below a loop, or below the loops there."""
    waiting = list(reversed(node.members[0].children))
    while waiting:
        each = waiting.pop()
        if each.loop is None:
            yield each
        else:
            waiting += reversed(each.children)


def _sums(members: Sequence[Call]) -> dict[str, Any]:
    """Return what adds up over calls, None where it is not known of one; and the largest peak."""
    found: dict[str, Any] = {}
    for name in ("seconds", "self_seconds", "flops", "elementwise", "kept"):
        values = [getattr(call, name) for call in members]
        found[name] = None if None in values else sum(values)
    return {**found, "peak": max([call.peak for call in members if call.peak is not None], default=None)}


def _ranges(members: Sequence[Call]) -> CallRanges:
    return CallRanges(
        seconds=_range(members, lambda call: _each(call.seconds, call)),
        self_seconds=_range(members, lambda call: _each(call.self_seconds, call)),
        rows=_range(members, lambda call: None if call.statistics is None else call.statistics.rows),
        std=_range(members, lambda call: None if call.statistics is None else call.statistics.std),
        norm=_range(members, lambda call: None if call.backward is None else call.backward.norm),
    )


def _backward(members: Sequence[Call], ranges: CallRanges) -> CallBackward | None:
    """Return what a backward did at calls together, with the largest gradient; None where it was not at all of them."""
    passed = [call.backward for call in members if call.backward is not None]
    if len(passed) < len(members):
        return None
    least, most = ranges.norm or (None, None)
    made = [each.nonfinite for each in passed if each.nonfinite]
    return CallBackward(
        seconds=sum(each.seconds for each in passed),
        norm=most,
        min=least,
        max=most,
        nonfinite="NaN" if "NaN" in made else made[0] if made else "",
    )


def _each(seconds: float | None, call: Call) -> float | None:
    return None if seconds is None else seconds / call.repeat


def _range(members: Sequence[Call], read: Callable[[Call], float | None]) -> tuple[float, float] | None:
    values = [value for value in map(read, members) if value is not None and value == value]
    return (min(values), max(values)) if values else None


def merged_path(paths: Sequence[str]) -> str:
    """Return paths that differ in numbers as one: `blocks.0–11.ln`; of others what they have in common."""
    pieces = [_NUMBERS.split(path) for path in paths]
    first = pieces[0]
    if any(len(each) != len(first) or each[::2] != first[::2] for each in pieces):
        return first[0] if all(each == first for each in pieces) else _common(paths)
    parts = []
    for at, part in enumerate(first):
        numbers = {int(each[at]) for each in pieces} if at % 2 else set()
        parts.append(f"{min(numbers)}–{max(numbers)}" if len(numbers) > 1 else part)
    return "".join(parts)


def _common(paths: Sequence[str]) -> str:
    """Return the module that all paths lie in."""
    split = [path.split(".") for path in paths]
    kept = []
    for names in zip(*split, strict=False):
        if len(set(names)) > 1:
            break
        kept.append(names[0])
    return ".".join(kept)


def shapes_text(shapes: Sequence[Shape]) -> str:
    """Return shapes as text, what differs as `[1, 1–40, 64]`."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return shape_as_text(first)
    sizes = [shape for shape in shapes if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape)]
    if len(sizes) < len(shapes) or len({len(shape) for shape in sizes}) > 1:
        return f"{shape_as_text(first)} …"
    columns = [[int(str(shape[at])) for shape in sizes] for at in range(len(sizes[0]))]
    texts = [str(column[0]) if len(set(column)) == 1 else f"{min(column)}–{max(column)}" for column in columns]
    return f"[{', '.join(texts)}]"
