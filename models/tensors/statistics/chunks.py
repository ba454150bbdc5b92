"""Iteration over a strided tensor of any size in pieces that fit the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

CHUNK = 2**16
"""Elements of a piece: as float64 they are 512 KB and stay in cache, where several passes cost little more than one."""
SPLIT = 64
"""Views that are made at once: one by one each takes longer."""


def chunks(tensor: Tensor, limit: int | None = None) -> Iterator[Tensor]:
    """Yield views that hold every element once, each of at most `limit` elements (None: `CHUNK`).

    They come in the order of memory where possible: a transposed tensor is walked along its storage, without a copy.
    """
    limit = CHUNK if limit is None else limit
    if tensor.numel() <= limit:
        if tensor.numel():
            yield tensor
        return
    axes = walking_order(tensor)
    walked = tensor if axes is None else tensor.permute(axes)
    if walked.is_contiguous():
        flat = walked.view(-1)
        for start in range(0, flat.numel(), SPLIT * limit):
            yield from torch.split(flat[start : start + SPLIT * limit], limit)
        return
    yield from _walk(walked, limit)


def walking_order(tensor: Tensor) -> tuple[int, ...] | None:
    """Return the dimensions in the order of memory, the one of the largest stride first; None where they are in it."""
    strides = tensor.stride()
    axes = tuple(sorted(range(tensor.dim()), key=lambda axis: -strides[axis]))
    return None if axes == tuple(range(tensor.dim())) else axes


def _walk(tensor: Tensor, limit: int) -> Iterator[Tensor]:
    if tensor.numel() <= limit:
        yield tensor
        return
    inner = tensor.numel() // tensor.shape[0]
    if inner > limit:
        for index in range(tensor.shape[0]):
            yield from _walk(tensor[index], limit)
        return
    indices = limit // inner
    for start in range(0, tensor.shape[0], indices):
        yield tensor[start : start + indices]
