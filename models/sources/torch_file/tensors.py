"""From a tensor as a torch file describes it to one that can be read: checked against the bytes that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from ...opened.source import SourceError
from ...stored.dense import Dense
from ...stored.dtypes import DTYPES, UINT8, DType
from ...stored.file import DataFile
from ...stored.stored import Stored, StoredKind, Unreadable
from ...stored.strided import Bytes, Strided
from ..wording import shortened
from .raw import RawStorage, RawTensor

_MOST_BYTES = 1 << 60
"""Of one tensor with all its repeated elements; torch counts them in 64 bits."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the bytes of a storage lie."""

    source: Bytes
    start: int
    size: int


Find = Callable[[RawStorage], Extent]


class Valueless(Stored):
    """A tensor of the meta device: it has a shape and no values, in the file as in memory."""

    __slots__ = ("_notes",)

    def __init__(
        self, path: str, shape: tuple[int, ...], dtype: DType, kind: StoredKind | None, notes: list[tuple[str, str]]
    ) -> None:
        super().__init__(path, shape, dtype, kind)
        self._notes = notes

    @property
    def nbytes(self) -> int:
        """None."""
        return 0

    @property
    def place(self) -> str:
        """No place."""
        return "meta device, no values"

    @property
    def notes(self) -> list[tuple[str, str]]:
        """As given."""
        return self._notes

    def flat(self, start: int, stop: int) -> bytes:
        """Raises Unreadable."""
        raise Unreadable("this tensor was saved from the meta device: it has a shape, but no values")


class Noted(Dense):
    """A common tensor of which there is more to say."""

    __slots__ = ("_notes",)

    def __init__(
        self,
        path: str,
        shape: tuple[int, ...],
        dtype: DType,
        file: DataFile,
        offset: int,
        kind: StoredKind | None,
        storage: object,
        notes: list[tuple[str, str]],
    ) -> None:
        super().__init__(path, shape, dtype, file, offset, kind, storage)
        self._notes = notes

    @property
    def notes(self) -> list[tuple[str, str]]:
        """As given."""
        return self._notes


class Maker:
    """Makes the tensors of one file: `find` says where a storage lies, or raises SourceError."""

    def __init__(self, name: str, find: Find, swap: bool = False) -> None:
        self._name = name
        self._find = find
        self._swap = swap
        self._views: Counter[str] = Counter()

    def count(self, raw: RawTensor) -> None:
        """Called for every tensor before `make` is for any: then it is known which share a storage."""
        if raw.storage is not None:
            self._views[raw.storage.key] += 1

    def make(
        self, path: str, raw: RawTensor, kind: StoredKind | None = None, notes: tuple[tuple[str, str], ...] = ()
    ) -> Stored:
        """The tensor to read; raises SourceError, which names it, when it does not lie in its storage."""
        dtype, shape, stride = DTYPES.get(raw.dtype), raw.shape, raw.stride
        if len(shape) != len(stride):
            raise self._broken(path, f"has {len(shape)} dimensions, but {len(stride)} strides")
        elements = prod(shape)
        if elements * 16 > _MOST_BYTES:
            raise self._broken(path, "has more elements than any computer could hold")
        kind = kind or ("parameter" if raw.is_parameter else "buffer" if raw.attributes.get("_is_buffer") else None)
        said = [*self._notes(raw), *notes]
        if raw.storage is None:
            return Valueless(path, shape, dtype or UINT8, kind, said)
        extent = self._find(raw.storage)
        offset = raw.offset
        if dtype is None or dtype.per_unit > 1:
            if raw.dtype == "float4_e2m1fn_x2" and dtype and shape and _row_major(shape, stride):
                shape = (*shape[:-1], 2 * shape[-1])
                elements *= 2
                said.append(("packed", "two numbers in a byte; torch counts the bytes"))
            else:
                said.append((raw.dtype, f"of shape {' x '.join(map(str, shape))}; shown are the bytes it is packed in"))
                dtype, shape, stride, offset = UINT8, (extent.size,), (1,), 0
                elements = extent.size
        row_major = dtype.per_unit > 1 or _row_major(shape, stride)
        if row_major:
            reach = dtype.bytes_for(offset + elements)
        else:
            reach = (offset + 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))) * dtype.unit
        if elements and reach > extent.size:
            raise self._broken(path, f"reaches to byte {reach:,} of a storage of {extent.size:,} bytes")
        storage = raw.storage.key if self._views[raw.storage.key] > 1 else None
        shared = None if storage is None else (self._name, storage)
        source = extent.source
        if row_major and isinstance(source, DataFile) and not (self._swap and dtype.unit > 1):
            start = extent.start + offset * dtype.unit
            if said or (shared and reach < extent.size):
                said += _where(raw, extent) if shared else []
                return Noted(path, shape, dtype, source, start, kind, shared, said)
            return Dense(path, shape, dtype, source, start, kind, shared)
        if dtype.per_unit > 1:
            raise self._broken(path, f"is {dtype.name} in a record that is compressed")
        if not row_major:
            said.append(("strides", f"{', '.join(map(str, stride))} (elements from one index to the next)"))
        if self._swap and dtype.unit > 1:
            said.append(("byte order", "big-endian"))
        said += _where(raw, extent)
        if row_major:
            stride = _contiguous(shape)
        return Strided(path, shape, dtype, source, extent.start, offset, stride, kind, shared, said, self._swap)

    def _notes(self, raw: RawTensor) -> list[tuple[str, str]]:
        notes = list(raw.notes)
        if raw.is_parameter and not raw.requires_grad:
            notes.append(("requires_grad", "False: it is frozen"))
        if raw.storage is not None and raw.storage.location not in ("cpu", ""):
            notes.append(("saved from", raw.storage.location[:100]))
        return notes

    def _broken(self, path: str, what: str) -> SourceError:
        return SourceError(
            f"{self._name} is damaged: the tensor {shortened(path)!r} {what}", "Copy or download it again."
        )


def _where(raw: RawTensor, extent: Extent) -> list[tuple[str, str]]:
    assert raw.storage is not None
    return [("storage", f"{shortened(raw.storage.key)}, {extent.size:,} bytes, from element {raw.offset:,} on")]


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _row_major(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether strides are those of elements one after another; of a dimension with one index they do not matter."""
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride), strict=True):
        if size != 1:
            if step != expected:
                return not all(shape)
            expected *= size
    return True
