"""Whether two tensors hold the same values, bit by bit: NaN equals itself, -0.0 differs from 0.0."""

from __future__ import annotations

import torch
from torch import Tensor

from ..tensors.absence import is_wrapper
from ..tensors.plainly import plain
from ..tensors.tensors import is_uninitialised, strided_parts

SAMPLE_COUNT = 4096
"""About how many single elements a fingerprint contains."""
_ROW = 4096
_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class BitsUnreadable(Exception):
    """The elements of a tensor cannot be read bit by bit; the text says why."""


def bits(tensor: Tensor) -> Tensor:
    """Return the elements of `tensor` as integers of their size, in the same memory wherever that is possible.

    The shape is the tensor's; complex128 has one more dimension of 2.  A sparse tensor gives its indices and values one
    after the other, a quantised one the stored integers.

    Raises:
        BitsUnreadable: a lazy or meta tensor, or a class without memory of its own.
    """
    tensor = plain(tensor)
    if is_uninitialised(tensor):
        raise BitsUnreadable("it had no values yet")
    if tensor.is_meta:
        raise BitsUnreadable("a meta tensor has no values")
    if is_wrapper(tensor) or tensor.is_nested:
        raise BitsUnreadable(f"the values of a {type(tensor).__name__} cannot be read bit by bit")
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        try:
            parts = strided_parts(tensor)
        except TypeError:
            raise BitsUnreadable(f"values in the layout {tensor.layout} cannot be read bit by bit") from None
        return torch.cat([bits(part).flatten().to(torch.int64) for part in parts])
    if tensor.is_quantized:
        return tensor.int_repr()
    if _reach(tensor) > tensor.untyped_storage().nbytes():
        raise BitsUnreadable("its memory was released")
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.element_size() not in _INTEGERS:  # complex128
        tensor = torch.view_as_real(tensor)
    return tensor.view(_INTEGERS[tensor.element_size()])


def _reach(tensor: Tensor) -> int:
    """Return the bytes of storage up to the end of the last element."""
    if not tensor.numel():
        return 0
    if tensor.is_contiguous():
        return int(tensor.storage_offset() + tensor.numel()) * tensor.element_size()
    last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return int(tensor.storage_offset() + last + 1) * tensor.element_size()


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Return whether two results of `bits` are equal; those on two devices are compared on that of `other`."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.device != other.device:
        one = one.to(other.device)
    return torch.equal(one, other)


def fingerprint(tensor: Tensor, whole: bool) -> Tensor:
    """Return a fingerprint of the elements: an int64 tensor of one dimension.

    With `whole` it includes sums of rows over every element, so that any single change shows.  Otherwise it holds
    evenly spaced elements only, and a change between them does not show.

    Raises:
        BitsUnreadable: see `bits`.
    """
    values = bits(tensor)
    slices = [slice(None, None, _stride(size, values.dim())) for size in values.shape]
    prints = [values[tuple(slices)].flatten().to(torch.int64)]
    if whole:
        prints.append(_sums(values))
    return torch.cat(prints)


def _stride(size: int, dimensions: int) -> int:
    wanted = max(1, int(SAMPLE_COUNT ** (1 / max(dimensions, 1))))
    return max(1, size // wanted)


def _sums(values: Tensor) -> Tensor:
    if values.is_contiguous() and values.numel() * values.element_size() % 8 == 0:
        flat = values.view(-1)
        if flat.storage_offset() * flat.element_size() % 8 == 0:
            values = flat.view(torch.int64)  # sums of 64-bit words are an order of magnitude faster
    values = values.reshape(-1) if values.is_contiguous() else values
    if values.dim() != 1:
        return values.sum(-1, dtype=torch.int64).flatten()
    rows = values.numel() // _ROW
    body, rest = values[: rows * _ROW].view(rows, _ROW), values[rows * _ROW :]
    return torch.cat([body.sum(1, dtype=torch.int64), rest.sum(dtype=torch.int64).view(1)])
