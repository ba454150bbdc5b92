"""safetensors files: each rule of the format broken once, and names and numbers chosen to do harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .case import NAMES, Case, Opened, Refused, written

F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
GOOD = {"w": F32}
W = {"w": ([2], "float32")}


def file(header: object, data: bytes = bytes(8), size: int | None = None) -> bytes:
    """The bytes of a file; the header is JSON's value, or its bytes; `size` is what is said of it."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(raw) if size is None else size).to_bytes(8, "little") + raw + data


def with_entry(**changes: Any) -> bytes:
    """A file of one tensor, with something of its entry changed; None takes it away."""
    entry = {key: value for key, value in (F32 | changes).items() if value is not None}
    return file({"w": entry})


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(file(GOOD))
        stream.truncate(1 << 38)


def _huge_header(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write((200 << 20).to_bytes(8, "little") + b"{")
        stream.truncate(1 << 30)


def _large(path: Path) -> None:
    """A sparse file of 256 GB, whole."""
    with path.open("wb") as stream:
        stream.write(file({"w": {"dtype": "F32", "shape": [1 << 18, 1 << 18], "data_offsets": [0, 1 << 38]}}, b""))
        stream.truncate(stream.tell() + (1 << 38))


_TWO = {"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}
_INNER_TWICE = b'{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
_TWICE = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
_DIGITS = b'{"w":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}'
_DEEP = b"[" * 10_000 + b"]" * 10_000


def _u8(start: int, stop: int) -> dict[str, Any]:
    return {"dtype": "U8", "shape": [stop - start], "data_offsets": [start, stop]}


_FILES: dict[str, tuple[bytes, Refused | Opened]] = {
    "good": (file(GOOD), Opened(W)),
    "padded": (file(json.dumps(GOOD).encode() + b"   "), Opened(W)),
    "scalar": (file({"w": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}), Opened({"w": ([], "float64")})),
    "no-elements": (
        file({"w": {"dtype": "F32", "shape": [0, 5], "data_offsets": [0, 0]}}, b""),
        Opened({"w": ([0, 5], "float32")}),
    ),
    "no-tensors": (file({}, b""), Opened({})),
    "only-metadata": (file({"__metadata__": {"format": "pt"}}, b""), Opened({})),
    "leaf-and-container": (
        file({"a": _u8(0, 4), "a.b": _u8(4, 8)}),
        Opened({"a": ([4], "uint8"), "a.b": ([4], "uint8")}),
    ),
    "many-dimensions": (
        file({"w": {"dtype": "F32", "shape": [1] * 1000 + [2], "data_offsets": [0, 8]}}),
        Refused(r"1,001 dimensions"),
    ),
    "four-bit": (
        file({"w": {"dtype": "F4", "shape": [4, 4], "data_offsets": [0, 8]}}),
        Opened(count=1),
    ),
    "deep-metadata": (file({"__metadata__": {"x": _DEEP.decode()}, "w": F32}), Opened(W)),
    "hostile-metadata": (file({"__metadata__": {each: each for each in NAMES.values()}, "w": F32}), Opened(W)),
    "half-a-byte": (
        file({"w": {"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}}, bytes(2)),
        Refused(r"F4|whole bytes|half"),
    ),
    "short": (b"\x10\0\0\0", Refused(r"4 bytes are missing")),
    "header-beyond-the-end": (file(GOOD, b"", size=5000), Refused(r"4,939 bytes are missing")),
    "header-of-2-to-the-63": (file(GOOD, size=1 << 63), Refused(r"header|kind|starts with")),
    "header-of-nothing": (file(b"", size=0), Refused(r"does not begin")),
    "header-no-utf8": (file(b'{"\xff\xfe": 1}'), Refused(r"UTF-8|text")),
    "header-no-json": (file(b'{"w": nope}'), Refused(r"JSON")),
    "header-cut-json": (file(b'{"w": {"dtype": "F32"'), Refused(r"JSON")),
    "header-a-list": (file([1, 2]), Refused(r"kind|header|object|starts with")),
    "header-deep": (file(b'{"w":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}"), Refused(r"nested too deeply")),
    "header-starts-with-a-space": (file(b" " + json.dumps(GOOD).encode()), Refused(r"\{|kind|space|starts with")),
    "header-with-a-tail": (file(json.dumps(GOOD).encode() + b"x"), Refused(r"JSON|header")),
    "a-name-twice": (file(_TWICE), Refused(r"twice|duplicate")),
    "a-key-twice": (file(_INNER_TWICE), Refused(r"twice|duplicate")),
    "too-many-digits": (file(_DIGITS), Refused(r"shape|number|JSON|digits")),
    "not-a-number": (file(b'{"w":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}'), Refused(r"shape|NaN|JSON")),
    "overlap": (file({"a": _u8(0, 5), "b": _u8(3, 8)}), Refused(r"'b' overlaps tensor 'a'")),
    "hole": (file({"a": _u8(0, 3), "b": _u8(5, 8)}), Refused(r"a hole of 2 bytes")),
    "hole-at-the-start": (file({"a": _u8(4, 8)}), Refused(r"a hole of 4 bytes")),
    "trailing-bytes": (file(GOOD, bytes(80)), Refused(r"72 bytes more")),
    "cut": (file(GOOD, bytes(3)), Refused(r"5 bytes are missing")),
    "wrong-size": (with_entry(shape=[3]), Refused(r"12 bytes, but 8")),
    "negative-dimension": (with_entry(shape=[-2]), Refused(r"shape|-2|negative")),
    "real-dimension": (with_entry(shape=[2.0]), Refused(r"shape")),
    "true-dimension": (with_entry(shape=[True]), Refused(r"shape")),
    "text-dimension": (with_entry(shape="2"), Refused(r"shape")),
    "overflowing-shape": (with_entry(shape=[1 << 62, 1 << 62, 4]), Refused(r"shape|bytes|large")),
    "overflowing-offsets": (with_entry(data_offsets=[0, 1 << 64]), Refused(r"offset|beyond|bytes|missing")),
    "reversed-offsets": (with_entry(data_offsets=[8, 0]), Refused(r"before it begins")),
    "negative-offsets": (with_entry(data_offsets=[-8, 0]), Refused(r"offset|negative")),
    "three-offsets": (with_entry(data_offsets=[0, 4, 8]), Refused(r"offset")),
    "text-offsets": (with_entry(data_offsets=["0", "8"]), Refused(r"offset")),
    "real-offsets": (with_entry(data_offsets=[0, 8e0]), Refused(r"offset")),
    "no-dtype": (with_entry(dtype=None), Refused(r"dtype")),
    "no-shape": (with_entry(shape=None), Refused(r"shape")),
    "no-offsets": (with_entry(data_offsets=None), Refused(r"offset")),
    "unknown-dtype": (with_entry(dtype="F33\x1b[31m"), Refused(r"F33")),
    "dtype-a-list": (with_entry(dtype=["F32"]), Refused(r"dtype")),
    "entry-a-number": (file({"w": 5}), Refused(r"'w' is not an object")),
    "metadata-a-list": (file({"__metadata__": [1], "w": F32}), Refused(r"metadata")),
    "metadata-of-numbers": (file({"__metadata__": {"epoch": 3}, "w": F32}), Refused(r"metadata")),
    "surrogate-name": (
        file(b'{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
        Refused(r"JSON.*surrogate"),
    ),
    "all-names": (
        file({each: _u8(index, index + 1) for index, each in enumerate(NAMES.values())}, bytes(len(NAMES))),
        Opened(count=len(NAMES)),
    ),
    "many-empty-tensors": (
        file(
            {f"layers.{index}.w": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for index in range(5_000)}, b""
        ),
        Opened(count=5_000),
    ),
}

_NAMES = {f"name-{label}": (file({each: F32}), Opened({each: ([2], "float32")})) for label, each in NAMES.items()}


def cases() -> list[Case]:
    """All of them."""
    files = _FILES | _NAMES
    return [
        *(Case(f"safetensors/{name}.safetensors", written(data), what) for name, (data, what) in files.items()),
        Case("safetensors/sparse.safetensors", _sparse, Refused(r"274,877,906,867 bytes more")),
        Case("safetensors/header-of-200-mb.safetensors", _huge_header, Refused(r"header")),
        Case("safetensors/large.safetensors", _large, Opened({"w": ([1 << 18, 1 << 18], "float32")})),
    ]
