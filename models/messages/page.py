"""The bounds of a page: how much of a list one reply may hold."""

from __future__ import annotations

from .limits import LONGEST_PAGE

__all__ = ["LONGEST_PAGE", "clamp"]


def clamp(start: int, count: int) -> tuple[int, int]:
    """Return `start`, at least 0, and `count`, from 0 to `LONGEST_PAGE`: rows that one reply may hold."""
    return max(start, 0), max(0, min(count, LONGEST_PAGE))
