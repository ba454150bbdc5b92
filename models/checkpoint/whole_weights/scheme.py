"""What a scheme of quantisation is, and what it is given to know a weight by.

A scheme knows a weight by the name of one of its parts, gives it the path that it has in the network, `….weight`, and
the shape that it has there.  Where names and shapes leave a shape open, a few bytes of the file are read, or what the
settings say is taken.  Must not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ...stored.composed import Composed
from ...stored.dtypes import DType, quantised
from ...stored.stored import Stored
from ...stored.tensors import Tensors

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]


class WeightInParts(NamedTuple):
    """A weight in parts."""

    path: str
    """The path of the weight in the network."""
    shape: Shape
    dtype: DType
    said: str
    """What it is, for Info."""
    parts: dict[str, int]
    """The index of each part among the tensors, by the names that `unpacking` has for them."""
    first: int
    """The index of the part in whose place it stands."""
    unpack: str = ""
    """The function of `unpacking` that returns its elements; empty where there is none."""
    in_groups: bool = False
    """Whether the shape is that of the groups, where the network's own is not known."""

    def made(self, parts: Mapping[str, Stored]) -> Composed:
        """Return the tensor; `parts` are its parts by their own names, in the order of `parts`."""
        notes = [("quantised", self.said)]
        whole = Composed(self.path, self.shape, self.dtype, parts, notes, unpack=self._unpacker())
        whole.in_groups = self.in_groups
        return whole

    def _unpacker(self) -> Callable[[Composed], Tensor] | None:
        if not self.unpack:
            return None
        name, labels = self.unpack, tuple(self.parts)

        def unpack(whole: Composed) -> Tensor:
            from . import unpacking

            return unpacking.unpacked(name, dict(zip(labels, whole.parts.values(), strict=True)), whole.shape)

        return unpack


class TensorNames:
    """The tensors of a checkpoint by their names, for schemes to look at."""

    def __init__(self, tensors: Tensors, metadata: Mapping[str, Any]) -> None:
        self.tensors = tensors
        self.metadata = metadata
        self.paths = tensors.paths
        self._shapes, self._dtypes, self._sizes = tensors.shapes, tensors.dtypes, tensors.sizes
        self._index = {path: index for index, path in enumerate(self.paths)}
        self.part = ""
        """The first name of the path that is looked at: in a folder of folders parts have settings of their own."""
        self._settings: dict[str, dict[str, Any]] = {}
        self.known: dict[object, Any] = {}
        """What was read of the file, by what it holds for: layers of one name have one shape."""

    def at(self, path: str) -> int | None:
        """Return the index of a tensor; None where there is none of that path."""
        return self._index.get(path)

    def shape(self, index: int) -> Shape:
        """Return the shape of a tensor."""
        return self._shapes[index]

    def dtype(self, index: int) -> str:
        """Return the name of the dtype of a tensor."""
        return self._dtypes[index].name

    def size(self, index: int) -> int:
        """Return the bytes of a tensor."""
        return self._sizes[index]

    def parts(self, prefix: str, *names: str) -> dict[str, int]:
        """Return those of the tensors `prefix` + name that are there, by name."""
        found = {name: self._index.get(prefix + name) for name in names}
        return {name: index for name, index in found.items() if index is not None}

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the configuration says of the quantisation; empty where it says nothing."""
        found = self._settings.get(self.part)
        if found is None:
            found = self._settings[self.part] = _settings(self.metadata.get(self.part)) or _settings(self.metadata)
        return found

    def said(self, path: str) -> Any:
        """Return what the metadata says of a tensor; None for nothing."""
        own = self.metadata.get(self.part)
        found = own.get(path.partition(".")[2]) if isinstance(own, dict) else None
        return self.metadata.get(path) if found is None else found

    def setting(self, *names: str) -> int | None:
        """Return the first of these settings that is a number; None where none is."""
        found = (self.settings.get(name) for name in names)
        return next((each for each in found if type(each) is int), None)


def _settings(metadata: Any) -> dict[str, Any]:
    """Return what the metadata of a file, or of a part, say of the quantisation; empty where they say nothing."""
    if not isinstance(metadata, Mapping):
        return {}
    for holder in (metadata.get("config"), metadata):
        for key in ("quantization_config", "quantization", "quantize_config"):
            found = holder.get(key) if isinstance(holder, Mapping) else None
            if isinstance(found, dict):
                return found
    return {}


@dataclass(frozen=True, slots=True)
class StorageScheme:
    """One way to store a weight in parts."""

    signs: frozenset[str]
    """Last parts of names by which it knows a part of a weight."""
    endings: tuple[str, ...]
    """Ends of such last parts."""
    weight: Callable[[TensorNames, str, str], WeightInParts | None]
    """Return the weight to which the tensor of a prefix, its dot included, and a last part belongs; None for none."""

    def fits(self, name: str) -> bool:
        """Return whether the tensor with this last part of its name may be a part of a weight."""
        return name in self.signs or name.endswith(self.endings)


def named(name: str, elements: int, nbytes: int) -> DType:
    """Return the dtype of a scheme, for so many elements in so many bytes of the packed part."""
    if not elements or nbytes < 1 or not name:
        return quantised(name or "packed", 1, 1)
    return quantised(name, 1, max(1, round(elements / nbytes)))
