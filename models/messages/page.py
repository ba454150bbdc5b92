"""How much of a list one reply may hold."""

from __future__ import annotations

from .limits import LONGEST_PAGE

__all__ = ["LONGEST_PAGE", "clamp"]


def clamp(start: int, count: int) -> tuple[int, int]:
    """A page that stays within what a reply may hold."""
    return max(start, 0), max(0, min(count, LONGEST_PAGE))
