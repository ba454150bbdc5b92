"""What a file holds beside tensors, as one line of text each: bounded, and never by a method of the file's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .arrays import Array, ArrayType
from .objects import content_of, object_class_name, object_parts
from .python_stubs import Deque, StreamStub
from .raw import Encoded, Plain, RawGroup, RawRecord, RawTensor
from .unpickler import SafeKey, UnknownName, UnknownObject

TEXT_LIMIT = 2000
"""Characters of a value's text, at most."""
_LARGE = 1 << 512


def key_text(key: object) -> str:
    """Return a dictionary's key as a part of a path: a text as it is, an empty one and others as Python writes them."""
    if isinstance(key, str):
        return key or "''"
    if isinstance(key, UnknownName):
        return key.name.rpartition(".")[2] or "?"
    return _text(key, 196, 2, short=True)[:200]


def value_text(value: object) -> str:
    """Return a value as one line of at most `TEXT_LIMIT` characters, a text as it is."""
    return (value if isinstance(value, str) else _text(value, TEXT_LIMIT - 4, 3))[:TEXT_LIMIT]


def type_name(value: object) -> str:
    """Return Python's name of the type that the value had before it was saved."""
    if isinstance(value, (Plain, RawRecord)):
        return value.type
    if isinstance(value, (Encoded, bytearray)):
        return "bytes"
    if isinstance(value, (Array, ArrayType)):
        return "ndarray" if isinstance(value, Array) else "dtype"
    if isinstance(value, SafeKey):
        return type_name(value.value)
    if isinstance(value, UnknownObject):
        return object_class_name(value)
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "object")


_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "bool"), (int, "int"), (float, "float"), (str, "str"), (bytes, "bytes"), (Deque, "deque"), (list, "list"),
    (tuple, "tuple"), (dict, "dict"), ((set, frozenset), "set"), (type(None), "NoneType"), (complex, "complex"),
    (UnknownName, "reference"), ((RawTensor, RawGroup), "Tensor"),
)  # fmt: skip


def is_one_line(value: object) -> bool:
    """Return whether a value is one line and has nothing in it."""
    return not isinstance(value, (list, tuple, dict, RawRecord))


def _text(value: object, room: int, depth: int, short: bool = False) -> str:
    """Return a value in about `room` characters, `depth` levels of what is in it; `short`: names without modules."""
    value = content_of(value)
    if isinstance(value, str):
        return repr(value[:room])
    if isinstance(value, bool) or value is None or isinstance(value, (float, complex)):
        return repr(value)
    if isinstance(value, int):
        return str(value) if -_LARGE < value < _LARGE else f"an integer of {value.bit_length():,} bits"
    if isinstance(value, (bytes, Encoded)):
        data = value if isinstance(value, bytes) else value.text[:16].encode("latin-1", "replace")
        size = len(value) if isinstance(value, bytes) else len(value.text)
        return f"{size:,} bytes: {data[:16].hex(' ')}{' …' if size > 16 else ''}"
    if isinstance(value, StreamStub):
        return _text(value.content, room, depth)
    if isinstance(value, (Plain, Array)):
        return value.text[:room]
    if isinstance(value, ArrayType):
        return value.name
    if isinstance(value, SafeKey):
        return _text(value.value, room, depth, short)
    if isinstance(value, UnknownName):
        return value.text[:room]
    if isinstance(value, (UnknownObject, RawRecord)):
        return _object(value, room, depth, short)
    if isinstance(value, RawTensor):
        return f"Tensor {list(value.shape[:8])}"
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return _container(value, room, depth)
    return f"<{type_name(value)}>"


def _object(value: UnknownObject | RawRecord, room: int, depth: int, short: bool) -> str:
    """Return an object as a call of its class with what it is made of: `my.Config(lr=0.1)`."""
    maker = value.maker if isinstance(value, UnknownObject) else None
    name = (maker.text if isinstance(maker, UnknownName) and not short else type_name(value))[:room]
    parts = object_parts(value) if isinstance(value, UnknownObject) else value.attributes.items()
    texts: list[str] = []
    used = len(name)
    for key, each in parts:
        if used > room or not depth:
            texts.append("…")
            break
        label = "" if isinstance(key, int) and isinstance(value, UnknownObject) else f"{key_text(key)}="
        texts.append((label + _text(each, room - used, depth - 1, short))[:room])
        used += len(texts[-1]) + 2
    return f"{name}({', '.join(texts)})"


def _container(value: Any, room: int, depth: int) -> str:
    left, right = {"list": ("[", "]"), "deque": ("[", "]"), "tuple": ("(", ")")}.get(type_name(value), ("{", "}"))
    if not depth:
        return f"{left}…{right}" if value else left + right
    items: Iterable[tuple[Any, ...]] = value.items() if isinstance(value, dict) else ((each,) for each in value)
    parts: list[str] = []
    used = 0
    for each in items:
        if used > room:
            parts.append("…")
            break
        text = ": ".join(_text(one, room - used, depth - 1) for one in each)
        parts.append(text)
        used += len(text) + 2
    joined = ", ".join(parts) + ("," if left == "(" and len(parts) == 1 else "")
    return left + (joined if len(joined) <= room else f"{joined[:room]}…") + right


def as_json(value: object, limit: int = 10_000) -> Any:
    """Return nested dictionaries and lists as JSON has them, at most `limit` values and 8 levels; the rest as text."""
    left = [limit]

    def made(value: object, depth: int) -> Any:
        left[0] -= 1
        if left[0] < 0:
            return "…"
        if isinstance(value, dict) and depth:
            found: dict[str, Any] = {}
            for key, each in value.items():
                if left[0] < 0:
                    found["…"] = f"{len(value):,} in all"
                    break
                found[key if isinstance(key, str) else key_text(key)] = made(each, depth - 1)
            return found
        if isinstance(value, (list, tuple)) and depth:
            return [made(each, depth - 1) for each in value[: left[0] + 1]]
        if value is None or isinstance(value, (bool, float)):
            return value
        if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
            return value
        return value_text(value)

    return made(value, 8)
