"""What the stand-ins build: tensors, storages and plain values as a torch file describes them, not yet checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class RawStorage:
    """Bytes somewhere in the file: a storage that tensors view."""

    __slots__ = ("dtype", "key", "location", "size", "start")

    def __init__(self, dtype: str, key: str, location: str, size: int, start: int = 0) -> None:
        self.dtype = dtype
        """Torch's name; `uint8` for an untyped one."""
        self.key = key
        self.location = location
        """The device that it was on: `cpu`, `cuda:0`."""
        self.size = size
        """Elements of `dtype`."""
        self.start = start
        """Elements of `dtype` before it in the record `key`, of which it is a view; only in old files."""


class RawTensor:
    """A strided view of a storage; without one, a tensor of the meta device."""

    __slots__ = (
        "attributes",
        "dtype",
        "is_parameter",
        "notes",
        "offset",
        "requires_grad",
        "shape",
        "storage",
        "stride",
    )

    def __init__(
        self,
        storage: RawStorage | None,
        dtype: str,
        offset: int,
        shape: tuple[int, ...],
        stride: tuple[int, ...],
        requires_grad: bool = False,
        notes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.storage = storage
        self.dtype = dtype
        self.offset = offset
        """In elements of `dtype`, as `stride`."""
        self.shape = shape
        self.stride = stride
        self.requires_grad = requires_grad
        self.is_parameter = False
        self.notes = notes
        """Label and text of what is special about it."""
        self.attributes: dict[str, Any] = {}
        """Tensors and values that a subclass or a parameter carries along."""

    def build(self, state: object) -> None:
        """What a pickle hangs on a tensor."""
        self.attributes = dict(_named(state))


class RawGroup:
    """A tensor that is made of several: sparse, nested, or of a subclass around others."""

    __slots__ = ("notes", "parts")

    def __init__(self, parts: dict[str, Any], notes: tuple[tuple[str, str], ...]) -> None:
        self.parts = parts
        """What it is made of, by the names that torch has for them: `indices`, `values`."""
        self.notes = notes

    def build(self, state: object) -> None:
        """What hangs on a subclass are its parts, and settings, which are left out."""
        self.parts.update((key, value) for key, value in _named(state) if not isinstance(value, Record))


def _named(state: object) -> Iterator[tuple[str, Any]]:
    """The attributes that a pickle hangs on an object: a dictionary, or two of which the second one is for slots."""
    for part in state if isinstance(state, tuple) and len(state) == 2 else (state,):
        if isinstance(part, dict):
            yield from ((key, value) for key, value in part.items() if isinstance(key, str))


class Plain:
    """A value that is one line of text: a device, a dtype, a path, a date."""

    __slots__ = ("text", "type")

    def __init__(self, type: str, text: str) -> None:
        self.type = type
        self.text = text


class Record:
    """An object with attributes and no more: `argparse.Namespace`."""

    __slots__ = ("attributes", "type")

    def __init__(self, type: str) -> None:
        self.type = type
        self.attributes: dict[Any, Any] = {}

    def build(self, state: object) -> None:
        """Its attributes."""
        if isinstance(state, dict):
            self.attributes = state


class Encoded:
    """Bytes that Python 2's protocols write as text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def data(self) -> bytes:
        """The bytes; raises ValueError when the text has others than Latin-1's."""
        return self.text.encode("latin-1")
