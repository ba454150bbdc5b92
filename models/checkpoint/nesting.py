"""Dotted names as nested dicts: `layers.0.weight` is `weight` in `0` in `layers`.

Names from files may be anything: a part may be empty, a tensor may have the name of a module, and parts beyond
`DEPTH_LIMIT` stay one name.  A name that is taken gets a number: `weight (2)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DEPTH_LIMIT = 64
"""Parts into which a name is split."""

Level = dict[str, Any]
"""The children of a module by name: each a level again, or the object held under the whole name."""


class Irregular(Exception):
    """A name is taken, has an empty part, or nests deeper than `DEPTH_LIMIT`."""


def nested(items: Iterable[tuple[str, object]], *, strict: bool = False) -> Level:
    """Return the objects of pairs of path and object as nested levels; no object is a dict.

    Raises:
        Irregular: a path is taken, has an empty part or nests too deep, and `strict`; otherwise it is changed.
    """
    root: Level = {}
    levels = {"": root}
    known: dict[str, str] = {}  # a million names are made of few parts
    for path, held in items:
        above, dot, name = path.rpartition(".")
        level = levels.get(above) if above or not dot else None
        if level is None or not name or path.count(".") >= DEPTH_LIMIT:
            *parts, name = split_name(path)
            regular = all(parts)
            if strict and not (regular and name and path.count(".") < DEPTH_LIMIT):
                raise Irregular
            level = _made(levels, above, strict) if regular and len(parts) < DEPTH_LIMIT - 1 else _level(root, parts)
        if name in level or not path:
            if strict:
                raise Irregular
            name = _beside(level, name)
        level[known.setdefault(name, name)] = held
    return root


def split_name(path: str) -> list[str]:
    """Return the parts of a path, as the tree has them."""
    return path.split(".", DEPTH_LIMIT - 1)


def _made(levels: dict[str, Level], path: str, strict: bool) -> Level:
    """Return the level of a module without empty parts, making it and those above it where they are missing."""
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
    """Return the level of a module of any parts, making what is missing."""
    level = root
    for part in parts:
        if not isinstance(level.get(part, level), dict):
            part = _beside(level, part, dict)
        level = level.setdefault(part, {})
    return level


def _beside(level: Level, name: str, kind: type | None = None) -> str:
    """Return `name (2)`, or the next number that is free or holds an object of `kind`."""
    number = 2
    while not isinstance(level.get(f"{name} ({number})"), (kind or type(None), type(None))):
        number += 1
    return f"{name} ({number})"
