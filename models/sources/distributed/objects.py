"""What a checkpoint holds beside tensors: an epoch, a learning rate, each pickled into the files of the ranks."""

from __future__ import annotations

from collections.abc import Iterator

from ...stored.checkpoint import Item
from ...tensors.readable import Unreadable
from ..torch_file.raw import RawGroup, RawTensor
from ..torch_file.texts import type_name, value_text
from .item import FilePart, object_in

READ_LIMIT = 10_000
"""Objects that are read when the checkpoint is opened; of the others only the size is shown."""
LARGEST = 1 << 16
"""Bytes of one that is read, at most: an integer takes 1,300."""
_TOGETHER = 1 << 20


def read_objects(parts: dict[str, FilePart | str]) -> list[Item]:
    """Return the objects in these parts of files by name, in the order given.

    Of those that are large, or whose part is a reason and no bytes, the text says why they were not read.
    """
    items: dict[str, Item] = {}
    small = {name: part for name, part in parts.items() if isinstance(part, FilePart) and part.size <= LARGEST}
    small = dict(list(small.items())[:READ_LIMIT])
    for name, part in _held(small):
        try:
            value = object_in(part)
            items[name] = Item(name, _type_name(value), value_text(value))
        except Unreadable as error:
            items[name] = Item(name, "object", f"not read: {error}"[:2000])
    for name, found in parts.items():
        if name not in items:
            said = f"not read: its file {found}" if isinstance(found, str) else f"{found.size:,} bytes, not read"
            items[name] = Item(name, "object", said)
    return [items[name] for name in parts]


def _held(parts: dict[str, FilePart]) -> Iterator[tuple[str, FilePart]]:
    """Yield the same names and parts, with their bytes; neighbours in a file are read at once."""
    ordered = sorted(parts.items(), key=lambda each: (each[1].name, each[1].offset))
    group: list[tuple[str, FilePart]] = []
    for name, part in ordered:
        if group and not (
            part.whole is group[0][1].whole
            and part.offset <= group[-1][1].offset + group[-1][1].size
            and part.offset + part.size - group[0][1].offset <= _TOGETHER
        ):
            yield from _read(group)
            group = []
        group.append((name, part))
    yield from _read(group)


def _read(group: list[tuple[str, FilePart]]) -> Iterator[tuple[str, FilePart]]:
    if not group:
        return
    start = group[0][1].offset
    end = max(part.offset + part.size for _, part in group)
    try:
        data = group[0][1].whole.read(start, end - start)
    except Unreadable:
        yield from group  # each says it by itself
        return
    for name, part in group:
        yield (
            name,
            FilePart(part.whole, part.offset, part.size, data[part.offset - start : part.offset - start + part.size]),
        )


def _type_name(value: object) -> str:
    return "Tensor" if isinstance(value, (RawTensor, RawGroup)) else type_name(value)
