"""Statistics of many floats, a piece at a time that the processor's cache holds: of each it takes five passes.

Of a whole tensor each pass would read all of it from memory again.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

MANY = 2**16
"""Elements from which on this is the quicker way, for each of torch's threads."""
PIECE = 2**20
"""Bytes of a piece, for each of torch's threads."""
_ROWS = 128
"""Words that are added: so many that no byte of their sum overflows."""


def is_many(elements: int) -> bool:
    """Return whether this is the quicker way: with several threads each pass has to be handed out and joined."""
    return elements >= MANY and elements >= MANY * torch.get_num_threads()


class Sums(NamedTuple):
    """What is found of floats that are all finite."""

    minimum: float
    maximum: float
    total: float
    squares: float
    """The sum of their squares; like `total` not finite where it does not fit."""
    zeros: int


def sums_of(values: Tensor) -> Sums | None:
    """Return the sums of a tensor of one dimension, of float32 or float64; None where one is NaN or infinite."""
    elements = values.numel()
    step = PIECE // values.element_size() * torch.get_num_threads()
    low, high, total, squares, zeros = math.inf, -math.inf, 0.0, 0.0, 0
    flags: Tensor | None = None
    for piece in (values,) if elements <= step else torch.split(values, step):
        # `aminmax` takes longer than both of these
        least, largest = torch.amin(piece).item(), torch.amax(piece).item()
        if not math.isfinite(least + largest) and not (math.isfinite(least) and math.isfinite(largest)):
            return None
        total += torch.sum(piece).item()
        squares += torch.dot(piece, piece).item()
        if least <= 0 <= largest:
            flags = values.new_empty(min(elements, step), dtype=torch.bool) if flags is None else flags
            zeros += _zeros(piece, flags)
        low, high = min(low, least), max(high, largest)
    return Sums(low, high, total, squares, zeros)


def _zeros(piece: Tensor, flags: Tensor) -> int:
    """Return how many elements are zero; `flags` is written over.

    To count what is set torch looks at each by itself, but it adds words of eight flags at once.
    """
    elements = piece.numel()
    flags = flags[:elements].copy_(piece)
    whole = elements - elements % (8 * _ROWS)
    words = flags[:whole].view(torch.int64).view(_ROWS, -1)
    found = int(words.sum(0).view(torch.uint8).sum())
    if whole < elements:
        found += int(torch.count_nonzero(flags[whole:]))
    return elements - found
