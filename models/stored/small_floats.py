"""Floating-point numbers of 8 bits and fewer: what each bit pattern means, and how packed bytes become numbers.

The meanings are those of the OCP Microscaling Formats (MX) specification and of torch.  Tables are made when a type is
first met.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from math import inf, nan

Decode = Callable[[bytes | memoryview], list[float]]


@cache
def e4m3fn() -> tuple[float, ...]:
    """By byte: 4 bits of exponent, bias 7; no infinity, NaN where all other bits are set."""
    return tuple(nan if code & 0x7F == 0x7F else _value(code, 4, 3, 7) for code in range(256))


@cache
def e5m2() -> tuple[float, ...]:
    """By byte: as IEEE would have it, 5 bits of exponent, bias 15, with infinities."""
    return tuple(
        _sign(code) * _ieee_top(code) if code & 0x7C == 0x7C else _value(code, 5, 2, 15) for code in range(256)
    )


@cache
def e4m3fnuz() -> tuple[float, ...]:
    """By byte: bias 8; no infinity, no negative zero: its place is the one NaN."""
    return tuple(nan if code == 0x80 else _value(code, 4, 3, 8) for code in range(256))


@cache
def e5m2fnuz() -> tuple[float, ...]:
    """By byte: bias 16; no infinity, no negative zero: its place is the one NaN."""
    return tuple(nan if code == 0x80 else _value(code, 5, 2, 16) for code in range(256))


@cache
def e8m0fnu() -> tuple[float, ...]:
    """By byte: powers of two without a sign, bias 127; the last is NaN.  The scales of MX blocks."""
    return (*(2.0 ** (code - 127) for code in range(255)), nan)


@cache
def e2m3() -> tuple[float, ...]:
    """By 6 bits: bias 1, up to 7.5; all finite."""
    return tuple(_value(code, 2, 3, 1) for code in range(64))


@cache
def e3m2() -> tuple[float, ...]:
    """By 6 bits: bias 3, up to 28; all finite."""
    return tuple(_value(code, 3, 2, 3) for code in range(64))


@cache
def e2m1() -> tuple[float, ...]:
    """By 4 bits: bias 1, up to 6; all finite."""
    return tuple(_value(code, 2, 1, 1) for code in range(16))


def bytewise(table: Callable[[], tuple[float, ...]]) -> Decode:
    """Of a type with one number a byte."""
    return lambda raw: list(map(table().__getitem__, raw))


def in_three_bytes(table: Callable[[], tuple[float, ...]]) -> Decode:
    """Of a 6-bit type: four numbers in three bytes, low bits first."""
    return lambda raw: _fours(raw, table())


def in_nibbles(table: Callable[[], tuple[float, ...]]) -> Decode:
    """Of a 4-bit type: two numbers a byte, the low nibble first."""

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
    """The finite number of a bit pattern: sign, exponent, mantissa from the top; subnormal where the exponent is 0."""
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
