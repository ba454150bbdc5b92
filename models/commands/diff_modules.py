"""What `diff` says of modules: a short table of those that changed most, one sentence, and `modules` of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..diff.modules import ModuleChange, most_changed
from ..opened.facts import amount
from ..safe_text import clean
from .columns import TextRow, table_of_names, width_of

NAME = 200
"""Characters of a name that are written."""
ROWS = 8
"""Modules that are listed."""
MANY = 20
"""Tensors that differ up to which their own table is enough."""
LEAST_BAR, LONGEST_BAR = 8, 24
"""Cells of the longest bar: with less room than the first there is none."""
_HEADS = ("module", "changed", "NaN or infinite", "max |a-b|", "relative L2")
_EIGHTHS = " ▏▎▍▌▋▊▉"


def modules_report(modules: Sequence[ModuleChange]) -> list[dict[str, Any]]:
    """Return `modules` of the report, the root first, each module before those in it."""
    return [
        {
            "path": each.path,
            "tensors": each.tensors,
            "changed": each.changed,
            "max_abs": each.max_abs,
            "relative_l2": each.relative_l2,
            "nonfinite": each.nonfinite,
        }
        for each in modules
    ]


def table_of(modules: Sequence[ModuleChange], width: int | None) -> Iterator[str]:
    """Yield a table of the modules that changed most, where many tensors did; with bars where a terminal has room."""
    found = most_changed(modules, ROWS)
    if len(found) < 2 or modules[0].changed <= MANY:
        return
    shown = found[:ROWS]
    rows: list[TextRow] = [_HEADS, *map(_row, shown)]
    if not any(each.nonfinite for each in shown):
        rows = [(*row[:2], *row[3:]) for row in rows]
    lines = list(table_of_names(rows, 0, width, right=range(1, len(rows[0]))))
    room = 0 if width is None else min(width - max(map(width_of, lines)) - 2, LONGEST_BAR)
    if room >= LEAST_BAR:
        edge = max(map(width_of, lines)) + 2
        bars = ["", *_bars([each.relative_l2 for each in shown], room)]
        lines = [
            f"{line}{' ' * (edge - width_of(line))}{bar}" if bar else line
            for line, bar in zip(lines, bars, strict=True)
        ]
    yield from lines
    if len(found) > ROWS:
        yield f"and {amount(len(found) - ROWS, 'more module')}"


def sentence_of(modules: Sequence[ModuleChange]) -> str:
    """Return one sentence on the module that changed most; empty where nothing did, or all lies in the root."""
    found = most_changed(modules, ROWS)
    if not found or not found[0].path:
        return ""
    most = found[0]
    facts = [f"{most.changed:,} of {amount(most.tensors, 'tensor')} {'differs' if most.changed == 1 else 'differ'}"]
    if most.nonfinite:
        facts.append(f"{most.nonfinite:,} NaN or infinite")
    if most.relative_l2:
        facts.append(f"relative L2 {_figure(most.relative_l2)}")
    elif most.max_abs:
        facts.append(f"max |a-b| {_figure(most.max_abs)}")
    return f"most changed: {clean(most.path, NAME)}: {', '.join(facts)}"


def _row(module: ModuleChange) -> TextRow:
    return (
        clean(module.path, NAME) or "(the root)",
        f"{module.changed:,} of {module.tensors:,}",
        f"{module.nonfinite:,}" if module.nonfinite else "",
        _figure(module.max_abs),
        _figure(module.relative_l2),
    )


def _figure(number: float | None) -> str:
    return "-" if number is None else f"{number:.3g}"


def _bars(sizes: Sequence[float | None], width: int) -> list[str]:
    """Return a bar for each size, the longest of `width` cells; none where a size is not known or 0."""
    most = max((size for size in sizes if size), default=0.0)
    return [_bar(size / most, width) if size else "" for size in sizes]


def _bar(share: float, width: int) -> str:
    full, rest = divmod(max(round(share * width * 8), 1), 8)
    return "█" * full + _EIGHTHS[rest].strip()
