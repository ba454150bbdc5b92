"""Which rows of an outline are visible: the folds that a person sees, and their row numbers.

Visible rows are kept as ascending node indices, so that a subtree is always one slice and a row number is found by
bisection.  Paths outlive a change of the network: a new view takes the `overrides` of the old one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Literal

from .outline import Node, Outline

How = Literal["toggle", "open", "close", "all", "none", "fit"]


class View:
    """The folds of one outline; everything is folded except what `unfolded` says."""

    def __init__(self, outline: Outline, unfolded: Mapping[str, bool] | None = None) -> None:
        self.outline = outline
        self._open = bytearray(len(outline.nodes))
        for path, is_open in (unfolded or {}).items():
            node = outline.find(path)
            if node is not None and node.child_count:
                self._open[node.index] = bool(is_open)
        self.visible: list[int] = [0, *self._shown_below(outline.nodes[0])]
        """Indices of the visible nodes, the root first."""

    def __len__(self) -> int:
        return len(self.visible)

    def is_open(self, node: Node) -> bool:
        """Whether the node is unfolded (its children show, if it shows itself)."""
        return bool(self._open[node.index])

    def overrides(self) -> dict[str, bool]:
        """What differs from a folded tree, by path: enough to build the same view again."""
        nodes = self.outline.nodes
        opened: dict[str, bool] = {}
        index = self._open.find(1)
        while index >= 0:
            opened[nodes[index].path] = True
            index = self._open.find(1, index + 1)
        return opened

    def slice(self, start: int, count: int) -> list[Node]:
        """Visible nodes `start` to `start + count`, fewer at the end."""
        start = max(start, 0)
        return [self.outline.nodes[index] for index in self.visible[start : start + max(count, 0)]]

    def row_of(self, node: Node) -> int | None:
        """Visible row number of a node, or None when a fold hides it."""
        row = bisect_left(self.visible, node.index)
        return row if row < len(self.visible) and self.visible[row] == node.index else None

    def locate(self, path: str) -> tuple[int, str]:
        """Row and path of the node at `path`, unfolding what hides it; of its nearest ancestor when it is gone."""
        return self.reveal(self._nearest(path))

    def reveal(self, node: Node) -> tuple[int, str]:
        """Row and path of `node`, after unfolding what hides it."""
        nodes = self.outline.nodes
        top: Node | None = None
        parent = node.parent
        while parent >= 0:
            if not self._open[parent]:
                top = nodes[parent]
                self._open[parent] = 1
            parent = nodes[parent].parent
        if top is not None:
            self._splice(top)
        return bisect_left(self.visible, node.index), node.path

    def fold(self, path: str, how: How, limit: int = 0) -> tuple[int, str]:
        """Change folds at `path`; its row and path afterwards.

        `all` makes everything below visible, `none` nothing; `fit` unfolds breadth first from `path` while the whole
        view has at most `limit` rows: whole levels, then those of the next level that still fit.
        """
        node = self._nearest(path)
        place = self.reveal(node)
        index, end = node.index, node.end
        if node.child_count:
            if how == "all":
                self._open[index:end] = bytes(1 if child.child_count else 0 for child in self.outline.nodes[index:end])
            elif how in ("none", "fit"):
                self._open[index:end] = bytes(end - index)
            else:
                self._open[index] = not self._open[index] if how == "toggle" else how == "open"
            self._splice(node)
            if how == "fit":
                self._fit(node, limit)
                self._splice(node)
        return place

    def _fit(self, node: Node, limit: int) -> None:
        """Open from `node` downwards; everything at and below it is folded."""
        left = limit - len(self.visible)
        level = [node]
        while level:
            cost = sum(each.child_count for each in level)
            if cost > left and level != [self.outline.nodes[0]]:  # a lone root tells nothing
                break
            left -= cost
            for each in level:
                self._open[each.index] = 1
            level = [child for each in level for child in self.outline.children(each) if child.child_count]
        for each in level:
            if each.child_count <= left:
                left -= each.child_count
                self._open[each.index] = 1

    def _nearest(self, path: str) -> Node:
        node = self.outline.find(path)
        while node is None:
            path, dot, _ = path.rpartition(".")
            node = self.outline.find(path) if dot else self.outline.nodes[0]
        return node

    def _splice(self, node: Node) -> None:
        """Lay out anew what is visible below a visible node."""
        row = bisect_left(self.visible, node.index) + 1
        self.visible[row : bisect_left(self.visible, node.end, row)] = self._shown_below(node)

    def _shown_below(self, node: Node) -> list[int]:
        nodes, is_open = self.outline.nodes, self._open
        shown: list[int] = []
        if not is_open[node.index]:
            return shown
        index, end = node.index + 1, node.end
        while index < end:
            shown.append(index)
            index = index + 1 if is_open[index] else nodes[index].end
        return shown
