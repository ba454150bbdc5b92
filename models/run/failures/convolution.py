"""Convolutions and pooling: another number of channels or dimensions, a kernel that is larger than the input."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn

from .failed_call import FailedCall
from .joining import CATS
from .words import counted, side, sizes

_CONVOLUTIONS = {f"{kind}{n}d": n for n in (1, 2, 3) for kind in ("conv", "conv_transpose")}
_POOLS = {f"{kind}{n}d": n for n in (1, 2, 3) for kind in ("max_pool", "avg_pool")}
_BATCHED = {1: "[N, C, L]", 2: "[N, C, H, W]", 3: "[N, C, D, H, W]"}
_SINGLE = {1: "[C, L]", 2: "[C, H, W]", 3: "[C, D, H, W]"}


def hint(failed: FailedCall) -> str:
    """Return why a convolution or pooling failed, with what fits; empty for anything else."""
    given = failed.tensor(0, "input")
    if given is None:
        return ""
    if failed.op in _CONVOLUTIONS:
        return _convolution(failed, given, _CONVOLUTIONS[failed.op])
    if failed.op in _POOLS:
        return _dimensions(failed, given, _POOLS[failed.op]) or _pool(failed, given, _POOLS[failed.op])
    return ""


def _convolution(failed: FailedCall, given: Tensor, n: int) -> str:
    weight = failed.tensor(1, "weight")
    if weight is None or weight.dim() != n + 2:
        return ""
    is_transposed = failed.op.startswith("conv_transpose")
    groups = _whole(failed.argument(6, "groups"), 1)
    if given.dim() not in (n + 1, n + 2):
        return _dimensions(failed, given, n)
    wanted = weight.shape[0] if is_transposed else weight.shape[1] * groups
    if given.shape[-n - 1] != wanted:
        return _channels(failed, given, wanted, groups, n)
    return "" if is_transposed else _kernel(failed, given, weight, n)


def _dimensions(failed: FailedCall, given: Tensor, n: int) -> str:
    if given.dim() in (n + 1, n + 2):
        return ""
    said = f"{failed.name} takes {_BATCHED[n]} or {_SINGLE[n]}, got {sizes(given.shape)}{failed.given(given)}"
    layer = failed.module
    if given.dim() == n and isinstance(layer, nn.modules.conv._ConvNd) and layer.in_channels == 1:
        return f"{said}: `.unsqueeze(0)` before it gives the one channel, and fits"
    return said


def _channels(failed: FailedCall, given: Tensor, wanted: int, groups: int, n: int) -> str:
    batched = given.dim() == n + 2
    got = given.shape[-n - 1]
    said = f"{failed.name} expects {counted(wanted, 'channel')}, got {got:,}{failed.given(given)}"
    if (joined := _joined(failed, given, wanted, n)) is not None:
        return f"{said}: `dim={joined}` of that `cat` fits"
    if given.shape[-1] == wanted and wanted not in given.shape[-n:-1]:
        return f"{said}; the last dimension of {sizes(given.shape)} is {wanted:,}: `.movedim(-1, {int(batched)})` fits"
    if not batched and wanted == 1:
        return (
            f"{said}, as {sizes(given.shape)} is read as {_SINGLE[n]}: `.unsqueeze(1)` makes it {_BATCHED[n]}, and fits"
        )
    if not batched:
        said += f", as {sizes(given.shape)} is read as {_SINGLE[n]}, without a batch"
    mends = []
    if failed.is_input(given):
        shape = list(given.shape)
        shape[-n - 1] = wanted
        mends.append(f"an input of {sizes(shape)}")
    if failed.may_change and isinstance(failed.module, nn.modules.conv._ConvNd) and got % groups == 0:
        mends.append(f"`in_channels={got}`")
    return f"{said}: {' fits, or '.join(mends)}{' fits' if len(mends) == 1 else ''}" if mends else said


def _joined(failed: FailedCall, given: Tensor, wanted: int, n: int) -> int | None:
    """Return the dimension of the channels, where a `cat` of as many as are wanted was along another one."""
    maker = failed.maker(given)
    call = None if maker is None or maker.call is None else maker.call.row_of()
    if call is None or call.op not in CATS or given.dim() != n + 2:
        return None
    parts = [shape for shape in call.inputs if isinstance(shape, tuple) and len(shape) == n + 2]
    sides = {(shape[0], *shape[2:]) for shape in parts}
    fits = len(parts) == len(call.inputs) > 1 and len(sides) == 1
    return 1 if fits and sum(shape[1] for shape in parts) == wanted else None  # type: ignore[misc]


def _kernel(failed: FailedCall, given: Tensor, weight: Tensor, n: int) -> str:
    padding = failed.argument(4, "padding")
    if isinstance(padding, str):
        return ""
    pads = _each(padding, n, 0)
    dilations = _each(failed.argument(5, "dilation"), n, 1)
    sizes = given.shape[-n:]
    spans = [d * (k - 1) + 1 for d, k in zip(dilations, weight.shape[-n:], strict=True)]
    if all(s + 2 * p >= span for s, p, span in zip(sizes, pads, spans, strict=True)):
        return ""
    said = f"the {side(weight.shape[-n:])} kernel of {failed.name}"
    said += f" spans {side(spans)}" if spans != list(weight.shape[-n:]) else ""
    said += f" is larger than its input of {side(sizes)}"
    said += f" with a padding of {side(pads)}" if any(pads) else ""
    said += failed.given(given)
    needed = max(ceil((span - s) / 2) for s, span in zip(sizes, spans, strict=True))
    own = isinstance(failed.module, nn.modules.conv._ConvNd) and failed.module.padding_mode == "zeros"
    if not own or not all(sizes):
        return said
    return f"{said}: a larger input fits, or `padding={max(needed, *pads)}`"


def _pool(failed: FailedCall, given: Tensor, n: int) -> str:
    is_max = failed.op.startswith("max")
    kernel = _each(failed.argument(1, "kernel_size"), n, 0)
    pads = _each(failed.argument(3, "padding"), n, 0)
    dilations = _each(failed.argument(4, "dilation"), n, 1) if is_max else [1] * n
    spans = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    sizes = given.shape[-n:]
    if all(s + 2 * p >= span for s, p, span in zip(sizes, pads, spans, strict=True)):
        return ""
    said = f"the {side(kernel)} kernel of {failed.name} is larger than its input of {side(sizes)}{failed.given(given)}"
    small = min(sizes)
    fits = bool(small) and not any(pads) and all(d == 1 for d in dilations) and failed.module is not None
    return f"{said}: a larger input fits, or `kernel_size={small}`" if fits else said


def _each(value: object, n: int, default: int) -> list[int]:
    """Return a number for each dimension, as torch reads one number or several."""
    if isinstance(value, int):
        return [value] * n
    if isinstance(value, (tuple, list, torch.Size)) and value:
        return [int(each) for each in value] if len(value) == n else [int(value[0])] * n
    return [default] * n


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) else default
