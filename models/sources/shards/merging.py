"""Shards as one checkpoint: their tensors in one list, and what contradicts told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...opened.source import SourceError
from ...stored.checkpoint import Checkpoint
from ...stored.stored import Stored
from ..wording import listed, shortened
from .incomplete import by_promise
from .reading import Shard
from .telling import counted, first_of, short


def merged(shards: Sequence[Shard], promised: Mapping[str, str] | None = None) -> Checkpoint:
    """One checkpoint of all shards; where two hold a tensor, the promised one's counts, else the first's.

    `promised` is what an index says: of each tensor, its file.
    """
    holder = _holders(shards, promised or {})
    tensors: list[Stored] = []
    twice: list[tuple[str, str]] = []
    for shard in shards:
        for tensor in shard.checkpoint.tensors:
            if holder[tensor.path] == shard.name:
                tensors.append(tensor)
            else:
                twice.append((tensor.path, shard.name))
    warnings = [each for shard in shards for each in shard.checkpoint.warnings]
    if twice:
        said = (f"{short(path)} (shown is that of {short(holder[path])}, not {short(name)})" for path, name in twice)
        warnings.append(f"{counted(len(twice), 'tensor')} in two shards: {first_of(said, len(twice))}")
    if promised is not None:
        warnings += _against_the_index(holder, promised, {shard.name for shard in shards})
    whole = Checkpoint(
        tensors,
        metadata=_metadata(shards),
        warnings=warnings,
        ordered=all(shard.checkpoint.ordered for shard in shards),
        files=[file for shard in shards for file in shard.checkpoint.files],
        kind=shards[0].checkpoint.kind if len(shards) == 1 else f"{len(shards):,} shards",
    )
    for shard in reversed(shards):  # the first has the last word
        whole.classes |= shard.checkpoint.classes
        whole.links |= shard.checkpoint.links
    items = {item.path: item for shard in reversed(shards) for item in shard.checkpoint.items}
    whole.items = [item for path, item in items.items() if path not in holder]
    return whole


def check_not_several(shards: Sequence[Shard], place: str) -> None:
    """Raises SourceError when a file holds nothing but what others hold too: then they are no shards of one."""
    seen: dict[str, str] = {}
    for shard in shards:
        paths = [tensor.path for tensor in shard.checkpoint.tensors]
        if paths and all(path in seen for path in paths):
            raise SourceError(
                f"{shortened(place)} holds several checkpoints, not the shards of one: "
                f"{listed([each.name for each in shards])}",
                f"{short(seen[paths[0]])} and {short(shard.name)} hold the same tensors. Open one of them.",
            )
        for path in paths:
            seen.setdefault(path, shard.name)


def _holders(shards: Sequence[Shard], promised: Mapping[str, str]) -> dict[str, str]:
    """Of each tensor, the shard whose one is taken."""
    holder: dict[str, str] = {}
    for shard in shards:
        for tensor in shard.checkpoint.tensors:
            if tensor.path not in holder or promised.get(tensor.path) == shard.name:
                holder[tensor.path] = shard.name
    return holder


def _against_the_index(holder: Mapping[str, str], promised: Mapping[str, str], there: set[str]) -> Iterator[str]:
    gone = [path for path, name in promised.items() if path not in holder and name in there]
    if gone:
        yield f"{counted(len(gone), 'tensor')} in no shard, though the index names one: {listed(gone)}"
    moved = [path for path, name in holder.items() if promised.get(path, name) != name]
    if moved:
        said = (f"{short(path)} (in {short(holder[path])}, not {short(promised[path])})" for path in moved)
        yield f"{counted(len(moved), 'tensor')} in another shard than the index says: {first_of(said, len(moved))}"
    unsaid = [path for path in holder if path not in promised]
    if unsaid:
        yield f"{counted(len(unsaid), 'tensor')} in a shard, but not in the index: {listed(unsaid)}"
    lost = [path for path, name in promised.items() if path not in holder and name not in there]
    if lost:
        yield f"{counted(len(lost), 'tensor')} not shown, being in shards that are missing or left out"
        yield from by_promise(holder, lost)


def _metadata(shards: Sequence[Shard]) -> dict[str, Any]:
    """What all agree on, or one alone says; what a shard says otherwise, under the shard's name."""
    common: dict[str, Any] = {}
    for shard in shards:
        for key, value in shard.checkpoint.metadata.items():
            common.setdefault(key, value)
    for shard in shards:
        other = {key: value for key, value in shard.checkpoint.metadata.items() if common[key] != value}
        if other:
            common.setdefault(shard.name, other)
    return common
