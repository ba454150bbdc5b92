"""The base class through which the elements of any tensor are read, a piece at a time.

A live tensor and its gradient (`torch_readable`), a tensor in a file (`stored.stored`, a subclass for each layout) and
one without elements (`Absent`, below) are each a `Readable`; windows, heat maps, the next NaN, statistics and
differences need nothing else.  Must not import torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..messages import Absence
from ..work.cancelled import Cancelled

if TYPE_CHECKING:
    from torch import Tensor

    from .matrix import Rectangle
    from .statistics.stream import Stream

ElementKind = Literal["float", "int", "bool", "complex"]
"""The kind of number that elements are read as."""
Answer = TypeVar("Answer")
"""What is made of the elements."""


class Unreadable(Exception):
    """Elements cannot be read, or not any more; the text is a sentence with cause and remedy."""

    @property
    def absence(self) -> Absence:
        """Return `unsupported` where a package that reads them is missing, else `gone`: a file changed or fails."""
        return "unsupported" if isinstance(self.__cause__, ImportError) else "gone"


class Unsupported(Unreadable):
    """Elements are there, but in a form that cannot be read."""

    @property
    def absence(self) -> Absence:
        """Return `unsupported`, whatever the cause."""
        return "unsupported"


class Readable(ABC):
    """One tensor whose elements can be read.  Safe to read from several threads.

    Elements are counted in row-major order.  Methods that read raise `Unreadable` where that is not possible.
    """

    __slots__ = ()

    shape: tuple[int, ...]
    """The shape; empty for a scalar, and where the tensor has none (see `absence`)."""

    @property
    def elements(self) -> int:
        """Return the number of elements."""
        return prod(self.shape)

    @property
    @abstractmethod
    def dtype_name(self) -> str:
        """Return the dtype as torch names it, `float32`, or as the file's format does; empty where there is none."""

    @property
    def dtype_read(self) -> str:
        """Return the dtype that elements are read as: `float32` for a quantised tensor."""
        return self.dtype_name

    @property
    @abstractmethod
    def element_kind(self) -> ElementKind:
        """Return the kind of number that elements are read as: float for quantised ones."""

    @property
    @abstractmethod
    def item_bytes(self) -> float:
        """Return the bytes that are read for one element; a fraction for packed dtypes."""

    @property
    def absence(self) -> tuple[Absence, str]:
        """Return why elements cannot be read and a sentence for the user; two empty strings where they can."""
        return "", ""

    @property
    def strides(self) -> tuple[int, ...] | None:
        """Return the strides in elements where one stored element may stand at several indices.

        None where each element is stored by itself.
        """
        return None

    @property
    def without_torch(self) -> bool:
        """Return whether `numbers` does not import torch, so that small tensors should be read that way."""
        return False

    @abstractmethod
    def piece(self, start: int, stop: int) -> Tensor:
        """Return the elements `start` to `stop` in one dimension, exact, on the device where they lie.

        It may be a view of the tensor's memory and must not be written to.
        """

    @abstractmethod
    def numbers(self, start: int, stop: int) -> list[Any]:
        """Return the elements `start` to `stop` as Python numbers, booleans as 0 and 1."""

    @abstractmethod
    def rectangle(self, part: Rectangle) -> list[Any]:
        """Return the elements of a rectangle row by row, as `numbers` does; it must not be empty."""

    @abstractmethod
    def stream(self) -> Stream:
        """Return all elements as a stream of blocks in any order, for statistics."""

    @property
    def has_bytes(self) -> bool:
        """Return whether elements can be had as bytes without a conversion: `bytes`, `bytes_into`, `from_bytes`.

        Equal bytes of one dtype are equal elements.
        """
        return False

    def bytes(self, start: int, stop: int) -> bytes:
        """Return the elements `start` to `stop` as bytes; only where it `has_bytes`."""
        raise NotImplementedError

    def bytes_into(self, start: int, stop: int, room: memoryview) -> int:
        """Write what `bytes` returns to the beginning of `room`, and return how many they are."""
        raise NotImplementedError

    def from_bytes(self, raw: memoryview, count: int) -> Tensor:
        """Return `count` elements that `bytes_into` wrote, in one dimension, as `piece` does; a view where possible."""
        raise NotImplementedError

    def part(self, first: tuple[int, ...], shape: tuple[int, ...]) -> Readable:
        """Return the box of `shape` whose first element is at the index `first`; only where there are `strides`."""
        raise NotImplementedError

    def span(self) -> Readable:
        """Return the stored elements from the first to the last in one dimension; only where there are `strides`."""
        raise NotImplementedError

    @property
    def stored_parts(self) -> Sequence[Readable]:
        """Return the tensors that it is stored as in a file, where they are several; empty for every other."""
        return ()

    def unpacked(self) -> Readable:
        """Return the same elements ready for many reads: a sparse or quantised tensor is unpacked once."""
        return self

    def error_text(self, error: Exception) -> str | None:
        """Return a sentence on an error that reading this tensor raised; None where it is not the tensor's own."""
        return None


class Absent(Readable):
    """A tensor without elements or shape: a gradient that is None, a lazy parameter."""

    __slots__ = ("_absence", "shape")

    def __init__(self, absence: Absence, reason: str) -> None:
        """Set why nothing can be read, and that as a sentence for the user."""
        self._absence = absence, reason
        self.shape = ()

    @property
    def absence(self) -> tuple[Absence, str]:
        """Return why nothing can be read and a sentence for the user."""
        return self._absence

    @property
    def dtype_name(self) -> str:
        """Return an empty text."""
        return ""

    @property
    def element_kind(self) -> ElementKind:
        """Return float, for want of any."""
        return "float"

    @property
    def item_bytes(self) -> float:
        """Return 0."""
        return 0

    def piece(self, start: int, stop: int) -> Tensor:
        """Raise Unreadable."""
        raise Unsupported(self._absence[1])

    def numbers(self, start: int, stop: int) -> list[Any]:
        """Raise Unreadable."""
        raise Unsupported(self._absence[1])

    def rectangle(self, part: Rectangle) -> list[Any]:
        """Raise Unreadable."""
        raise Unsupported(self._absence[1])

    def stream(self) -> Stream:
        """Raise Unreadable."""
        raise Unsupported(self._absence[1])


def answer(readable: Readable, absent: Callable[[Absence, str], Answer], read: Callable[[Readable], Answer]) -> Answer:
    """Return `read(readable)`, or `absent(absence, reason)` where the elements cannot be read.

    Raises:
        Cancelled: `read` was cancelled.
        Exception: any error that is not the tensor's own (`Readable.error_text`).
    """
    absence, reason = readable.absence
    if absence:
        return absent(absence, reason)
    try:
        return read(readable.unpacked())
    except Cancelled:
        raise
    except Unreadable as error:
        return absent(error.absence, str(error))
    except Exception as error:
        own_reason = readable.error_text(error)
        if own_reason is None:
            raise
        return absent("unsupported", own_reason)
