"""Which rows of a tree are visible: the folds that a user sees, and their row numbers.

A row is kept as a key: `2 * node + 1` for a node, `2 * first` for a group of repeated siblings, which so stands right
before the first of them.  Visible keys ascend, so that a subtree is always one slice and a row number is found by
bisection.  Paths outlive a change of the network: a new view takes the `overrides` of the old one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .skeleton import Group, Skeleton

FoldAction = Literal["toggle", "open", "close", "all", "none", "fit"]


@dataclass(frozen=True, slots=True)
class Row:
    """One visible row: a node, or a group of repeated siblings."""

    node: int
    """Of a group, the first of its siblings."""
    group: Group | None
    """None for a node."""
    depth: int
    is_open: bool
    within: Group | None = None
    """The group that the node is one of."""


class FoldState:
    """The folds of one tree; everything is folded except what `unfolded` says."""

    def __init__(self, skeleton: Skeleton, unfolded: Mapping[str, bool] | None = None) -> None:
        self.skeleton = skeleton
        self._open = bytearray(len(skeleton))
        self._open_groups: set[int] = set()
        for path, is_open in (unfolded or {}).items():
            node = skeleton.find(path)
            if node is not None and skeleton.counts[node]:
                self._open[node] = bool(is_open)
            elif node is None and is_open and (group := skeleton.find_group(path)) is not None:
                self._open_groups.add(group.first)
        self.visible: list[int] = [1, *self._shown_below(1)]
        """Keys of the visible rows, the root's first."""

    def __len__(self) -> int:
        return len(self.visible)

    def overrides(self) -> dict[str, bool]:
        """What differs from a folded tree, by path: enough to build the same view again."""
        skeleton = self.skeleton
        opened: dict[str, bool] = {}
        node = self._open.find(1)
        while node >= 0:
            opened[skeleton.path(node)] = True
            node = self._open.find(1, node + 1)
        for first in sorted(self._open_groups):
            opened[skeleton.group_path(skeleton.groups[first])] = True
        return opened

    def slice(self, start: int, count: int) -> list[Row]:
        """Visible rows `start` to `start + count`, fewer at the end."""
        start = max(start, 0)
        deeper: dict[int, int] = {}
        return [self._row(key, deeper) for key in self.visible[start : start + max(count, 0)]]

    def row_of(self, node: int) -> int | None:
        """Visible row number of a node, or None when a fold hides it."""
        row = bisect_left(self.visible, 2 * node + 1)
        return row if row < len(self.visible) and self.visible[row] == 2 * node + 1 else None

    def locate(self, path: str) -> tuple[int, str]:
        """Row and path at `path`, unfolding what hides it; of its nearest ancestor when it is gone."""
        return self._reveal(self._nearest(path))

    def fold(self, path: str, how: FoldAction, limit: int = 0) -> tuple[int, str]:
        """Change folds at `path`; its row and path afterwards.

        `all` makes everything below visible, `none` nothing; `fit` unfolds breadth first from `path` while the whole
        view has at most `limit` rows: whole levels, then those of the next level that still fit.
        """
        key = self._nearest(path)
        place = self._reveal(key)
        if self._rows_in(key):
            if how == "all":
                self._set_below(key, True)
            elif how in ("none", "fit"):
                self._set_below(key, False)
            else:
                self._set(key, not self._is_open(key) if how == "toggle" else how == "open")
            self._splice(key)
            if how == "fit":
                self._fit(key, limit)
                self._splice(key)
        return place

    # -- keys --------------------------------------------------------------------------------------------------------
    def _row(self, key: int, deeper: dict[int, int]) -> Row:
        """`deeper` keeps, by parent, how many groups lie around its children."""
        node = key >> 1
        skeleton = self.skeleton
        group = None if key & 1 else skeleton.groups[node]
        depth = skeleton.depths[node]
        if skeleton.groups:
            parent = skeleton.parents[node]
            if parent not in deeper:
                deeper[parent] = self._groups_around(parent)
            depth += deeper[parent]
            within = None if group is not None else skeleton.group_of(node)
            return Row(node, group, depth + (within is not None), self._is_open(key), within)
        return Row(node, group, depth, self._is_open(key))

    def _groups_around(self, node: int) -> int:
        around = 0
        while node > 0:
            around += self.skeleton.group_of(node) is not None
            node = self.skeleton.parents[node]
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
            self._open[start:stop] = bytes(map(bool, self.skeleton.counts[start:stop]))
        else:
            self._open[start:stop] = bytes(stop - start)
        groups = self.skeleton.groups_within(start + (key & 1), stop)
        self._open_groups = self._open_groups.union(groups) if is_open else self._open_groups.difference(groups)

    def _stop(self, key: int) -> int:
        """One past the last node at or below a row."""
        return self.skeleton.ends[key >> 1] if key & 1 else self.skeleton.groups[key >> 1].end

    def _rows_in(self, key: int) -> int:
        """How many rows unfolding a row shows."""
        node = key >> 1
        if key & 1:
            return self.skeleton.counts[node] - self.skeleton.grouped_children(node)
        return self.skeleton.groups[node].count

    def _keys_in(self, key: int) -> list[int]:
        """The rows that unfolding a row shows."""
        skeleton, node = self.skeleton, key >> 1
        if not key & 1:
            return [2 * member + 1 for member in skeleton.members(skeleton.groups[node])]
        keys, index, end = [], node + 1, skeleton.ends[node]
        while index < end:
            group = skeleton.groups.get(index)
            keys.append(2 * index + (group is None))
            index = skeleton.ends[index] if group is None else group.end
        return keys

    def _nearest(self, path: str) -> int:
        skeleton = self.skeleton
        while True:
            node = skeleton.find(path)
            if node is not None:
                return 2 * node + 1
            group = skeleton.find_group(path)
            if group is not None:
                return 2 * group.first
            path, dot, _ = path.rpartition(".")
            if not dot:
                return 1

    def _reveal(self, key: int) -> tuple[int, str]:
        """Row and path of a row, after unfolding what hides it."""
        skeleton = self.skeleton
        top: int | None = None
        node = key >> 1
        is_group = not key & 1
        while node > 0:
            group = None if is_group else skeleton.group_of(node)
            parent = skeleton.parents[node]
            for above in [*([2 * group.first] if group else []), 2 * parent + 1]:
                if not self._is_open(above):
                    top = above
                    self._set(above, True)
            node, is_group = parent, False
        if top is not None:
            self._splice(top)
        path = skeleton.path(key >> 1) if key & 1 else skeleton.group_path(skeleton.groups[key >> 1])
        return bisect_left(self.visible, key), path

    def _fit(self, key: int, limit: int) -> None:
        """Open from `key` downwards; everything at and below it is folded."""
        left = limit - len(self.visible)
        level = [key]
        while level:
            cost = sum(map(self._rows_in, level))
            if cost > left and level != [1]:  # a lone root tells nothing
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
        """Lay out anew what is visible below a visible row."""
        row = bisect_left(self.visible, key) + 1
        self.visible[row : bisect_left(self.visible, 2 * self._stop(key), row)] = self._shown_below(key)

    def _shown_below(self, key: int) -> list[int]:
        shown: list[int] = []
        if not self._is_open(key):
            return shown
        ends, groups, is_open, open_groups = self.skeleton.ends, self.skeleton.groups, self._open, self._open_groups
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
