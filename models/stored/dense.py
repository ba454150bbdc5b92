"""The common layout of a tensor in a file: its elements in row-major order, contiguous."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ..tensors.extents import Extent, extent_of
from .stored import Stored, StoredKind

if TYPE_CHECKING:
    from .dtypes import DType
    from .file import DataFile


class Dense(Stored):
    """A tensor whose elements lie in row-major order from `offset` on in `file`, little-endian and without gaps.

    Its dtype is not quantised.
    """

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
        """Describe a tensor at byte `offset` of `file`; nothing is read.  `nbytes` None: computed from the shape."""
        self.path = path
        self.shape = shape
        self.dtype = dtype
        self.kind = kind
        self.file = file
        self.offset = offset
        """Bytes from the start of the file to the first element."""
        self.storage = storage
        """Equal for tensors that share bytes of the file; None where nothing is shared."""
        self.nbytes = dtype.bytes_for(prod(shape)) if nbytes is None else nbytes
        """Bytes that the tensor takes in the file."""

    @property
    def place(self) -> str:
        """Return the file's name and the offset in bytes: `model.safetensors @ 4,096`."""
        return f"{self.file.name} @ {self.offset:,}"

    @property
    def extent(self) -> Extent:
        """Return the bytes of the file that its elements take."""
        return extent_of(self.offset, (self.nbytes,), (1,), 1)

    def flat(self, start: int, stop: int) -> bytes:
        """Return the elements `start` to `stop` in row-major order, the bytes of the file; see `Stored.flat`."""
        begin = self.offset + start // self.dtype.per_unit * self.dtype.unit
        size = self.offset + self.dtype.bytes_for(stop) - begin
        return self.file.read(begin, size) if size > 0 else b""

    def flat_into(self, start: int, stop: int, room: memoryview) -> None:
        """Write what `flat` returns to `room`, without a copy between."""
        if len(room):
            self.file.read_into(self.offset + start // self.dtype.per_unit * self.dtype.unit, room)
