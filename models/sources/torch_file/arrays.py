"""What NumPy writes into torch files, scalars and small arrays, without NumPy: stubs that become a line of text.

The codes of types are those of the array interface (https://numpy.org/doc/stable/reference/arrays.interface.html), with
the letters of `struct`, as PEP 3118 has them too.
"""

from __future__ import annotations

import struct
from typing import Any

from .raw import Encoded, Plain

_CODES = {
    "b1": ("bool", "?"), "i1": ("int8", "b"), "i2": ("int16", "h"), "i4": ("int32", "i"), "i8": ("int64", "q"),
    "u1": ("uint8", "B"), "u2": ("uint16", "H"), "u4": ("uint32", "I"), "u8": ("uint64", "Q"), "f2": ("float16", "e"),
    "f4": ("float32", "f"), "f8": ("float64", "d"),
}  # fmt: skip
_SHOWN = 20
"""Numbers of an array that its text has."""


class ArrayType:
    """The stub of `numpy.dtype`: `code` as NumPy writes it (`f4`), `order` of its bytes, `<` or `>`."""

    __slots__ = ("code", "order")

    def __init__(self, code: Any, *options: Any) -> None:
        if not isinstance(code, str):
            raise ValueError(code)
        self.code = code[:20]
        self.order = "<"

    def build(self, state: object) -> None:
        """Take the byte order, the second value of its state."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.order = str(state[1])

    @property
    def name(self) -> str:
        """Return the name as NumPy has it, `float32`; the code for what is no plain number."""
        return _CODES[self.code][0] if self.code in _CODES else self.code

    def numbers(self, raw: object, limit: int) -> list[object] | None:
        """Return the first of the numbers in `raw`, at most `limit`; None where it holds none of this type."""
        if isinstance(raw, Encoded):
            raw = Encoded(raw.text[: limit * 8]).data()
        if self.code not in _CODES or not isinstance(raw, bytes):
            return None
        letter = _CODES[self.code][1]
        count = min(len(raw) // struct.calcsize(f"={letter}"), limit)
        return list(struct.unpack_from(f"{self.order}{count}{letter}", raw))


class Array:
    """The stub of `numpy.ndarray`."""

    __slots__ = ("_state",)

    def __init__(self, *arguments: object) -> None:
        self._state: tuple[Any, ...] = ()

    def build(self, state: object) -> None:
        """Take the state: version, shape, type, whether its order is Fortran's, bytes."""
        if isinstance(state, tuple) and len(state) >= 5:
            self._state = state[-4:]

    @property
    def text(self) -> str:
        """Return one line: `uint32, shape 624: 1, 2, …`."""
        if not self._state or not isinstance(self._state[1], ArrayType) or not isinstance(self._state[0], tuple):
            return "an array"
        shape, kind, _, raw = self._state
        written = " x ".join(str(each) if isinstance(each, int) and each < 1 << 63 else "?" for each in shape[:64])
        try:
            found = kind.numbers(raw, _SHOWN)
        except ValueError:
            found = None
        numbers = ", ".join(map(str, found)) if found is not None else "no numbers"
        more = "" if found is None or len(found) < _SHOWN else ", …"
        return f"{kind.name}, shape {written or 'one number'}: {numbers}{more}"


def scalar(kind: Any, raw: Any = b"") -> Plain:
    """Return the stub of one number, such as a `numpy.float64`."""
    found = kind.numbers(raw, 1)
    return Plain(kind.name, str(found[0]) if found else "?")


def of_numpy() -> dict[tuple[str, str], Any]:
    """Return the stubs of NumPy's classes and functions by (module, name)."""
    found: dict[tuple[str, str], Any] = {}
    for core in ("numpy.core.multiarray", "numpy._core.multiarray"):
        found[core, "scalar"] = scalar
        found[core, "_reconstruct"] = Array
    found["numpy", "ndarray"] = Plain("class", "numpy.ndarray")
    found["numpy", "dtype"] = ArrayType
    for core in ("numpy._core.numeric", "numpy.core.numeric"):
        found[core, "_frombuffer"] = _from_buffer
    for _, (name, _letter) in _CODES.items():
        found["numpy", name] = Plain("class", f"numpy.{name}")
        found["numpy.dtypes", f"{name.capitalize().replace('Ui', 'UI')}DType"] = lambda name=name: _named(name)
    return found


def _named(name: str) -> ArrayType:
    return ArrayType(next(code for code, (each, _) in _CODES.items() if each == name))


def _from_buffer(raw: Any, kind: Any, shape: Any, order: Any) -> Array:
    array = Array()
    array.build((1, shape, kind, False, raw))
    return array
