"""The common tensor in a file: all its elements in row-major order, in one stretch of bytes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from .stored import Stored, StoredKind

if TYPE_CHECKING:
    from .dtypes import DType
    from .file import DataFile


class Dense(Stored):
    """Bytes from `offset` on in `file`, little-endian, nothing between them.  `dtype` is not a quantised one."""

    __slots__ = ("file", "nbytes", "offset", "storage")
    nbytes: int
    storage: object

    def __init__(
        self,
        path: str,
        shape: tuple[int, ...],
        dtype: DType,
        file: DataFile,
        offset: int,
        kind: StoredKind | None = None,
        storage: object = None,
        nbytes: int | None = None,
    ) -> None:
        """`nbytes` where it is known already: a file may have a hundred thousand tensors."""
        self.path = path
        self.shape = shape
        self.dtype = dtype
        self.kind = kind
        self.file = file
        self.offset = offset
        """Of the first element, in bytes from the start of the file."""
        self.storage = storage
        """See `Stored.storage`."""
        self.nbytes = dtype.bytes_for(prod(shape)) if nbytes is None else nbytes
        """Bytes in the file."""

    @property
    def place(self) -> str:
        """`NAME @ 4,096`."""
        return f"{self.file.name} @ {self.offset:,}"

    def flat(self, start: int, stop: int) -> bytes:
        """See `Stored.flat`: the very bytes of the file."""
        begin = start // self.dtype.per_unit * self.dtype.unit
        size = self.dtype.bytes_for(stop) - begin
        return self.file.read(self.offset + begin, size) if size > 0 else b""
