"""What is known of differences before any is measured: which tensors are the same, which are not, and where.

Must not import torch.  Written by the one thread that compares, while others read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...messages.comparing import SERIOUS
from ..difference import Difference, Tolerance
from ..first_change import certain_difference
from ..pairing import Pairs
from ..stream import one_sided
from ..tensors import Comparable
from .tree import ComparedTree

LOOK = 2**12
"""Elements at the beginning of a tensor that a first look reads."""
_NONE = [0] * len(SERIOUS)


class EarlyDifferences:
    """Differences without figures, of pairs that are not measured yet."""

    def __init__(self, tree: ComparedTree, pairs: Pairs) -> None:
        self._tree, self._pairs = tree, pairs
        self.found: dict[int, Difference] = {}
        """Those of pairs that are measured by now stay, and do not count."""
        self._counted: set[int] = set()
        self._counts: dict[int, list[int]] = {}
        """Of the nodes of modules how many tensors in it have each status of `SERIOUS`."""

    def look(self, indices: Iterable[int], stop: Callable[[], bool], limit: int | None = None) -> bool:
        """Look at pairs, at their first `limit` elements or at all of them; return whether more is known.

        `stop` is asked before each pair, and before each further piece of one: nothing more is read where it holds.
        """
        before = len(self.found)
        for index in indices:
            if index in self.found:
                continue
            if stop():
                break
            found = _early(*self._pairs.both[index], stop, limit)
            if found is not None:
                self.found[index] = found
                self._counted.add(index)
                self._count(index, 1)
        return len(self.found) > before

    def measured(self, index: int) -> None:
        """Count a pair no longer: its difference is known in full."""
        if index in self._counted:
            self._counted.remove(index)
            self._count(index, -1)

    def status(self, index: int) -> list[int]:
        """Return 1 for the status of `SERIOUS` that a pair has, 0 for each other one."""
        found = self.found.get(index)
        return _NONE if found is None else [int(status == found.status) for status in SERIOUS]

    def counts(self, node: int) -> list[int]:
        """Return how many tensors in a module have each status of `SERIOUS`, of those that are not measured."""
        return self._counts.get(node, _NONE)

    def _count(self, index: int, one: int) -> None:
        status = SERIOUS.index(self.found[index].status)
        for module in self._tree.modules_around(self._tree.nodes[index]):
            self._counts.setdefault(module, [0] * len(SERIOUS))[status] += one


def _early(
    a: Comparable | None, b: Comparable | None, stop: Callable[[], bool], limit: int | None
) -> Difference | None:
    """Return what is certain of a pair; None where nothing is."""
    if a is None or b is None:
        return one_sided(a, b)
    if a.side.shape != b.side.shape:
        return Difference(a.path, "shape", a.side, b.side)
    return certain_difference(a, b, Tolerance(), stop, limit)
