"""Several files as one checkpoint, by an index, by their numbers, or because a user named them together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ...opened.source import OpenOptions, SourceError
from ...stored.checkpoint import Checkpoint
from ..wording import listed, shortened
from .choosing import Chosen
from .incomplete import by_likeness
from .index import Index, read_index
from .merging import check_not_several, merged
from .numbered import set_of, sets_in, shard_name
from .reading import read_shards
from .telling import counted, first_of, short


def by_index(path: Path, names: Collection[str], how: OpenOptions) -> Checkpoint:
    """What an index names; `names` are those in its folder.  Raises SourceError when none of it can be opened."""
    index = read_index(path)
    there = set(names)
    wanted, outside = index.files()
    missing = [name for name in wanted if name not in there]
    if len(missing) == len(wanted):
        raise _nothing_there(path, missing, outside)
    shards, warnings = read_shards(path.parent, [name for name in wanted if name in there], how, inside=True)
    if missing:
        warnings.insert(0, f"{_part(len(missing), len(wanted))} missing: {first_of(map(short, missing), len(missing))}")
    if outside:
        what = f"{counted(len(outside), 'file')} outside of the folder, and not opened"
        warnings.append(f"{what}, though the index names {'it' if len(outside) == 1 else 'them'}: {listed(outside)}")
    surplus = _surplus(wanted, there)
    if surplus:
        warnings.append(f"{counted(len(surplus), 'shard')} there that the index does not name: {listed(surplus)}")
    whole = merged(shards, index.promised)
    return _with(whole, warnings, index)


def by_number(folder: Path, one: str, names: Collection[str], how: OpenOptions) -> Checkpoint:
    """The set of shards that the file `one` belongs to, by its index where there is one."""
    name = shard_name(one)
    assert name is not None
    warnings: list[str] = []
    for index in (f"{name.stem}{name.ending}.index.json", f"{name.stem}.index.json"):
        if index in names:
            try:
                if one in read_index(folder / index).promised.values():
                    return by_index(folder / index, names, how)
            except SourceError as error:
                warnings.append(error.title)
    found = set_of(name, names)
    shards, broken = read_shards(folder, found.names or [one], how, inside=False)
    warnings += broken
    if found.absent:
        said = first_of(map(short, found.missing), found.absent)
        warnings.insert(0, f"{_part(found.absent, name.total)} missing: {said}")
    if found.surplus:
        warnings.append(f"{counted(len(found.surplus), 'shard')} of another set: {listed(found.surplus)}")
    return _with(merged(shards), warnings, partial=bool(found.absent or broken))


def together(folder: Path, files: Sequence[str], how: OpenOptions) -> Checkpoint:
    """Files of one folder that make one checkpoint, whole sets of numbered shards among them."""
    shards, warnings = read_shards(folder, files, how, inside=False)
    partial = bool(warnings)
    for one in sets_in(files):
        found = set_of(one, files)
        if found.absent and found.names:
            partial = True
            said = first_of(map(short, found.missing), found.absent)
            warnings.insert(0, f"{_part(found.absent, one.total)} missing: {said}")
    check_not_several(shards, folder.name or str(folder))
    return _with(merged(shards), warnings, partial=partial)


def by_choice(folder: Path, choice: Chosen, names: Collection[str], how: OpenOptions) -> Checkpoint:
    """The weights of a folder; `names` are all names in it."""
    if choice.index_name is not None:
        return by_index(folder / choice.index_name, names, how)
    sets = list(sets_in(choice.files))
    whole = by_number(folder, choice.files[0], names, how) if len(sets) == 1 else together(folder, choice.files, how)
    if choice.others:
        whole.metadata["files not opened"] = choice.others[:100]
    return whole


def _with(whole: Checkpoint, warnings: list[str], index: Index | None = None, partial: bool = False) -> Checkpoint:
    """`partial`: something is not there, and no index says what."""
    whole.warnings[:0] = warnings
    if partial:
        whole.warnings += by_likeness(tensor.path for tensor in whole.tensors)
    if index is not None:
        whole.metadata = {**index.metadata, **whole.metadata}
    return whole


def _part(count: int, of: int) -> str:
    return f"{count:,} of {of:,} shards {'is' if count == 1 else 'are'}"


def _surplus(wanted: Sequence[str], there: Collection[str]) -> list[str]:
    """Files in the folder that are named like the shards, and are none."""
    kinds = {(name.stem, name.ending) for each in wanted if (name := shard_name(each))}
    known = set(wanted)
    return sorted(
        each for each in there if each not in known and (name := shard_name(each)) and (name.stem, name.ending) in kinds
    )


def _nothing_there(path: Path, missing: list[str], outside: list[str]) -> SourceError:
    name = shortened(path.name)
    if outside and not missing:
        return SourceError(
            f"{name} names no file beside it, but {shortened(outside[0])!r} outside of its folder",
            "Such a file is not opened. An index names files beside it, without a folder.",
        )
    if not missing:
        return SourceError(f"{name} names no tensors", "Open the files that hold the tensors.")
    what = "the 1 shard" if len(missing) == 1 else f"all {len(missing):,} shards"
    return SourceError(
        f"{name}: {what} it names {'is' if len(missing) == 1 else 'are'} missing: {listed(missing)}",
        "Download or copy them into the folder of the index.",
    )
