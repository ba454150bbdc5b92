"""Lays names out as a tree in preorder.

Blocks that have the same names below them are laid out once and copied: tens of thousands of tensors are a few kinds
of block over and over.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..tree.natural import natural_keys
from .nesting import DEEPEST, Irregular, Level, nested
from .repeated import Block, in_blocks

MODULE = -1
LONGEST_KNOWN = 64
"""Names of a level whose order is remembered."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A tree in preorder, as `Skeleton` has it; node 0 is the root."""

    parents: array[int]
    ends: array[int]
    depths: array[int]
    counts: array[int]
    names: list[str]
    numbers: array[int]
    """Of each node the number of its path among those given, or `MODULE`."""


def laid_out(paths: Sequence[str], ordered: bool) -> Laid:
    """The tree of any names; with `ordered` in the order in which they come, but for names that are numbers."""
    sorting = _Sorting(ordered)
    try:
        return _Layout(sorting).laid(nested(in_blocks(paths), strict=True))
    except Irregular:
        return _Layout(sorting).laid(nested((path, number) for number, path in enumerate(paths)))


class _Layout:
    """One tree that is being laid out."""

    def __init__(self, sorting: _Sorting) -> None:
        self._sorting = sorting
        self._kinds: dict[tuple[str, ...], Laid] = {}
        """By the names below a block, the block: its node 0 is what has the number."""

    def laid(self, root: Level) -> Laid:
        """Raises Irregular when a block is."""
        parents, ends, depths, counts = array("i", [-1]), array("i", [0]), array("i", [0]), array("i", [len(root)])
        names, numbers = [""], array("i", [MODULE])
        sorting = self._sorting
        open_nodes = [0]
        pending = [iter(sorting.of(root))]
        while pending:  # not recursive: hostile names nest as deeply as they are let
            holder, depth = open_nodes[-1], len(open_nodes)
            for name, held in pending[-1]:
                node = len(names)
                names.append(name)
                parents.append(holder)
                depths.append(depth)
                ends.append(node + 1)
                if held.__class__ is int:
                    numbers.append(held)
                    counts.append(0)
                    continue
                numbers.append(MODULE)
                if held.__class__ is dict:
                    counts.append(len(held))
                    open_nodes.append(node)
                    pending.append(iter(sorting.of(held)))
                    break
                kind = self._kind(held, depth)
                counts.extend(kind.counts)
                names += kind.names
                parents.extend([node + each for each in kind.parents])
                depths.extend([depth + each for each in kind.depths])
                ends.extend([node + each for each in kind.ends])
                ends[node] = len(names)
                own = [*held.numbers, MODULE]  # its last one, for modules
                numbers.extend([own[each] for each in kind.numbers])
            else:
                pending.pop()
                ends[open_nodes.pop()] = len(names)
        return Laid(parents, ends, depths, counts, names, numbers)

    def _kind(self, block: Block, depth: int) -> Laid:
        """What is below a block, counted from it; its counts begin with its own."""
        key = tuple(block.suffixes)
        kind = self._kinds.get(key)
        if kind is None:
            below = nested(((suffix, number) for number, suffix in enumerate(key)), strict=True)
            whole = _Layout(self._sorting).laid(below)
            kind = self._kinds[key] = Laid(
                whole.parents[1:], whole.ends[1:], whole.depths[1:], whole.counts, whole.names[1:], whole.numbers[1:]
            )
        if depth + max(kind.depths) > DEEPEST:
            raise Irregular
        return kind


class _Sorting:
    """Orders the names of one level after another; many levels have the same names."""

    def __init__(self, ordered: bool) -> None:
        self._ordered = ordered
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def of(self, level: Level) -> Iterable[tuple[str, Any]]:
        """The entries in tree order."""
        names = tuple(level)
        if len(names) < 2 or (self._ordered and not all(map(str.isdecimal, names))):
            return level.items()
        order = self._known.get(names)
        if order is None:
            keys = natural_keys(names)
            order = tuple(name for _, name in sorted(zip(keys, names, strict=True)))
            if len(names) <= LONGEST_KNOWN:
                self._known[names] = order
        return [(name, level[name]) for name in order]
