"""What stands for each name in a `.metadata` when it is read: records of fields, which do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from ..torch_file.restricted import Unknown
from ..torch_file.stub_classes import STUB_CLASSES

Sizes = tuple[int, ...]
_MOST_TRANSFORMS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item lies: bytes of a file, as the metadata says."""

    file: str
    offset: int
    length: int
    transforms: tuple[str, ...]
    """What the bytes went through: `stream.zstd/1`."""


class Fields:
    """An instance of a class of torch, as its fields."""

    __slots__ = ("fields",)

    def __init__(self, *arguments: object) -> None:
        self.fields: dict[str, Any] = {}

    def build(self, state: object) -> None:
        """Its attributes."""
        if isinstance(state, dict):
            self.fields = state


class TensorEntry(Fields):
    """`TensorStorageMetadata`: of one tensor."""

    __slots__ = ()


class ObjectEntry(Fields):
    """`BytesStorageMetadata`: of what is no tensor."""

    __slots__ = ()


class Properties:
    """`TensorProperties`, of which the dtype is used."""

    __slots__ = ("dtype",)

    def __init__(self, *arguments: object) -> None:
        self.dtype: object = None

    def build(self, state: object) -> None:
        """The dtype, which comes first in its state."""
        if isinstance(state, tuple) and state:
            self.dtype = state[0]
        elif isinstance(state, dict):
            self.dtype = state.get("dtype")


class Chunk:
    """`ChunkStorageMetadata`: offsets and sizes; None where they are none."""

    __slots__ = ("box",)

    def __init__(self, *arguments: object) -> None:
        self.box: tuple[Sizes, Sizes] | None = None

    def build(self, state: object) -> None:
        """Its offsets and sizes."""
        if isinstance(state, dict):
            offsets, sizes = state.get("offsets"), state.get("sizes")
            if are_sizes(offsets) and are_sizes(sizes):
                self.box = offsets, sizes
            state.clear()  # the unpickler keeps it to its end, of a million chunks


class Index:
    """`MetadataIndex`: which chunk of which tensor; not checked."""

    __slots__ = ("name", "offsets")

    def __init__(self, *arguments: object) -> None:
        self.name: object = None
        self.offsets: object = None

    def build(self, state: object) -> None:
        """The name, and which chunk of it."""
        if isinstance(state, dict):
            self.name, self.offsets = state.get("fqn"), state.get("offset")
            state.clear()


class Info:
    """`_StorageInfo`: where an item lies; None where that cannot be."""

    __slots__ = ("place",)

    def __init__(self, *arguments: object) -> None:
        self.place: Place | None = None

    def build(self, state: object) -> None:
        """Where an item lies."""
        if isinstance(state, dict):
            self.place = _place(state)
            state.clear()


class _Foreign(Fields, Unknown):
    """An instance of a class that is not torch's: filled and called without effect."""

    __slots__ = ()


_RECORDS = {
    "TensorStorageMetadata": TensorEntry,
    "BytesStorageMetadata": ObjectEntry,
    "TensorProperties": Properties,
    "ChunkStorageMetadata": Chunk,
    "MetadataIndex": Index,
    "_StorageInfo": Info,
}


class StandIns(Mapping[tuple[str, str], Any]):
    """What each name in the pickle stands for; those that are not torch's are remembered."""

    def __init__(self) -> None:
        self.foreign: dict[str, None] = {}

    def __getitem__(self, key: tuple[str, str]) -> Any:
        if key in STUB_CLASSES:
            return STUB_CLASSES[key]
        module, name = key
        if module.startswith("torch.distributed."):
            return _RECORDS.get(name, Fields)
        if len(self.foreign) < 1000:
            self.foreign[f"{module[:200]}.{name[:200]}"] = None
        return _Foreign

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(STUB_CLASSES)

    def __len__(self) -> int:
        return len(STUB_CLASSES)


def are_sizes(value: object) -> TypeGuard[Sizes]:
    """Whether it is a tuple of integers and of nothing else."""
    if not isinstance(value, tuple):
        return False
    for number in value:  # noqa: SIM110 - half the time that `all` takes
        if type(number) is not int:
            return False
    return True


def _place(fields: dict[Any, Any]) -> Place | None:
    file, offset, length = fields.get("relative_path"), fields.get("offset"), fields.get("length")
    transforms = fields.get("transform_descriptors") or ()
    if not isinstance(file, str) or not isinstance(transforms, (list, tuple)):
        return None
    if type(offset) is not int or type(length) is not int or not 0 <= offset < 1 << 62 or not 0 <= length < 1 << 62:
        return None
    return Place(
        file, offset, length, tuple(each[:100] for each in transforms[:_MOST_TRANSFORMS] if isinstance(each, str))
    )
