"""All tensors of a checkpoint as a sequence, with their paths, shapes, sizes and dtypes as columns.

A file may hold a hundred thousand tensors, of which a user sees some dozens: each is made when it is first indexed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from .dense import Dense
from .dtypes import DType
from .file import DataFile
from .stored import Stored


class Tensors(Sequence[Stored]):
    """The tensors of a checkpoint in the order of its file."""

    @property
    @abstractmethod
    def paths(self) -> Sequence[str]:
        """Return the path of each tensor."""

    @property
    @abstractmethod
    def shapes(self) -> Sequence[tuple[int, ...]]:
        """Return the shape of each tensor."""

    @property
    @abstractmethod
    def sizes(self) -> Sequence[int]:
        """Return the bytes of each tensor in the file, as `Stored.nbytes`."""

    @property
    @abstractmethod
    def dtypes(self) -> Sequence[DType]:
        """Return the stored dtype of each tensor."""

    @property
    @abstractmethod
    def has_roles(self) -> bool:
        """Return whether the file records the role (`Stored.kind`) of any tensor."""

    @property
    @abstractmethod
    def shared(self) -> bool:
        """Return whether any tensors may share a storage."""

    @property
    def tied(self) -> int:
        """Return how many of the tensors are names that the file leaves out, being tied to others."""
        return 0

    def part(self, path: str) -> Stored | None:
        """Return what a file has under a name that is a part of a tensor here; None where that is none."""
        return None

    @overload
    def __getitem__(self, index: int) -> Stored: ...

    @overload
    def __getitem__(self, index: slice) -> list[Stored]: ...

    def __getitem__(self, index: int | slice) -> Stored | list[Stored]:
        if isinstance(index, slice):
            return [self._at(index) for index in range(*index.indices(len(self)))]
        return self._at(range(len(self))[index])

    def __iter__(self) -> Iterator[Stored]:
        return map(self._at, range(len(self)))

    @abstractmethod
    def _at(self, index: int) -> Stored:
        """Return the tensor at an index from 0 to below the length."""


class TensorList(Tensors):
    """The tensors of a list, of any layout."""

    def __init__(self, tensors: Sequence[Stored]) -> None:
        self._tensors = tensors

    def __len__(self) -> int:
        return len(self._tensors)

    def _at(self, index: int) -> Stored:
        return self._tensors[index]

    @property
    def paths(self) -> list[str]:
        """Return the path of each tensor."""
        return [tensor.path for tensor in self._tensors]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of each tensor."""
        return [tensor.shape for tensor in self._tensors]

    @property
    def sizes(self) -> list[int]:
        """Return the bytes of each tensor in the file."""
        return [tensor.nbytes for tensor in self._tensors]

    @property
    def dtypes(self) -> list[DType]:
        """Return the stored dtype of each tensor."""
        return [tensor.dtype for tensor in self._tensors]

    @property
    def has_roles(self) -> bool:
        """Return whether the file records the role of any tensor."""
        return any(tensor.kind is not None for tensor in self._tensors)

    @property
    def shared(self) -> bool:
        """Return whether any tensors may share a storage."""
        return any(tensor.storage is not None for tensor in self._tensors)


class TensorSpec(NamedTuple):
    """A dtype, shape and size in bytes; many tensors of a file have the same."""

    dtype: DType
    shape: tuple[int, ...]
    nbytes: int


class DenseTensors(Tensors):
    """Dense tensors of one file that records no roles and shares no storage."""

    has_roles = False
    shared = False

    def __init__(self, file: DataFile, paths: list[str], specs: list[TensorSpec], offsets: list[int]) -> None:
        """Describe a tensor for each of `paths`; `offsets` are bytes from the start of the file.  Nothing is read."""
        self._file = file
        self._paths = paths
        self._specs = specs
        self._offsets = offsets
        self._made: dict[int, Dense] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def _at(self, index: int) -> Dense:
        tensor = self._made.get(index)
        if tensor is None:
            dtype, shape, nbytes = self._specs[index]
            tensor = Dense(self._paths[index], shape, dtype, self._file, self._offsets[index], nbytes=nbytes)
            self._made[index] = tensor
        return tensor

    @property
    def paths(self) -> list[str]:
        """Return the path of each tensor."""
        return self._paths

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of each tensor."""
        return [spec.shape for spec in self._specs]

    @property
    def sizes(self) -> list[int]:
        """Return the bytes of each tensor in the file."""
        return [spec.nbytes for spec in self._specs]

    @property
    def dtypes(self) -> list[DType]:
        """Return the stored dtype of each tensor."""
        return [spec.dtype for spec in self._specs]
