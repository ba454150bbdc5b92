"""Builds a tree in preorder from dotted names.

Blocks that have the same names below them are built once and copied: tens of thousands of tensors are a few kinds of
block over and over.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..tree.natural import natural_keys
from .nesting import DEPTH_LIMIT, Irregular, Level, nested
from .repeated import RepeatedBlock, in_blocks

MODULE = -1
"""The index of a node that is a module: it is none of the given paths."""
NAME_COUNT_LIMIT = 64
"""Names of a level up to which their order is cached."""


@dataclass(frozen=True, slots=True)
class TreeArrays:
    """A tree in preorder as arrays with an element for each node, as in `PreorderTree`; node 0 is the root."""

    parents: array[int]
    ends: array[int]
    depths: array[int]
    counts: array[int]
    names: list[str]
    indices: array[int]
    """The index of each node's path among the given ones; `MODULE` for a module."""


def build_tree(paths: Sequence[str], ordered: bool) -> TreeArrays:
    """Return the tree of dotted names, whatever they are.

    With `ordered` siblings keep the order of `paths`, except where all are numbers; otherwise they are sorted
    naturally.
    """
    sorting = _Sorting(ordered)
    try:
        return _Builder(sorting).build(nested(in_blocks(paths), strict=True))
    except Irregular:
        return _Builder(sorting).build(nested((path, index) for index, path in enumerate(paths)))


class _Kind(NamedTuple):
    """The nodes below a module, relative to it: as `TreeArrays`, in lists, which are faster to iterate."""

    parents: list[int]
    ends: list[int]
    depths: list[int]
    counts: list[int]
    """How many children each node has; the first is the module itself."""
    names: list[str]
    indices: list[int]
    """The index of each node among the tensors below the module, or `MODULE`."""
    deepest: int


class _Builder:
    """Builds one tree."""

    def __init__(self, sorting: _Sorting) -> None:
        self._sorting = sorting
        self._kinds: dict[tuple[str, ...], _Kind] = {}
        """Nodes below a block, by the names there."""
        self._lists: dict[tuple[object, ...], _Kind] = {}
        """Nodes below a list of blocks, by the kind of its blocks and their names."""

    def build(self, root: Level) -> TreeArrays:
        """Return the tree; raises `Irregular` for names as no program writes them in a block."""
        parents, ends, depths, counts = [-1], [0], [0], [len(root)]
        names, indices = [""], [MODULE]
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
                    indices.append(held)
                    counts.append(0)
                    continue
                indices.append(MODULE)
                if held.__class__ is dict:
                    found = self._list(held, depth)
                    if found is None:
                        counts.append(len(held))
                        open_nodes.append(node)
                        pending.append(iter(sorting.of(held)))
                        break
                    kind, own = found
                else:
                    kind, own = self._kind(held, depth), held.indices
                counts += kind.counts
                names += kind.names
                parents += [node + each for each in kind.parents]
                depths += [depth + each for each in kind.depths]
                ends += [node + each for each in kind.ends]
                ends[node] = len(names)
                own = [*own, MODULE]  # its last one, for modules
                indices += [own[each] for each in kind.indices]
            else:
                pending.pop()
                ends[open_nodes.pop()] = len(names)
        return TreeArrays(
            array("i", parents), array("i", ends), array("i", depths), array("i", counts), names, array("i", indices)
        )

    def _kind(self, block: RepeatedBlock, depth: int) -> _Kind:
        """Return the nodes below a block at this depth."""
        key = tuple(block.suffixes)
        kind = self._kinds.get(key)
        if kind is None:
            below = nested(((suffix, index) for index, suffix in enumerate(key)), strict=True)
            whole = _Builder(self._sorting).build(below)
            kind = self._kinds[key] = _Kind(
                whole.parents[1:].tolist(), whole.ends[1:].tolist(), whole.depths[1:].tolist(), whole.counts.tolist(),
                whole.names[1:], whole.indices[1:].tolist(), max(whole.depths),
            )  # fmt: skip
        if depth + kind.deepest > DEPTH_LIMIT:
            raise Irregular
        return kind

    def _list(self, level: Level, depth: int) -> tuple[_Kind, list[int]] | None:
        """Return the nodes below a module of blocks of one kind, and its tensors' indices; None for any other."""
        if any(held.__class__ is not RepeatedBlock for held in level.values()):
            return None
        children = list(self._sorting.of(level))
        kinds = [self._kind(block, depth + 1) for _, block in children]
        kind = kinds[0]
        if any(each is not kind for each in kinds):
            return None
        key = (id(kind), *(name for name, _ in children))
        found = self._lists.get(key)
        if found is None:
            found = self._lists[key] = _list_of(kind, [name for name, _ in children])
        return found, [index for _, block in children for index in block.indices]


def _list_of(kind: _Kind, names: list[str]) -> _Kind:
    """Return the nodes below a module of blocks of one kind."""
    found = _Kind([], [], [], [len(names)], [], [], kind.deepest + 1)
    tensors = len(kind.indices) - kind.indices.count(MODULE)
    for index, name in enumerate(names):
        node = len(found.names) + 1
        found.names.extend([name, *kind.names])
        found.parents.extend([0, *(node + each for each in kind.parents)])
        found.depths.extend([1, *(1 + each for each in kind.depths)])
        found.counts.extend(kind.counts)
        found.ends.extend([node + 1 + len(kind.names), *(node + each for each in kind.ends)])
        first = index * tensors
        found.indices.extend([MODULE, *(each if each == MODULE else first + each for each in kind.indices)])
    return found


class _Sorting:
    """Sorts the names of levels; many levels have the same names."""

    def __init__(self, ordered: bool) -> None:
        self._ordered = ordered
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def of(self, level: Level) -> Iterable[tuple[str, Any]]:
        """Return the children of a level in tree order, name and content."""
        names = tuple(level)
        if len(names) < 2 or (self._ordered and not all(map(str.isdecimal, names))):
            return level.items()
        order = self._known.get(names)
        if order is None:
            keys = natural_keys(names)
            order = tuple(name for _, name in sorted(zip(keys, names, strict=True)))
            if len(names) <= NAME_COUNT_LIMIT:
                self._known[names] = order
        return [(name, level[name]) for name in order]
