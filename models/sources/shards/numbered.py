"""Shards by their names: `model-00001-of-00003.safetensors`."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from glob import escape
from itertools import islice
from pathlib import Path
from typing import NamedTuple

_NUMBERED = re.compile(r"(.+)-([0-9]{1,9})-of-([0-9]{1,9})(\.[\w.-]+)", re.DOTALL)
_MOST_NAMES = 100_000
"""Names of a folder that are looked at."""
_NAMED = 10
"""Missing shards that are told by name at most."""


class ShardName(NamedTuple):
    stem: str
    number: int
    total: int
    ending: str
    digits: int


class Set(NamedTuple):
    """The shards of one checkpoint, as far as a folder has them."""

    names: list[str]
    """In the order of their numbers."""
    missing: list[str]
    """The first names that are not there."""
    absent: int
    """How many are not there."""
    surplus: list[str]
    """Names of the same pattern that are not of this set: a number too large, or of another number of shards."""


def shard_name(name: str) -> ShardName | None:
    """The parts of a shard's name; None for any other name."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return None
    stem, number, total, ending = found.groups()
    return ShardName(stem, int(number), int(total), ending, len(number))


def pattern_of(path: str) -> str:
    """A pattern that fits this one shard alone, its number being in brackets: `model-0000[2]-of-00005.safetensors`."""
    folder, slash, name = path.rpartition("/")
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return escape(path)
    end = found.end(2)
    return f"{escape(folder)}{slash}{escape(name[: end - 1])}[{name[end - 1]}]{escape(name[end:])}"


def set_of(one: ShardName, names: Collection[str]) -> Set:
    """The shards that belong to `one` among the names of its folder."""
    alike = sorted(
        (each, name)
        for name in names
        if (each := shard_name(name)) and (each.stem, each.ending) == (one.stem, one.ending)
    )
    first = 0 if any(each.number == 0 and each.total == one.total for each, _ in alike) else 1
    numbers = range(first, first + one.total)
    members = [(each, name) for each, name in alike if each.total == one.total and each.number in numbers]
    there = {each.number for each, _ in members}
    gone = (_name(one, number) for number in numbers if number not in there)
    return Set(
        [name for _, name in members],
        list(islice(gone, _NAMED)),
        one.total - len(there),
        [name for each, name in alike if each.total != one.total or each.number not in numbers],
    )


def names_beside(path: Path) -> frozenset[str]:
    """The names in a file's folder; the file's own where the folder cannot be listed."""
    with suppress(OSError), os.scandir(path.parent) as entries:
        return frozenset(entry.name for entry in islice(entries, _MOST_NAMES))
    return frozenset([path.name])


def sets_in(names: Collection[str]) -> Iterator[ShardName]:
    """One shard of every set among `names`."""
    seen: set[tuple[str, int, str]] = set()
    for name in sorted(names):
        each = shard_name(name)
        if each and (each.stem, each.total, each.ending) not in seen:
            seen.add((each.stem, each.total, each.ending))
            yield each


def _name(one: ShardName, number: int) -> str:
    return f"{one.stem}-{number:0{one.digits}}-of-{one.total:0{one.digits}}{one.ending}"
