"""The values of a header's metadata: every type of the format, long arrays in a few words, never all in memory.

By https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, `gguf_metadata_value_type`.
"""

from __future__ import annotations

import math
from struct import Struct, pack, unpack
from typing import Any

from ...opened.source import SourceError
from .cursor import Cursor, quoted_name

LISTED_LIMIT = 64
"""Elements of an array that is shown whole, at most."""
FIRST = 5
"""Elements that are shown of a longer one."""
TEXT_LIMIT = 1 << 16
"""Bytes of a string that are kept, at most; a chat template has some 10,000."""

_STRING, _ARRAY = 8, 9
_SCALARS: dict[int, tuple[str, Struct]] = {
    0: ("uint8", Struct("<B")),
    1: ("int8", Struct("<b")),
    2: ("uint16", Struct("<H")),
    3: ("int16", Struct("<h")),
    4: ("uint32", Struct("<I")),
    5: ("int32", Struct("<i")),
    6: ("float32", Struct("<f")),
    7: ("bool", Struct("<?")),
    10: ("uint64", Struct("<Q")),
    11: ("int64", Struct("<q")),
    12: ("float64", Struct("<d")),
}
_UINT32, _ARRAY_HEAD = Struct("<I"), Struct("<IQ")
_MIN_SIZES = {_STRING: 8, _ARRAY: 12}
_DEEPEST = 8


def read_entry(cursor: Cursor, file: str) -> tuple[str, Any]:
    """Return the next key and its value, as JSON has it; of a long array a text with its first elements.

    Raises:
        SourceError: it breaks a rule of the format; the title names the `file`.
    """
    key = cursor.text(TEXT_LIMIT)
    code = cursor.number(_UINT32)
    try:
        return key, _value(cursor, code, 0)
    except _Unknown as error:
        raise SourceError(
            f"{file} is damaged: its metadata {quoted_name(key)} {error}", "Get the file again."
        ) from None


class _Unknown(Exception):
    """What is wrong with a value."""


def _value(cursor: Cursor, code: int, depth: int) -> Any:
    if code == _STRING:
        return cursor.text(TEXT_LIMIT)
    if code == _ARRAY:
        return _array(cursor, depth)
    return _json(code, cursor.number(_scalar(code)[1]))


def _scalar(code: int) -> tuple[str, Struct]:
    if code not in _SCALARS:
        raise _Unknown(f"has a type {code} that does not exist")
    return _SCALARS[code]


def _array(cursor: Cursor, depth: int) -> Any:
    if depth == _DEEPEST:
        raise _Unknown(f"holds arrays within arrays, more than {_DEEPEST} deep")
    code, count = cursor.unpack(_ARRAY_HEAD)
    shown = count if count <= LISTED_LIMIT else FIRST
    if code in _MIN_SIZES:
        cursor.walk(count, _MIN_SIZES[code])
        first = [_value(cursor, code, depth + 1) for _ in range(shown)]
        for _ in range(count - shown):
            _pass(cursor, code, depth + 1)
        name = "strings" if code == _STRING else "arrays"
    else:
        name, form = _scalar(code)
        name += " numbers" if name != "bool" else "s"
        first = [_json(code, cursor.number(form)) for _ in range(shown)]
        cursor.skip((count - shown) * form.size)
    return first if shown == count else f"{count:,} {name}: {', '.join(map(_brief, first))}, …"


def _pass(cursor: Cursor, code: int, depth: int) -> None:
    if code == _STRING:
        cursor.skip_text()
    else:
        _array(cursor, depth)


def _brief(value: Any) -> str:
    return quoted_name(value) if isinstance(value, str) else str(value)[:80]


def _json(code: int, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return str(value)  # JSON has no word for it
    if _SCALARS[code][0] == "float32":
        return next(short for digits in range(1, 18) if _same(short := float(f"{value:.{digits}g}"), value))
    return value


def _same(short: float, value: float) -> bool:
    """Return whether a decimal is the same float32: 1e-05 was written, 9.999999747378752e-06 comes back."""
    try:
        return bool(unpack("<f", pack("<f", short))[0] == value)
    except OverflowError:  # rounded up beyond the largest
        return False
