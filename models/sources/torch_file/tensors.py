"""From a tensor as a torch file describes it to one that can be read: checked against the bytes that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from ...opened.source import SourceError
from ...stored.dense import Dense
from ...stored.dtypes import DTYPES, QUINT2X4, QUINT4X2, UINT8, DType
from ...stored.file import DataFile
from ...stored.signed import Signed, has_signs
from ...stored.stored import Storage, Stored, StoredKind
from ...stored.strided import ByteSource, Strided, distinct
from ...tensors.extents import is_row_major
from ...tensors.readable import Unreadable
from ..wording import shortened
from .raw import RawGroup, RawStorage, RawTensor
from .storage_use import StorageUse
from .tensor_of_parts import tensor_of_parts

_BYTE_LIMIT = 1 << 60
"""Bytes of one tensor with all its repeated elements, at most; torch counts them in 64 bits."""


@dataclass(frozen=True, slots=True)
class StorageExtent:
    """Where the bytes of a storage lie: `size` bytes from `start` of `source` on."""

    source: ByteSource
    start: int
    size: int
    before: int = 0
    """Bytes of the storage before it, where it is a part of one, as only old files have."""
    whole: int = 0
    """Bytes of that storage; 0 where it is all of it."""


FindStorage = Callable[[RawStorage], StorageExtent]
"""Return where the bytes of a storage lie; raise SourceError where they lie nowhere."""


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
        """Return 0: it has no values."""
        return 0

    @property
    def place(self) -> str:
        """Return that it lies nowhere."""
        return "meta device, no values"

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return what is special about it, a label and a text each."""
        return self._notes

    def flat(self, start: int, stop: int) -> bytes:
        """Raise Unreadable: there are no values."""
        raise Unreadable("this tensor was saved from the meta device: it has a shape, but no values")


class Noted(Dense):
    """A tensor whose elements follow each other in the file, of which there is more to say."""

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
        """Return what is special about it, a label and a text each."""
        return self._notes


SIGNS = {
    "conj": "the file holds their complex conjugates and a mark: these are the values that torch gives",
    "neg": "the file holds their negatives and a mark: these are the values that torch gives",
}
"""Of a tensor that is marked as conjugate or negative, by the mark: what is shown of it."""


class TensorMaker:
    """Makes the tensors of the file `name`.

    `find` returns where a storage lies, or raises SourceError; `swap` says that elements are big-endian.
    """

    def __init__(self, name: str, find: FindStorage, swap: bool = False) -> None:
        self._name = name
        self._find = find
        self._swap = swap
        self._views: Counter[str] = Counter()
        self.use = StorageUse()
        self._file = object()
        """Stands for the file in keys of storages: two files may have one name."""

    def count(self, raw: RawTensor | RawGroup) -> None:
        """Count the view of a storage; for every tensor before `make` is for any: then it is known which share one."""
        for _, each in raw.tensors() if isinstance(raw, RawGroup) else [("", raw)]:
            if each.storage is not None:
                self._views[each.storage.key] += 1

    def make(self, path: str, raw: RawTensor | RawGroup, kind: StoredKind | None = None) -> Stored:
        """Return the tensor to read.

        Raises:
            SourceError: it does not lie in its storage; the title names it.
        """
        if isinstance(raw, RawGroup):
            if prod(raw.shape) * 16 > _BYTE_LIMIT:
                raise self._broken(path, "has more elements than any computer could hold")
            parts = {name: self._one(f"{path}.{name}", each, kind, path) for name, each in raw.tensors()}
            return tensor_of_parts(path, raw, parts, kind)
        return self._one(path, raw, kind, path)

    def _one(self, path: str, raw: RawTensor, kind: StoredKind | None, owner: str) -> Stored:
        dtype, shape, stride = DTYPES.get(raw.dtype), raw.shape, raw.stride
        if len(shape) != len(stride):
            raise self._broken(path, f"has {len(shape)} dimensions, but {len(stride)} strides")
        elements = prod(shape)
        if elements * 16 > _BYTE_LIMIT:
            raise self._broken(path, "has more elements than any computer could hold")
        kind = kind or _declared(raw)
        said = self._notes(raw)
        if raw.storage is None:
            return Valueless(path, shape, dtype or UINT8, kind, said)
        extent = self._find(raw.storage)
        offset = raw.offset
        if dtype is None or dtype.per_unit > 1:
            dtype, shape, stride, offset, packed = _packed(raw, dtype, extent)
            elements = prod(shape)
            said.append(packed)
        row_major = dtype.per_unit > 1 or is_row_major(shape, stride)
        if row_major:
            reach = dtype.bytes_for(offset + elements)
        else:
            reach = (offset + 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))) * dtype.unit
        if elements and reach > extent.size:
            raise self._broken(path, f"reaches to byte {reach:,} of a storage of {extent.size:,} bytes")
        own = dtype.bytes_for(elements) if row_major else dtype.unit * distinct(shape, stride)
        start = extent.before + offset * dtype.unit // dtype.per_unit
        stop = extent.before + reach if elements else start
        self.use.add(owner, raw.storage.key, extent.whole or extent.size, start, stop, own)
        whole = Storage(self._file, raw.storage.key, extent.start - extent.before, extent.whole or extent.size)
        shared = whole if self._views[whole.key] > 1 else None
        source = extent.source
        signs = {bit for bit, _ in raw.notes if bit in SIGNS and has_signs(dtype)}
        said = [(label, SIGNS[label] if label in signs else text) for label, text in said]
        if row_major and not signs and isinstance(source, DataFile) and not (self._swap and dtype.unit > 1):
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
        made = Strided(path, shape, dtype, source, extent.start, offset, stride, kind, shared, said, self._swap)
        return Signed.of(made, "conj" in signs, "neg" in signs) if signs else made

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


def _declared(raw: RawTensor) -> StoredKind | None:
    """Return what a tensor says of itself; None where it says nothing."""
    if raw.is_parameter:
        return "parameter"
    return "constant" if raw.is_constant else "buffer" if raw.attributes.get("_is_buffer") else None


def _packed(
    raw: RawTensor, dtype: DType | None, extent: StorageExtent
) -> tuple[DType, tuple[int, ...], tuple[int, ...], int, tuple[str, str]]:
    """Return dtype, shape, strides and offset in which a type below a byte, or an unknown one, is shown, and a note."""
    shape = raw.shape
    if raw.dtype == "float4_e2m1fn_x2" and dtype and shape and is_row_major(shape, raw.stride):
        note = ("packed", "two numbers in a byte; torch counts the bytes")
        return dtype, (*shape[:-1], 2 * shape[-1]), raw.stride, raw.offset, note
    if dtype in (QUINT4X2, QUINT2X4) and is_row_major(shape, raw.stride) and not raw.offset:
        return dtype, shape, raw.stride, 0, ("packed", f"{dtype.per_unit} numbers in a byte")
    note = (raw.dtype, f"of shape {' x '.join(map(str, shape))}; shown are the bytes it is packed in")
    return UINT8, (extent.size,), (1,), 0, note


def _where(raw: RawTensor, extent: StorageExtent) -> list[tuple[str, str]]:
    assert raw.storage is not None
    return [("storage", f"{shortened(raw.storage.key)}, {extent.size:,} bytes, from element {raw.offset:,} on")]


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))
