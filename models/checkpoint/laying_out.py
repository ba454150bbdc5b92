"""Lays names out as a tree: `layers.0.weight` is the leaf `weight` in the module `0` of `layers`.

Names from files may be anything: a part may be empty, a tensor may have the name of a module, and what is nested
deeper than `DEEPEST` stays one name.  A name that is taken gets a number behind it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..inspect.natural import natural_keys

DEEPEST = 64
"""Parts into which a name is split at most."""
MODULE = -1
LONGEST_KNOWN = 64
"""Names of a level whose order is remembered."""

Level = dict[str, Any]
"""A module: by part of a name either such a dict again, or the number of a leaf."""


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
    root = _nested(paths)
    parents, ends, depths, counts = array("i", [-1]), array("i", [0]), array("i", [0]), array("i", [len(root)])
    names, numbers = [""], array("i", [MODULE])
    sorting = _Sorting(ordered)
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
            else:
                numbers.append(MODULE)
                counts.append(len(held))
                open_nodes.append(node)
                pending.append(iter(sorting.of(held)))
                break
        else:
            pending.pop()
            ends[open_nodes.pop()] = len(names)
    return Laid(parents, ends, depths, counts, names, numbers)


def split(path: str) -> list[str]:
    """The parts of a path, as the tree has them."""
    return path.split(".", DEEPEST - 1)


def _nested(paths: Sequence[str]) -> Level:
    """Dicts by part; a leaf is its number.  A name that is taken, or empty, is told apart by a number."""
    root: Level = {}
    levels = {"": root}
    known: dict[str, str] = {}  # a million names are made of few parts
    for number, path in enumerate(paths):
        above, dot, name = path.rpartition(".")
        level = levels.get(above) if above or not dot else None
        if level is None or not path or path.count(".") >= DEEPEST:
            *parts, name = split(path)
            level = _level(root, parts) if len(parts) == DEEPEST - 1 or not all(parts) else _made(levels, above)
        if name in level or not path:
            name = _beside(level, name)
        level[known.setdefault(name, name)] = number
    return root


def _made(levels: dict[str, Level], path: str) -> Level:
    """The dict of a module of plain names, made with those above it where they are not there yet."""
    missing = []
    while (level := levels.get(path)) is None:
        missing.append(path)
        path = path.rpartition(".")[0]
    for path in reversed(missing):
        name = path.rpartition(".")[2]
        if name in level:  # a tensor has the module's name
            name = _beside(level, name, dict)
        level = levels[path] = level.setdefault(name, {})
    return level


def _level(root: Level, parts: list[str]) -> Level:
    """The same for a module of any names."""
    level = root
    for part in parts:
        if isinstance(level.get(part), int):
            part = _beside(level, part, dict)
        level = level.setdefault(part, {})
    return level


def _beside(level: dict[str, Any], name: str, kind: type | None = None) -> str:
    """`name (2)`, or the next number that is free or was set aside for the same `kind`."""
    number = 2
    while not isinstance(level.get(f"{name} ({number})"), (kind or type(None), type(None))):
        number += 1
    return f"{name} ({number})"


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
