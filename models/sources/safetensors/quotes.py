"""Whether a name is there twice.

A JSON decoder keeps the last of two entries with one name and tells nobody.  But it cannot hide their quotation marks:
a header has exactly as many as its distinct names and texts need, or something is there twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

import msgspec

from .entries import Wrong, shown

_IN_ENTRY = 8
"""Quotation marks of an entry: three names and the dtype."""
_LOOKED_THROUGH = 1_000_000
"""Bytes of header in which a name is sought; it is there twice all the same where it is not found."""


def quotes(raw: bytes) -> int:
    """Quotation marks that begin or end a text in valid JSON."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return raw.count(b'"')


def expected_quotes(entries: Collection[str], metadata: Collection[str] | None) -> int:
    """How many `quotes` a header with these tensors and these metadata has."""
    return (2 + _IN_ENTRY) * len(entries) + (0 if metadata is None else 2 + 4 * len(metadata))


def check_names(raw: bytes, entries: Mapping[str, msgspec.Raw], metadata: Collection[str] | None) -> None:
    """Raises Wrong when anything in the header is there twice.

    `raw` is valid JSON, and `entries` and `metadata` are what a decoder made of it, each entry with a dtype, a shape
    and data_offsets and nothing else.
    """
    if quotes(raw) != expected_quotes(entries, metadata):
        raise Wrong(find_twice(raw, entries))


def find_twice(raw: bytes, entries: Mapping[str, msgspec.Raw]) -> str:
    """What is there twice, as well as it can be told in a moment."""
    for name, entry in entries.items():
        if quotes(bytes(entry)) != _IN_ENTRY:
            return f"tensor {shown(name)} has a dtype, shape or data_offsets twice"
    seen: set[str] = set()
    for name in _names(raw[:_LOOKED_THROUGH]):
        if name in seen:
            return f"tensor {shown(name)} is there twice"
        seen.add(name)
    return "a name is there twice"


_PIECE = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}\[\]]')


def _names(raw: bytes) -> Iterator[str]:
    """The names at the top of an object, as they come."""
    depth = 0
    for piece in _PIECE.finditer(raw):
        text, colon = piece.groups()
        if text is None:
            depth += 1 if piece.group() in b"{[" else -1
        elif colon and depth == 1:
            yield msgspec.json.decode(text, type=str)
