"""Lays names out as a tree in preorder.

Blocks that have the same names below them are laid out once and copied: tens of thousands of tensors are a few kinds
of block over and over.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..tree.natural import natural_keys
from .nesting import DEEPEST, Irregular, Level, nested
from .repeated import Block, in_blocks

MODULE = -1
LONGEST_KNOWN = 64
"""Names of a level whose order is remembered."""


@dataclass(frozen=True, slots=True)
class TreeArrays:
    """A tree in preorder, as `Skeleton` has it; node 0 is the root."""

    parents: array[int]
    ends: array[int]
    depths: array[int]
    counts: array[int]
    names: list[str]
    numbers: array[int]
    """Of each node the number of its path among those given, or `MODULE`."""


def build_tree(paths: Sequence[str], ordered: bool) -> TreeArrays:
    """The tree of any names; with `ordered` in the order in which they come, but for names that are numbers."""
    sorting = _Sorting(ordered)
    try:
        return _Layout(sorting).laid(nested(in_blocks(paths), strict=True))
    except Irregular:
        return _Layout(sorting).laid(nested((path, number) for number, path in enumerate(paths)))


class _Kind(NamedTuple):
    """What lies below a module, counted from that: as `TreeArrays`, in lists, which are quick to go through."""

    parents: list[int]
    ends: list[int]
    depths: list[int]
    counts: list[int]
    """The first is that of the module itself."""
    names: list[str]
    numbers: list[int]
    """Which of the tensors below the module each node is, or `MODULE`."""
    deepest: int


class _Layout:
    """One tree that is being laid out."""

    def __init__(self, sorting: _Sorting) -> None:
        self._sorting = sorting
        self._kinds: dict[tuple[str, ...], _Kind] = {}
        """By the names below a block."""
        self._lists: dict[tuple[object, ...], _Kind] = {}
        """By the kind of its blocks and their names."""

    def laid(self, root: Level) -> TreeArrays:
        """Raises Irregular when a block is."""
        parents, ends, depths, counts = [-1], [0], [0], [len(root)]
        names, numbers = [""], [MODULE]
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
                    found = self._list(held, depth)
                    if found is None:
                        counts.append(len(held))
                        open_nodes.append(node)
                        pending.append(iter(sorting.of(held)))
                        break
                    kind, own = found
                else:
                    kind, own = self._kind(held, depth), held.numbers
                counts += kind.counts
                names += kind.names
                parents += [node + each for each in kind.parents]
                depths += [depth + each for each in kind.depths]
                ends += [node + each for each in kind.ends]
                ends[node] = len(names)
                own = [*own, MODULE]  # its last one, for modules
                numbers += [own[each] for each in kind.numbers]
            else:
                pending.pop()
                ends[open_nodes.pop()] = len(names)
        return TreeArrays(
            array("i", parents), array("i", ends), array("i", depths), array("i", counts), names, array("i", numbers)
        )

    def _kind(self, block: Block, depth: int) -> _Kind:
        """What is below a block that is so deep."""
        key = tuple(block.suffixes)
        kind = self._kinds.get(key)
        if kind is None:
            below = nested(((suffix, number) for number, suffix in enumerate(key)), strict=True)
            whole = _Layout(self._sorting).laid(below)
            kind = self._kinds[key] = _Kind(
                whole.parents[1:].tolist(), whole.ends[1:].tolist(), whole.depths[1:].tolist(), whole.counts.tolist(),
                whole.names[1:], whole.numbers[1:].tolist(), max(whole.depths),
            )  # fmt: skip
        if depth + kind.deepest > DEEPEST:
            raise Irregular
        return kind

    def _list(self, level: Level, depth: int) -> tuple[_Kind, list[int]] | None:
        """What is below a module that holds nothing but blocks of one kind, and the numbers of its tensors."""
        if any(held.__class__ is not Block for held in level.values()):
            return None
        entries = list(self._sorting.of(level))
        kinds = [self._kind(block, depth + 1) for _, block in entries]
        kind = kinds[0]
        if any(each is not kind for each in kinds):
            return None
        key = (id(kind), *(name for name, _ in entries))
        found = self._lists.get(key)
        if found is None:
            found = self._lists[key] = _list_of(kind, [name for name, _ in entries])
        return found, [number for _, block in entries for number in block.numbers]


def _list_of(kind: _Kind, names: list[str]) -> _Kind:
    """Blocks of one kind one after the other."""
    found = _Kind([], [], [], [len(names)], [], [], kind.deepest + 1)
    tensors = len(kind.numbers) - kind.numbers.count(MODULE)
    for index, name in enumerate(names):
        node = len(found.names) + 1
        found.names.extend([name, *kind.names])
        found.parents.extend([0, *(node + each for each in kind.parents)])
        found.depths.extend([1, *(1 + each for each in kind.depths)])
        found.counts.extend(kind.counts)
        found.ends.extend([node + 1 + len(kind.names), *(node + each for each in kind.ends)])
        first = index * tensors
        found.numbers.extend([MODULE, *(each if each == MODULE else first + each for each in kind.numbers)])
    return found


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
