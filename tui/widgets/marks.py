"""The one-letter marks beside rows of the tree and of tables, and what they mean; the help shows `MARKS` as its legend.

Each mark has a place of its own, so that a column of marks can be read down.  The glyphs are one cell wide in every
terminal, also where "ambiguous" characters take two, and DejaVu Sans Mono has them.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.messages import TensorRow, TreeRow


@dataclass(frozen=True)
class Mark:
    glyph: str
    name: str
    meaning: str


CHANGED = Mark("*", "changed", "the last statement changed its values, or those of something below it")
SHARED = Mark("⇄", "shared", "the same object has another name too; s jumps there")
FROZEN = Mark("F", "frozen", "requires_grad is False: training leaves it as it is")
NO_GRADIENT = Mark("∅", "no gradient yet", "no backward pass has reached it; this is not a gradient of zero")
ZERO_GRADIENT = Mark("0", "zero gradient", "a backward pass reached it, and every entry is zero")
NO_VALUES = Mark("◌", "no values", "a meta tensor, or a lazy one that the first forward run will make")
UNREGISTERED = Mark("!", "not registered", "parameters() and state_dict() do not know it")

MARKS = (CHANGED, SHARED, FROZEN, NO_GRADIENT, ZERO_GRADIENT, NO_VALUES, UNREGISTERED)
"""The legend."""

WIDTH = 4
"""Places: changed, shared, frozen or gradient, and no values or not registered."""


def marks_of(row: TreeRow | TensorRow) -> str:
    """The marks of a row, each in its place, `WIDTH` characters."""
    gradient = {"none": NO_GRADIENT.glyph, "zero": ZERO_GRADIENT.glyph}.get(row.gradient, " ")
    last = NO_VALUES.glyph if row.state else " "
    if isinstance(row, TreeRow) and not row.registered:
        last = UNREGISTERED.glyph
    return "".join(
        (
            CHANGED.glyph if row.changed else " ",
            SHARED.glyph if row.shared_with else " ",
            FROZEN.glyph if row.frozen else gradient,
            last,
        )
    )
