"""Elements written as Python, NumPy or CSV, to be pasted elsewhere.  Must not import torch.

A number is written as the shortest text that rounds to the same value in its dtype.  NumPy itself is not needed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from math import isinf, isnan

TEXT_LIMIT = 100_000
"""Characters of one text; a longer one is cut."""
ELEMENT_LIMIT = TEXT_LIMIT // 2 + 1
"""Elements that a text may hold: each takes two characters or more, its separator included."""

Write = Callable[[object], str]
"""Writes one element."""

_NUMPY_NAMES = {"bool": "bool_", "bfloat16": "float32"}
"""Where NumPy's name differs, or where it has no such dtype and this one holds every value."""


def python_text(elements: object, dtype: str) -> str:
    """Return nested lists as Python source that evaluates to the elements, rounded as `dtype` rounds.

    The text is at most one character longer than `TEXT_LIMIT`, which shows a caller that it must be cut.
    """
    return _bounded(_nested(elements, _number(dtype, _PYTHON)))


def numpy_text(elements: object, dtype: str, shape: Sequence[int]) -> str:
    """Return `np.array([...], dtype=np.float32)`; float8 and bfloat16, which NumPy lacks, are written as float32.

    The text is at most one character longer than `TEXT_LIMIT`.
    """
    name = "float32" if dtype.startswith(("float8", "float4", "F")) else _NUMPY_NAMES.get(dtype, dtype)
    if 0 in shape:
        return f"np.empty({tuple(shape)}, dtype=np.{name})"
    return _bounded(chain(["np.array("], _nested(elements, _number(dtype, _NUMPY)), [f", dtype=np.{name})"]))


def csv_text(elements: object, dtype: str, shape: Sequence[int]) -> str:
    """Return a line for each row of the last dimension, an empty line between matrices; empty without elements.

    The text is at most one character longer than `TEXT_LIMIT`.
    """
    if 0 in shape:
        return ""
    rows = elements if isinstance(elements, list) else [elements]
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


def _nested(elements: object, number: Write) -> Iterator[str]:
    if not isinstance(elements, list):
        yield number(elements)
        return
    yield "["
    for position, value in enumerate(elements):
        if position:
            yield ", "
        yield from _nested(value, number)
    yield "]"


def _lines(elements: list[object], number: Write, dims: int) -> Iterator[str]:
    if dims == 1:
        for position, value in enumerate(islice(elements, ELEMENT_LIMIT)):
            yield ("," if position else "") + number(value)
        yield "\n"
        return
    for position, value in enumerate(elements):
        assert isinstance(value, list)
        if position and dims > 2:
            yield "\n"
        yield from _lines(value, number, dims - 1)


_PYTHON = {"nan": "float('nan')", "inf": "float('inf')", "-inf": "-float('inf')"}
_NUMPY = {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}
_CSV: dict[str, str] = {}


def _number(dtype: str, names: dict[str, str]) -> Write:
    """Return the function that writes one element; `names` are the words for NaN and infinities."""
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
    """Return whether both parts are finite."""
    return not any(isnan(part) or isinf(part) for part in (value.real, value.imag))


def _shortest(value: float, packed: str) -> str:
    """Return the shortest decimal that packs to the same bytes, as `repr` does for float64."""
    target = struct.pack(packed, value)
    for digits in (4, 6, 7, 8):
        text = f"{value:.{digits}g}"
        try:
            if struct.pack(packed, float(text)) == target:
                return repr(float(text))
        except OverflowError:  # rounded up past the largest
            continue
    return repr(float(f"{value:.9g}"))
