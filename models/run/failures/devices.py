"""Operands on different devices."""

from __future__ import annotations

from torch import Tensor

from ..trace.shapes import arguments_in
from .failed_call import FailedCall, is_layer
from .words import sizes


def hint(failed: FailedCall) -> str:
    """Return which two devices met, with the move that fits; empty for anything else."""
    if "device" not in failed.message:
        return ""
    tensors = [each for each in arguments_in(failed.args, failed.kwargs) if each.dim() or each.device.type != "cpu"]
    if is_layer(failed.module) and failed.module is not None:
        tensors += [each for each in failed.module._parameters.values() if isinstance(each, Tensor)]
    devices = list(dict.fromkeys(str(each.device) for each in tensors))
    if len(devices) < 2:
        return ""
    first = tensors[0]
    other = next(each for each in tensors if each.device != first.device)
    maker = failed.maker(other)
    of_weight = maker is not None and bool(maker.path)
    said = f"{failed.name} got {sizes(first.shape)} on {first.device}{failed.given(first)}"
    said += f", and {sizes(other.shape)} on {other.device}{failed.given(other)}"
    if "meta" in devices:
        return f"{said}: what is on meta has no values, so it has to be made anew on {_real(devices)}"
    if of_weight or failed.is_input(first):
        return f"{said}: `.to('{other.device}')` of the first fits"
    return f"{said}: `.to('{first.device}')` of the second fits"


def _real(devices: list[str]) -> str:
    return next(each for each in devices if each != "meta")
