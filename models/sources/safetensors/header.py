"""The header of a safetensors file: its bytes, and what is demanded of them before a tensor is believed.

The format (https://github.com/huggingface/safetensors#format): eight bytes of length, little-endian; as many bytes of
JSON, padded with spaces; the tensors' bytes without holes or overlaps up to the end of the file.  The JSON is
read by `quick`; where that has a doubt, it is read once more by `rules`, one rule after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ...opened.source import SourceError
from ...stored.dense import Dense
from ...stored.file import DataFile
from ...stored.stored import Stored
from ...stored.tensors import DenseTensors
from ..wording import shortened
from .quick import read_quickly
from .rules import METADATA, BrokenHeader, Span, check_names, check_spans, cut_short, tensor_of

PREFIX = 8
"""Bytes of the length in front of the JSON."""
LONGEST = 100_000_000
"""Bytes of JSON that the format allows, at most."""
_Raws = msgspec.json.Decoder(dict[str, msgspec.Raw])
_Texts = msgspec.json.Decoder(dict[str, str])


class Header(NamedTuple):
    """What the header of a safetensors file says, checked."""

    tensors: Sequence[Stored]
    """As the header lists them."""
    metadata: dict[str, str]
    """The texts of its `__metadata__`; empty where it has none."""


def explain(file: DataFile, error: Exception) -> SourceError | None:
    """Return the refusal of a file that breaks a rule of the format; None for an `error` of another sort."""
    if not isinstance(error, BrokenHeader):
        return None
    return SourceError(f"{shortened(file.name)}{error.joint}{error}", error.remedy)


def read_header(file: DataFile) -> Header:
    """Read and check all of the header of a safetensors file; reads no tensor.

    Raises:
        BrokenHeader: it breaks a rule of the format; the text names the rule and the tensor.
        Unreadable: the file changed or the disk fails.
    """
    raw = _json(file)
    start = PREFIX + len(raw)
    quick = read_quickly(raw, file.size - start)
    if quick is None:
        return _checked(raw, file)
    offsets = [start + span[0] for span in quick.spans]
    tensors = DenseTensors(file, quick.names, quick.forms, offsets)
    return Header(tensors, quick.metadata)


def _checked(raw: bytes, file: DataFile) -> Header:
    """Return the header, checked rule by rule; raise BrokenHeader with the one that it breaks."""
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
        raise cut_short(PREFIX - file.size, at_least=True)
    length = int.from_bytes(file.read(0, PREFIX), "little")
    if length > LONGEST:
        raise BrokenHeader(f"its header would take {length:,} bytes, and the format allows {LONGEST:,}")
    if PREFIX + length > file.size:
        raise cut_short(PREFIX + length - file.size, at_least=True)
    raw = file.read(PREFIX, length)
    if raw[:1] != b"{":
        raise BrokenHeader("its header does not begin with {")
    try:
        raw.isascii() or raw.decode()
    except UnicodeDecodeError as error:
        raise BrokenHeader(f"its header is not valid UTF-8 (at byte {PREFIX + error.start:,})") from None
    return raw


def _decoded(raw: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _Raws.decode(raw)
    except RecursionError:
        raise BrokenHeader("its header is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise BrokenHeader(f"its header is no valid JSON: {error}") from None


def _metadata(entry: msgspec.Raw | None) -> dict[str, str] | None:
    if entry is None:
        return None
    try:
        return _Texts.decode(entry)
    except (msgspec.DecodeError, RecursionError):
        raise BrokenHeader(f"its {METADATA} is not a map of texts to texts") from None
