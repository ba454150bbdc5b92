"""A tree in preorder, in arrays: the ground of folds, rows and search, whatever the nodes are.

A million nodes take some tens of megabytes.  Must not import torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

MIN_SIBLINGS = 4
"""Siblings of one structure that fold to a row; fewer do not."""
_NONE: list[int] = []


@dataclass(frozen=True, slots=True)
class SiblingGroup:
    """A group of consecutive siblings of one structure whose names count up: `0` to `79`."""

    first: int
    """Index of the first sibling's node."""
    end: int
    """One past the last descendant of the last sibling."""
    count: int
    """Number of siblings."""
    name: str
    """Last part of the group's path: `[0–79]`."""


class PreorderTree(ABC):
    """A tree of nodes 0 (the root) to n - 1 in preorder: a subtree is the slice from a node to its end."""

    def __init__(
        self, parents: array[int], ends: array[int], depths: array[int], counts: array[int], names: Sequence[str]
    ) -> None:
        self.parents = parents
        """Of each node its parent; -1 for the root."""
        self.ends = ends
        """Of each node one past its last descendant."""
        self.depths = depths
        """Of each node its depth, 0 for the root."""
        self.counts = counts
        """Of each node the number of its direct children."""
        self.names = names
        """Of each node the last part of its path."""

    def __len__(self) -> int:
        return len(self.parents)

    @abstractmethod
    def signatures(self) -> Sequence[object]:
        """Return of each node what equal siblings share: a module's class, a tensor's shape and dtype."""

    @abstractmethod
    def path(self, node: int) -> str:
        """Return the whole path of a node; "" for the root."""

    @abstractmethod
    def paths(self) -> list[str]:
        """Return the paths of all nodes."""

    @abstractmethod
    def find(self, path: str) -> int | None:
        """Return the node at a path, the first one in tree order where a path occurs twice; None where none is."""

    @abstractmethod
    def tensors(self, start: int, stop: int) -> list[int]:
        """Return the tensors among nodes `start` to `stop`, ascending."""

    def find_group(self, path: str) -> SiblingGroup | None:
        """Return the group at a path such as `layers.[0–79]`; None where none is."""
        above, dot, name = path.rpartition(".")
        parent = self.find(above) if dot else 0
        firsts = _NONE if parent is None else self._within.get(parent, _NONE)
        return next((self.groups[first] for first in firsts if self.groups[first].name == name), None)

    def group_path(self, group: SiblingGroup) -> str:
        """Return the path of a group: that of its siblings with their numbers in brackets."""
        above = self.path(self.parents[group.first])
        return f"{above}.{group.name}" if above else group.name

    def children(self, node: int) -> list[int]:
        """Return the direct children of a node, in tree order."""
        found, index, end, ends = [], node + 1, self.ends[node], self.ends
        while index < end:
            found.append(index)
            index = ends[index]
        return found

    def members(self, group: SiblingGroup) -> list[int]:
        """Return the siblings that a group stands for."""
        found, index = [], group.first
        while index < group.end:
            found.append(index)
            index = self.ends[index]
        return found

    def group_of(self, node: int) -> SiblingGroup | None:
        """Return the group that a node belongs to; None for none."""
        firsts = self._within.get(self.parents[node], _NONE)
        place = bisect_right(firsts, node) - 1
        if place < 0:
            return None
        group = self.groups[firsts[place]]
        return group if node < group.end else None

    def groups_within(self, start: int, stop: int) -> list[int]:
        """Return the first nodes of the groups that begin at nodes `start` to `stop`, ascending."""
        return self._firsts[bisect_left(self._firsts, start) : bisect_left(self._firsts, stop)]

    def grouped_children(self, node: int) -> int:
        """Return by how many rows the groups among a node's children shorten them."""
        return sum(self.groups[first].count - 1 for first in self._within.get(node, _NONE))

    @cached_property
    def groups(self) -> dict[int, SiblingGroup]:
        """Return the groups of repeated siblings by their first node, found when they are first asked for.

        Siblings are alike when their `signatures` are equal, and those of everything below them.
        """
        parents, signatures = self.parents, None
        lists = {parents[node] for node, name in enumerate(self.names) if name.isdecimal()}
        found: dict[int, SiblingGroup] = {}
        for node in sorted(lists):
            if self.counts[node] >= MIN_SIBLINGS:
                signatures = self.signatures() if signatures is None else signatures
                found.update((group.first, group) for group in self._runs(node, signatures))
        return found

    def prepare(self) -> None:
        """Find the groups now: many small objects are made for it, and the caller may hold back their collection."""
        self.groups  # noqa: B018

    @cached_property
    def _firsts(self) -> list[int]:
        return sorted(self.groups)

    @cached_property
    def _within(self) -> dict[int, list[int]]:
        """Return of each node with grouped children the first node of each group."""
        within: dict[int, list[int]] = {}
        for first in self._firsts:
            within.setdefault(self.parents[first], []).append(first)
        return within

    def _runs(self, node: int, signatures: Sequence[object]) -> list[SiblingGroup]:
        found: list[SiblingGroup] = []
        run: list[int] = []
        number = -1
        for child in self.children(node):
            own = _number(self.names[child])
            if run and own == number + 1 and self._alike(child, run[0], signatures):
                run.append(child)
            else:
                self._close(run, found)
                run = [child] if own >= 0 else []
            number = own
        self._close(run, found)
        return found

    def _alike(self, one: int, other: int, signatures: Sequence[object]) -> bool:
        """Return whether two siblings have the same structure.  Whole slices are compared: that is quick."""
        end, other_end = self.ends[one], self.ends[other]
        return (
            end - one == other_end - other
            and signatures[one] == signatures[other]
            and self.names[one + 1 : end] == self.names[other + 1 : other_end]
            and self.depths[one:end] == self.depths[other:other_end]
            and signatures[one:end] == signatures[other:other_end]
        )

    def _close(self, run: list[int], found: list[SiblingGroup]) -> None:
        if len(run) >= MIN_SIBLINGS:
            name = f"[{self.names[run[0]]}–{self.names[run[-1]]}]"
            found.append(SiblingGroup(run[0], self.ends[run[-1]], len(run), name))


def _number(name: str) -> int:
    """Return the number that a name is, as lists of modules write it; -1 for another name."""
    if not name.isascii() or not name.isdecimal() or len(name) > 9 or (name[0] == "0" and name != "0"):
        return -1
    return int(name)
