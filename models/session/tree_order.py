"""The tree with its siblings sorted: which visible row is shown where.  Folds and paths know nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..messages import ModuleRun, RowDifference, TreeOrder, TreeRow
from ..messages.page import LONGEST_PAGE
from ..tree.sorted_rows import sorted_rows

if TYPE_CHECKING:
    from .session import Session

DIFFERENCES: tuple[TreeOrder, ...] = ("relative", "largest change", "cosine")
"""Orders of a comparison."""


@dataclass(frozen=True, slots=True)
class _Sorted:
    state: tuple[object, ...]
    """What it was made of: equal, or it is made again."""
    places: list[int]
    """Of each row that is shown the place among the visible rows of the tree."""
    shown: list[int]
    """Of each visible row of the tree where it is shown."""


def visible_rows(session: Session, start: int, count: int) -> tuple[list[TreeRow], str]:
    """Return `count` rows of the tree from `start` on, as they are sorted, and a note on their facts."""
    found = _sorted(session)
    if found is None:
        return session.shown.page(start, count)
    rows: list[TreeRow] = []
    note = ""
    for place in found.places[start : start + count]:
        one, note = session.shown.page(place, 1)
        rows += one
    return rows, note


def shown_at(session: Session, row: int) -> int:
    """Return where the visible row `row` of the tree is shown."""
    found = _sorted(session)
    return row if found is None or row >= len(found.shown) else found.shown[row]


def _sorted(session: Session) -> _Sorted | None:
    """Return the sorted rows; None where they are in the order of the file."""
    order = session.tree_order
    if order == "file":
        return None
    folds = session.shown.fold_state
    modules = {} if order in ("parameters", "bytes", *DIFFERENCES) else session.runs.modules()
    known_of = session.shown.table_version if order in DIFFERENCES else 0
    state = (id(folds), folds.version, order, id(modules) if modules else 0, known_of)
    known = session.sorted_tree
    if isinstance(known, _Sorted) and known.state == state:
        return known
    rows: list[TreeRow] = []
    while len(rows) < len(folds):
        rows += session.shown.page(len(rows), LONGEST_PAGE)[0]
    places = sorted_rows([row.depth for row in rows], [_value(row, order, modules) for row in rows])
    shown = [0] * len(places)
    for at, place in enumerate(places):
        shown[place] = at
    session.sorted_tree = made = _Sorted(state, places, shown)
    return made


def _value(row: TreeRow, order: TreeOrder, modules: dict[str, ModuleRun]) -> float | None:
    if order == "parameters":
        return row.parameters
    if order == "bytes":
        return row.bytes
    if order in DIFFERENCES:
        return _difference(row.difference, order)
    from ..run.last_run import run_of_row

    run = run_of_row(row, modules) if modules else None
    if run is None:
        return None
    value: float | None = getattr(run, order)
    return value


def _difference(found: RowDifference | None, order: TreeOrder) -> float | None:
    """Return what sorts the most different first."""
    if found is None:
        return None
    if order == "relative":
        return found.how_much
    if order == "largest change":
        return found.max_abs
    return None if found.cosine is None else -found.cosine
