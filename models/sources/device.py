"""Moving a network to where it is wanted, with an error that says what is missing."""

from __future__ import annotations

import torch
from torch import nn

from ..opened.source import SourceError


def check_device(name: str) -> torch.device:
    """Return the device called `name`, such as `cpu` or `cuda:1`.

    Raises:
        SourceError: torch knows no such device, or this machine has none.
    """
    try:
        device = torch.device(name)
    except Exception as error:  # torch raises RuntimeError, or what a device's own module raises
        raise SourceError(
            f"There is no device {name!r}", "Devices are called cpu, cuda, cuda:1, mps or meta."
        ) from error
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            built = "no CUDA GPU is visible here" if torch.version.cuda else "this PyTorch was built without CUDA"
            raise SourceError(f"Device {name!r} is not there: {built}", "Open it without --device to use the CPU.")
        if device.index is not None and device.index >= count:
            raise SourceError(f"Device {name!r} is not there", f"CUDA devices here: cuda:0 to cuda:{count - 1}.")
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise SourceError(f"Device {name!r} is not there", "This machine or this PyTorch has no MPS.")
    return device


def move(module: nn.Module, device: str) -> None:
    """Move the parameters and buffers of `module` as `module.to(device)` does.

    Raises:
        SourceError: it cannot be moved there; the title has the first line of torch's own message.
    """
    try:
        module.to(device)
    except Exception as error:  # out of memory, no such backend, an own `to`
        line = next(iter(str(error).splitlines()), type(error).__name__)
        remedy = "Meta tensors hold no values: use module.to_empty(device=...)." if "meta tensor" in line else ""
        raise SourceError(f"The network cannot be moved to {device}: {line}", remedy) from error
