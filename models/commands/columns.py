"""Tables as text: columns that line up, also under names in wide characters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from unicodedata import category, east_asian_width

Row = Sequence[str]


def width_of(text: str) -> int:
    """Cells that `text` takes in a terminal: two for a wide character, none for one that combines."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def table(rows: Iterable[Row], widest: Sequence[int], right: Collection[int] = ()) -> Iterator[str]:
    """One line a row, columns two spaces apart; those whose numbers are in `right` end at their right edge.

    No column is padded beyond its `widest`, so that one long name does not push everything off the screen: a longer
    cell takes the room that it needs, out of the padding to its right where there is some.
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
