"""Blocks of names: what is named below one number, as `layers.17.mlp.up.weight` is below `layers.17`.

The blocks of a network are alike.  A tree is laid out quickly when each kind of block is laid out once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_divide = re.compile(r"((?:.*\.)?[0-9]+)\.(.+)", re.DOTALL).fullmatch
"""A name at the last of its parts that is a number and has parts behind it."""


@dataclass(frozen=True, slots=True)
class Block:
    """All the names below one number; none of them has another number but at its end."""

    suffixes: list[str]
    """What stands behind the number, in the order in which the names come."""
    numbers: list[int]
    """Which of all the names each is."""


def in_blocks(paths: Sequence[str]) -> list[tuple[str, int | Block]]:
    """The paths in their order, with a block in the place of the first of its own; other paths hold their number."""
    blocks: dict[str, Block] = {}
    alone: list[tuple[int, str, int | Block]] = []
    pure: set[str] = set()
    start, block = "\0", Block([], [])
    for number, path in enumerate(paths):
        if path.startswith(start) and (suffix := path[len(start) :]) in pure:  # what `_divide` would find
            block.suffixes.append(suffix)
            block.numbers.append(number)
            continue
        found = _divide(path)
        if found is None:
            alone.append((number, path, number))
            continue
        prefix, suffix = found.groups()
        block = blocks.setdefault(prefix, Block([], []))
        start = f"{prefix}."
        pure.add(suffix)
        block.suffixes.append(suffix)
        block.numbers.append(number)
    for prefix in _holders(blocks):
        block = blocks.pop(prefix)
        alone += [(number, paths[number], number) for number in block.numbers]
    found_all = alone + [(block.numbers[0], prefix, block) for prefix, block in blocks.items()]
    found_all.sort(key=lambda each: each[0])
    return [(path, held) for _, path, held in found_all]


def _holders(blocks: Iterable[str]) -> set[str]:
    """Those that hold others, as `layers.3` holds `layers.3.experts.0`."""
    seen: set[str] = set()
    for prefix in blocks:
        while (found := _divide(prefix)) is not None:
            prefix = found[1]
            if prefix in seen:
                break
            seen.add(prefix)
    return seen.intersection(blocks)
