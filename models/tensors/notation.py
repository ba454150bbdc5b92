"""How values are written to be pasted elsewhere: Python, NumPy, CSV.  Knows nothing of torch.

Numbers are the shortest text that means the same value in their dtype.  NumPy itself is not needed for its notation.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from math import isinf, isnan

TEXT_LIMIT = 100_000
"""Characters of one text; what is longer is cut."""
ELEMENTS = TEXT_LIMIT // 2 + 1
"""Every element takes two characters at least, its separator included."""

Write = Callable[[object], str]

_NUMPY_NAMES = {"bool": "bool_", "bfloat16": "float32"}
"""Where NumPy's name differs, or where it has no such dtype and this one holds every value."""


def python_text(values: object, dtype: str) -> str:
    """Nested lists that Python evaluates to the values (rounded as the dtype rounds).

    One character longer than `TEXT_LIMIT` at most, so that a caller can tell that it must be cut.
    """
    return _bounded(_nested(values, _number(dtype, _PYTHON)))


def numpy_text(values: object, dtype: str, shape: Sequence[int]) -> str:
    """`np.array([...], dtype=np.float32)`; NumPy has no float8 and no bfloat16: float32 holds their values."""
    name = "float32" if dtype.startswith(("float8", "float4", "F")) else _NUMPY_NAMES.get(dtype, dtype)
    if 0 in shape:
        return f"np.empty({tuple(shape)}, dtype=np.{name})"
    return _bounded(chain(["np.array("], _nested(values, _number(dtype, _NUMPY)), [f", dtype=np.{name})"]))


def csv_text(values: object, dtype: str, shape: Sequence[int]) -> str:
    """A line for each row of the last dimension, an empty line between matrices; empty without elements."""
    if 0 in shape:
        return ""
    rows = values if isinstance(values, list) else [values]
    return _bounded(_lines(rows, _number(dtype, _CSV), max(len(shape), 1)))


def _bounded(pieces: Iterator[str]) -> str:
    taken: list[str] = []
    length = 0
    for piece in pieces:
        taken.append(piece)
        length += len(piece)
        if length > TEXT_LIMIT:
            break
    return "".join(taken)[: TEXT_LIMIT + 1]


def _nested(values: object, number: Write) -> Iterator[str]:
    if not isinstance(values, list):
        yield number(values)
        return
    yield "["
    for position, value in enumerate(values):
        if position:
            yield ", "
        yield from _nested(value, number)
    yield "]"


def _lines(values: list[object], number: Write, dims: int) -> Iterator[str]:
    if dims == 1:
        for position, value in enumerate(islice(values, ELEMENTS)):
            yield ("," if position else "") + number(value)
        yield "\n"
        return
    for position, value in enumerate(values):
        assert isinstance(value, list)
        if position and dims > 2:
            yield "\n"
        yield from _lines(value, number, dims - 1)


_PYTHON = {"nan": "float('nan')", "inf": "float('inf')", "-inf": "-float('inf')"}
_NUMPY = {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}
_CSV: dict[str, str] = {}


def _number(dtype: str, names: dict[str, str]) -> Write:
    """How one element is written; `names` are the words for what is not finite."""
    packed = "" if dtype in ("float64", "complex128") else "e" if dtype in _HALF else "f"

    def real(value: float) -> str:
        if isnan(value) or isinf(value):
            return names.get(repr(value), repr(value))
        return _shortest(value, packed) if packed else repr(value)

    def write(value: object) -> str:
        if isinstance(value, complex):
            if names and not _is_finite(value):
                return f"complex({real(value.real)}, {real(value.imag)})"
            sign = "" if real(value.imag).startswith("-") else "+"
            return f"({real(value.real)}{sign}{real(value.imag)}j)"
        return real(value) if isinstance(value, float) else repr(value)

    return write


_HALF = ("float16", "complex32")


def _is_finite(value: complex) -> bool:
    """Whether both parts are finite."""
    return not any(isnan(part) or isinf(part) for part in (value.real, value.imag))


def _shortest(value: float, packed: str) -> str:
    """The shortest decimal that packs to the same bytes, as `repr` does for double precision."""
    target = struct.pack(packed, value)
    for digits in (4, 6, 7, 8):
        text = f"{value:.{digits}g}"
        try:
            if struct.pack(packed, float(text)) == target:
                return repr(float(text))
        except OverflowError:  # rounded up past the largest
            continue
    return repr(float(f"{value:.9g}"))
