"""The tensors of several checkpoints as those of one, each part's below a name of its own; made when first indexed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from itertools import accumulate, chain

from .dtypes import DType
from .stored import Stored, StoredKind
from .tensors import Tensors


class Renamed(Tensors):
    """The tensors of a part, `prefix` before each path; all of the role `kind` unless that is None.

    They come in the order of `order`, indices of `tensors`, or in their own where that is None.
    """

    def __init__(
        self, tensors: Tensors, prefix: str, kind: StoredKind | None = None, order: Sequence[int] | None = None
    ) -> None:
        self._tensors = tensors
        self._kind = kind
        self._order = range(len(tensors)) if order is None else order
        paths = tensors.paths
        self._paths = [prefix + paths[index] for index in self._order]
        self._made: dict[int, Stored] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def _at(self, index: int) -> Stored:
        tensor = self._made.get(index)
        if tensor is None:
            tensor = self._made[index] = copy(self._tensors[self._order[index]])
            tensor.path = self._paths[index]
            tensor.kind = self._kind or tensor.kind
        return tensor

    @property
    def paths(self) -> list[str]:
        """Return the path of each tensor, its prefix included."""
        return self._paths

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of each tensor."""
        shapes = self._tensors.shapes
        return [shapes[index] for index in self._order]

    @property
    def sizes(self) -> list[int]:
        """Return the bytes of each tensor in the file."""
        sizes = self._tensors.sizes
        return [sizes[index] for index in self._order]

    @property
    def dtypes(self) -> list[DType]:
        """Return the stored dtype of each tensor."""
        dtypes = self._tensors.dtypes
        return [dtypes[index] for index in self._order]

    @property
    def has_roles(self) -> bool:
        """Return whether the role of any tensor is known."""
        return self._kind is not None or self._tensors.has_roles

    @property
    def shared(self) -> bool:
        """Return whether any tensors may share a storage."""
        return self._tensors.shared

    @property
    def tied(self) -> int:
        """Return how many of the tensors are names that the part's file leaves out."""
        return self._tensors.tied


class Joined(Tensors):
    """The tensors of several parts, one part after the other."""

    def __init__(self, parts: Sequence[Tensors]) -> None:
        self._parts = parts
        self._starts = list(accumulate((len(part) for part in parts), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def _at(self, index: int) -> Stored:
        part = bisect_right(self._starts, index) - 1
        return self._parts[part][index - self._starts[part]]

    @property
    def paths(self) -> list[str]:
        """Return the path of each tensor."""
        return list(chain.from_iterable(part.paths for part in self._parts))

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of each tensor."""
        return list(chain.from_iterable(part.shapes for part in self._parts))

    @property
    def sizes(self) -> list[int]:
        """Return the bytes of each tensor in its file."""
        return list(chain.from_iterable(part.sizes for part in self._parts))

    @property
    def dtypes(self) -> list[DType]:
        """Return the stored dtype of each tensor."""
        return list(chain.from_iterable(part.dtypes for part in self._parts))

    @property
    def has_roles(self) -> bool:
        """Return whether the role of any tensor is known."""
        return any(part.has_roles for part in self._parts)

    @property
    def shared(self) -> bool:
        """Return whether any tensors may share a storage."""
        return any(part.shared for part in self._parts)

    @property
    def tied(self) -> int:
        """Return how many of the tensors are names that their files leave out."""
        return sum(part.tied for part in self._parts)
