"""Tables as text: columns that line up, also under names in wide characters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from unicodedata import category, east_asian_width

TextRow = Sequence[str]


def width_of(text: str) -> int:
    """Return the cells that `text` takes in a terminal: two for a wide character, none for one that combines."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def table(rows: Iterable[TextRow], widest: Sequence[int], right: Collection[int] = ()) -> Iterator[str]:
    """Yield one line a row, columns two spaces apart.

    No column is padded beyond its `widest`, so that one long name does not push everything off the screen: a longer
    cell takes the room that it needs, out of the padding to its right where there is some.

    Args:
        widest: of each column, the cells up to which it is padded.
        right: indices of the columns that are set against their right edge.
    """
    rows = list(rows)
    count = len(widest)
    widths = [min(widest[at], max((width_of(row[at]) for row in rows), default=0)) for at in range(count)]
    for row in rows:
        line, owed, edge = "", 0, 0
        for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
            size = width_of(cell)
            room = max(0, edge - owed + width - size)
            line += " " * room + cell if at in right else cell + " " * room
            owed, edge = owed + size + room + 2, edge + width + 2
            line += "  "
        yield line.rstrip()


NARROWEST = 30
"""Cells that a name keeps on a terminal, however narrow."""


def table_of_names(
    rows: Iterable[TextRow], names: int, width: int | None, right: Collection[int] = ()
) -> Iterator[str]:
    """Yield one line a row, all columns lined up; on a terminal long names give way.

    A cell with nothing to its right may be longer than its column.

    Args:
        names: index of the column of names.
        width: cells of the terminal that the lines are for; None for no terminal, where every name is whole.
        right: indices of the columns that are set against their right edge.
    """
    rows = list(rows)
    ends = [max((at for at, cell in enumerate(row) if cell), default=0) for row in rows]
    last = max(map(len, rows), default=0) - 1
    widest = [0] * (last + 1)
    for row, end in zip(rows, ends, strict=True):
        for at, cell in enumerate(row):
            if at < end or at in (names, last):
                widest[at] = max(widest[at], width_of(cell))
    if width is not None and rows:
        rest = max(_beside(row, end, names, widest) for row, end in zip(rows, ends, strict=True))
        widest[names] = min(widest[names], max(NARROWEST, width - rest))
        cut = cut_names([row[names] for row in rows], widest[names])
        rows = [[*row[:names], name, *row[names + 1 :]] for row, name in zip(rows, cut, strict=True)]
    return table(rows, widest, right)


def _beside(row: TextRow, end: int, names: int, widest: Sequence[int]) -> int:
    """Return the cells that a row takes beside its name; `end` is the index of its last cell with a text."""
    before = sum(widest[at] + 2 for at in range(end) if at != names)
    return before + (width_of(row[end]) + 2 if end != names else 0)


def cut_names(names: Sequence[str], width: int) -> list[str]:
    """Return names in `width` cells at most, each; of those that are longer first goes what they all begin with.

    What is too long even then is cut in its middle, so that the number of a layer and the name of a tensor stay.
    """
    long = [name for name in names if width_of(name) > width]
    common = _common(long) if len(long) > 1 else ""
    return [
        name if width_of(name) <= width else _cut(f"…{name[len(common) + 1 :]}" if common else name, width)
        for name in names
    ]


def _common(names: Sequence[str]) -> str:
    """Return the modules that all names begin with: `model.layers`."""
    parts = [name.split(".") for name in names]
    first, last = min(parts), max(parts)
    count = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first) - 1)
    return ".".join(first[:count])


def _cut(name: str, width: int) -> str:
    if width_of(name) <= width:
        return name
    head, tail = "", ""
    for character in name:
        if width_of(head + character) > (width - 1) // 2:
            break
        head += character
    for character in reversed(name):
        if width_of(head + character + tail) > width - 1:
            break
        tail = character + tail
    return f"{head}…{tail}"
