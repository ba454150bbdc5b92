"""One entry of a safetensors header: a tensor's type, shape and bytes, each checked against the others."""

from __future__ import annotations

from itertools import accumulate
from math import prod
from operator import mul
from typing import Annotated

import msgspec

from ...stored import dtypes
from ...stored.dtypes import DType
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
"""By the format's names."""
MOST_DIMENSIONS = 64
"""More than any program can use; the format has no bound of its own."""
LARGEST = 2**64 - 1
"""The format's numbers have 64 bits."""
METADATA = "__metadata__"

Span = tuple[int, int]
"""Where a tensor's bytes begin and end, from the end of the header on."""

DAMAGED = "It was damaged or written wrongly: download it again, or tell who made it."


class Wrong(Exception):
    """A rule of the format that a file breaks, in words that follow the file's name."""

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
    """The type, shape and bytes of the tensor `name` by its entry; raises Wrong with the rule that it breaks."""
    try:
        entry = _decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Wrong(f"tensor {shown(name)} {_fault(error)}") from None
    dtype, shape, span = TYPES.get(entry.dtype), entry.shape, entry.data_offsets
    if dtype is None:
        raise Wrong(f"tensor {shown(name)} has dtype {shown(entry.dtype)}, which the format does not know")
    if len(shape) > MOST_DIMENSIONS:
        raise Wrong(f"tensor {shown(name)} has {len(shape):,} dimensions, and at most {MOST_DIMENSIONS} are read")
    elements = prod(shape)
    size, partly = divmod(elements * dtype.unit, dtype.per_unit)
    if partly or not 0 < elements <= LARGEST or span[1] > LARGEST or size != span[1] - span[0]:
        _check(name, entry, dtype, elements)
    return dtype, shape, span


def _check(name: str, entry: _Entry, dtype: DType, elements: int) -> None:
    """Raises Wrong unless it is a tensor without elements that lies nowhere."""
    shape, (begin, end) = entry.shape, entry.data_offsets
    what = f"tensor {shown(name)}"
    if any(each > LARGEST for each in (*shape, *accumulate(shape, mul))):
        raise Wrong(f"{what} has a shape that takes more than 64 bits")
    if max(begin, end) > LARGEST:
        raise Wrong(f"{what} has data_offsets that take more than 64 bits")
    if begin > end:
        raise Wrong(f"{what} ends at byte {end:,}, before it begins at {begin:,}")
    what += f" of [{', '.join(map(str, shape))}] {entry.dtype}"
    bits = elements * (dtype.unit * 8 // dtype.per_unit)
    if bits % 8:
        raise Wrong(f"{what} does not fill whole bytes")
    if bits // 8 != end - begin:
        raise Wrong(f"{what} takes {bits // 8:,} bytes, but {end - begin:,} are set apart for it")


def shown(name: str) -> str:
    """A name for a message of one line."""
    return repr(shortened(name))


def _fault(error: Exception) -> str:
    """What is wrong with an entry, from what the decoder says; that may quote a field's name."""
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
