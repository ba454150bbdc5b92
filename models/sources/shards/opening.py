"""Several files as one checkpoint, by an index, by their numbers, or because a user named them together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ...opened.source import OpenOptions, SourceError
from ...stored.checkpoint import Checkpoint
from ..wording import counted, first_of, listed, short_text, shortened
from .incomplete import by_likeness
from .index import ShardIndex, read_index
from .merging import check_not_several, merged_shards, read_shards
from .names import Chosen, set_of, sets_in, shard_name


def by_index(path: Path, names: Collection[str], how: OpenOptions) -> Checkpoint:
    """Return the checkpoint that an index names; `names` are all in its folder.

    Raises:
        SourceError: none of it can be opened.
    """
    index = read_index(path)
    there = set(names)
    wanted, outside = index.files()
    missing = [name for name in wanted if name not in there]
    if len(missing) == len(wanted):
        raise _nothing_there(path, missing, outside)
    shards, warnings = read_shards(path.parent, [name for name in wanted if name in there], how, inside=True)
    if missing:
        warnings.insert(
            0, f"{_part(len(missing), len(wanted))} missing: {first_of(map(short_text, missing), len(missing))}"
        )
    if outside:
        what = f"{counted(len(outside), 'file')} outside of the folder, and not opened"
        warnings.append(f"{what}, though the index names {'it' if len(outside) == 1 else 'them'}: {listed(outside)}")
    surplus = _surplus(wanted, there)
    if surplus:
        warnings.append(f"{counted(len(surplus), 'shard')} there that the index does not name: {listed(surplus)}")
    whole = merged_shards(shards, index.promised)
    if not missing and not outside and len(whole.tensors) >= len(index.promised):
        warnings += _against_the_size(whole, index)
    return _with(whole, warnings, index)


def _against_the_size(whole: Checkpoint, index: ShardIndex) -> list[str]:
    """Return a warning where the tensors take other bytes than the index says; tied ones are counted once."""
    said = index.metadata.get("total_size")
    if type(said) not in (int, float):
        return []
    columns = whole.columns
    if columns.shared:
        places = {(each.storage or each.path, each.place): each.nbytes for each in columns}
        size = sum(places.values())
    else:
        size = sum(columns.sizes)
    if said in (size, sum(columns.sizes)):
        return []
    return [f"the index says that all tensors take {said:,} bytes (total_size), and they take {size:,}"]


def by_number(folder: Path, one: str, names: Collection[str], how: OpenOptions) -> Checkpoint:
    """Return the checkpoint of the set that the file `one` belongs to, by its index where there is one."""
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
        said = first_of(map(short_text, found.missing), found.absent)
        warnings.insert(0, f"{_part(found.absent, name.total)} missing: {said}")
    if found.surplus:
        warnings.append(f"{counted(len(found.surplus), 'shard')} of another set: {listed(found.surplus)}")
    return _with(merged_shards(shards), warnings, partial=bool(found.absent or broken))


def together(folder: Path, files: Sequence[str], how: OpenOptions) -> Checkpoint:
    """Return the checkpoint that files of one folder make, whole sets of numbered shards among them."""
    shards, warnings = read_shards(folder, files, how, inside=False)
    partial = bool(warnings)
    for one in sets_in(files):
        found = set_of(one, files)
        if found.absent and found.names:
            partial = True
            said = first_of(map(short_text, found.missing), found.absent)
            warnings.insert(0, f"{_part(found.absent, one.total)} missing: {said}")
    check_not_several(shards, folder.name or str(folder))
    return _with(merged_shards(shards), warnings, partial=partial)


def open_chosen(folder: Path, choice: Chosen, names: Collection[str], how: OpenOptions) -> Checkpoint:
    """Return the checkpoint that the chosen weights of a folder make; `names` are all names in it."""
    if choice.index_name is not None:
        return by_index(folder / choice.index_name, names, how)
    sets = list(sets_in(choice.files))
    return by_number(folder, choice.files[0], names, how) if len(sets) == 1 else together(folder, choice.files, how)


def _with(whole: Checkpoint, warnings: list[str], index: ShardIndex | None = None, partial: bool = False) -> Checkpoint:
    """Add to a checkpoint what is known of the whole; `partial`: something is not there, and no index says what."""
    whole.warnings[:0] = warnings
    if partial:
        whole.warnings += by_likeness(tensor.path for tensor in whole.tensors)
    if index is not None:
        whole.metadata = {**index.metadata, **whole.metadata}
    return whole


def _part(count: int, of: int) -> str:
    return f"{count:,} of {of:,} shards {'is' if count == 1 else 'are'}"


def _surplus(wanted: Sequence[str], there: Collection[str]) -> list[str]:
    """Return files in the folder that are named like the shards, and are none."""
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
