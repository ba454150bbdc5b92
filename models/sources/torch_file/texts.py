"""What a file holds beside tensors, as one line of text each: bounded, and never by a method of the file's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .arrays import Array, ArrayType
from .raw import Encoded, Plain, Record
from .restricted import Key

MOST = 2000
"""Characters of a value's text."""
_LARGE = 1 << 512


def key_text(key: object) -> str:
    """A dictionary's key as a part of a path: a text as it is, an empty one and others as Python writes them."""
    if isinstance(key, str):
        return key or "''"
    return value_text(key)[:200]


def value_text(value: object) -> str:
    """One line at most `MOST` characters long, a text as it is."""
    return (value if isinstance(value, str) else _text(value, MOST - 4, 3))[:MOST]


def type_name(value: object) -> str:
    """As Python names the type that the value had before it was saved."""
    if isinstance(value, (Plain, Record)):
        return value.type
    if isinstance(value, (Encoded, bytearray)):
        return "bytes"
    if isinstance(value, (Array, ArrayType)):
        return "ndarray" if isinstance(value, Array) else "dtype"
    if isinstance(value, Key):
        return type_name(value.value)
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "object")


_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "bool"), (int, "int"), (float, "float"), (str, "str"), (bytes, "bytes"), (list, "list"), (tuple, "tuple"),
    (dict, "dict"), ((set, frozenset), "set"), (type(None), "NoneType"), (complex, "complex"),
)  # fmt: skip


def is_plain(value: object) -> bool:
    """Whether a value is one line and has nothing in it."""
    return not isinstance(value, (list, tuple, dict, Record))


def _text(value: object, room: int, depth: int) -> str:
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
    if isinstance(value, (Plain, Array)):
        return value.text[:room]
    if isinstance(value, ArrayType):
        return value.name
    if isinstance(value, Key):
        return _text(value.value, room, depth)
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return _container(value, room, depth)
    return f"<{type_name(value)}>"


def _container(value: Any, room: int, depth: int) -> str:
    left, right = {"list": ("[", "]"), "tuple": ("(", ")")}.get(type_name(value), ("{", "}"))
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


def as_json(value: object, most: int = 10_000) -> Any:
    """Nested dictionaries and lists as JSON has them, at most `most` values and 8 levels; the rest as text."""
    left = [most]

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
