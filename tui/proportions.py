"""How the screen is divided when nobody has moved a border: the first frame and the explorer agree in it."""

from __future__ import annotations

NARROW = 60
"""Columns below which the tree and the tabs share one place."""
LOW = 16
"""Rows below which the console shares the place of all the rest."""
LEFT = 0.475
"""Of the width, the tree's."""
LOWER = 0.33
"""Of the height, the console's at most, as long as nobody moves its border."""
QUIET = 8
"""Rows that it has with little to show: its bar, some lines on what is open, and the prompt."""


def left_width(width: int, share: float = LEFT) -> int | None:
    """Return the columns of the tree; None where it has them all."""
    return None if width < NARROW else round(width * share)


def lower_height(height: int, share: float = LOWER, content: int | None = None) -> int | None:
    """Return the rows of the lower area; None where it has none of its own.

    They are that share of the height, or, where `content` says how many rows there are to show, fewer.
    """
    if height < LOW:
        return None
    most = max(round(height * share), 3)
    return most if content is None else min(most, max(content, QUIET))
