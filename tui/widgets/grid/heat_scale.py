"""Which shade a cell of a heat map gets: by the share of the cells that are nearer to zero.

On a linear scale the one largest element decides how all others look; and of a matrix that was just initialised, where
each cell is the largest element of its block, all cells look alike: saturated.  By quantiles the shades are spread over
what is there, the strong ones kept for few; and what differs by a few percent only has one.  Must not import textual.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from tui.widgets.grid.palette import LEVELS, LOUD

ABOUT_EQUAL = 1.05
"""The ratio of two magnitudes below which there is no difference to see."""


class HeatScale:
    """The scale of one picture.

    Args:
        values: the cells; what is zero or not finite has a shade of its own and no part in the scale.
    """

    def __init__(self, values: Iterable[float]) -> None:
        finite = [value for value in values if math.isfinite(value)]
        self._keys = sorted(_key(value) for value in finite if value)
        self._largest: dict[int, float] = {}
        for value in finite:
            if value:
                level = abs(self.level(value))
                self._largest[level] = max(self._largest.get(level, 0.0), abs(value))
        self.negative = any(value < 0 for value in finite)
        """Whether a finite cell is below zero."""
        self.positive = any(value > 0 for value in finite)
        """Whether a finite cell is above zero."""

    def level(self, value: float) -> int:
        """Return the level of a value, from 1 to `LEVELS`, negative below zero; 0 for zero alone, `LOUD` for NaN.

        Those that are about equal share the middle of the places that they take.
        """
        if not math.isfinite(value):
            return LOUD
        if not value or not self._keys:
            return 0
        key = _key(value)
        share = (bisect_left(self._keys, key) + bisect_right(self._keys, key)) / 2 / len(self._keys)
        level = 1 + min(int(LEVELS * (1 - math.sqrt(1 - share))), LEVELS - 1)
        return level if value > 0 else -level

    def steps(self, count: int) -> list[tuple[int, float]]:
        """Return at most so many of the levels that cells have, ascending, the last included.

        Each comes with the largest magnitude at it.
        """
        used = sorted(self._largest)
        count = min(count, len(used))
        chosen = [used[(index + 1) * len(used) // count - 1] for index in range(count)]
        return [(level, self._largest[level]) for level in chosen]


def _key(value: float) -> int:
    """A whole number that rises with the magnitude of `value`, which is not zero, and is one for those about equal."""
    return math.floor(math.log(abs(value)) / math.log(ABOUT_EQUAL))
