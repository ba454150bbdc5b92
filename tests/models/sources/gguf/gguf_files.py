"""GGUF files byte by byte, so that each rule of the format can be broken once."""

from __future__ import annotations

import struct
from pathlib import Path

from models.opened.source import OpenOptions, Source
from models.sources.formats import HEAD, PathInfo
from models.sources.gguf import FORMAT

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q", F64: "d"}


def text(value: str | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(code: int, of: object) -> bytes:
    """A value without its type; an array is (type of its elements, elements)."""
    if code == STRING:
        return text(of)  # type: ignore[arg-type]
    if code == ARRAY:
        kind, elements = of  # type: ignore[misc]
        return struct.pack("<IQ", kind, len(elements)) + b"".join(value(kind, each) for each in elements)
    return struct.pack("<" + FORMS[code], of)


def entry(key: str | bytes, code: int, of: object) -> bytes:
    return text(key) + struct.pack("<I", code) + value(code, of)


def info(name: str | bytes, dimensions: tuple[int, ...], code: int, offset: int) -> bytes:
    """`dimensions` as in the file, the fastest first."""
    count = len(dimensions)
    return text(name) + struct.pack(f"<I{count}QIQ", count, *dimensions, code, offset)


def gguf(
    entries: list[bytes] | None = None,
    infos: list[bytes] | None = None,
    data: bytes = b"",
    *,
    version: int = 3,
    counts: tuple[int, int] | None = None,
    alignment: int = 32,
) -> bytes:
    entries, infos = entries or [], infos or []
    tensors, pairs = counts or (len(infos), len(entries))
    head = b"GGUF" + struct.pack("<IQQ", version, tensors, pairs) + b"".join(entries) + b"".join(infos)
    return head + bytes(-len(head) % alignment) + data


def opened(path: Path) -> Source:
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = PathInfo(path, str(path), head, path.stat().st_size, frozenset(), is_folder=False)
    assert FORMAT.recognises(found)
    return FORMAT.open(found, OpenOptions())
