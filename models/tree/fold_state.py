"""Which rows of a tree are visible: the folds that a user sees, and the indices of their rows.

A row is kept as a key: `2 * node + 1` for a node, `2 * first` for a group of repeated siblings, which so stands right
before the first of them.  Visible keys ascend, so that a subtree is always one slice and the index of a row is found
by bisection.  Paths outlive a change of the network: a new state takes the `overrides` of the old one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .preorder_tree import PreorderTree, SiblingGroup

FoldAction = Literal["toggle", "open", "close", "all", "none", "fit"]
"""A change of folds; `all`, `none` and `fit` are of everything below a row."""


@dataclass(frozen=True, slots=True)
class VisibleRow:
    """One visible row: a node, or a group of repeated siblings."""

    node: int
    """Index of the node; of a group, of its first sibling."""
    group: SiblingGroup | None
    """None for a node."""
    depth: int
    """0 for the root."""
    is_open: bool
    """Whether it is unfolded."""
    within: SiblingGroup | None = None
    """The group that the node belongs to; None for none."""


class FoldState:
    """The folds of one tree; everything is folded except the paths that `unfolded` maps to True."""

    def __init__(self, tree: PreorderTree, unfolded: Mapping[str, bool] | None = None) -> None:
        self.tree = tree
        self._open = bytearray(len(tree))
        self._open_groups: set[int] = set()
        for path, is_open in (unfolded or {}).items():
            node = tree.find(path)
            if node is not None and tree.counts[node]:
                self._open[node] = bool(is_open)
            elif node is None and is_open and (group := tree.find_group(path)) is not None:
                self._open_groups.add(group.first)
        self.version = 0
        """Counts up when other rows become visible."""
        self.visible: list[int] = [1, *self._shown_below(1)]
        """Keys of the visible rows, the root's first."""

    def __len__(self) -> int:
        return len(self.visible)

    def overrides(self) -> dict[str, bool]:
        """Return what differs from a folded tree, by path: `FoldState(tree, overrides)` is the same state again."""
        tree = self.tree
        opened: dict[str, bool] = {}
        node = self._open.find(1)
        while node >= 0:
            opened[tree.path(node)] = True
            node = self._open.find(1, node + 1)
        for first in sorted(self._open_groups):
            opened[tree.group_path(tree.groups[first])] = True
        return opened

    def slice(self, start: int, count: int) -> list[VisibleRow]:
        """Return the visible rows from `start` to `start + count`, fewer at the end."""
        start = max(start, 0)
        deeper: dict[int, int] = {}
        return [self._row(key, deeper) for key in self.visible[start : start + max(count, 0)]]

    def row_of(self, node: int) -> int | None:
        """Return the index of a node's row among the visible ones; None when a fold hides it."""
        row = bisect_left(self.visible, 2 * node + 1)
        return row if row < len(self.visible) and self.visible[row] == 2 * node + 1 else None

    def locate(self, path: str) -> tuple[int, str]:
        """Unfold what hides the row at `path`; return its index and path, of the nearest ancestor when it is gone."""
        return self._reveal(self._nearest(path))

    def fold(self, path: str, action: FoldAction, limit: int = 0) -> tuple[int, str]:
        """Change the folds at `path`; return the index of its row afterwards, and its path, as `locate` does.

        `all` makes everything below visible, `none` nothing; `fit` unfolds breadth first from `path` while at most
        `limit` rows of the whole tree are visible: whole levels, then those of the next level that still fit.
        """
        key = self._nearest(path)
        place = self._reveal(key)
        if self._rows_in(key):
            if action == "all":
                self._set_below(key, True)
            elif action in ("none", "fit"):
                self._set_below(key, False)
            else:
                self._set(key, not self._is_open(key) if action == "toggle" else action == "open")
            self._splice(key)
            if action == "fit":
                self._fit(key, limit)
                self._splice(key)
        return place

    # -- keys --------------------------------------------------------------------------------------------------------
    def _row(self, key: int, deeper: dict[int, int]) -> VisibleRow:
        """Return the row of a key.  `deeper` caches, by parent, the number of groups around its children."""
        node = key >> 1
        tree = self.tree
        group = None if key & 1 else tree.groups[node]
        depth = tree.depths[node]
        if tree.groups:
            parent = tree.parents[node]
            if parent not in deeper:
                deeper[parent] = self._groups_around(parent)
            depth += deeper[parent]
            within = None if group is not None else tree.group_of(node)
            return VisibleRow(node, group, depth + (within is not None), self._is_open(key), within)
        return VisibleRow(node, group, depth, self._is_open(key))

    def _groups_around(self, node: int) -> int:
        around = 0
        while node > 0:
            around += self.tree.group_of(node) is not None
            node = self.tree.parents[node]
        return around

    def _is_open(self, key: int) -> bool:
        return bool(self._open[key >> 1]) if key & 1 else (key >> 1) in self._open_groups

    def _set(self, key: int, is_open: bool) -> None:
        if key & 1:
            self._open[key >> 1] = is_open
        elif is_open:
            self._open_groups.add(key >> 1)
        else:
            self._open_groups.discard(key >> 1)

    def _set_below(self, key: int, is_open: bool) -> None:
        start, stop = key >> 1, self._stop(key)
        if is_open:
            self._open[start:stop] = bytes(map(bool, self.tree.counts[start:stop]))
        else:
            self._open[start:stop] = bytes(stop - start)
        groups = self.tree.groups_within(start + (key & 1), stop)
        self._open_groups = self._open_groups.union(groups) if is_open else self._open_groups.difference(groups)

    def _stop(self, key: int) -> int:
        """Return one past the last node at or below a row."""
        return self.tree.ends[key >> 1] if key & 1 else self.tree.groups[key >> 1].end

    def _rows_in(self, key: int) -> int:
        """Return how many rows unfolding a row shows."""
        node = key >> 1
        if key & 1:
            return self.tree.counts[node] - self.tree.grouped_children(node)
        return self.tree.groups[node].count

    def _keys_in(self, key: int) -> list[int]:
        """Return the keys of the rows that unfolding a row shows."""
        tree, node = self.tree, key >> 1
        if not key & 1:
            return [2 * member + 1 for member in tree.members(tree.groups[node])]
        keys, index, end = [], node + 1, tree.ends[node]
        while index < end:
            group = tree.groups.get(index)
            keys.append(2 * index + (group is None))
            index = tree.ends[index] if group is None else group.end
        return keys

    def _nearest(self, path: str) -> int:
        tree = self.tree
        while True:
            node = tree.find(path)
            if node is not None:
                return 2 * node + 1
            group = tree.find_group(path)
            if group is not None:
                return 2 * group.first
            path, dot, _ = path.rpartition(".")
            if not dot:
                return 1

    def _reveal(self, key: int) -> tuple[int, str]:
        """Unfold what hides a row; return its index and path."""
        tree = self.tree
        top: int | None = None
        node = key >> 1
        is_group = not key & 1
        while node > 0:
            group = None if is_group else tree.group_of(node)
            parent = tree.parents[node]
            for above in [*([2 * group.first] if group else []), 2 * parent + 1]:
                if not self._is_open(above):
                    top = above
                    self._set(above, True)
            node, is_group = parent, False
        if top is not None:
            self._splice(top)
        path = tree.path(key >> 1) if key & 1 else tree.group_path(tree.groups[key >> 1])
        return bisect_left(self.visible, key), path

    def _fit(self, key: int, limit: int) -> None:
        """Unfold breadth first from `key`, at and below which everything is folded, up to `limit` visible rows."""
        left = limit - len(self.visible)
        level = [key]
        while level:
            cost = sum(map(self._rows_in, level))
            if cost > left and level != [1]:  # a lone root shows nothing
                break
            left -= cost
            for each in level:
                self._set(each, True)
            level = [below for each in level for below in self._keys_in(each) if self._rows_in(below)]
        for each in level:
            rows = self._rows_in(each)
            if rows <= left:
                left -= rows
                self._set(each, True)

    def _splice(self, key: int) -> None:
        """Recompute the keys that are visible below a visible row."""
        self.version += 1
        row = bisect_left(self.visible, key) + 1
        self.visible[row : bisect_left(self.visible, 2 * self._stop(key), row)] = self._shown_below(key)

    def _shown_below(self, key: int) -> list[int]:
        shown: list[int] = []
        if not self._is_open(key):
            return shown
        ends, groups, is_open, open_groups = self.tree.ends, self.tree.groups, self._open, self._open_groups
        index, stop = (key >> 1) + (key & 1), self._stop(key)
        if not key & 1:  # the group's own row is there already
            shown.append(2 * index + 1)
            index = index + 1 if is_open[index] else ends[index]
        while index < stop:
            if index in groups:
                shown.append(2 * index)
                if index not in open_groups:
                    index = groups[index].end
                    continue
            shown.append(2 * index + 1)
            index = index + 1 if is_open[index] else ends[index]
        return shown
