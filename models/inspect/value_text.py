"""The values of a tensor as text to paste elsewhere: Python, NumPy, CSV.

Only as many elements as the text can hold are ever read, whatever the size of the tensor.  Numbers are the shortest
text that means the same value in the tensor's dtype.  NumPy itself is not needed to write its notation.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import chain, islice
from math import isinf, isnan

import torch

from .absence import absence_of
from .tensors import shape_of

TEXT_LIMIT = 100_000
"""Characters of one text; what is longer is cut."""
_ELEMENTS = TEXT_LIMIT // 2 + 1
"""Every element takes two characters at least, its separator included."""

Write = Callable[[object], str]

_NUMPY_NAMES = {"bool": "bool_", "bfloat16": "float32"}
"""Where NumPy's name differs, or where it has no such dtype and this one holds every value."""


def as_python(tensor: torch.Tensor) -> str | None:
    """Nested lists that Python evaluates to `tensor.tolist()` (rounded as the dtype rounds); None without values.

    One character longer than `TEXT_LIMIT` at most, so that a caller can tell that it must be cut.
    """
    values = _first_values(tensor)
    return None if values is None else _bounded(_nested(values, _number(tensor, _PYTHON)))


def as_numpy(tensor: torch.Tensor) -> str | None:
    """`np.array([...], dtype=np.float32)`; None without values."""
    values = _first_values(tensor)
    if values is None:
        return None
    name = str(tensor.dtype).removeprefix("torch.")
    name = "float32" if name.startswith("float8") or tensor.is_quantized else _NUMPY_NAMES.get(name, name)
    if tensor.numel() == 0:
        return f"np.empty({tuple(tensor.shape)}, dtype=np.{name})"
    return _bounded(chain(["np.array("], _nested(values, _number(tensor, _NUMPY)), [f", dtype=np.{name})"]))


def as_csv(tensor: torch.Tensor) -> str | None:
    """A line for each row of the last dimension, an empty line between matrices; None without values.

    Empty for a tensor without elements.
    """
    values = _first_values(tensor)
    if values is None:
        return None
    if tensor.numel() == 0:
        return ""
    if not isinstance(values, list):
        values = [values]
    return _bounded(_lines(values, _number(tensor, _CSV), max(tensor.dim(), 1)))


def _first_values(tensor: torch.Tensor) -> object:
    """`tolist()` of a part that begins with the tensor's first elements; None where there are no values."""
    shape = shape_of(tensor)
    if shape is None or absence_of(tensor)[0]:
        return None
    try:
        part = tensor.detach()
        if part.layout is not torch.strided:
            if part.numel() > _ELEMENTS:
                return None  # a dense copy could be of any size
            part = part.to_dense()
        for dim, size in enumerate(shape):
            below = 1
            for length in shape[dim + 1 :]:
                below *= max(length, 1)
            wanted = -(-_ELEMENTS // below)
            part = part.narrow(dim, 0, min(size, wanted))
            if wanted > 1:
                break  # all below is needed whole
        if part.is_quantized:
            part = part.dequantize()
        if part.dtype.itemsize == 1 and part.dtype.is_floating_point:
            part = part.float()
        values: object = part.resolve_conj().resolve_neg().cpu().tolist()
    except Exception:  # fake and foreign tensors, dtypes without values
        return None
    return values


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
        for position, value in enumerate(islice(values, _ELEMENTS)):
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


def _number(tensor: torch.Tensor, names: dict[str, str]) -> Write:
    """How one element is written; `names` are the words for what is not finite."""
    dtype = tensor.dtype
    packed = "" if dtype in (torch.float64, torch.complex128) else "e" if dtype in _HALF else "f"

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


_HALF = (torch.float16, torch.complex32)


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
