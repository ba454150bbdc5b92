"""The one-letter flags beside rows of the tree and of tables, and what they mean; the help shows `FLAGS` as its legend.

The engine decides the facts and sends them with the row (`models/opened/rows.py`); here each gets its sign.  Each mark
has a place of its own, so that a column of flags can be read down.  The glyphs are one cell wide in every terminal,
also where "ambiguous" characters take two, and DejaVu Sans Mono has them.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.messages import TensorRow, TreeRow


@dataclass(frozen=True)
class Flag:
    """One mark of a row: a sign, what it means, and of which rows it holds."""

    glyph: str
    name: str
    meaning: str


CHANGED = Flag("*", "changed", "the last statement changed it, or what is below it")
SHARED = Flag("⇄", "shared", "the same object has another name too; s jumps there")
OVERLAPS = Flag("≣", "same memory", "another tensor has the same elements: a change is one of both; s jumps there")
BESIDE = Flag("◫", "flat memory", "its memory holds other tensors too, each on elements of its own; s jumps on")
FROZEN = Flag("F", "frozen", "requires_grad is False: training leaves it as it is")
NO_GRADIENT = Flag("∅", "no gradient", "no backward pass has reached it; not the same as zero")
ZERO_GRADIENT = Flag("0", "zero gradient", "backward reached it, every element is zero")
NO_VALUES = Flag("◌", "no values", "a meta tensor, or a lazy one that the first forward run will make")
UNREGISTERED = Flag("!", "not registered", "parameters() and state_dict() do not know it")

FAILED = Flag("✗", "failed", "the last run failed in this module")

FLAGS = (CHANGED, SHARED, OVERLAPS, BESIDE, FROZEN, NO_GRADIENT, ZERO_GRADIENT, NO_VALUES, UNREGISTERED, FAILED)
"""The legend."""

WIDTH = 4
"""Places: changed, shared or in one memory with others, frozen or gradient, and no values, not registered or failed."""


_MEMORY = {"": "", "overlap": OVERLAPS.glyph, "beside": BESIDE.glyph}
_GRADIENT = {"none": NO_GRADIENT.glyph, "unreached": NO_GRADIENT.glyph, "zero": ZERO_GRADIENT.glyph}


def sharing_sign(row: TreeRow | TensorRow) -> str:
    """Return the mark of what a row is shared with; empty for what has a name and a memory of its own."""
    return SHARED.glyph if row.shared_with else _MEMORY[row.memory]


def flags_of(row: TreeRow | TensorRow) -> str:
    """Return the flags of a row, each in its place, `WIDTH` characters."""
    gradient = _GRADIENT.get(row.gradient, " ")
    last = NO_VALUES.glyph if row.state else " "
    if isinstance(row, TreeRow) and not row.registered:
        last = UNREGISTERED.glyph
    if isinstance(row, TreeRow) and row.run is not None and row.run.problem == "failed":
        last = FAILED.glyph
    return "".join(
        (
            CHANGED.glyph if row.changed else " ",
            sharing_sign(row) or " ",
            FROZEN.glyph if row.frozen else gradient,
            last,
        )
    )
