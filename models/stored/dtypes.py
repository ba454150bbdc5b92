"""The dtypes that checkpoints hold: names, sizes, and decoders from bytes to Python numbers.  Must not import torch.

Names and meanings are torch's (https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch-dtype); formats of
fewer than 16 bits: `small_floats`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from . import small_floats
from .small_floats import bytewise, in_nibbles, in_three_bytes

NumberKind = Literal["float", "int", "bool", "complex"]
"""A kind of number."""
PlainNumbers = list[int] | list[float] | list[complex]
"""Decoded elements."""
Decode = Callable[[bytes | memoryview], PlainNumbers]
"""Decodes whole units, little-endian."""


@dataclass(frozen=True, slots=True, eq=False)
class DType:
    """A type of tensor elements.  Compared by identity: each is a constant of this module or comes from `quantised`."""

    name: str
    """The name in torch where torch has the type (`bfloat16`), else in the file's format (`F6_E2M3`, `Q4_K`)."""
    number: NumberKind
    """The kind of number that an element is."""
    unit: int
    """Bytes of the smallest piece that can be decoded by itself."""
    per_unit: int
    """Elements in a unit: 1, but 2 for a 4-bit type, 32 or 256 for a quantised block."""
    decode: Decode | None
    """Decodes whole units; None where elements are read as another dtype (`plain`) or not at all."""
    torch: str = ""
    """The name of torch's dtype that stores one element an item in the same way; empty where torch has none."""
    _plain: DType | None = None

    @property
    def plain(self) -> DType:
        """Return the dtype that elements are read as: itself, but `float32` for a quantised one."""
        return self._plain or self

    def bytes_for(self, elements: int) -> int:
        """Return the bytes of `elements` consecutive elements, rounded up to whole units."""
        return -(-elements // self.per_unit) * self.unit


def unpack_numbers(dtype: DType, raw: bytes | memoryview, count: int, skip: int = 0) -> PlainNumbers:
    """Return `count` elements of `raw`, whole units of `dtype.plain`, as Python numbers; the first `skip` are left out.

    Booleans are 0 and 1, complex numbers `complex`, all others `int` or `float`.

    Raises:
        ValueError: `raw` holds fewer elements, or a count is negative.
    """
    plain = dtype.plain
    first = skip // plain.per_unit
    begin, end = first * plain.unit, plain.bytes_for(skip + count)
    if count < 0 or skip < 0 or end > len(raw) or plain.decode is None:
        raise ValueError(f"{len(raw)} bytes do not hold elements {skip} to {skip + count} of {plain.name}")
    found = plain.decode(memoryview(raw)[begin:end])
    if len(found) == count:
        return found
    inside = skip - first * plain.per_unit
    return found[inside : inside + count]


_TRUTH = bytes([0] + [1] * 255)


def _bools(raw: bytes | memoryview) -> PlainNumbers:
    return list(bytes(raw).translate(_TRUTH))


def _packed(code: str) -> Decode:
    """Return the decoder of a format character of `struct`, little-endian."""
    size = struct.calcsize(f"<{code}")
    return lambda raw: list(struct.unpack(f"<{len(raw) // size}{code}", raw))


def _bfloat16(raw: bytes | memoryview) -> PlainNumbers:
    """Decode bfloat16: each is the upper half of a float32."""
    halves = bytes(raw)
    wide = bytearray(2 * len(halves))
    wide[2::4] = halves[0::2]
    wide[3::4] = halves[1::2]
    return list(struct.unpack(f"<{len(halves) // 2}f", wide))


def _complex(code: str) -> Decode:
    """Return the decoder of real and imaginary parts in turn, each of a format character of `struct`."""
    size = struct.calcsize(f"<{code}")

    def decode(raw: bytes | memoryview) -> PlainNumbers:
        parts = struct.unpack(f"<{len(raw) // size}{code}", raw)
        return list(map(complex, parts[0::2], parts[1::2]))

    return decode


def _bit_fields(bits: int) -> Decode:
    """Return the decoder of unsigned integers of fewer than 8 bits, low bits first."""
    shifts, mask = range(0, 8, bits), (1 << bits) - 1
    return lambda raw: [byte >> shift & mask for byte in raw for shift in shifts]


def _type(name: str, number: NumberKind, unit: int, decode: Decode, *, per_unit: int = 1, torch: bool = True) -> DType:
    return DType(name, number, unit, per_unit, decode, name if torch else "")


BOOL = _type("bool", "bool", 1, _bools)
UINT8 = _type("uint8", "int", 1, _packed("B"))
INT8 = _type("int8", "int", 1, _packed("b"))
INT16 = _type("int16", "int", 2, _packed("h"))
UINT16 = _type("uint16", "int", 2, _packed("H"))
INT32 = _type("int32", "int", 4, _packed("i"))
UINT32 = _type("uint32", "int", 4, _packed("I"))
INT64 = _type("int64", "int", 8, _packed("q"))
UINT64 = _type("uint64", "int", 8, _packed("Q"))
FLOAT16 = _type("float16", "float", 2, _packed("e"))
BFLOAT16 = _type("bfloat16", "float", 2, _bfloat16)
FLOAT32 = _type("float32", "float", 4, _packed("f"))
FLOAT64 = _type("float64", "float", 8, _packed("d"))
COMPLEX32 = _type("complex32", "complex", 4, _complex("e"))
COMPLEX64 = _type("complex64", "complex", 8, _complex("f"))
COMPLEX128 = _type("complex128", "complex", 16, _complex("d"))
FLOAT8_E4M3FN = _type("float8_e4m3fn", "float", 1, bytewise(small_floats.e4m3fn))
FLOAT8_E5M2 = _type("float8_e5m2", "float", 1, bytewise(small_floats.e5m2))
FLOAT8_E4M3FNUZ = _type("float8_e4m3fnuz", "float", 1, bytewise(small_floats.e4m3fnuz))
FLOAT8_E5M2FNUZ = _type("float8_e5m2fnuz", "float", 1, bytewise(small_floats.e5m2fnuz))
FLOAT8_E8M0FNU = _type("float8_e8m0fnu", "float", 1, bytewise(small_floats.e8m0fnu))
FLOAT6_E2M3 = _type("F6_E2M3", "float", 3, in_three_bytes(small_floats.e2m3), per_unit=4, torch=False)
FLOAT6_E3M2 = _type("F6_E3M2", "float", 3, in_three_bytes(small_floats.e3m2), per_unit=4, torch=False)
# Two elements a byte here; an item of torch's type of this name is such a byte, so it is not the same with one each.
FLOAT4_E2M1FN_X2 = _type("float4_e2m1fn_x2", "float", 1, in_nibbles(small_floats.e2m1), per_unit=2, torch=False)

# Torch's integers with a scale that is stored elsewhere: these are the integers.
QINT8 = _type("qint8", "int", 1, _packed("b"), torch=False)
QUINT8 = _type("quint8", "int", 1, _packed("B"), torch=False)
QINT32 = _type("qint32", "int", 4, _packed("i"), torch=False)
QUINT4X2 = _type("quint4x2", "int", 1, _bit_fields(4), per_unit=2, torch=False)
QUINT2X4 = _type("quint2x4", "int", 1, _bit_fields(2), per_unit=4, torch=False)

# Torch's bits without a meaning, shown as integers of their width.
BITS8 = _type("bits8", "int", 1, _packed("B"), torch=False)
BITS16 = _type("bits16", "int", 2, _packed("H"), torch=False)
BITS1X8 = _type("bits1x8", "int", 1, _packed("B"), torch=False)
BITS2X4 = _type("bits2x4", "int", 1, _packed("B"), torch=False)
BITS4X2 = _type("bits4x2", "int", 1, _packed("B"), torch=False)

DTYPES: dict[str, DType] = {
    each.name: each
    for each in (
        BOOL, UINT8, INT8, INT16, UINT16, INT32, UINT32, INT64, UINT64, FLOAT16, BFLOAT16, FLOAT32, FLOAT64,
        COMPLEX32, COMPLEX64, COMPLEX128, FLOAT8_E4M3FN, FLOAT8_E5M2, FLOAT8_E4M3FNUZ, FLOAT8_E5M2FNUZ,
        FLOAT8_E8M0FNU, FLOAT6_E2M3, FLOAT6_E3M2, FLOAT4_E2M1FN_X2, QINT8, QUINT8, QINT32, QUINT4X2, QUINT2X4,
        BITS8, BITS16, BITS1X8, BITS2X4, BITS4X2,
    )
}  # fmt: skip
"""Every dtype of this module by its name."""

_quantised: dict[tuple[str, int, int], DType] = {}


def quantised(name: str, block_bytes: int, block_elements: int) -> DType:
    """Return the dtype of blocks of `block_bytes` that dequantise to `block_elements` float32; one object each.

    `name` is the format's own, such as `Q4_K`.
    """
    key = (name, block_bytes, block_elements)
    if key not in _quantised:
        _quantised.setdefault(key, DType(name, "float", block_bytes, block_elements, None, _plain=FLOAT32))
    return _quantised[key]
