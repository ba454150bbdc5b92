"""The columns of the tree while something is compared: how both sides differ."""

from __future__ import annotations

from dataclasses import replace

from models.messages import TreeOrder, TreeRow
from tui.widgets.lists.columns import Column
from tui.widgets.lists.differences import BAR, LOUD, number_text, relative_bar, relative_text, status_text
from tui.widgets.tree.tree_drawing import MARKS, NAME, ColumnSet


def _wide(row: TreeRow) -> tuple[str, ...]:
    found = row.difference
    if found is None:
        return "", "", "", ""
    return status_text(found), relative_bar(found), number_text(found.max_abs), number_text(found.cosine)


def _tight(row: TreeRow) -> tuple[str, ...]:
    found = row.difference
    if found is None:
        return "", "", "", ""
    return status_text(found, tight=True), relative_text(found), number_text(found.max_abs), number_text(found.cosine)


def _look(row: TreeRow) -> str:
    status = "" if row.difference is None else row.difference.status
    return "lines--problem" if status in LOUD else "" if status == "changed" else "lines--dim"


ORDERS: tuple[TreeOrder, ...] = ("relative", "largest change", "cosine")
DIMS = (False, False, False, True)
DIFFERENCES = ColumnSet(
    (
        NAME,
        Column("A to B", 10, 40, drop=2),
        Column(" relative", 9 + BAR, 9 + BAR, drop=3, cut="left"),
        Column(" max", 8, 9, drop=4, cut="left"),
        Column(" cosine", 8, 9, drop=5, cut="left"),
        MARKS,
    ),
    _wide,
    DIMS,
    ORDERS,
    ColumnSet(
        (
            replace(NAME, min_width=10),
            Column("A to B", 10, 40, drop=2),
            Column("relative", 8, 8, drop=3, cut="left"),
            Column(" max", 8, 8, drop=4, cut="left"),
            Column(" cosine", 8, 8, drop=5, cut="left"),
            MARKS,
        ),
        _tight,
        DIMS,
        ORDERS,
        look=_look,
    ),
    _look,
)
