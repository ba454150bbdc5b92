"""The tensors of a checkpoint with each weight that is stored in parts as one; each is made when it is looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from ...stored.composed import Composed
from ...stored.dtypes import DType
from ...stored.stored import Stored
from ...stored.tensors import Tensors
from .scheme import WeightInParts


class WholeWeights(Tensors):
    """The tensors of `base`, in its order; a weight stands where its first part did, the other parts nowhere."""

    def __init__(self, base: Tensors, weights: Mapping[int, WeightInParts], taken: Collection[int]) -> None:
        """Replace the tensors `taken`, by index, by the `weights` that are made of them, by the index of the first."""
        self._base = base
        self._weights = weights
        self._kept = [index for index in range(len(base)) if index in weights or index not in taken]
        self._made: dict[int, Composed] = {}

    def part(self, path: str) -> Stored | None:
        """Return a part by its own name in the file; None where there is none of that name."""
        index = self._parts.get(path)
        return None if index is None else self._base[index]

    @property
    def tied(self) -> int:
        """Return how many of the tensors are names that the file leaves out."""
        return self._base.tied

    @cached_property
    def _parts(self) -> dict[str, int]:
        paths = self._base.paths
        return {paths[index]: index for found in self._weights.values() for index in found.parts.values()}

    def __len__(self) -> int:
        return len(self._kept)

    def _at(self, index: int) -> Stored:
        at = self._kept[index]
        found = self._weights.get(at)
        if found is None:
            return self._base[at]
        made = self._made.get(at)
        if made is None:
            parts = {self._base.paths[each]: self._base[each] for each in found.parts.values()}
            made = self._made[at] = found.made(parts)
        return made

    @property
    def paths(self) -> list[str]:
        """Return the path of each tensor; of a weight in parts the one that it has for the network."""
        paths, weights = self._base.paths, self._weights
        return [weights[at].path if at in weights else paths[at] for at in self._kept]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of each tensor; of a weight in parts its own."""
        shapes, weights = self._base.shapes, self._weights
        return [weights[at].shape if at in weights else shapes[at] for at in self._kept]

    @property
    def sizes(self) -> list[int]:
        """Return the bytes of each tensor in the file, of all parts together."""
        sizes, weights = self._base.sizes, self._weights
        return [
            sum(sizes[each] for each in weights[at].parts.values()) if at in weights else sizes[at] for at in self._kept
        ]

    @property
    def dtypes(self) -> list[DType]:
        """Return the dtype of each tensor; of a weight in parts its scheme."""
        dtypes, weights = self._base.dtypes, self._weights
        return [weights[at].dtype if at in weights else dtypes[at] for at in self._kept]

    @property
    def has_roles(self) -> bool:
        """Return whether the file records the role of any tensor."""
        return self._base.has_roles

    @property
    def shared(self) -> bool:
        """Return whether any tensors may share a storage."""
        return self._base.shared
