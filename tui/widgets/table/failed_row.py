"""How the line of a call that failed is divided: what was called, where, and why it failed in place of what came of it.

The cause, where it is known, stands before what torch says: it is what one looks for, and the line may have no room
for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from models.messages import CallRow
from tui.text import clean, fit_middle
from tui.widgets.lists.columns import Column, lay_out

ERROR_ROOM = 26
"""Cells that the error has at least."""
CAUSE_SHARE = 0.65
"""Of the line, what a cause has at least, if it is as long: the rest says which call it is of."""
PLACE_ROOM = 20
"""Cells that the place of an error has at most, before it."""


@dataclass(frozen=True)
class FailedLine:
    """A line of a failed call."""

    widths: tuple[int, ...]
    """Cells of the columns that are shown before the error."""
    place: str
    """Where it was called, in front of the error; empty where there is no room for it."""
    error: str
    """The cause or the error, longer than the line if it must be: then the row can be scrolled sideways."""


def failed_line(
    row: CallRow, because: str, width: int, columns: Sequence[Column], widths: Sequence[int], needs: Sequence[int]
) -> FailedLine:
    """Return how a row is divided in `width` cells.

    The last column gives way to what failed, and to a cause then the place and all that the others can spare.

    Args:
        row: the call.
        because: why the run failed; empty where that is not known.
        width: cells of the line.
        columns: those of what was called, of which the last is left out where there is no room for it.
        widths: cells of each while all columns are shown.
        needs: cells that the texts of each take.
    """
    why = because.removeprefix(f"`{row.module}` ") if row.module else because  # the line itself begins with it
    error = clean(f"✗ {why or row.failed}")
    place = clean(row.where)
    place = fit_middle(place, min(cell_len(place), PLACE_ROOM, width // 4))
    least = max(ERROR_ROOM, min(cell_len(error), round(width * CAUSE_SHARE))) if because else ERROR_ROOM

    def fits(widths: Sequence[int], place: str) -> bool:
        return sum(widths) + len(widths) + cell_len(place) + least <= width

    end = len(columns)
    if not fits(widths, place):
        end -= 1
        widths = lay_out(tuple(columns[:end]), width - least - cell_len(place), tuple(needs[:end]))
    if because and not fits(widths, place):
        place = ""
        widths = lay_out(tuple(columns[:end]), width - least - 1, tuple(needs[:end]))
    return FailedLine(tuple(widths), place, error)
