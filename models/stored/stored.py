"""A tensor that lies in a file: what it is, where it lies, and the one way to read it.

A kind of file offers its tensors as subclasses of `Stored`; everything else (windows, heat maps, statistics,
differences) is made from `flat` alone, so that nothing is read but what is asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .dtypes import DType

StoredKind = Literal["parameter", "buffer", "state"]
"""What role a tensor plays: `state` is an optimizer's, a random number generator's, or that of anything else that is
not the network's own."""


class Stored(ABC):
    """One tensor of a checkpoint.  Immutable; may be read from several threads at a time."""

    __slots__ = ("dtype", "kind", "path", "shape")

    def __init__(self, path: str, shape: tuple[int, ...], dtype: DType, kind: StoredKind | None = None) -> None:
        self.path = path
        """The name in the checkpoint, its containers' keys joined by dots; unique in a checkpoint."""
        self.shape = shape
        self.dtype = dtype
        self.kind = kind
        """None where the file does not tell: then it is inferred from the name."""

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes that it takes in its file or files."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it lies, in one short line: `model-00001-of-00003.safetensors @ 4,096`.  Not cleaned."""

    @abstractmethod
    def flat(self, start: int, stop: int) -> bytes | memoryview:
        """The elements `start` to `stop` in row-major order, as little-endian bytes of `dtype.plain`.

        `0 <= start <= stop <= elements`; for a type below a byte both are multiples of `dtype.plain.per_unit`, or
        `stop` is the end.  Reads the bytes that hold them and no others (whole blocks where they are quantised).

        Raises:
            Unreadable: the file changed, vanished or cannot be read.
        """

    @property
    def storage(self) -> object:
        """Equal for tensors that share memory in the file (tied weights, views); None where nothing is shared."""
        return None

    @property
    def in_strides(self) -> InStrides | None:
        """The tensor itself, or one of the same elements, where they lie in strides; None where each is stored."""
        return None

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Further facts for the Info pane, label and text: strides, chunks of each rank, quantisation."""
        return []


class InStrides(Stored):
    """A tensor whose elements lie in strides: some may be stored once and shown many times."""

    __slots__ = ("stride",)

    stride: tuple[int, ...]
    """Elements from one index to the next, for each dimension."""

    @property
    def in_strides(self) -> InStrides:
        """Itself."""
        return self

    @abstractmethod
    def part(self, first: tuple[int, ...], shape: tuple[int, ...]) -> InStrides:
        """The box of this shape whose first element is at the index `first`; it lies within the tensor."""

    @abstractmethod
    def span(self) -> Stored:
        """What is stored from its first to its last element, in one dimension; it has elements."""


class Unreadable(Exception):
    """Why numbers cannot be read any more; the text is a sentence with cause and remedy."""
