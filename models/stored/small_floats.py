"""Floating-point formats of 8 bits and fewer: a table of the values of all bit patterns, and decoders of packed bytes.

E4M3 and E5M2: "OCP 8-bit Floating Point Specification (OFP8)" and Micikevicius et al., "FP8 Formats for Deep Learning"
(https://arxiv.org/abs/2209.05433).  The `fnuz` variants: Noune et al., "8-bit Numerical Formats for Deep Neural
Networks" (https://arxiv.org/abs/2206.02915).  E8M0, E2M3, E3M2 and E2M1: "OCP Microscaling Formats (MX) Specification".
Tables are made when a format is first met.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from math import inf, nan

Decode = Callable[[bytes | memoryview], list[float]]
"""Decodes packed elements; bytes are whole units."""


@cache
def e4m3fn() -> tuple[float, ...]:
    """Return the 256 values of `float8_e4m3fn`: bias 7; no infinity, NaN where all bits but the sign are set."""
    return tuple(nan if code & 0x7F == 0x7F else _value(code, 4, 3, 7) for code in range(256))


@cache
def e5m2() -> tuple[float, ...]:
    """Return the 256 values of `float8_e5m2`: exponent bias 15; infinities and NaN as in IEEE 754."""
    return tuple(
        _sign(code) * _ieee_top(code) if code & 0x7C == 0x7C else _value(code, 5, 2, 15) for code in range(256)
    )


@cache
def e4m3fnuz() -> tuple[float, ...]:
    """Return the 256 values of `float8_e4m3fnuz`: exponent bias 8; no infinity, the one NaN in place of -0."""
    return tuple(nan if code == 0x80 else _value(code, 4, 3, 8) for code in range(256))


@cache
def e5m2fnuz() -> tuple[float, ...]:
    """Return the 256 values of `float8_e5m2fnuz`: exponent bias 16; no infinity, the one NaN in place of -0."""
    return tuple(nan if code == 0x80 else _value(code, 5, 2, 16) for code in range(256))


@cache
def e8m0fnu() -> tuple[float, ...]:
    """Return the 256 values of `float8_e8m0fnu`, the scales of MX blocks: powers of two, bias 127; the last is NaN."""
    return (*(2.0 ** (code - 127) for code in range(255)), nan)


@cache
def e2m3() -> tuple[float, ...]:
    """Return the 64 values of `F6_E2M3`: exponent bias 1, up to 7.5; all finite."""
    return tuple(_value(code, 2, 3, 1) for code in range(64))


@cache
def e3m2() -> tuple[float, ...]:
    """Return the 64 values of `F6_E3M2`: exponent bias 3, up to 28; all finite."""
    return tuple(_value(code, 3, 2, 3) for code in range(64))


@cache
def e2m1() -> tuple[float, ...]:
    """Return the 16 values of FP4 (E2M1): exponent bias 1, up to 6; all finite."""
    return tuple(_value(code, 2, 1, 1) for code in range(16))


def bytewise(table: Callable[[], tuple[float, ...]]) -> Decode:
    """Return the decoder of an 8-bit format, one element a byte."""
    return lambda raw: list(map(table().__getitem__, raw))


def in_three_bytes(table: Callable[[], tuple[float, ...]]) -> Decode:
    """Return the decoder of a 6-bit format: four elements in three bytes, low bits first."""
    return lambda raw: _fours(raw, table())


def in_nibbles(table: Callable[[], tuple[float, ...]]) -> Decode:
    """Return the decoder of a 4-bit format: two elements a byte, the low nibble first."""

    @cache
    def pairs() -> tuple[tuple[float, float], ...]:
        values = table()
        return tuple((values[byte & 15], values[byte >> 4]) for byte in range(256))

    return lambda raw: list(chain.from_iterable(map(pairs().__getitem__, raw)))


def _fours(raw: bytes | memoryview, values: tuple[float, ...]) -> list[float]:
    numbers: list[float] = []
    data = bytes(raw)
    for low, middle, high in zip(data[0::3], data[1::3], data[2::3], strict=True):
        bits = low | middle << 8 | high << 16
        numbers += (values[bits & 63], values[bits >> 6 & 63], values[bits >> 12 & 63], values[bits >> 18])
    return numbers


def _value(code: int, exponent_bits: int, mantissa_bits: int, bias: int) -> float:
    """Return the finite value of a bit pattern: sign, exponent, mantissa; subnormal where the exponent is 0."""
    mantissa = code & (1 << mantissa_bits) - 1
    exponent = code >> mantissa_bits & (1 << exponent_bits) - 1
    negative = code >> mantissa_bits + exponent_bits
    if exponent:
        mantissa += 1 << mantissa_bits
    magnitude = mantissa * 2.0 ** (max(exponent, 1) - bias - mantissa_bits)
    return -magnitude if negative else magnitude


def _sign(code: int) -> float:
    return -1.0 if code & 0x80 else 1.0


def _ieee_top(code: int) -> float:
    return nan if code & 3 else inf
