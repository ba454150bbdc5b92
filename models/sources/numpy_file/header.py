"""The header of an array: a line of Python that says type, order and shape.

The format: NEP 1, https://numpy.org/neps/nep-0001-npy-format.html, in its versions up to 3.0 as
https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html has them.  The codes of types are those of the
array interface, https://numpy.org/doc/stable/reference/arrays.interface.html.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from ...stored import dtypes
from ...stored.dtypes import DType
from ...work.parsing import parse_python

MAGIC = b"\x93NUMPY"
"""The first bytes of an array."""
HEADER_LIMIT = 64 << 10
"""Bytes of a header, at most; NumPy itself believes 10,000."""
DIMENSION_LIMIT = 64
"""As many as NumPy 2 has."""
LARGEST = 2**62
"""Elements and bytes of an array, at most."""

TYPES: dict[str, DType] = {
    "b1": dtypes.BOOL, "i1": dtypes.INT8, "u1": dtypes.UINT8, "i2": dtypes.INT16, "u2": dtypes.UINT16,
    "i4": dtypes.INT32, "u4": dtypes.UINT32, "i8": dtypes.INT64, "u8": dtypes.UINT64, "f2": dtypes.FLOAT16,
    "f4": dtypes.FLOAT32, "f8": dtypes.FLOAT64, "c8": dtypes.COMPLEX64, "c16": dtypes.COMPLEX128,
}  # fmt: skip
"""By NumPy's codes, without the order of bytes."""
_DESCR = re.compile(r"[<>|=]?([a-zA-Z]\d+)")
"""NumPy always writes the order of bytes, and reads codes without it."""
_LONGS = re.compile(r"(?<=\d)L\b")
"""Python 2 wrote whole numbers so."""

_WORDS = {"O": "Python objects", "U": "texts", "S": "texts of bytes", "a": "texts of bytes", "M": "dates",
          "m": "spans of time", "V": "raw bytes"}  # fmt: skip


class BrokenArray(Exception):
    """What is wrong with a file or record; the text goes on from `NAME is broken: `."""


class NoNumbers(Exception):
    """An array of something that has no tensor; the text goes on from `NAME holds `.

    `why` goes on from that text, for those who have room for it.
    """

    remedy = "Save what is numbers in it by itself, with numpy.save."

    def __init__(self, text: str, why: str = "") -> None:
        super().__init__(text)
        self.why = why
        """Goes on from the text."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an array says of itself in its header."""

    descr: object
    """NumPy's code of the type, `<f4`; a list of fields where each element has several."""
    fortran_order: bool
    """Whether its elements stand column after column."""
    shape: tuple[int, ...]
    """Elements along each axis; empty for a single one."""
    begin: int
    """Bytes before its elements, of the header and what stands before it."""

    @property
    def dtype(self) -> DType | None:
        """Return the dtype of its elements; None where they are no numbers that torch has."""
        match = _DESCR.fullmatch(self.descr) if isinstance(self.descr, str) else None
        return TYPES.get(match[1]) if match else None

    @property
    def swapped(self) -> bool:
        """Return whether its elements are big-endian, their largest byte first."""
        return isinstance(self.descr, str) and self.descr.startswith(">")

    @property
    def nbytes(self) -> int:
        """Return the bytes of its elements; 0 where their dtype is not known."""
        return prod(self.shape) * self.dtype.unit if self.dtype else 0

    @property
    def content(self) -> str:
        """Return in a few words what is in an array that holds no numbers: `an array [3] of texts`."""
        shape = f"[{', '.join(map(str, self.shape))}]"
        if isinstance(self.descr, list):
            return f"an array {shape} of records with {len(self.descr)} fields"
        kind = str(self.descr).lstrip("<>|=")
        words = _WORDS.get(kind[:1], f"the type {kind[:20]!r}")
        return f"an array {shape} of {words}"


def read_header(read: Callable[[int], bytes], size: int) -> Header:
    """Return the header of an array of `size` bytes, header included; `read` returns so many of the first bytes.

    Raises:
        BrokenArray: it breaks a rule of the format.
        Unreadable: the file changed or vanished.
    """
    head = read(min(size, 12))
    if not head.startswith(MAGIC) or len(head) < 10:
        raise BrokenArray("it does not begin as an array of NumPy's")
    wide = head[6] > 1
    if head[6] not in (1, 2, 3) or (wide and len(head) < 12):
        raise BrokenArray(f"its version {head[6]}.{head[7]} is not known")
    prefix = 12 if wide else 10
    length = int.from_bytes(head[8:prefix], "little")
    if length > HEADER_LIMIT or prefix + length > size:
        raise BrokenArray(f"it announces a header of {length:,} bytes")
    raw = read(prefix + length)[prefix:]
    return _of(raw.decode("utf-8" if head[6] == 3 else "latin-1", "replace"), prefix + length)


def _of(text: str, begin: int) -> Header:
    try:
        if "\\" in text:  # names of fields may hold anything, and Python warns of what it does not know
            raise ValueError
        found = ast.literal_eval(parse_python(_LONGS.sub("", text.strip()), mode="eval"))
        descr, order, shape = found["descr"], found["fortran_order"], found["shape"]
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
        raise BrokenArray("its header is not understood") from None
    whole = isinstance(shape, tuple) and all(type(each) is int and 0 <= each <= LARGEST for each in shape)
    if not whole or not isinstance(order, bool) or len(shape) > DIMENSION_LIMIT or not isinstance(descr, str | list):
        raise BrokenArray("its header gives no type, order and shape")
    if prod(each for each in shape if each) * 16 > LARGEST:
        raise BrokenArray(f"its header gives a shape of {prod(shape):,} elements")
    return Header(descr, order, shape, begin)
