"""The shards of one checkpoint opened, those that cannot be left out and told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ...opened.source import OpenOptions, SourceError
from ...stored.checkpoint import Checkpoint
from ..single_file import checkpoint_at
from ..wording import shortened
from .telling import counted, first_of


class Shard(NamedTuple):
    name: str
    checkpoint: Checkpoint


def read_shards(folder: Path, names: Sequence[str], how: OpenOptions, inside: bool) -> tuple[list[Shard], list[str]]:
    """The files of these names that can be opened, and warnings about those that cannot.

    With `inside`, a link out of the folder is not followed: for names that a file gave, not a user.
    Raises SourceError when none can be opened: what is wrong with the first.
    """
    shards: list[Shard] = []
    broken: list[SourceError] = []
    for number, name in enumerate(names, 1):
        if len(names) > 1:
            how.progress(f"shard {number:,} of {len(names):,}")
        try:
            if inside:
                _check_inside(folder, name)
            shards.append(Shard(name, checkpoint_at(folder / name, how)))
        except SourceError as error:
            broken.append(error)
    if broken and not shards:
        raise broken[0]
    return shards, _told(broken)


def _told(broken: list[SourceError]) -> list[str]:
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
