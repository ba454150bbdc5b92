"""The elements of a live tensor as a stream of blocks, in the order in which they lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import torch
from torch import Tensor

from ..absence import is_wrapper
from .chunks import chunks, walking_order
from .stream import Block, PatternTable, Stream

BLOCK = 2**20
"""Elements of a block of a tensor that has few of them."""
BLOCKS = 64
"""Blocks of a larger tensor: enough for all workers to end together, and few, as one costs as much as a piece."""


def tensor_stream(values: Tensor) -> Stream:
    """Return the elements of a strided tensor as a stream of views, read as bit patterns up to 16 bits.

    Of a tensor on an accelerator the blocks are copies on the CPU, one at a time: each pass has its tables there.
    """
    plain = type(values) in (Tensor, torch.nn.Parameter) and not is_wrapper(values) and not values.is_neg()
    table = values_of_patterns(values.dtype) if plain else None
    shape, axes = tuple(values.shape), walking_order(values)
    if axes is not None:
        values = values.permute(axes)

    def blocks() -> Iterator[Block]:
        start = 0
        for chunk in chunks(values, max(BLOCK, values.numel() // BLOCKS)):
            yield start, partial(Tensor.cpu, chunk)
            start += chunk.numel()

    whole = not values.dtype.is_floating_point and not values.dtype.is_complex
    singles = values.dtype == torch.float32
    dtype = values.dtype if plain else None
    return Stream(values.numel(), blocks, shape, axes, dtype, table, whole, singles)


@cache
def values_of_patterns(dtype: torch.dtype) -> PatternTable | None:
    """Return the values of the bit patterns of a dtype of at most 16 bits; None for wider and complex ones."""
    if dtype.is_complex or dtype.itemsize > 2:
        return None
    if dtype == torch.bool:
        return PatternTable(torch.tensor([0.0] + [1.0] * 255, dtype=torch.float64, device="cpu").view(-1, 1), dtype)
    if dtype.itemsize == 1:
        patterns = torch.arange(256, dtype=torch.int32, device="cpu").to(torch.uint8)
    else:
        patterns = torch.arange(2**16, dtype=torch.int32, device="cpu").to(torch.uint16)
    return PatternTable(patterns.view(dtype).to(torch.float64).view(-1, 1), dtype)
