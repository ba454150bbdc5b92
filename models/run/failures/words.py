"""How counts, shapes and dtypes are written in the words of a failure, and which of some indices is out of range."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor


def counted(number: int, what: str) -> str:
    """Return `1 feature`, `1,176 features`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def sizes(shape: Iterable[int]) -> str:
    """Return a shape as torch writes it: `[2, 20]`."""
    return str([int(each) for each in shape])


def dtype(kind: torch.dtype) -> str:
    """Return `float32`."""
    return str(kind).removeprefix("torch.")


def side(sizes: Iterable[int]) -> str:
    """Return the sides of an image or kernel: `5x5`."""
    return "x".join(str(int(each)) for each in sizes)


class Outside(NamedTuple):
    """The first of some whole numbers that is outside of a range, at its index, and the range that they have."""

    value: int
    place: tuple[int, ...]
    lowest: int
    highest: int


def where_outside(numbers: Tensor, low: int, end: int, ignored: int | None = None) -> Outside | None:
    """Return the first of whole numbers that is below `low` or not below `end`; None where all are within.

    `ignored` is within.  None too on a device other than the CPU: after such a failure nothing can be read there.
    """
    if numbers.device.type != "cpu" or not numbers.numel():
        return None
    outside = (numbers < low) | (numbers >= end)
    if ignored is not None:
        outside &= numbers != ignored
        numbers = numbers.where(numbers != ignored, low)
    places = outside.nonzero()
    if not len(places):
        return None
    place = tuple(places[0].tolist())
    return Outside(int(numbers[place]), place, int(numbers.min()), int(numbers.max()))
