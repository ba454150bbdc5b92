"""The format of `torch.save` before 2020: five pickles one after the other, then the bytes of all storages.

It has no specification but `_legacy_save` in `torch/serialization.py`.
"""

from __future__ import annotations

from typing import Any

from ...opened.source import SourceError
from ...stored.dtypes import DTYPES
from ...stored.file import DataFile
from ..wording import shortened, size_text
from .raw import RawStorage
from .reading import AGAIN, LARGEST_PICKLE, TorchFile, broken, read
from .stub_classes import STUB_CLASSES, names_storage, storage, unknown_id
from .tensors import StorageExtent
from .unpickler import BrokenPickle, CutPickle, Globals, read_part

VERSION = 1001
"""Of the format, which was the only one."""
MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The end of the first pickle, a number of 80 bits, whatever its protocol from 2 on."""
_FIRST = 16 << 20
"""Bytes that are read first; the pickles of nearly all files are smaller, and those that are not are read anew."""


def open_legacy(file: DataFile) -> TorchFile:
    """Return what is in such a file.

    Raises:
        SourceError: it is cut short or damaged.
        BrokenPickle, Unreadable: see `read_part` and `DataFile.read`.
    """
    try:
        return _Legacy(file).open()
    except CutPickle:
        raise SourceError(
            f"{file.name} is cut short: its {size_text(file.size)} end within the description of its tensors", AGAIN
        ) from None


class _Legacy:
    def __init__(self, file: DataFile) -> None:
        self._file = file
        self._data = b""
        self._at = 0
        self._names = Globals(STUB_CLASSES)
        self._roots: dict[str, RawStorage] = {}
        self._extents: dict[str, StorageExtent] = {}

    def open(self) -> TorchFile:
        self._grow(_FIRST)
        self._pickle()  # the magic number, by which it was recognised
        version = self._pickle()
        if version != VERSION:
            raise broken(self._file.name, f"its version is {shortened(repr(version))}, and only {VERSION} is known")
        system = self._pickle()
        little = system.get("little_endian", True) if isinstance(system, dict) else True
        start = self._at
        root = self._pickle()
        size = self._at - start
        keys = self._pickle()
        if not isinstance(keys, list):
            raise BrokenPickle("does not list its storages")
        self._locate(keys, "<" if little else ">")
        return read(
            root,
            size,
            self._file,
            self._find,
            self._names,
            {key: each.size for key, each in self._extents.items()},
            swap=not little,
            metadata={
                "format": "torch.save (before 2020)",
                "format version": str(version)[:20] if isinstance(version, int) else "",
                "byte order": "little" if little else "big",
            },
        )

    def _pickle(self) -> Any:
        """Return the next pickle, however much of the file it takes."""
        while True:
            try:
                value, self._at = read_part(self._data, self._at, self._names, self._persistent)
                return value
            except CutPickle as cut:
                have = len(self._data)
                if have >= self._file.size or cut.needed > self._file.size:
                    raise
                if max(have, cut.needed) >= LARGEST_PICKLE:
                    raise BrokenPickle("is larger than any description of tensors") from None
                self._grow(max(4 * have, cut.needed))

    def _grow(self, size: int) -> None:
        self._data = self._file.read(0, min(size, self._file.size, LARGEST_PICKLE))

    def _persistent(self, key: Any) -> object:
        if type(key) is tuple and len(key) > 1 and key[0] in ("module", b"module"):
            return key[1]
        if not names_storage(key):
            return unknown_id(key)
        try:
            root = storage(*key[1:5])
            known = self._roots.get(root.key)
            if known is None:
                known = self._roots[root.key] = root
            view = key[5] if len(key) > 5 else None
            if view is None:
                return known
            _, start, size = view
            return RawStorage(root.dtype, root.key, root.location, _whole(size), _whole(start))
        except (ValueError, TypeError):
            raise BrokenPickle("describes a storage that cannot be") from None

    def _locate(self, keys: list[Any], order: str) -> None:
        """Find where each storage lies: its count of elements in 8 bytes, then its bytes."""
        at, size = self._at, self._file.size
        for key in keys:
            raw = self._roots.get(key.decode("ascii", "replace") if isinstance(key, bytes) else str(key)[:100])
            if raw is None:
                raise BrokenPickle("lists a storage that nothing uses")
            count = self._count(at, "little" if order == "<" else "big")
            dtype = DTYPES[raw.dtype]
            stop = at + 8 + count * dtype.unit
            if count != raw.size:
                raise broken(self._file.name, f"a storage of {raw.size:,} elements is said to have {count:,}")
            if stop > size:
                self._cut(keys, stop - size)
            self._extents[raw.key] = StorageExtent(self._file, at + 8, count * dtype.unit)
            at = stop

    def _count(self, at: int, order: Any) -> int:
        if at + 8 > self._file.size:
            self._cut([], at + 8 - self._file.size)
        raw = self._data[at : at + 8] if at + 8 <= len(self._data) else self._file.read(at, 8)
        return int.from_bytes(raw, order)

    def _cut(self, keys: list[Any], missing: int) -> None:
        """Raise that so much is missing, of this storage and all that were to follow."""
        done = set(self._extents)
        rest = [raw for key, raw in self._roots.items() if key not in done]
        wanted = sum(8 + raw.size * DTYPES[raw.dtype].unit for raw in rest)
        end = max((each.start + each.size for each in self._extents.values()), default=self._at)
        missing = max(missing, end + wanted - self._file.size)
        raise SourceError(f"{self._file.name} is cut short: {missing:,} bytes are missing at its end", AGAIN)

    def _find(self, raw: RawStorage) -> StorageExtent:
        extent = self._extents.get(raw.key)
        if extent is None:
            raise broken(self._file.name, "a storage that tensors use is not in it")
        root = self._roots[raw.key]
        if raw is root:
            return extent
        unit = DTYPES[root.dtype].unit
        start, size = raw.start * unit, raw.size * unit
        if start + size > extent.size:
            raise broken(self._file.name, "a view reaches outside of its storage")
        return StorageExtent(self._file, extent.start + start, size, start, extent.size)


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError(value)
    return value
