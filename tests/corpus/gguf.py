"""GGUF files: counts, lengths and offsets that lie, and names that trouble."""

from __future__ import annotations

import struct
from pathlib import Path

from .case import NAMES, Case, Opened, Refused, written

W = {"w": ([2, 4], "float32")}
_F32, _Q4_0 = 0, 2
_U8, _U32, _STRING, _ARRAY = 0, 4, 8, 9


def string(text: str | bytes, size: int | None = None) -> bytes:
    """A text with its length, or with another one."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(data) if size is None else size) + data


def pair(key: str | bytes, kind: int, value: bytes) -> bytes:
    """One entry of the metadata."""
    return string(key) + struct.pack("<I", kind) + value


def array(kind: int, count: int, items: bytes) -> bytes:
    """A value of type array."""
    return struct.pack("<IQ", kind, count) + items


def tensor(
    name: str | bytes = "w", dims: tuple[int, ...] = (4, 2), kind: int = _F32, offset: int = 0, rank: int | None = None
) -> bytes:
    """What is said of a tensor; the first dimension is the quickest."""
    dimensions = b"".join(struct.pack("<Q", dim) for dim in dims)
    return (
        string(name)
        + struct.pack("<I", len(dims) if rank is None else rank)
        + dimensions
        + struct.pack("<IQ", kind, offset)
    )


def file(
    pairs: list[bytes] | None = None, tensors: list[bytes] | None = None, data: bytes = bytes(32), version: int = 3,
    magic: bytes = b"GGUF", counts: tuple[int, int] | None = None,
) -> bytes:  # fmt: skip
    """A whole file, the data at the next multiple of 32."""
    pairs = [pair("general.architecture", _STRING, string("llama"))] if pairs is None else pairs
    tensors = [tensor()] if tensors is None else tensors
    of_tensors, of_pairs = counts or (len(tensors), len(pairs))
    head = magic + struct.pack("<IQQ", version, of_tensors, of_pairs) + b"".join(pairs) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + data


def _large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(file(tensors=[tensor(dims=(1 << 18, 1 << 18))], data=b""))
        stream.truncate(stream.tell() + (1 << 38))


_DEEP = b"".join(struct.pack("<IQ", _ARRAY, 1) for _ in range(10_000))
_FILES: dict[str, tuple[bytes, Refused | Opened]] = {
    "good": (file(), Opened(W)),
    "no-tensors": (file(tensors=[], data=b""), Opened({})),
    "quantised": (file(tensors=[tensor(dims=(32, 1), kind=_Q4_0)]), Opened(count=1)),
    "all-names": (
        file(
            tensors=[tensor(name, (8,), offset=32 * i) for i, name in enumerate(NAMES.values())],
            data=bytes(32 * len(NAMES)),
        ),
        Opened(count=len(NAMES)),
    ),
    "hostile-metadata": (file([pair(key, _STRING, string(key)) for key in NAMES.values() if key]), Opened(W)),
    "name-no-utf8": (file(tensors=[tensor(b"\xff\xfe")]), Opened(count=1)),
    "version-1": (file(version=1), Refused(r"version 1|version")),
    "version-99": (file(version=99), Refused(r"version 99|99")),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0) + bytes(40), Refused(r"big-endian|byte order|version")),
    "only-magic": (b"GGUF", Refused(r"cut|ends|short|bytes")),
    "cut-in-the-header": (file()[:60], Refused(r"cut|ends|short|missing|beyond")),
    "cut-in-the-data": (file()[:-5], Refused(r"5 bytes|cut|missing|ends|short")),
    "tensors-of-2-to-the-63": (file(counts=(1 << 63, 1)), Refused(r"cut short")),
    "pairs-of-2-to-the-63": (file(counts=(1, 1 << 63)), Refused(r"cut short")),
    "key-of-2-to-the-62": (file([string("k", 1 << 62)]), Refused(r"cut|ends|beyond|long|text")),
    "text-of-2-to-the-62": (file([pair("k", _STRING, string("v", 1 << 62))]), Refused(r"cut|ends|beyond|long|text")),
    "array-of-2-to-the-62": (
        file([pair("k", _ARRAY, array(_U8, 1 << 62, b""))]),
        Refused(r"cut|ends|beyond|long|list|array"),
    ),
    "array-in-array-10000-deep": (
        file([pair("k", _ARRAY, _DEEP + array(_U8, 0, b""))]),
        Refused(r"nested|deep|array|list"),
    ),
    "unknown-value-type": (file([pair("k", 77, b"")]), Refused(r"77|type")),
    "unknown-array-type": (file([pair("k", _ARRAY, array(77, 3, b""))]), Refused(r"77|type")),
    "unknown-tensor-type": (file(tensors=[tensor(kind=777)]), Opened(count=1, warning=r"777")),
    "a-key-twice": (file([pair("k", _U8, b"\1"), pair("k", _U8, b"\2")]), Refused(r"twice|duplicate|two")),
    "a-tensor-twice": (file(tensors=[tensor(), tensor()]), Refused(r"twice|duplicate|two")),
    "rank-of-2-to-the-32": (file(tensors=[tensor(rank=0xFFFFFFFF)]), Refused(r"dimensions|cut|ends")),
    "rank-9": (file(tensors=[tensor(dims=(1,) * 9)]), Refused(r"dimensions|9")),
    "overflowing-shape": (file(tensors=[tensor(dims=(1 << 62, 1 << 62))]), Refused(r"no memory holds")),
    "offset-beyond": (file(tensors=[tensor(offset=1 << 40)]), Refused(r"cut short")),
    "offset-of-2-to-the-64": (file(tensors=[tensor(offset=0xFFFFFFFFFFFFFFE0)]), Refused(r"cut short")),
    "offset-not-aligned": (file(tensors=[tensor(offset=1)], data=bytes(64)), Refused(r"align|multiple|32")),
    "alignment-0": (file([pair("general.alignment", _U32, struct.pack("<I", 0))]), Refused(r"align")),
    "alignment-7": (file([pair("general.alignment", _U32, struct.pack("<I", 7))]), Refused(r"'7'")),
    "alignment-a-text": (file([pair("general.alignment", _STRING, string("x"))]), Refused(r"align")),
    "half-a-block": (file(tensors=[tensor(dims=(33, 1), kind=_Q4_0)], data=bytes(64)), Refused(r"33 elements")),
    "overlapping": (file(tensors=[tensor("a"), tensor("b")]), Refused(r"overlap|share|same")),
}


def cases() -> list[Case]:
    """All of them."""
    return [
        *(Case(f"gguf/{name}.gguf", written(data), what) for name, (data, what) in _FILES.items()),
        Case("gguf/large.gguf", _large, Opened({"w": ([1 << 18, 1 << 18], "float32")})),
    ]
