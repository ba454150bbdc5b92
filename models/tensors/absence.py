"""Reasons why the elements of a live tensor cannot be read, found before anything is read."""

from __future__ import annotations

from functools import cache
from math import prod

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

from ..messages import Absence
from .distributed import local_part, why_not_local
from .plainly import plain, plainly
from .reading import error_text
from .tensors import dtype_text, is_uninitialised

NO_GRADIENT = "no gradient yet (None): no backward pass has reached it"
"""The sentence on a gradient that is None."""
DENSE_LIMIT = 2**22
"""Elements up to which a sparse tensor is made dense to be read."""
DEQUANTISED_LIMIT = 2**24
"""Elements up to which a quantised tensor is dequantised to be read."""


@plainly
def absence_of(tensor: Tensor | None, missing: str = NO_GRADIENT) -> tuple[Absence, str]:
    """Return why elements cannot be read and a sentence for the user; two empty strings where they can.

    `missing` is the sentence for a tensor that is None.
    """
    if tensor is None:
        return "none", missing
    try:
        return _absence_of(plain(tensor))
    except Exception as error:  # a class whose `device` fails, one that a transform of `torch.func` left behind
        return "unsupported", error_text(error)


def _absence_of(tensor: Tensor) -> tuple[Absence, str]:
    if is_uninitialised(tensor):
        return "uninitialised", "a lazy parameter: it has no shape and no values before the first forward run"
    if tensor.is_meta or isinstance(tensor, FakeTensor):
        return "meta", "a meta tensor: it has a shape and a dtype, but no memory and no values"
    reason = _unsupported(tensor)
    return ("unsupported", reason) if reason else ("", "")


def _unsupported(tensor: Tensor) -> str:
    if reason := why_not_local(tensor):
        return reason
    tensor = local_part(tensor)
    if tensor.is_nested:
        return "a nested tensor: its parts have different shapes, so there is no matrix to show"
    if not can_convert(tensor.dtype):
        return f"PyTorch {torch.__version__} cannot turn numbers of dtype {dtype_text(tensor)} into plain ones"
    if tensor.is_quantized:
        return _too_large(tensor, "quantised", DEQUANTISED_LIMIT)
    if tensor.layout != torch.strided:
        return _too_large(tensor, f"in the layout {str(tensor.layout).removeprefix('torch.')}", DENSE_LIMIT)
    if not is_wrapper(tensor) and _bytes_needed(tensor) > tensor.untyped_storage().nbytes():
        return "its memory was released (sharded training does that between uses)"
    return ""


def _too_large(tensor: Tensor, what: str, limit: int) -> str:
    if tensor.numel() <= limit:
        return ""
    return f"a tensor {what} of {tensor.numel():,} elements: only up to {limit:,} are unpacked to be shown"


def _bytes_needed(tensor: Tensor) -> int:
    """Return the bytes of storage up to the end of the tensor's last element."""
    if not prod(tensor.shape):
        return 0
    last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return int(tensor.storage_offset() + last + 1) * tensor.element_size()


def is_wrapper(tensor: Tensor) -> bool:
    """Return whether the class defines `__torch_dispatch__`, so that it need not have memory of its own (`DTensor`)."""
    return type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__


@cache
def can_convert(dtype: torch.dtype) -> bool:
    """Return whether torch converts this dtype to float64; dtypes below a byte are storage only in most versions."""
    if dtype.is_complex or dtype in (torch.qint8, torch.quint8, torch.qint32):
        return True
    try:
        torch.zeros(64, dtype=torch.uint8, device="cpu").view(dtype).to(torch.float64)
    except (RuntimeError, TypeError):
        return False
    return True
