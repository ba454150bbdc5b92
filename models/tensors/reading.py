"""Conversion of live tensors to plain numbers without side effects on autograd, version counters or random state."""

from __future__ import annotations

import torch
from torch import Tensor

from .plainly import plain


def strided(tensor: Tensor) -> Tensor:
    """Return a detached strided tensor of the same elements; a view where the tensor is strided itself.

    Quantised and sparse tensors are unpacked whole: ask `absence_of` first, which refuses large ones.
    """
    with torch._C.DisableTorchFunctionSubclass():  # a user's subclass need not know that somebody looks
        bare = plain(tensor).detach()
        if bare.is_quantized:
            return bare.dequantize()
        return bare if bare.layout == torch.strided else bare.to_dense()


def real64(tensor: Tensor) -> Tensor:
    """Return the elements in one dimension as float64 on the CPU, complex numbers by magnitude.

    It may share memory with `tensor`.

    Integers beyond 2^53 are rounded.
    """
    tensor = tensor.cpu()  # an accelerator may know no float64
    if tensor.is_complex():
        return tensor.to(torch.complex128).abs().reshape(-1)
    return tensor.to(torch.float64).reshape(-1)


class Workspace:
    """Memory that is used again for each converted chunk: new memory for each would cost as much as the sums do."""

    def __init__(self) -> None:
        self._numbers = torch.empty(0, dtype=torch.float64, device="cpu")
        self._integers = torch.empty(0, dtype=torch.int16, device="cpu")

    def to_float64(self, chunk: Tensor) -> Tensor:
        """Return the chunk as `real64` does, in memory that may be overwritten and is valid until the next call."""
        if chunk.is_complex():
            return real64(chunk)
        if self._numbers.numel() < chunk.numel():
            self._numbers = torch.empty(chunk.numel(), dtype=torch.float64, device="cpu")
        target = self._numbers[: chunk.numel()]
        target.view(chunk.shape).copy_(chunk)
        return target

    def to_int16(self, numbers: Tensor) -> Tensor:
        """Return numbers from 0 to 32,767 truncated to int16, valid until the next call."""
        if self._integers.numel() < numbers.numel():
            self._integers = torch.empty(numbers.numel(), dtype=torch.int16, device="cpu")
        return self._integers[: numbers.numel()].copy_(numbers)


def error_text(error: Exception) -> str:
    """Return a sentence on why torch could not read a tensor of an unusual class or device."""
    name = type(error).__name__
    message = str(error).strip()
    if message and not isinstance(error, RuntimeError):
        message = f"{name}: {message}"
    first = (message or name).splitlines()[0]
    return f"torch cannot read these numbers: {first[:300]}"
