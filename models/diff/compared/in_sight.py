"""Which rows are in sight, from the pages that a list asks for: it also asks for those next to it, when it is idle."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


class RowsInSight:
    """The pages that were asked for last: the one in sight, then the next, then the one before it.

    Written by threads that answer, read by the one that compares.
    """

    def __init__(self) -> None:
        self._pages: deque[tuple[int, Sequence[int]]] = deque(maxlen=3)

    def note(self, page: int, nodes: Sequence[int]) -> None:
        """Take in that the page of this number was asked for, and which nodes are on it."""
        self._pages.append((page, nodes))

    def nodes(self) -> Sequence[int]:
        """Return the nodes of the page that is in sight, as far as the order of requests shows it."""
        pages = list(self._pages)
        if not pages:
            return ()
        numbers = [page for page, _ in pages]
        if len(pages) > 1 and abs(numbers[-1] - numbers[-2]) == 1:
            began_anew = len(pages) > 2 and abs(numbers[-2] - numbers[-3]) == 2
            return pages[-1 if began_anew else -2][1]
        if len(pages) > 2 and abs(numbers[-1] - numbers[-2]) == 2:
            return pages[0][1]
        return pages[-1][1]
