"""The header of a safetensors file: its bytes, and what is demanded of them before a tensor is believed.

The format: eight bytes of length, little-endian; as many bytes of JSON, padded with spaces; the tensors' bytes without
holes or overlaps up to the end of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...opened.source import SourceError
from ...stored.dense import Dense
from ...stored.file import DataFile
from ...stored.stored import Stored, Unreadable
from ...stored.tensors import DenseTensors
from ..wording import shortened
from .entries import METADATA, Span, Wrong, tensor_of
from .quick import read_quickly
from .quotes import check_names
from .spans import check_spans, cut_short

PREFIX = 8
"""Bytes of the length in front of the JSON."""
LONGEST = 100_000_000
"""Bytes of JSON that the format allows."""
_Raws = msgspec.json.Decoder(dict[str, msgspec.Raw])
_Texts = msgspec.json.Decoder(dict[str, str])


class Header(NamedTuple):
    tensors: Sequence[Stored]
    """As the header lists them."""
    metadata: dict[str, str]


def read_header(path: Path) -> tuple[DataFile, Header]:
    """Open a safetensors file and check all of its header; reads no tensor.

    Raises:
        SourceError: it cannot be read, or breaks a rule of the format; the title names the rule and the tensor.
    """
    try:
        file = DataFile(path)
        return file, _header(file)
    except OSError as error:
        raise SourceError(f"{shortened(path.name)} cannot be read: {error.strerror or error}") from None
    except Unreadable as error:
        raise SourceError(str(error)) from None
    except Wrong as wrong:
        raise SourceError(f"{shortened(path.name)}{wrong.joint}{wrong}", wrong.remedy) from None


def _header(file: DataFile) -> Header:
    raw = _json(file)
    start = PREFIX + len(raw)
    quick = read_quickly(raw, file.size - start)
    if quick is None:
        return _checked(raw, file)
    offsets = [start + span[0] for span in quick.spans]
    tensors = DenseTensors(file, quick.names, quick.forms, offsets)
    return Header(tensors, quick.metadata)


def _checked(raw: bytes, file: DataFile) -> Header:
    """The header, rule by rule; raises Wrong with the one that it breaks."""
    entries = _decoded(raw)
    texts = _metadata(entries.pop(METADATA, None))
    start = PREFIX + len(raw)
    tensors: list[Stored] = []
    spans: list[Span] = []
    for name, entry in entries.items():
        dtype, shape, span = tensor_of(name, entry)
        spans.append(span)
        tensors.append(Dense(name, shape, dtype, file, start + span[0]))
    check_names(raw, entries, texts)
    check_spans(tensors, spans, file.size - start)
    return Header(tensors, texts or {})


def _json(file: DataFile) -> bytes:
    if file.size < PREFIX:
        raise cut_short(PREFIX - file.size, least=True)
    length = int.from_bytes(file.read(0, PREFIX), "little")
    if length > LONGEST:
        raise Wrong(f"its header would take {length:,} bytes, and the format allows {LONGEST:,}")
    if PREFIX + length > file.size:
        raise cut_short(PREFIX + length - file.size, least=True)
    raw = file.read(PREFIX, length)
    if raw[:1] != b"{":
        raise Wrong("its header does not begin with {")
    try:
        raw.isascii() or raw.decode()
    except UnicodeDecodeError as error:
        raise Wrong(f"its header is not valid UTF-8 (at byte {PREFIX + error.start:,})") from None
    return raw


def _decoded(raw: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _Raws.decode(raw)
    except RecursionError:
        raise Wrong("its header is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise Wrong(f"its header is no valid JSON: {error}") from None


def _metadata(entry: msgspec.Raw | None) -> dict[str, str] | None:
    if entry is None:
        return None
    try:
        return _Texts.decode(entry)
    except (msgspec.DecodeError, RecursionError):
        raise Wrong(f"its {METADATA} is not a map of texts to texts") from None
