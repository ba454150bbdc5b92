"""Sums over every subtree of a tree, each object once however many names it has below.

An object with several names below a module counts once there, once at the root, and once in each part that holds it:
its value is added at each of its nodes, and subtracted where two neighbouring ones of them meet.  Knows nothing of
torch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate


class RepeatedNodes:
    """Nodes that are one object, and where in the tree they meet.

    Args:
        parents: of each node of the tree its parent.
        ends: of each node of the tree, one past its last descendant.
        pairs: pairs of neighbouring nodes, in tree order, that are the same object.
    """

    def __init__(self, parents: Sequence[int], ends: Sequence[int], pairs: Iterable[tuple[int, int]] = ()) -> None:
        self.parents = parents
        self.ends = ends
        self.by_meeting: dict[int, list[tuple[int, int]]] = {}
        """The pairs by the lowest node that has both below."""
        for first, second in pairs:
            above = parents[first]
            while ends[above] <= second:
                above = parents[above]
            self.by_meeting.setdefault(above, []).append((first, second))


class SubtreeSums:
    """Sums from the front over the nodes of one tree, so that a subtree's sum is a difference.

    Args:
        values: of each node of the tree its own value.
        repeated: which nodes are one object; of two neighbouring ones the second's value is subtracted.
        nodes: the nodes that take part, ascending; None for all.  Whatever lies between two of them and the node where
            they meet takes part too.
    """

    def __init__(self, values: Sequence[int], repeated: RepeatedNodes, nodes: Sequence[int] | None = None) -> None:
        self._repeated = repeated
        self._nodes = nodes
        self._values = values
        once = list(values)
        for above, pairs in repeated.by_meeting.items():
            once[above] -= sum(values[second] for _, second in pairs)
        self._before = list(accumulate(once if nodes is None else (once[node] for node in nodes), initial=0))
        self._of_siblings: dict[tuple[int, int], int] = {}

    def of(self, node: int) -> int:
        """Return the sum at and below a node, of the nodes that take part."""
        return self._difference(node, self._repeated.ends[node])

    def of_siblings(self, start: int, end: int) -> int:
        """Return the sum at and below neighbouring siblings, from the node `start` to before `end`.

        It is kept: what they have in common is gone through once.
        """
        found = self._of_siblings.get((start, end))
        if found is None:
            pairs = self._repeated.by_meeting.get(self._repeated.parents[start], ())
            twice = sum(self._values[second] for first, second in pairs if start <= first and second < end)
            found = self._of_siblings[start, end] = self._difference(start, end) - twice
        return found

    def _difference(self, start: int, end: int) -> int:
        if self._nodes is None:
            return self._before[end] - self._before[start]
        return self._before[bisect_left(self._nodes, end)] - self._before[bisect_left(self._nodes, start)]
