"""What stands for each name in a `.metadata` when it is read: records of fields, which do nothing.

They are named after the classes of `torch/distributed/checkpoint/metadata.py` and `filesystem.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from ..torch_file.stub_classes import STUB_CLASSES

Sizes = tuple[int, ...]
"""A shape, or offsets in one: elements along each axis."""
_TRANSFORM_LIMIT = 8


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where an item lies, as the metadata say: `length` bytes from `offset` of `file` on."""

    file: str
    offset: int
    length: int
    transforms: tuple[str, ...]
    """What the bytes went through: `stream.zstd/1`."""


class Fields:
    """An instance of a class of torch, as its `fields` by name; empty before `build`."""

    __slots__ = ("fields",)

    def __init__(self, *arguments: object) -> None:
        self.fields: dict[str, Any] = {}

    def build(self, state: object) -> None:
        """Take the attributes of the instance, as its pickle has them."""
        if isinstance(state, dict):
            self.fields = state


class TensorEntry(Fields):
    """`TensorStorageMetadata`: the fields of one tensor, `properties`, `size` and `chunks`."""

    __slots__ = ()


class ObjectEntry(Fields):
    """`BytesStorageMetadata`: of what is no tensor; its fields are not used."""

    __slots__ = ()


class Properties:
    """`TensorProperties`, of which `dtype` is used: the stub of a torch.dtype, or whatever a damaged file has there."""

    __slots__ = ("dtype",)

    def __init__(self, *arguments: object) -> None:
        self.dtype: object = None

    def build(self, state: object) -> None:
        """Take the dtype, which comes first in a state of several values."""
        if isinstance(state, tuple) and state:
            self.dtype = state[0]
        elif isinstance(state, dict):
            self.dtype = state.get("dtype")


class ChunkRecord:
    """`ChunkStorageMetadata`: `box` is the offsets and sizes of its axes in elements; None where they are no such."""

    __slots__ = ("box",)

    def __init__(self, *arguments: object) -> None:
        self.box: tuple[Sizes, Sizes] | None = None

    def build(self, state: object) -> None:
        """Take the offsets and sizes."""
        if isinstance(state, dict):
            offsets, sizes = state.get("offsets"), state.get("sizes")
            if are_sizes(offsets) and are_sizes(sizes):
                self.box = offsets, sizes
            state.clear()  # the unpickler keeps it to its end, of a million chunks


class IndexRecord:
    """`MetadataIndex`: `name` and `offsets` of a chunk, as the file has them; not checked."""

    __slots__ = ("name", "offsets")

    def __init__(self, *arguments: object) -> None:
        self.name: object = None
        self.offsets: object = None

    def build(self, state: object) -> None:
        """Take the name of the tensor, and the offsets of the chunk."""
        if isinstance(state, dict):
            self.name, self.offsets = state.get("fqn"), state.get("offset")
            state.clear()


class InfoRecord:
    """`_StorageInfo`: `place` is where an item lies; None where that cannot be."""

    __slots__ = ("place",)

    def __init__(self, *arguments: object) -> None:
        self.place: FilePlace | None = None

    def build(self, state: object) -> None:
        """Take the file, the offset and the length."""
        if isinstance(state, dict):
            self.place = _place(state)
            state.clear()


_RECORDS = {
    "TensorStorageMetadata": TensorEntry,
    "BytesStorageMetadata": ObjectEntry,
    "TensorProperties": Properties,
    "ChunkStorageMetadata": ChunkRecord,
    "MetadataIndex": IndexRecord,
    "_StorageInfo": InfoRecord,
}


class MetadataStubs(Mapping[tuple[str, str], Any]):
    """What each (module, name) in the pickle stands for, of Python and of torch."""

    def __getitem__(self, key: tuple[str, str]) -> Any:
        if key in STUB_CLASSES:
            return STUB_CLASSES[key]
        module, name = key
        if module.startswith("torch.distributed."):
            return _RECORDS.get(name, Fields)
        raise KeyError(key)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(STUB_CLASSES)

    def __len__(self) -> int:
        return len(STUB_CLASSES)


def are_sizes(value: object) -> TypeGuard[Sizes]:
    """Return whether a value is a tuple of integers and of nothing else."""
    if not isinstance(value, tuple):
        return False
    for number in value:  # noqa: SIM110 - half the time that `all` takes
        if type(number) is not int:
            return False
    return True


def _place(fields: dict[Any, Any]) -> FilePlace | None:
    file, offset, length = fields.get("relative_path"), fields.get("offset"), fields.get("length")
    transforms = fields.get("transform_descriptors") or ()
    if not isinstance(file, str) or not isinstance(transforms, (list, tuple)):
        return None
    if type(offset) is not int or type(length) is not int or not 0 <= offset < 1 << 62 or not 0 <= length < 1 << 62:
        return None
    return FilePlace(
        file, offset, length, tuple(each[:100] for each in transforms[:_TRANSFORM_LIMIT] if isinstance(each, str))
    )
