"""Names as dicts in dicts: `layers.0.weight` is `weight` in `0` in `layers`.

Names from files may be anything: a part may be empty, a tensor may have the name of a module, and what is nested
deeper than `DEEPEST` stays one name.  A name that is taken gets a number behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DEEPEST = 64
"""Parts into which a name is split at most."""

Level = dict[str, Any]
"""A module: by part of a name either such a dict again, or what is held under the whole name."""


class Irregular(Exception):
    """A name that is taken, has an empty part or nests too deep."""


def nested(entries: Iterable[tuple[str, object]], *, strict: bool = False) -> Level:
    """What is held under each path, nested.  No path holds a dict.

    Raises:
        Irregular: `strict`, and a path is not as any program writes them.
    """
    root: Level = {}
    levels = {"": root}
    known: dict[str, str] = {}  # a million names are made of few parts
    for path, held in entries:
        above, dot, name = path.rpartition(".")
        level = levels.get(above) if above or not dot else None
        if level is None or not name or path.count(".") >= DEEPEST:
            *parts, name = split(path)
            regular = all(parts)
            if strict and not (regular and name and path.count(".") < DEEPEST):
                raise Irregular
            level = _made(levels, above, strict) if regular and len(parts) < DEEPEST - 1 else _level(root, parts)
        if name in level or not path:
            if strict:
                raise Irregular
            name = _beside(level, name)
        level[known.setdefault(name, name)] = held
    return root


def split(path: str) -> list[str]:
    """The parts of a path, as the tree has them."""
    return path.split(".", DEEPEST - 1)


def _made(levels: dict[str, Level], path: str, strict: bool) -> Level:
    """The dict of a module of plain names, made with those above it where they are not there yet."""
    missing = []
    while (level := levels.get(path)) is None:
        missing.append(path)
        path = path.rpartition(".")[0]
    for path in reversed(missing):
        name = path.rpartition(".")[2]
        if not isinstance(level.get(name, level), dict):  # a tensor has the module's name
            if strict:
                raise Irregular
            name = _beside(level, name, dict)
        level = levels[path] = level.setdefault(name, {})
    return level


def _level(root: Level, parts: list[str]) -> Level:
    """The same for a module of any names."""
    level = root
    for part in parts:
        if not isinstance(level.get(part, level), dict):
            part = _beside(level, part, dict)
        level = level.setdefault(part, {})
    return level


def _beside(level: Level, name: str, kind: type | None = None) -> str:
    """`name (2)`, or the next number that is free or was set aside for the same `kind`."""
    number = 2
    while not isinstance(level.get(f"{name} ({number})"), (kind or type(None), type(None))):
        number += 1
    return f"{name} ({number})"
