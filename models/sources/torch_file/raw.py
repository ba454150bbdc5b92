"""What the stubs build: tensors, storages and plain values as a torch file describes them, not yet checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PART_LIMIT = 100
"""Parts of one tensor that are looked at, at most; real ones have three or four."""


class RawStorage:
    """Bytes somewhere in the file, under the `key` of their record: a storage that tensors view."""

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
    """A strided view of a storage; where that is None, a tensor of the meta device.  `dtype` is torch's name of it."""

    __slots__ = (
        "attributes",
        "dtype",
        "is_constant",
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
        self.is_constant = False
        """Whether the file says that it is neither a parameter nor a buffer."""
        self.notes = notes
        """Label and text of what is special about it."""
        self.attributes: dict[str, Any] = {}
        """Tensors and values that a subclass or a parameter carries along."""

    def build(self, state: object) -> None:
        """Take the attributes that a pickle hangs on a tensor."""
        self.attributes = dict(_named(state))


class RawGroup:
    """A tensor that is made of several: sparse, quantised, nested, or of a subclass around others."""

    __slots__ = ("dtype", "form", "is_parameter", "notes", "parts", "requires_grad", "settings", "shape")

    def __init__(
        self,
        form: str,
        shape: tuple[int, ...],
        dtype: str,
        parts: dict[str, Any],
        notes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.form = form
        """How it is made of them: torch's layout, its scheme of quantisation, `nested`, `jagged`, or `subclass`."""
        self.shape = shape
        """Of the whole; of a nested one, which has none, empty."""
        self.dtype = dtype
        """Torch's name of what its elements are; empty where that is the one of its values."""
        self.parts = parts
        """What it is made of, by the names that torch has for them: `indices`, `values`."""
        self.notes = notes
        self.settings: dict[str, Any] = {}
        """What a subclass carries along that is no tensor."""
        self.is_parameter = False
        self.requires_grad = False

    def build(self, state: object) -> None:
        """Take what hangs on a subclass: its parts and its settings."""
        for key, value in _named(state):
            held = isinstance(value, (RawTensor, RawGroup))
            (self.parts if held else self.settings)[key] = value

    def tensors(self) -> Iterator[tuple[str, RawTensor]]:
        """Yield the tensors that it is made of at last, with their names: `values`, `tensor_impl.scale`."""
        todo: list[tuple[str, object]] = [(name, each) for name, each in reversed(self.parts.items())]
        for _ in range(PART_LIMIT):  # a file may put a group into itself
            if not todo:
                return
            name, part = todo.pop()
            if isinstance(part, RawTensor):
                yield name, part
            elif isinstance(part, RawGroup):
                within = list(part.parts.items())[:PART_LIMIT]
                todo += [(f"{name}.{key}"[:200], each) for key, each in reversed(within)]


def _named(state: object) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that a pickle hangs on an object: a dictionary, or two of which the second is for slots."""
    for part in state if isinstance(state, tuple) and len(state) == 2 else (state,):
        if isinstance(part, dict):
            yield from ((key, value) for key, value in part.items() if isinstance(key, str))


class Plain:
    """A value that is one line of `text`: a device, a dtype, a path, a date; `type` is the name of its class."""

    __slots__ = ("text", "type")

    def __init__(self, type: str, text: str) -> None:
        self.type = type
        self.text = text


class RawRecord:
    """An object with attributes and no more, such as `argparse.Namespace`; `type` is the name of its class."""

    __slots__ = ("attributes", "type")

    def __init__(self, type: str) -> None:
        self.type = type
        self.attributes: dict[Any, Any] = {}

    def build(self, state: object) -> None:
        """Take the attributes."""
        if isinstance(state, dict):
            self.attributes = state


class Encoded:
    """Bytes that Python 2's protocols write as `text`, a character each."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def data(self) -> bytes:
        """Return the bytes; raise ValueError when the text has other characters than Latin-1's."""
        return self.text.encode("latin-1")
