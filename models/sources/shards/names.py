"""Which files belong together, by their names: the shards of one set, and the weights of a folder."""

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
_NAME_LIMIT = 100_000
"""Names of a folder that are looked at, at most."""
_NAMED = 10
"""Missing shards that are named at most."""


class ShardName(NamedTuple):
    """The parts of a shard's name: `stem-number-of-total.ending`, its number written with so many `digits`."""

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
    """Return the parts of a shard's name; None for any other name."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return None
    stem, number, total, ending = found.groups()
    return ShardName(stem, int(number), int(total), ending, len(number))


def shard_pattern(path: str) -> str:
    """Return a pattern that fits this one shard alone, a digit in brackets: `model-0000[2]-of-00005.safetensors`."""
    folder, slash, name = path.rpartition("/")
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return escape(path)
    end = found.end(2)
    return f"{escape(folder)}{slash}{escape(name[: end - 1])}[{name[end - 1]}]{escape(name[end:])}"


def set_of(one: ShardName, names: Collection[str]) -> Set:
    """Return the shards that belong to `one` among the names of its folder."""
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
    """Return the names in a file's folder; the file's own where the folder cannot be listed."""
    with suppress(OSError), os.scandir(path.parent) as entries:
        return frozenset(entry.name for entry in islice(entries, _NAME_LIMIT))
    return frozenset([path.name])


def sets_in(names: Collection[str]) -> Iterator[ShardName]:
    """Yield one shard of every set among `names`."""
    seen: set[tuple[str, int, str]] = set()
    for name in sorted(names):
        each = shard_name(name)
        if each and (each.stem, each.total, each.ending) not in seen:
            seen.add((each.stem, each.total, each.ending))
            yield each


def _name(one: ShardName, number: int) -> str:
    return f"{one.stem}-{number:0{one.digits}}-of-{one.total:0{one.digits}}{one.ending}"


ENDINGS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".npz", ".pth.tar", ".pt.tar", ".pkl")
"""Of files that may hold weights, the most wanted first.  Only a folder's files are chosen by name."""
_OWN_NAMES = ("model", "pytorch_model", "adapter_model", "diffusion_pytorch_model")
"""How programs call the one file with all weights, without its ending."""
_BESIDE = re.compile(
    r"(distrib_)?optim(izer)?([._-].*)?|((lr_)?scheduler|scaler|sampler|training_args|rng_states?|random_states"
    r"|dl_state_dict|custom_checkpoint)([._-].*)?"
)
"""What programs write beside the weights while they train."""
_INDEX = re.compile(r".+\.index(\.[\w-]+)?\.json")


class Chosen(NamedTuple):
    """What is opened of a folder: what an index names, or these files."""

    index_name: str | None
    """The index to follow; None where there is none, or none for the most wanted files."""
    files: list[str]
    """Else the files that make one checkpoint."""
    others: list[str]
    """Files that hold weights too, maybe, and were not chosen."""


def is_named_whole(name: str) -> bool:
    """Return whether a file of this name is all weights of its folder by custom: `model.safetensors`, a shard."""
    return name.partition(".")[0] in _OWN_NAMES or shard_name(name) is not None


def is_beside(name: str) -> bool:
    """Return whether a file of this name is written beside the weights: `optimizer.pt`, `rng_state_0.pth`."""
    return _BESIDE.fullmatch(name) is not None


def choose_weights(names: Collection[str], beside: bool = True) -> Chosen | None:
    """Return what to open of the files with these names; None where none has the name of weights.

    What is written beside weights (`optimizer.pt`) counts as such where nothing else is there, unless `beside` is
    false.
    """
    there = set(names)
    weights = sorted(
        name
        for name in names
        if name.lower().endswith(ENDINGS)
        and not name.startswith(".")
        and f"{name.removesuffix('.bin')}.xml" not in there
    )  # `.xml` beside `.bin` is a network of OpenVINO
    wanted = [name for name in weights if not is_beside(name)]
    if beside and not wanted:
        wanted = weights
    indices = sorted((name for name in names if _INDEX.fullmatch(name)), key=lambda name: (len(name), name))
    for ending in ENDINGS:
        index = next((name for name in indices if ending in name.lower()), None)
        if index is not None:
            return Chosen(index, [], [])
        files = _of_one_form([name for name in wanted if name.lower().endswith(ending)])
        if files:
            chosen = set(files)
            return Chosen(None, files, [name for name in weights if name not in chosen])
    return Chosen(indices[0], [], []) if indices else None


def _of_one_form(files: list[str]) -> list[str]:
    numbered = [name for name in files if shard_name(name)]
    if numbered:
        return numbered
    for stem in _OWN_NAMES:
        for name in files:
            if name.rpartition(".")[0] == stem:
                return [name]
    return files
