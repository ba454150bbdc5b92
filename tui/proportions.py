"""How the screen is divided when nobody has moved a border: the first frame and the explorer agree in it."""

from __future__ import annotations

NARROW = 60
"""Columns below which the tree and the tabs share one place."""
LOW = 16
"""Rows below which the console shares the place of all the rest."""
LEFT = 0.475
"""Of the width, the tree's."""
LOWER = 0.33
"""Of the height, the console's."""


def left_width(width: int, share: float = LEFT) -> int | None:
    """Columns of the tree; None where it has them all."""
    return None if width < NARROW else round(width * share)


def lower_height(height: int, share: float = LOWER) -> int | None:
    """Rows of the console; None where it has none of its own."""
    return None if height < LOW else max(round(height * share), 3)
