"""All tensors of a checkpoint: what the tree goes by in columns, each tensor made when somebody looks at it.

A file may hold a hundred thousand tensors, of which a user sees some dozens.
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
    """In the order of the file."""

    @property
    @abstractmethod
    def paths(self) -> Sequence[str]:
        """The path of each."""

    @property
    @abstractmethod
    def shapes(self) -> Sequence[tuple[int, ...]]:
        """The shape of each."""

    @property
    @abstractmethod
    def sizes(self) -> Sequence[int]:
        """The bytes of each, as `Stored.nbytes`."""

    @property
    @abstractmethod
    def dtypes(self) -> Sequence[DType]:
        """The type of each."""

    @property
    @abstractmethod
    def told(self) -> bool:
        """Whether the file tells of any what role it plays."""

    @property
    @abstractmethod
    def shared(self) -> bool:
        """Whether any may share its storage."""

    @overload
    def __getitem__(self, index: int) -> Stored: ...

    @overload
    def __getitem__(self, index: slice) -> list[Stored]: ...

    def __getitem__(self, index: int | slice) -> Stored | list[Stored]:
        if isinstance(index, slice):
            return [self._at(number) for number in range(*index.indices(len(self)))]
        return self._at(range(len(self))[index])

    def __iter__(self) -> Iterator[Stored]:
        return map(self._at, range(len(self)))

    @abstractmethod
    def _at(self, number: int) -> Stored:
        """The tensor of a number below the length."""


class Listed(Tensors):
    """Tensors of any kind."""

    def __init__(self, tensors: Sequence[Stored]) -> None:
        self._tensors = tensors

    def __len__(self) -> int:
        return len(self._tensors)

    def _at(self, number: int) -> Stored:
        return self._tensors[number]

    @property
    def paths(self) -> list[str]:
        return [tensor.path for tensor in self._tensors]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [tensor.shape for tensor in self._tensors]

    @property
    def sizes(self) -> list[int]:
        return [tensor.nbytes for tensor in self._tensors]

    @property
    def dtypes(self) -> list[DType]:
        return [tensor.dtype for tensor in self._tensors]

    @property
    def told(self) -> bool:
        return any(tensor.kind is not None for tensor in self._tensors)

    @property
    def shared(self) -> bool:
        return any(tensor.storage is not None for tensor in self._tensors)


class Form(NamedTuple):
    """What many tensors have in common."""

    dtype: DType
    shape: tuple[int, ...]
    nbytes: int


class DenseTensors(Tensors):
    """Dense tensors of one file, each at its offset from the file's start; no roles are told, nothing is shared."""

    told = False
    shared = False

    def __init__(self, file: DataFile, paths: list[str], forms: list[Form], offsets: list[int]) -> None:
        self._file = file
        self._paths = paths
        self._forms = forms
        self._offsets = offsets
        self._made: dict[int, Dense] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def _at(self, number: int) -> Dense:
        made = self._made.get(number)
        if made is None:
            dtype, shape, nbytes = self._forms[number]
            made = Dense(self._paths[number], shape, dtype, self._file, self._offsets[number], nbytes=nbytes)
            self._made[number] = made
        return made

    @property
    def paths(self) -> list[str]:
        return self._paths

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [form.shape for form in self._forms]

    @property
    def sizes(self) -> list[int]:
        return [form.nbytes for form in self._forms]

    @property
    def dtypes(self) -> list[DType]:
        return [form.dtype for form in self._forms]
