"""Blocks: the names below one number, as `layers.17.mlp.up.weight` is below `layers.17`.

The blocks of a network are alike, so that a tree is built quickly when each kind of block is built once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_divide = re.compile(r"((?:.*\.)?[0-9]+)\.(.+)", re.DOTALL).fullmatch
"""Divides a name after the last part that is a number and is followed by others."""


@dataclass(frozen=True, slots=True)
class RepeatedBlock:
    """All names below one number; in none of them a number is followed by other parts."""

    suffixes: list[str]
    """The names after the number, in their order."""
    indices: list[int]
    """The index of each name among all."""


def in_blocks(paths: Sequence[str]) -> list[tuple[str, int | RepeatedBlock]]:
    """Return the paths in their order, each with its index; a block stands in the place of its first path."""
    blocks: dict[str, RepeatedBlock] = {}
    alone: list[tuple[int, str, int | RepeatedBlock]] = []
    pure: set[str] = set()
    start, block = "\0", RepeatedBlock([], [])
    for index, path in enumerate(paths):
        if path.startswith(start) and (suffix := path[len(start) :]) in pure:  # what `_divide` would find
            block.suffixes.append(suffix)
            block.indices.append(index)
            continue
        found = _divide(path)
        if found is None:
            alone.append((index, path, index))
            continue
        prefix, suffix = found.groups()
        block = blocks.setdefault(prefix, RepeatedBlock([], []))
        start = f"{prefix}."
        pure.add(suffix)
        block.suffixes.append(suffix)
        block.indices.append(index)
    for prefix in _holders(blocks):
        block = blocks.pop(prefix)
        alone += [(index, paths[index], index) for index in block.indices]
    found_all = alone + [(block.indices[0], prefix, block) for prefix, block in blocks.items()]
    found_all.sort(key=lambda each: each[0])
    return [(path, held) for _, path, held in found_all]


def _holders(blocks: Iterable[str]) -> set[str]:
    """Return the blocks that hold others, as `layers.3` holds `layers.3.experts.0`."""
    prefixes: set[str] = set()
    for prefix in blocks:
        while (found := _divide(prefix)) is not None:
            prefix = found[1]
            if prefix in prefixes:
                break
            prefixes.add(prefix)
    return prefixes.intersection(blocks)
