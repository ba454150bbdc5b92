"""Which differences are the largest.  Must not import torch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from .difference import Difference, Status

ORDER: tuple[Status, ...] = ("unreadable", "changed", "dtype", "shape", "only_a", "only_b", "close", "equal")
"""Statuses, the worst first."""
OF_NUMBERS: tuple[Status, ...] = ("changed", "close")
"""Statuses of which only the numbers differ, so that one can be larger than another."""


class Largest(NamedTuple):
    """The largest changes, and what differs in another way."""

    listed: list[Difference]
    """The largest changes, the largest first, then what is no change of numbers alone: shape, dtype, one side only."""
    left_off: int
    """How many smaller changes there are."""


def worst_first(found: Iterable[Difference]) -> list[Difference]:
    """Return differences sorted by status, then by size: `relative_l2`, then `max_abs`, NaN and infinities first.

    The network's own come before those of an optimizer; those that are as bad keep their order.
    """
    return sorted(found, key=lambda each: (each.of_state, ORDER.index(each.status), *_size(each)))


def largest(found: Iterable[Difference], count: int) -> Largest:
    """Return the `count` largest changes, by `relative_l2`, then `max_abs`, NaN and infinities first."""
    ranked = [each for each in worst_first(found) if each.status != "equal"]
    changes = [each for each in ranked if each.status in OF_NUMBERS]
    others = [each for each in ranked if each.status not in OF_NUMBERS]
    return Largest(changes[:count] + others, len(changes[count:]))


def _size(difference: Difference) -> tuple[bool, float, float]:
    numbers = difference.comparison
    if numbers is None:
        return (False, 0.0, 0.0)
    relative = math.inf if numbers.relative_l2 is None else numbers.relative_l2
    return (not numbers.nonfinite, -relative, -(numbers.max_abs or 0.0))
