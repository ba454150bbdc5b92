"""Walks the elements of a strided tensor of any size in pieces that fit the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

CHUNK = 2**16
"""Elements at a time: as float64 they are 512 KB and stay in cache, where several passes cost little more than one."""
CHUNK_ELSEWHERE = 2**22
"""On an accelerator, where it is the number of calls that costs."""


def without_repeats(tensor: Tensor) -> tuple[Tensor, int]:
    """The tensor without what `expand` repeats, and how often each remaining element stands in the original."""
    repeats = 1
    for dimension, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if stride == 0 and size > 1:
            tensor = tensor.narrow(dimension, 0, 1)
            repeats *= size
    return tensor, repeats


def chunks(tensor: Tensor, most: int | None = None) -> Iterator[Tensor]:
    """Views that hold every element once, each of at most `most` elements, in the order of the storage if possible.

    A transposed or permuted tensor is walked along its memory, without a copy.
    """
    if most is None:
        most = CHUNK if tensor.device.type == "cpu" else CHUNK_ELSEWHERE
    if tensor.numel() <= most:
        if tensor.numel():
            yield tensor
        return
    strides = tensor.stride()
    outermost_first = sorted(range(tensor.dim()), key=lambda dimension: -strides[dimension])
    walked = tensor.permute(outermost_first)
    yield from _walk(walked.view(-1) if walked.is_contiguous() else walked, most)


def _walk(tensor: Tensor, most: int) -> Iterator[Tensor]:
    if tensor.numel() <= most:
        yield tensor
        return
    inner = tensor.numel() // tensor.shape[0]
    if inner > most:
        for index in range(tensor.shape[0]):
            yield from _walk(tensor[index], most)
        return
    step = most // inner
    for start in range(0, tensor.shape[0], step):
        yield tensor[start : start + step]
