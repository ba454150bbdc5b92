"""Visible rows of a tree with siblings sorted by a value: the tree itself stays as it is."""

from __future__ import annotations

from collections.abc import Sequence


def sorted_rows(depths: Sequence[int], values: Sequence[float | None]) -> list[int]:
    """Return the places of rows in preorder with siblings sorted: the largest first, unknown ones last.

    Equal ones stay in their order, and what is below a row stays below it.

    Args:
        depths: of each row, in preorder.
        values: of each row; None where it is not known.
    """
    below: list[list[int]] = [[] for _ in range(len(depths) + 1)]
    path: list[int] = []
    for place, depth in enumerate(depths):
        while path and depths[path[-1]] >= depth:
            path.pop()
        below[path[-1] if path else -1].append(place)
        path.append(place)
    found: list[int] = []
    waiting = _last_first(below[-1], values)
    while waiting:
        place = waiting.pop()
        found.append(place)
        waiting += _last_first(below[place], values)
    return found


def _last_first(places: list[int], values: Sequence[float | None]) -> list[int]:
    """Return the places in the order in which a stack is to be filled with them."""
    return sorted(places, key=lambda place: _rank(values[place]))[::-1] if len(places) > 1 else places


def _rank(value: float | None) -> tuple[bool, float]:
    """Return what sorts the largest first; NaN, which nobody can compare, before all numbers, and None behind."""
    if value is None:
        return True, 0.0
    return False, float("-inf") if value != value else -value
