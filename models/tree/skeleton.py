"""The bare structure of a tree in preorder, in arrays: what folds, rows and search go by, whatever the nodes are.

A million nodes take some tens of megabytes.  Nothing here knows torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 4
"""Siblings of one structure from which on they fold to a row."""
_NONE: list[int] = []


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive siblings of one structure whose names count up: `0` to `79`."""

    first: int
    """Node of the first of them."""
    end: int
    """One past the last descendant of the last of them."""
    count: int
    name: str
    """`[0–79]`."""


class Skeleton(ABC):
    """Nodes 0 (the root) to n - 1 in preorder; a subtree is the slice from a node to its `ends`."""

    def __init__(
        self, parents: array[int], ends: array[int], depths: array[int], counts: array[int], names: Sequence[str]
    ) -> None:
        self.parents = parents
        """Of each node the one that holds it; -1 for the root."""
        self.ends = ends
        """One past its last descendant."""
        self.depths = depths
        self.counts = counts
        """Direct children."""
        self.names = names
        """The last part of each path."""
        self.groups: dict[int, Group] = {}
        """By their first node."""
        self._firsts: list[int] = []
        self._within: dict[int, list[int]] = {}
        """Of a node with grouped children, the first node of each group."""

    def __len__(self) -> int:
        return len(self.parents)

    @abstractmethod
    def path(self, node: int) -> str:
        """The whole path of a node; "" for the root."""

    @abstractmethod
    def find(self, path: str) -> int | None:
        """The node at a path, the first one in tree order where a path occurs twice."""

    def find_group(self, path: str) -> Group | None:
        """The group at a path such as `layers.[0–79]`."""
        above, dot, name = path.rpartition(".")
        parent = self.find(above) if dot else 0
        firsts = _NONE if parent is None else self._within.get(parent, _NONE)
        return next((self.groups[first] for first in firsts if self.groups[first].name == name), None)

    def group_path(self, group: Group) -> str:
        """The path of a group: its siblings' with their numbers in brackets."""
        above = self.path(self.parents[group.first])
        return f"{above}.{group.name}" if above else group.name

    def children(self, node: int) -> list[int]:
        """Direct children in tree order."""
        found, index, end, ends = [], node + 1, self.ends[node], self.ends
        while index < end:
            found.append(index)
            index = ends[index]
        return found

    def members(self, group: Group) -> list[int]:
        """The siblings that a group stands for."""
        found, index = [], group.first
        while index < group.end:
            found.append(index)
            index = self.ends[index]
        return found

    def group_of(self, node: int) -> Group | None:
        """The group that a node is one of."""
        firsts = self._within.get(self.parents[node], _NONE)
        place = bisect_right(firsts, node) - 1
        if place < 0:
            return None
        group = self.groups[firsts[place]]
        return group if node < group.end else None

    def groups_within(self, start: int, stop: int) -> list[int]:
        """First nodes of the groups that begin at nodes `start` to `stop`, ascending."""
        return self._firsts[bisect_left(self._firsts, start) : bisect_left(self._firsts, stop)]

    def grouped_children(self, node: int) -> int:
        """By how many rows the groups among a node's children shorten them."""
        return sum(self.groups[first].count - 1 for first in self._within.get(node, _NONE))

    def fold_repeated(self, forms: Sequence[object]) -> None:
        """Find the groups: siblings are alike when their forms are equal, and those of all that is below them."""
        parents = self.parents
        lists = {parents[node] for node, name in enumerate(self.names) if name.isdecimal()}
        for node in sorted(lists):
            if self.counts[node] >= FEWEST:
                found = self._runs(node, forms)
                if found:
                    self._within[node] = [group.first for group in found]
                    self.groups.update((group.first, group) for group in found)
        self._firsts = sorted(self.groups)

    def _runs(self, node: int, forms: Sequence[object]) -> list[Group]:
        found: list[Group] = []
        run: list[int] = []
        number = -1
        for child in self.children(node):
            own = _number(self.names[child])
            if run and own == number + 1 and self._alike(child, run[0], forms):
                run.append(child)
            else:
                self._close(run, found)
                run = [child] if own >= 0 else []
            number = own
        self._close(run, found)
        return found

    def _alike(self, one: int, other: int, forms: Sequence[object]) -> bool:
        """Whether two siblings have the same below them.  Whole slices are compared: that is quick."""
        end, other_end = self.ends[one], self.ends[other]
        return (
            end - one == other_end - other
            and forms[one] == forms[other]
            and self.names[one + 1 : end] == self.names[other + 1 : other_end]
            and self.depths[one:end] == self.depths[other:other_end]
            and forms[one:end] == forms[other:other_end]
        )

    def _close(self, run: list[int], found: list[Group]) -> None:
        if len(run) >= FEWEST:
            name = f"[{self.names[run[0]]}–{self.names[run[-1]]}]"
            found.append(Group(run[0], self.ends[run[-1]], len(run), name))


def _number(name: str) -> int:
    """The number that a name is, as lists of modules write it; -1 for another name."""
    if not name.isascii() or not name.isdecimal() or len(name) > 9 or (name[0] == "0" and name != "0"):
        return -1
    return int(name)
