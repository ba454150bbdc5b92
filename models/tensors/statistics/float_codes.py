"""Codes: the upper 16 bits of numbers as float32, 65,536 bins of one relative width.

A code is the sign, exponent and 7 bits of the mantissa (a truncated bfloat16), so that the numbers of one code differ
by less than a 128th.  Numbers of other dtypes are rounded to float32 first; those beyond its range have the code of its
infinity.
"""

from __future__ import annotations

import struct
from functools import cache

import torch
from torch import Tensor

CODES = 2**16
"""How many codes there are."""
NEGATIVE = 2**15
"""The first code of negative numbers; from here on larger codes are lower numbers."""
MANTISSA = 8
"""Binary digits of a code's mantissa, the leading one included."""
INFINITY = 0x7F80
"""The code of positive infinity, and of numbers that round to it."""
SMALLEST_NORMAL = 0x0080
"""The code of the smallest positive normal float32."""
WITHIN = 1 / 255
"""The relative error of the middle of a code for any of its numbers, where these are normal float32."""


def float_code_of(number: float) -> int:
    """Return the code of one number."""
    try:
        packed = struct.pack("<f", number)
    except OverflowError:
        return INFINITY if number > 0 else INFINITY + NEGATIVE
    return int(struct.unpack("<I", packed)[0]) >> 16


def write_codes(numbers: Tensor, room: Tensor, singles: Tensor) -> None:
    """Write the codes of finite `numbers` to `room`, flat int32 of as many; `singles` is float32 to work on.

    The numbers are float32, of any shape, or float64 in one dimension.
    """
    if numbers.dtype != torch.float32:
        numbers = singles[: numbers.numel()].copy_(numbers)
    shaped = room if numbers.dim() == 1 else room.view(numbers.shape)
    torch.bitwise_right_shift(numbers.view(torch.int32), 16, out=shaped)
    room.bitwise_and_(0xFFFF)


@cache
def ascending() -> Tensor:
    """Return all codes in ascending order of their numbers, int64."""
    return torch.cat((torch.arange(CODES - 1, NEGATIVE - 1, -1, device="cpu"), torch.arange(NEGATIVE, device="cpu")))


def bounds(codes: Tensor, rounded_from: float) -> tuple[Tensor, Tensor]:
    """Return the lowest and the highest number of each code, float64.

    From the magnitude `rounded_from` on numbers may have been rounded to float32, and lie just outside their code.
    """
    magnitude = (codes & (NEGATIVE - 1)).to(torch.int32)
    near = (magnitude << 16).view(torch.float32).clamp_(max=torch.finfo(torch.float32).max).double()
    outside = torch.nextafter(near.float(), torch.zeros((), dtype=torch.float32, device="cpu")).double()
    near = torch.where(near >= rounded_from, outside, near)
    far = ((magnitude + 1).clamp_(max=INFINITY) << 16).view(torch.float32).double()
    far[magnitude + 1 == INFINITY] = 2.0**128  # which is no float32
    negative = codes >= NEGATIVE
    return torch.where(negative, -far, near), torch.where(negative, -near, far)


def is_coarse(code: int) -> bool:
    """Return whether a code is wider than `WITHIN`: zero, subnormal float32, and what is beyond float32."""
    return not SMALLEST_NORMAL <= code & (NEGATIVE - 1) < INFINITY


def beyond(found: Tensor, number: float, upward: bool) -> bool:
    """Return whether `found`, counts by code, has any at the code of `number` or beyond it: `upward`, or else below."""
    code = float_code_of(number)
    if (code < NEGATIVE) == upward:  # away from zero
        return int(found[code : NEGATIVE if upward else CODES].sum()) > 0
    other = found[:NEGATIVE] if upward else found[NEGATIVE:]
    nearer = found[NEGATIVE : code + 1] if upward else found[: code + 1]
    return int(other.sum() + nearer.sum()) > 0
