"""Shards as one checkpoint: opened, their tensors in one list, and warnings about what contradicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...opened.source import OpenOptions, SeveralSources, SourceChoice, SourceError
from ...stored.checkpoint import Checkpoint
from ...stored.stored import Stored
from ..files import checkpoint_at
from ..wording import counted, first_of, listed, short_text, shortened
from .incomplete import by_promise
from .names import shard_name


class Shard(NamedTuple):
    """One file of several, under the name that it was opened by, and what is in it."""

    name: str
    checkpoint: Checkpoint


def read_shards(folder: Path, names: Sequence[str], how: OpenOptions, inside: bool) -> tuple[list[Shard], list[str]]:
    """Return the files of these names that can be opened, and warnings about those that cannot.

    With `inside`, a link out of the folder is not followed: for names that a file gave, not a user.

    Raises:
        SourceError: none can be opened; it is that of the first.
    """
    shards: list[Shard] = []
    broken: list[SourceError] = []
    for number, name in enumerate(names, 1):
        if len(names) > 1:
            how.on_progress(f"shard {number:,} of {len(names):,}")
        try:
            if inside:
                _check_inside(folder, name)
            shards.append(Shard(name, checkpoint_at(folder / name, how)))
        except SourceError as error:
            broken.append(error)
    if broken and not shards:
        raise broken[0]
    return shards, _left_out(broken)


def _left_out(broken: list[SourceError]) -> list[str]:
    if not broken:
        return []
    return [
        f"{counted(len(broken), 'shard')} left out: {first_of((error.title for error in broken), len(broken), '; ')}"
    ]


def _check_inside(folder: Path, name: str) -> None:
    path = folder / name
    if not path.is_symlink():
        return
    try:
        home, target = folder.resolve(), path.resolve()
    except (OSError, RuntimeError):  # a link that leads back to itself; opening it says so
        return
    # The Hub's cache keeps files once, in `blobs`, and links to them from `snapshots/HASH`.
    allowed = [home, home.parent.parent / "blobs"] if home.parent.name == "snapshots" else [home]
    if not any(target.is_relative_to(each) for each in allowed):
        raise SourceError(
            f"{shortened(name)} is a link to a file outside of its folder, which is not followed",
            f"To open it all the same, name it: {shortened(str(target), 200)}",
        )


def merged_shards(shards: Sequence[Shard], promised: Mapping[str, str] | None = None) -> Checkpoint:
    """Return one checkpoint of all shards; where two hold a tensor, the promised one's counts, else the first's.

    `promised` is what an index says: of each tensor, its file; None where there is no index.
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
        said = (
            f"{short_text(path)} (shown is that of {short_text(holder[path])}, not {short_text(name)})"
            for path, name in twice
        )
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
        whole.facts |= shard.checkpoint.facts
        whole.stored_bytes |= shard.checkpoint.stored_bytes
    items = {item.path: item for shard in reversed(shards) for item in shard.checkpoint.items}
    whole.items = [item for path, item in items.items() if path not in holder]
    return whole


def check_not_several(shards: Sequence[Shard], place: str) -> None:
    """Raise SeveralSources when most of what a file holds is in others too: then they are no shards of one.

    Its choices are the names of the files, of a set of shards that of its first.
    """
    seen: dict[str, str] = {}
    for shard in shards:
        paths = [tensor.path for tensor in shard.checkpoint.tensors]
        if paths and 2 * sum(path in seen for path in paths) > len(paths):
            heads = {_set_name(each.name): each.name for each in reversed(shards)}
            names = list(heads.values())[::-1]
            first = next(path for path in paths if path in seen)
            raise SeveralSources(
                f"{shortened(place)} holds several checkpoints, not the shards of one: {listed(names)}",
                f"{short_text(seen[first])} and {short_text(shard.name)} hold the same tensors. Open one of them.",
                [SourceChoice(name) for name in names],
            )
        for path in paths:
            seen.setdefault(path, shard.name)


def _set_name(name: str) -> str:
    shard = shard_name(name)
    return name if shard is None else f"{shard.stem}-of-{shard.total}{shard.ending}"


def _holders(shards: Sequence[Shard], promised: Mapping[str, str]) -> dict[str, str]:
    """Return, of each tensor, the shard whose one is taken."""
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
        said = (
            f"{short_text(path)} (in {short_text(holder[path])}, not {short_text(promised[path])})" for path in moved
        )
        yield f"{counted(len(moved), 'tensor')} in another shard than the index says: {first_of(said, len(moved))}"
    unsaid = [path for path in holder if path not in promised]
    if unsaid:
        yield f"{counted(len(unsaid), 'tensor')} in a shard, but not in the index: {listed(unsaid)}"
    lost = [path for path, name in promised.items() if path not in holder and name not in there]
    if lost:
        yield f"{counted(len(lost), 'tensor')} not shown, being in shards that are missing or left out"
        yield from by_promise(holder, lost)


def _metadata(shards: Sequence[Shard]) -> dict[str, Any]:
    """Return what all agree on, or one alone says; what a shard says otherwise, under the shard's name."""
    common: dict[str, Any] = {}
    for shard in shards:
        for key, value in shard.checkpoint.metadata.items():
            common.setdefault(key, value)
    for shard in shards:
        other = {key: value for key, value in shard.checkpoint.metadata.items() if common[key] != value}
        if other:
            common.setdefault(shard.name, other)
    return common
