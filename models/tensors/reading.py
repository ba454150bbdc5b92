"""Turns any readable tensor into plain numbers without touching it: no autograd, no version counter, no RNG."""

from __future__ import annotations

import torch
from torch import Tensor

from .plainly import plain


def strided(tensor: Tensor) -> Tensor:
    """A detached strided tensor with the same elements; a view where the tensor is strided itself.

    Quantised and sparse tensors are unpacked whole: ask `absence_of` first, which refuses large ones.
    """
    with torch._C.DisableTorchFunctionSubclass():  # a user's subclass need not know that somebody looks
        bare = plain(tensor).detach()
        if bare.is_quantized:
            return bare.dequantize()
        return bare if bare.layout == torch.strided else bare.to_dense()


def real64(tensor: Tensor) -> Tensor:
    """The elements in one dimension as float64, complex numbers by magnitude; may share memory with `tensor`.

    Integers beyond 2^53 are rounded.
    """
    if tensor.device.type not in ("cpu", "cuda"):
        tensor = tensor.cpu()  # float64 is not known everywhere
    if tensor.is_complex():
        return tensor.to(torch.complex128).abs().reshape(-1)
    return tensor.to(torch.float64).reshape(-1)


class Desk:
    """Memory to lay one chunk after another on: fresh memory for each would cost as much as the sums do."""

    def __init__(self) -> None:
        self._numbers = torch.empty(0, dtype=torch.float64, device="cpu")
        self._whole = torch.empty(0, dtype=torch.int16, device="cpu")

    def lay(self, chunk: Tensor) -> Tensor:
        """The elements as `real64` gives them, to be overwritten as one likes; they last until the next chunk."""
        if chunk.is_complex():
            return real64(chunk)
        device = chunk.device if chunk.device.type in ("cpu", "cuda") else torch.device("cpu")
        if self._numbers.numel() < chunk.numel() or self._numbers.device != device:
            self._numbers = torch.empty(chunk.numel(), dtype=torch.float64, device=device)
        place = self._numbers[: chunk.numel()]
        place.view(chunk.shape).copy_(chunk)
        return place

    def whole(self, numbers: Tensor) -> Tensor:
        """Numbers from 0 to 32,767, cut to integers; they last until the next ones."""
        if self._whole.numel() < numbers.numel() or self._whole.device != numbers.device:
            self._whole = torch.empty(numbers.numel(), dtype=torch.int16, device=numbers.device)
        return self._whole[: numbers.numel()].copy_(numbers)


def trouble(error: Exception) -> str:
    """A sentence on why torch refused to read a tensor of an unusual class or device."""
    name = type(error).__name__
    said = str(error).strip()
    if said and not isinstance(error, RuntimeError):
        said = f"{name}: {said}"
    first = (said or name).splitlines()[0]
    return f"torch cannot read these numbers: {first[:300]}"
