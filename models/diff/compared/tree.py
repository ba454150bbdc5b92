"""One tree of the tensors of two sources, and of the items that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from ...checkpoint.build_tree import MODULE, build_tree
from ...checkpoint.dotted_tree import DottedTree
from ...work.gc_paused import gc_paused
from ..items import ItemDifference
from ..tensors import Comparable

TensorPair = tuple[Comparable | None, Comparable | None]
"""A tensor of A and the one of B that has its name; None on the side that has none."""
METADATA = "metadata"
"""What entries of metadata lie in."""


class ComparedTree(DottedTree):
    """The names of both: in the order of A, what only B has behind the rest of its module."""

    def __init__(self, pairs: Sequence[TensorPair], items: Sequence[ItemDifference]) -> None:
        self.pairs = pairs
        self.items = items
        with gc_paused():
            paths = [*(common_path(pair) for pair in pairs), *map(item_path, items)]
            super().__init__(build_tree(paths, ordered=True))
            self.nodes = [0] * len(paths)
            """The node of each pair, then of each item."""
            for node, index in enumerate(self.indices):
                if index != MODULE:
                    self.nodes[index] = node
            self._before = list(accumulate((0 <= index < len(pairs) for index in self.indices), initial=0))

    def signatures(self) -> list[object]:
        """Return what nodes of one structure have in common: the shapes on both sides, None for an item."""
        known: list[object] = [tuple(side and side.side.shape for side in pair) for pair in self.pairs]
        known += [*[None] * len(self.items), False]  # the last one for modules
        return [known[index] for index in self.indices]

    def pair(self, node: int) -> int | None:
        """Return the index of the pair at a node; None for a module or an item."""
        index = self.indices[node]
        return index if 0 <= index < len(self.pairs) else None

    def first_pair(self, node: int) -> int | None:
        """Return the index of the first pair at or below a node; None without any."""
        return next((pair for each in range(node, self.ends[node]) if (pair := self.pair(each)) is not None), None)

    def item(self, node: int) -> ItemDifference | None:
        """Return the item at a node; None for a module or a tensor."""
        index = self.indices[node] - len(self.pairs)
        return self.items[index] if index >= 0 else None

    def modules_around(self, node: int) -> Iterator[int]:
        """Yield the modules that a node is in, the root last."""
        while (node := self.parents[node]) >= 0:
            yield node

    def count(self, node: int) -> int:
        """Return how many tensors are at or below a node."""
        return self._before[self.ends[node]] - self._before[node]

    def tensors(self, start: int, stop: int) -> list[int]:
        """Return the nodes from `start` to `stop` that are tensors."""
        count = len(self.pairs)
        return [node for node, index in enumerate(self.indices[start:stop], start) if 0 <= index < count]


def common_path(pair: TensorPair) -> str:
    """Return the path under which two tensors are compared."""
    either = pair[0] or pair[1]
    assert either is not None
    return either.path


def item_path(item: ItemDifference) -> str:
    """Return where an item, or an entry of metadata, lies in the tree."""
    return f"{METADATA}.{item.path}" if item.place == "metadata" else item.path
