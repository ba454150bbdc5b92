"""One item of a `.distcp` file: what `torch.save` wrote for a chunk or for an object, found within its bytes.

What an item is, is said by `torch/distributed/checkpoint/filesystem.py` of torch.
"""

from __future__ import annotations

from typing import Any

from ...opened.source import SourceError
from ...stored.dtypes import DType
from ...stored.file import DataFile
from ...stored.stored import Stored
from ...stored.zip_archive import LOCAL, Archive, ArchiveRecord, BrokenArchive
from ...tensors.readable import Unreadable
from ..torch_file.raw import RawStorage, RawTensor
from ..torch_file.stub_classes import STUB_CLASSES, storage
from ..torch_file.tensors import StorageExtent, TensorMaker
from ..torch_file.unpickler import BrokenPickle, read_pickle

_PICKLE_LIMIT = 1 << 20
"""Bytes of what describes one tensor, at most; there are some 200."""


class FilePart(DataFile):
    """A stretch of a file, `size` bytes from `offset` on, read as if it were a file by itself.

    `held` are its bytes where they were read already; None where they are read when they are asked for.
    """

    __slots__ = ("_held", "offset", "whole")

    def __init__(self, whole: DataFile, offset: int, size: int, held: bytes | None = None) -> None:
        self.path = whole.path
        self.name = whole.name
        self.size = size
        self.whole = whole
        self.offset = offset
        self._held = held

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` of the stretch on; see `DataFile.read`."""
        if self._held is not None:
            return self._held[offset : offset + size]
        return self.whole.read(self.offset + offset, size)

    def read_into(self, offset: int, room: memoryview) -> None:
        """Read from `offset` of the stretch on into `room`; see `DataFile.read_into`."""
        if self._held is not None:
            room[:] = self._held[offset : offset + len(room)]
        else:
            self.whole.read_into(self.offset + offset, room)

    def close(self) -> None:
        """Do nothing: the file belongs to others too."""


def tensor_in(part: FilePart, shape: tuple[int, ...], dtype: DType) -> Stored:
    """Return the tensor that an item holds, of the shape and dtype that the metadata say.

    Raises:
        Unreadable: it holds something else, or is damaged.
    """
    try:
        archive, found = _content(part, _PICKLE_LIMIT)
        if not isinstance(found, RawTensor):
            raise Unreadable(f"{part.name} has something else where a chunk should be")
        stored = TensorMaker(part.name, lambda raw: _extent(archive, raw), _is_big_endian(archive)).make(
            "a chunk", found, None
        )
    except BrokenArchive as error:
        raise Unreadable(f"{part.name} is damaged: {error}") from None
    except SourceError as error:
        raise Unreadable(error.title) from None
    if stored.shape != shape or stored.dtype is not dtype:
        raise Unreadable(
            f"{part.name} has a chunk of {stored.dtype.name} {list(stored.shape)[:64]} "
            f"where the metadata says {dtype.name} {list(shape)}"
        )
    return stored


def object_in(part: FilePart) -> Any:
    """Return what an item that is no tensor holds, as plain values and stubs.

    Raises:
        Unreadable: it is damaged.
    """
    try:
        return _content(part, part.size)[1]
    except BrokenArchive as error:
        raise Unreadable(f"{part.name} is damaged: {error}") from None


def _content(part: FilePart, limit: int) -> tuple[Archive, Any]:
    if part.read(0, min(part.size, 4)) != LOCAL:
        raise BrokenArchive("what stands there is not what torch saved")
    archive = Archive(part)
    record = next((record for name, record in archive.records.items() if name.endswith("/data.pkl")), None)
    if record is None:
        raise BrokenArchive("an item holds no data.pkl")
    try:
        return archive, read_pickle(archive.read(record, limit), STUB_CLASSES, _persistent)
    except BrokenPickle as error:
        raise BrokenArchive(f"the pickle of an item {error}") from None


def _persistent(key: Any) -> RawStorage:
    """Return the storage of a persistent id, `('storage', type, name, device, elements)`."""
    if not isinstance(key, tuple) or len(key) != 5 or key[0] not in ("storage", b"storage"):
        raise BrokenPickle("refers to what is no storage")
    return storage(*key[1:])


def _extent(archive: Archive, raw: RawStorage) -> StorageExtent:
    for name, record in archive.records.items():
        if name.endswith(f"/data/{raw.key}"):
            return StorageExtent(archive.file, archive.place(record), _plain_size(record))
    raise BrokenArchive("an item holds no numbers")


def _plain_size(record: ArchiveRecord) -> int:
    if not record.is_plain:
        raise BrokenArchive("the numbers of an item are compressed")
    return record.size


def _is_big_endian(archive: Archive) -> bool:
    record = next((record for name, record in archive.records.items() if name.endswith("/byteorder")), None)
    return record is not None and archive.read(record, 16) == b"big"
