"""A torch file: a zip archive with a pickle and a record of bytes for each storage, written as a stream.

It is what `torch.save` of a dict of tensors writes, but without a tensor in memory:
https://github.com/pytorch/pytorch/blob/main/caffe2/serialize/inline_container.h.  Tied tensors name one storage.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from struct import pack
from types import TracebackType
from typing import BinaryIO

from .plan import FilePlan, SavedTensor
from .torch_pickle import pickled

ALIGNMENT = 64
"""Bytes at a multiple of which a record begins, so that it can be mapped into memory."""
ZIP64 = 2**30
"""Bytes of a record from which on its size is written in 64 bits."""
_FOLDER = "archive"
_HEAD, _MORE = 30, 20
"""Bytes of a record's header without its name, and of its size in 64 bits."""


class TorchFileWriter:
    """Writes a torch file, one record after the other, as a context; after an error nothing more is written."""

    def __init__(self, stream: BinaryIO, plan: FilePlan) -> None:
        """Write what stands before the elements of `plan.stored`, which are to be given in that order."""
        self._stream = stream
        self._count = 0
        storages = {each.path: str(index) for index, each in enumerate(plan.stored)}
        pickle = pickled((each, storages[each.shared_with or each.path]) for each in plan.tensors)
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED)
        self._record("data.pkl", len(pickle), [pickle])
        self._record("byteorder", 6, [b"little"])

    def add(self, tensor: SavedTensor, pieces: Iterable[bytes | memoryview]) -> None:
        """Write the elements of the next tensor."""
        self._record(f"data/{self._count}", tensor.bytes, pieces)
        self._count += 1

    def __enter__(self) -> TorchFileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._zip.fp = None  # else it would write to the stream, which may be closed, when it is collected
            return
        self._record("version", 2, [b"3\n"])
        self._zip.close()

    def _record(self, name: str, size: int, pieces: Iterable[bytes | memoryview]) -> None:
        info = zipfile.ZipInfo(f"{_FOLDER}/{name}", (1980, 1, 1, 0, 0, 0))
        info.file_size = size
        long = size > ZIP64
        head = self._stream.tell() + _HEAD + len(info.filename) + (_MORE if long else 0) + 4
        padding = -head % ALIGNMENT
        info.extra = b"FB" + pack("<H", padding) + b"Z" * padding  # of the kind that torch pads with
        with self._zip.open(info, "w", force_zip64=long) as record:
            for piece in pieces:
                record.write(piece)
