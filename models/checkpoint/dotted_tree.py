"""A tree that is made of dotted names alone: `layers.0.weight` lies in `0` of `layers`.

Names from files may be anything: see `nesting`.
"""

from __future__ import annotations

from ..tree.preorder_tree import PreorderTree
from .build_tree import TreeArrays
from .nesting import split_name

WIDE = 32
"""Children from which on a table is made to find one by its name."""


class DottedTree(PreorderTree):
    """The tree of names: node 0 is the root, and a path is the names from there, joined by dots."""

    def __init__(self, arrays: TreeArrays) -> None:
        self.indices = arrays.indices
        """The index of each node among the names that the tree was built of; `MODULE` for a module."""
        self._tables: dict[int, dict[str, int]] = {}
        super().__init__(arrays.parents, arrays.ends, arrays.depths, arrays.counts, arrays.names)

    def path(self, node: int) -> str:
        """Return the path of a node; "" for the root."""
        parts = []
        while node > 0:
            parts.append(self.names[node])
            node = self.parents[node]
        return ".".join(reversed(parts))

    def paths(self) -> list[str]:
        """Return the paths of all nodes."""
        found = [""]
        for node in range(1, len(self)):
            above = found[self.parents[node]]
            found.append(f"{above}.{self.names[node]}" if self.parents[node] else self.names[node])
        return found

    def find(self, path: str) -> int | None:
        """Return the node at a path; None where there is none."""
        if not path:
            return 0
        node = 0
        for part in split_name(path):
            found = self._child(node, part)
            if found is None:
                return None
            node = found
        return node

    def _child(self, node: int, name: str) -> int | None:
        if self.counts[node] >= WIDE:
            table = self._tables.get(node)
            if table is None:
                table = {}
                for child in self.children(node):
                    table.setdefault(self.names[child], child)
                self._tables[node] = table
            return table.get(name)
        return next((child for child in self.children(node) if self.names[child] == name), None)
