"""The base class of tensors that lie in files: path, shape, dtype, place, and reads of their elements.

Each layout in a file is a subclass of `Stored` that implements `flat`; everything else that `Readable` requires is
derived from it, so that only the requested elements are read.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..messages import Absence
from ..tensors.readable import ElementKind, Readable
from .elements import read_elements, read_rows, unit_bounds

if TYPE_CHECKING:
    from torch import Tensor

    from ..tensors.extents import Extent
    from ..tensors.matrix import Rectangle
    from ..tensors.statistics.stream import Stream
    from .dtypes import DType

StoredKind = Literal["parameter", "buffer", "constant", "state"]
"""The role of a tensor: `constant` is a plain attribute of a module; `state` belongs to an optimizer, a random
generator, or whatever is outside the network."""


class Storage(NamedTuple):
    """A storage that several tensors of a file share; equal for all of them."""

    file: object
    """Stands for the file: two may have one name."""
    key: str
    """Its name in the file."""
    first: int
    """Its first byte, counted as in the `extent` of its tensors."""
    size: int
    """Its bytes, those that no tensor has among them."""


class Stored(Readable):
    """One tensor of a checkpoint.  Immutable; safe to read from several threads."""

    __slots__ = ("dtype", "kind", "path", "shape")

    def __init__(self, path: str, shape: tuple[int, ...], dtype: DType, kind: StoredKind | None = None) -> None:
        self.path = path
        """The state-dict key: its containers' keys joined by dots; unique in a checkpoint."""
        self.shape = shape
        self.dtype = dtype
        self.kind = kind
        """The role; None where the file does not record it: then it is inferred from the name."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Return the bytes that the tensor takes in its file or files."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Return the file and offset in one short line: `model-00001-of-00003.safetensors @ 4,096`; not cleaned."""

    @abstractmethod
    def flat(self, start: int, stop: int) -> bytes | memoryview:
        """Return the elements `start` to `stop` in row-major order, as little-endian bytes of `dtype.plain`.

        `0 <= start <= stop <= elements`; both are multiples of `dtype.plain.per_unit`, or `stop` is the end.  Only the
        bytes that hold these elements are read (whole blocks where they are quantised).

        Raises:
            Unreadable: the file changed, vanished or cannot be read.
        """

    def flat_into(self, start: int, stop: int, room: memoryview) -> None:
        """Write what `flat` returns to `room`, of as many bytes; raises as `flat`, `room` is then of no use."""
        room[:] = self.flat(start, stop)

    @property
    def dtype_name(self) -> str:
        """Return the name of the stored dtype: `bfloat16`, `Q4_K`."""
        return self.dtype.name

    @property
    def dtype_read(self) -> str:
        """Return the name of the dtype that elements are read as: `float32` for a quantised one."""
        return self.dtype.plain.name

    @property
    def element_kind(self) -> ElementKind:
        """Return the kind of number that elements are read as."""
        return self.dtype.plain.number

    @property
    def item_bytes(self) -> float:
        """Return the bytes an element takes in the file, a fraction for 4-bit and quantised dtypes."""
        return self.dtype.unit / self.dtype.per_unit

    @property
    def absence(self) -> tuple[Absence, str]:
        """Return why elements cannot be read and a sentence on it; two empty strings where the dtype can be decoded."""
        if self.dtype.plain.decode is None:
            return "unsupported", f"nobody here knows how numbers of dtype {self.dtype.name} are written"
        return "", ""

    @property
    def without_torch(self) -> bool:
        """Return True: `numbers` decodes in pure Python."""
        return True

    @property
    def strides(self) -> tuple[int, ...] | None:
        """Return the strides in elements; None where each element is stored by itself."""
        return None if (found := self.in_strides) is None else found.stride

    def piece(self, start: int, stop: int) -> Tensor:
        """Return the elements `start` to `stop` as a new one-dimensional CPU tensor.

        It has the stored dtype where torch has that with one element an item, else a wider one.

        Raises:
            Unreadable: the file changed, vanished or cannot be read.
        """
        from .torch_pieces import torch_piece

        first, last = unit_bounds(self, start, stop)
        return torch_piece(self, first, last)[start - first : stop - first]

    def numbers(self, start: int, stop: int) -> list[Any]:
        """Return the elements `start` to `stop` as Python numbers; see `Readable.numbers`."""
        return read_elements(self, start, stop)

    def rectangle(self, part: Rectangle) -> list[Any]:
        """Return the elements of a rectangle row by row as Python numbers; see `Readable.rectangle`."""
        return list(chain.from_iterable(read_rows(self, part)))

    def stream(self) -> Stream:
        """Return all elements as a stream of blocks, each read from the file when it is asked for."""
        from .streamed import stream_of

        return stream_of(self)

    @property
    def has_bytes(self) -> bool:
        """Return True: elements are read as the bytes of `dtype.plain`."""
        return True

    def bytes(self, start: int, stop: int) -> bytes:
        """Return the elements as bytes; `start` and `stop` as in `flat`, which may raise `Unreadable`."""
        return bytes(self.flat(start, stop))

    def bytes_into(self, start: int, stop: int, room: memoryview) -> int:
        """Write what `bytes` returns to the beginning of `room`, and return how many they are; may raise as `flat`."""
        plain = self.dtype.plain
        size = plain.bytes_for(stop) - start // plain.per_unit * plain.unit
        self.flat_into(start, stop, room[:size])
        return size

    def from_bytes(self, raw: memoryview, count: int) -> Tensor:
        """Return `count` elements that `bytes_into` wrote, in one dimension; a view where torch has the dtype."""
        from .torch_pieces import torch_view

        return torch_view(self.dtype.plain, raw, count)

    def part(self, first: tuple[int, ...], shape: tuple[int, ...]) -> Stored:
        """Return a box of the tensor; only where it has `strides`.  See `Readable.part`."""
        found = self.in_strides
        assert found is not None
        return found.part(first, shape)

    def span(self) -> Stored:
        """Return the stored elements from first to last; only where it has `strides`.  See `Readable.span`."""
        found = self.in_strides
        assert found is not None
        return found.span()

    @property
    def storage(self) -> object:
        """Return a key, equal for tensors that share bytes of a file (tied weights, views); None for none.

        It is a `Storage` where it is known which bytes these are.
        """
        return None

    @property
    def entry(self) -> Hashable:
        """Return a key, equal for tensors that are the same elements at the same indices; None where nothing is shared.

        Two views of one storage that differ in dtype, shape or strides are not the same.
        """
        storage = self.storage
        return None if storage is None else (storage, self.place, self.shape, self.dtype.name, self.strides)

    @property
    def extent(self) -> Extent | None:
        """Return the bytes that its elements take, comparable among tensors of one `storage`; None where unknown."""
        return None

    @property
    def in_strides(self) -> InStrides | None:
        """Return the same elements as a strided tensor, or itself; None where each element is stored by itself."""
        return None

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return further facts for the Info pane, label and text: strides, chunks of each rank, quantisation."""
        return []


class InStrides(Stored):
    """A tensor whose elements lie at regular strides; where they are 0 or overlap, one element appears many times."""

    __slots__ = ("stride",)

    stride: tuple[int, ...]
    """Elements from one index to the next, a number for each dimension."""

    @property
    def entry(self) -> Hashable:
        """Return a key, equal for tensors that are the same elements at the same indices; None where nothing is shared.

        Two views of one storage that differ in dtype, shape or strides are not the same.
        """
        storage = self.storage
        return None if storage is None else (storage, self.place, self.shape, self.dtype.name, self.strides)

    @property
    def in_strides(self) -> InStrides:
        """Return this tensor."""
        return self

    @abstractmethod
    def part(self, first: tuple[int, ...], shape: tuple[int, ...]) -> InStrides:
        """Return the box of `shape` whose first element is at the index `first`, a view; it must lie in the tensor."""

    @abstractmethod
    def span(self) -> Stored:
        """Return the stored elements from the first to the last in one dimension; the tensor must not be empty."""
