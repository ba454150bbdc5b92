"""A column of a table as one entry: how wide it is, what it says of a row, and how that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from rich.style import Style

from tui.widgets.lists.columns import Column

Row = TypeVar("Row")
CellLook = Literal["", "dim", "strong", "problem"]
"""Which component style of `Lines` a cell is drawn in: `lines--dim`, …; empty for that of the line."""


@dataclass(frozen=True)
class Field(Generic[Row]):
    """One column of a table whose rows are messages of type `Row`."""

    column: Column
    text: Callable[[Row], str]
    """Return what stands in the column of a row; need not be clean."""
    look: CellLook | Callable[[Row], CellLook] = ""
    """How it looks, for every row or of each."""

    def look_of(self, row: Row) -> CellLook:
        """Return how the column of `row` looks."""
        return self.look(row) if callable(self.look) else self.look


def styles_of(fields: Iterable[Field[Row]], row: Row, style: Callable[[str], Style]) -> list[Style | None]:
    """Return the style of each column of `row`, None for that of the line; `style` is `Lines.look`."""
    looks = [field.look_of(row) for field in fields]
    found: dict[str, Style | None] = {look: style(f"lines--{look}") if look else None for look in set(looks)}
    return [found[look] for look in looks]
