"""The rules of the safetensors format, each demanded of one header: its entries, its names, its spans.

The format: https://github.com/huggingface/safetensors#format.  A name may be there once.  A JSON decoder keeps the last
of two entries with one name and reports nothing, but it cannot hide their quotation marks: a header has exactly as many
as its distinct names and texts need, or something is there twice.  The spans of the tensors fill the file: no hole, no
overlap, no byte missing at the end and none too many.

Only a header that `quick` doubts is checked here: `quick` must doubt whatever breaks a rule of this file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate, islice
from math import prod
from operator import gt, mul
from typing import Annotated

import msgspec

from ...stored import dtypes
from ...stored.dtypes import DType
from ...stored.stored import Stored
from ..wording import shortened

TYPES: dict[str, DType] = {
    "BOOL": dtypes.BOOL,
    "U8": dtypes.UINT8,
    "I8": dtypes.INT8,
    "U16": dtypes.UINT16,
    "I16": dtypes.INT16,
    "U32": dtypes.UINT32,
    "I32": dtypes.INT32,
    "U64": dtypes.UINT64,
    "I64": dtypes.INT64,
    "F16": dtypes.FLOAT16,
    "BF16": dtypes.BFLOAT16,
    "F32": dtypes.FLOAT32,
    "F64": dtypes.FLOAT64,
    "C64": dtypes.COMPLEX64,
    "F8_E4M3": dtypes.FLOAT8_E4M3FN,
    "F8_E5M2": dtypes.FLOAT8_E5M2,
    "F8_E8M0": dtypes.FLOAT8_E8M0FNU,
    "F8_E4M3FNUZ": dtypes.FLOAT8_E4M3FNUZ,
    "F8_E5M2FNUZ": dtypes.FLOAT8_E5M2FNUZ,
    "F6_E2M3": dtypes.FLOAT6_E2M3,
    "F6_E3M2": dtypes.FLOAT6_E3M2,
    "F4": dtypes.FLOAT4_E2M1FN_X2,
}
"""The dtypes of the format by its names; see `Dtype` in https://github.com/huggingface/safetensors."""
DIMENSION_LIMIT = 64
"""More than any program can use; the format has no bound of its own."""
LARGEST = 2**64 - 1
"""The format's numbers have 64 bits."""
METADATA = "__metadata__"
"""The name in the header that is no tensor."""

Span = tuple[int, int]
"""Where a tensor's bytes begin and end, in bytes from the end of the header on."""

DAMAGED = "It was damaged or written wrongly: download it again, or tell who made it."
"""What to do with a header that breaks a rule."""


class BrokenHeader(Exception):
    """A rule of the format that a file breaks, in words that follow the file's name.

    `remedy` says what to do, `joint` stands between the file's name and the words.
    """

    def __init__(self, text: str, remedy: str = DAMAGED, joint: str = ": ") -> None:
        super().__init__(text)
        self.remedy = remedy
        self.joint = joint
        """What stands between the file's name and the words."""


_Natural = Annotated[int, msgspec.Meta(ge=0)]


class _Entry(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    dtype: str
    shape: tuple[_Natural, ...]
    data_offsets: tuple[_Natural, _Natural]


_decode = msgspec.json.Decoder(_Entry).decode


def tensor_of(name: str, raw: msgspec.Raw) -> tuple[DType, tuple[int, ...], Span]:
    """Return dtype, shape and span of the tensor `name` by its entry.

    Raises:
        BrokenHeader: the entry breaks a rule of the format.
    """
    try:
        entry = _decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BrokenHeader(f"tensor {shown(name)} {_fault(error)}") from None
    dtype, shape, span = TYPES.get(entry.dtype), entry.shape, entry.data_offsets
    if dtype is None:
        raise BrokenHeader(f"tensor {shown(name)} has dtype {shown(entry.dtype)}, which the format does not know")
    if len(shape) > DIMENSION_LIMIT:
        raise BrokenHeader(
            f"tensor {shown(name)} has {len(shape):,} dimensions, and at most {DIMENSION_LIMIT} are read"
        )
    elements = prod(shape)
    size, partly = divmod(elements * dtype.unit, dtype.per_unit)
    if partly or not 0 < elements <= LARGEST or span[1] > LARGEST or size != span[1] - span[0]:
        _check(name, entry, dtype, elements)
    return dtype, shape, span


def _check(name: str, entry: _Entry, dtype: DType, elements: int) -> None:
    """Raise BrokenHeader unless it is a tensor without elements that lies nowhere."""
    shape, (begin, end) = entry.shape, entry.data_offsets
    what = f"tensor {shown(name)}"
    if any(each > LARGEST for each in (*shape, *accumulate(shape, mul))):
        raise BrokenHeader(f"{what} has a shape that takes more than 64 bits")
    if max(begin, end) > LARGEST:
        raise BrokenHeader(f"{what} has data_offsets that take more than 64 bits")
    if begin > end:
        raise BrokenHeader(f"{what} ends at byte {end:,}, before it begins at {begin:,}")
    what += f" of [{', '.join(map(str, shape))}] {entry.dtype}"
    bits = elements * (dtype.unit * 8 // dtype.per_unit)
    if bits % 8:
        raise BrokenHeader(f"{what} does not fill whole bytes")
    if bits // 8 != end - begin:
        raise BrokenHeader(f"{what} takes {bits // 8:,} bytes, but {end - begin:,} are set apart for it")


def shown(name: str) -> str:
    """Return a name for a message of one line, in quotes."""
    return repr(shortened(name))


def _fault(error: Exception) -> str:
    """Return what is wrong with an entry, from what the decoder says; that may quote a field's name."""
    text = str(error)
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if text.startswith("Object missing required field"):
        return f"has no {text.split('`')[1]}"
    if text.startswith("Object contains unknown field"):
        return "has more than dtype, shape and data_offsets"
    for field in ("dtype", "shape", "data_offsets"):
        if f"`$.{field}" in text:
            return f"has a {field} that is not {_MEANT[field]}"
    return "is not an object with dtype, shape and data_offsets"


_MEANT = {
    "dtype": "a text",
    "shape": "a list of whole numbers from 0 on",
    "data_offsets": "a pair of whole numbers from 0 on",
}


_IN_ENTRY = 8
"""Quotation marks of an entry: three names and the dtype."""
_LOOKED_THROUGH = 1_000_000
"""Bytes of header in which a name is sought, at most; it is there twice all the same where it is not found."""


def quotes(raw: bytes) -> int:
    """Return how many quotation marks begin or end a text in valid JSON."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return raw.count(b'"')


def expected_quotes(entries: Collection[str], metadata: Collection[str] | None) -> int:
    """Return how many `quotes` a header with these tensors and these metadata has; None stands for no metadata."""
    return (2 + _IN_ENTRY) * len(entries) + (0 if metadata is None else 2 + 4 * len(metadata))


def check_names(raw: bytes, entries: Mapping[str, msgspec.Raw], metadata: Collection[str] | None) -> None:
    """Raise BrokenHeader when anything in the header is there twice.

    `raw` is valid JSON, and `entries` and `metadata` are what a decoder made of it, each entry with a dtype, a shape
    and data_offsets and nothing else; None stands for no metadata.
    """
    if quotes(raw) != expected_quotes(entries, metadata):
        raise BrokenHeader(find_twice(raw, entries))


def find_twice(raw: bytes, entries: Mapping[str, msgspec.Raw]) -> str:
    """Return what is there twice, as well as it can be found in a moment."""
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
    """Yield the names at the top of an object, as they come."""
    depth = 0
    for piece in _PIECE.finditer(raw):
        text, colon = piece.groups()
        if text is None:
            depth += 1 if piece.group() in b"{[" else -1
        elif colon and depth == 1:
            yield msgspec.json.decode(text, type=str)


CUT = "The download or copy did not finish: do it again."
"""What to do with a file that ends too early."""


def covers(spans: Sequence[Span], size: int) -> bool:
    """Return whether the spans cover `size` bytes once each."""
    if not spans:
        return size == 0
    begins, ends = zip(*(spans if _ascend(spans) else sorted(spans)), strict=True)
    return bool(begins[0] == 0 and ends[-1] == size and begins[1:] == ends[:-1])


def _ascend(spans: Sequence[Span]) -> bool:
    """Return whether spans are listed as they lie, as most writers do."""
    return not any(map(gt, spans, islice(spans, 1, None)))


def check_spans(tensors: Sequence[Stored], spans: Sequence[Span], size: int) -> None:
    """Raise BrokenHeader unless `spans`, those of `tensors`, cover the `size` bytes behind the header once each."""
    reached = 0
    for index in range(len(spans)) if _ascend(spans) else sorted(range(len(spans)), key=spans.__getitem__):
        begin, end = spans[index]
        if begin != reached:
            _raise(tensors, spans, index, reached)
        reached = end
    if reached > size:
        raise cut_short(reached - size)
    if reached < size:
        raise BrokenHeader(f"has {_bytes(size - reached)} more than its tensors take", joint=" ")


def cut_short(missing: int, at_least: bool = False) -> BrokenHeader:
    """Return that `missing` bytes are missing at the end of a file; with `at_least`, that they may be more."""
    return BrokenHeader(
        f"is cut short: {'at least ' if at_least else ''}{_bytes(missing)} {'is' if missing == 1 else 'are'} missing",
        CUT,
        joint=" ",
    )


def _raise(tensors: Sequence[Stored], spans: Sequence[Span], index: int, reached: int) -> None:
    begin, name = spans[index][0], shown(tensors[index].path)
    if begin > reached:
        where = f"before tensor {name}" if reached else f"before the first tensor, {name}"
        raise BrokenHeader(f"a hole of {begin - reached:,} bytes {where}")
    before = next(other for other, span in enumerate(spans) if span[1] == reached and other != index)
    raise BrokenHeader(f"tensor {name} overlaps tensor {shown(tensors[before].path)} by {reached - begin:,} bytes")


def _bytes(count: int) -> str:
    return f"{count:,} byte{'' if count == 1 else 's'}"
