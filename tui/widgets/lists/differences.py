"""How the two sides of a comparison differ, in a few words, for rows of the tree and of the table of tensors."""

from __future__ import annotations

from models.messages import DifferenceStatus, RowDifference
from tui.cell_format import short
from tui.widgets.lists.shares import bar_of

NOT_COMPARED = "·"
"""A difference that is not known yet; it is not 0."""
WORDS: dict[DifferenceStatus, str] = {
    "": NOT_COMPARED,
    "equal": "equal",
    "close": "close",
    "changed": "changed",
    "dtype": "dtype",
    "shape": "shape",
    "only_a": "only in A",
    "only_b": "only in B",
    "unreadable": "unreadable",
}
"""The statuses in a column."""
DIGITS = 3
BAR = 4
"""Cells of the bar of a relative difference."""
LOUD: tuple[DifferenceStatus, ...] = ("dtype", "shape", "only_a", "only_b", "unreadable")
"""Statuses of which more differs than numbers."""


def status_text(found: RowDifference, tight: bool = False) -> str:
    """Return the result for a tensor or item; of a module how many of its tensors differ, as far as it is known.

    `tight` is in as few cells as possible.
    """
    if not found.tensors:
        return found.text if found.text and found.status != "unreadable" else WORDS[found.status]
    if tight and (found.differing or found.compared < found.tensors):
        rest = " …" if found.compared < found.tensors else ""
        return f"{found.differing:,} of {found.tensors:,}{rest}" if found.compared else NOT_COMPARED
    if found.compared < found.tensors:
        rest = f"{found.compared:,} of {found.tensors:,} read"
        return f"{found.differing:,} differ, {rest}" if found.differing else rest if found.compared else NOT_COMPARED
    return f"{found.differing:,} of {found.tensors:,} differ" if found.differing else WORDS[found.status]


def number_text(number: float | None) -> str:
    """Return a measure of a difference with three digits; empty where it is not known."""
    return short(number, DIGITS)


def relative_text(found: RowDifference) -> str:
    """Return the relative difference; what no number says in a word."""
    if found.nonfinite:
        return "NaN, inf"
    if found.relative_l2 is None and found.max_abs:
        return "from 0"
    return number_text(found.relative_l2)


def relative_bar(found: RowDifference) -> str:
    """Return the relative difference behind a bar of its part of the largest one, in a fixed number of cells."""
    bar = "" if found.share is None else bar_of(found.share, BAR)
    text = relative_text(found)
    return f"{bar:<{BAR}} {text:>8}" if text else ""


NOW = " now"
"""Behind the name of a source that is compared with itself at another moment."""


def apart(a: str, b: str) -> tuple[str, str]:
    """Return two sources without the folders that both begin with, so that what differs in them is read first.

    Of one source at two moments the moments: `snapshot 1` and `now`.
    """
    name = b.removesuffix(NOW)
    if name != b and a.startswith(f"{name} "):
        return a[len(name) + 1 :].removeprefix("at "), NOW.strip()
    mine, theirs = a.split("/"), b.split("/")
    while len(mine) > 1 and len(theirs) > 1 and mine[0] == theirs[0]:
        del mine[0], theirs[0]
    return "/".join(mine), "/".join(theirs)
