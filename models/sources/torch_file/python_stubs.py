"""The harmless names of Python's own library that torch files have, and what stands for each when a file is read."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from .raw import Encoded, Plain, RawRecord
from .unpickler import hashable, ordered


class Deque(list[Any]):
    """The stub of a `collections.deque`."""

    def __init__(self, items: Any = (), maximum: Any = None) -> None:
        super().__init__(items)


class _Duration(Plain):
    """The stub of a `timedelta`."""

    __slots__ = ("value",)

    def __init__(self, days: int = 0, seconds: int = 0, microseconds: int = 0) -> None:
        self.value = datetime.timedelta(days, seconds, microseconds)
        super().__init__("timedelta", str(self.value))


class _Uuid(Plain):
    """The stub of a `uuid.UUID`, which is a number of 128 bits."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("UUID", "?")

    def build(self, state: object) -> None:
        """Take the number."""
        number = state.get("int") if isinstance(state, dict) else None
        if isinstance(number, int) and 0 <= number < 1 << 128:
            digits = f"{number:032x}"
            self.text = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class StreamStub(Plain):
    """The stub of an `io.BytesIO` or `io.StringIO`, whose content is all that is shown of it."""

    __slots__ = ("content",)

    def __init__(self, type: str) -> None:
        super().__init__(type, "")
        self.content: object = b""

    def build(self, state: object) -> None:
        """Take the content, the first of several values."""
        if isinstance(state, tuple) and state and isinstance(state[0], (bytes, str, Encoded)):
            self.content = state[0]


def _encode(text: Any, encoding: Any = "latin1") -> Any:
    if not isinstance(text, str):
        raise ValueError(text)
    return Encoded(text)


def _bytes(data: Any = b"", encoding: Any = None) -> Any:
    if not isinstance(data, (bytes, str, Encoded)):
        raise ValueError(data)
    return Encoded(data) if isinstance(data, str) else data


def _set(items: Any = ()) -> set[Any]:
    return set(map(hashable, items))


def joined_stub(kind: str, joint: str) -> Callable[..., Plain]:
    """Return the stub of a class whose objects are one line: the arguments that they are made of, `joint` between."""

    def make(*parts: Any) -> Plain:
        text = joint.join(_short(each) for each in parts[:64])[:2000]
        return Plain(kind, text.replace("//", "/", 1) if joint == "/" else text)

    return make


def _short(value: object) -> str:
    if isinstance(value, str):
        return value[:500]
    if isinstance(value, Encoded):
        return value.text[:100].encode("latin-1", "replace").hex()
    if value is None:
        return "None"
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 128 else "?"
    return value.text[:200] if isinstance(value, Plain) else str(value)[:100] if isinstance(value, float) else "?"


def _date(kind: str, layout: str) -> Callable[..., Plain]:
    """Return the stub of a class of `datetime`, which packs its numbers into bytes, the first two of them a year."""

    def make(packed: Any, *rest: Any) -> Plain:
        raw = packed.data() if isinstance(packed, Encoded) and len(packed.text) < 20 else packed
        if not isinstance(raw, bytes):
            return joined_stub(kind, ", ")(packed, *rest)
        numbers = list(raw) if kind == "time" else [raw[0] << 8 | raw[1], *raw[2:]]
        zone = f" {_short(rest[0])}" if rest else ""
        return Plain(kind, layout.format(*numbers) + zone)

    return make


def _zone(offset: Any, name: Any = None) -> Plain:
    if not isinstance(offset, _Duration):
        raise ValueError(offset)
    return Plain("timezone", name[:200] if isinstance(name, str) else str(datetime.timezone(offset.value)))


def record(kind: str) -> Callable[..., RawRecord]:
    """Return the stub of a class of objects that have attributes and no more."""
    return lambda *arguments: RawRecord(kind)


def _complex(real: Any = 0.0, imaginary: Any = 0.0) -> complex:
    return complex(real, imaginary)


def of_python() -> dict[tuple[str, str], Any]:
    """Return the stubs of Python's classes and functions by (module, name)."""
    found: dict[tuple[str, str], Any] = {
        ("collections", name): ordered for name in ("OrderedDict", "Counter", "defaultdict")
    }
    found |= {
        ("builtins", "list"): lambda items=(): list(items),
        ("builtins", "tuple"): lambda items=(): tuple(items),
        ("builtins", "dict"): ordered,
        ("builtins", "set"): _set,
        ("builtins", "frozenset"): _set,
        ("builtins", "complex"): _complex,
        ("builtins", "bytearray"): _bytes,
        ("builtins", "bytes"): _bytes,
        ("builtins", "slice"): joined_stub("slice", ":"),
        ("builtins", "range"): joined_stub("range", ", "),
        ("_codecs", "encode"): _encode,
        ("argparse", "Namespace"): record("Namespace"),
        ("types", "SimpleNamespace"): record("SimpleNamespace"),
    }
    for name in ("int", "float", "str", "bool", "object"):
        found["builtins", name] = Plain("class", name)
    for module in ("pathlib", "pathlib._local"):
        for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path", "PurePath"):
            found[module, name] = joined_stub("Path", "/")
    found |= {
        ("datetime", "datetime"): _date("datetime", "{}-{:02}-{:02} {:02}:{:02}:{:02}"),
        ("datetime", "date"): _date("date", "{}-{:02}-{:02}"),
        ("datetime", "time"): _date("time", "{:02}:{:02}:{:02}"),
        ("datetime", "timedelta"): _Duration,
        ("datetime", "timezone"): _zone,
        ("uuid", "UUID"): _Uuid,
        ("decimal", "Decimal"): joined_stub("Decimal", ", "),
        ("fractions", "Fraction"): joined_stub("Fraction", "/"),
        ("collections", "deque"): Deque,
        ("_io", "BytesIO"): lambda: StreamStub("BytesIO"),
        ("_io", "StringIO"): lambda: StreamStub("StringIO"),
    }
    return found
