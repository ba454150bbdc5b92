"""Whether two tensors hold the same values, bit by bit: NaN equals itself, -0.0 differs from 0.0."""

from __future__ import annotations

import torch
from torch import Tensor

from ..tensors.absence import is_wrapper
from ..tensors.plainly import plain
from ..tensors.tensors import is_uninitialised, parts_of

SAMPLES = 4096
"""About how many elements a fingerprint looks at one by one."""
_ROW = 4096
_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class Unreadable(Exception):
    """The tensor has no values of its own to read; the text says why."""


def bits(tensor: Tensor) -> Tensor:
    """The elements of `tensor` as integers of their size, in the same memory wherever that is possible.

    Of a sparse tensor its indices and values one after the other, of a quantised one the stored integers.  Raises
    `Unreadable` for lazy and meta tensors and for classes without memory of their own.
    """
    tensor = plain(tensor)
    if is_uninitialised(tensor):
        raise Unreadable("it had no values yet")
    if tensor.is_meta:
        raise Unreadable("a meta tensor has no values")
    if is_wrapper(tensor) or tensor.is_nested:
        raise Unreadable(f"the values of a {type(tensor).__name__} cannot be read bit by bit")
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        try:
            parts = parts_of(tensor)
        except TypeError:
            raise Unreadable(f"values in the layout {tensor.layout} cannot be read bit by bit") from None
        return torch.cat([bits(part).flatten().to(torch.int64) for part in parts])
    if tensor.is_quantized:
        return tensor.int_repr()
    if _reach(tensor) > tensor.untyped_storage().nbytes():
        raise Unreadable("its memory was released")
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.element_size() not in _INTEGERS:  # complex128
        tensor = torch.view_as_real(tensor)
    return tensor.view(_INTEGERS[tensor.element_size()])


def _reach(tensor: Tensor) -> int:
    """Bytes of storage that the elements reach into."""
    if not tensor.numel():
        return 0
    if tensor.is_contiguous():
        return int(tensor.storage_offset() + tensor.numel()) * tensor.element_size()
    last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return int(tensor.storage_offset() + last + 1) * tensor.element_size()


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether two results of `bits` are equal; tensors on two devices are compared on the second one's."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.device != other.device:
        one = one.to(other.device)
    return torch.equal(one, other)


def fingerprint(tensor: Tensor, whole: bool) -> Tensor:
    """A few thousand integers that change when values do; raises `Unreadable`.

    With `whole` every element takes part, in sums of rows, so that any single change shows.  Otherwise only evenly
    spaced samples do, and a change between them does not.
    """
    values = bits(tensor)
    steps = [slice(None, None, _step(size, values.dim())) for size in values.shape]
    prints = [values[tuple(steps)].flatten().to(torch.int64)]
    if whole:
        prints.append(_sums(values))
    return torch.cat(prints)


def _step(size: int, dimensions: int) -> int:
    wanted = max(1, int(SAMPLES ** (1 / max(dimensions, 1))))
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
