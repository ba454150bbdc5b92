"""Runs a forward in another mode for a time: train or eval, without gradients, with autocast, on inputs of a dtype."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from ...live.registered import modules_in, training_of
from ...messages import RunMode
from .arguments import device_of
from .inputs import ArgsKwargs


def in_dtype(arguments: ArgsKwargs, mode: RunMode) -> ArgsKwargs:
    """Return the arguments with floating-point tensors of the mode's dtype; the same ones where it has none."""
    if not mode.input_dtype:
        return arguments
    dtype: torch.dtype = getattr(torch, mode.input_dtype)

    def converted(tensor: Tensor) -> Tensor:
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    found: ArgsKwargs = tree_map_only(Tensor, converted, arguments)
    return found


@contextmanager
def in_mode(network: nn.Module, mode: RunMode) -> Iterator[None]:
    """Run what is within in a mode; afterwards every flag is as it was, whatever ended it.

    `train()` or `eval()` of the network is called, which its class may have made do more than set flags.

    Raises:
        RuntimeError: torch has no such autocast for the network's device.
    """
    with ExitStack() as stack:
        if mode.training:
            stack.enter_context(_training(network, mode.training == "train"))
        if mode.autocast:
            device = device_of(network).partition(":")[0]
            kind = "cpu" if device == "meta" else device
            stack.enter_context(torch.autocast(kind, dtype=getattr(torch, mode.autocast)))
        if mode.gradients:
            stack.enter_context(torch.no_grad() if mode.gradients == "no_grad" else torch.inference_mode())
        yield


@contextmanager
def _training(network: nn.Module, wanted: bool) -> Iterator[None]:
    flags = [(module, flag) for module in modules_in(network) if (flag := training_of(module)) is not None]
    own = any(
        type(module).train is not nn.Module.train or type(module).eval is not nn.Module.eval for module, _ in flags
    )
    was_training = training_of(network)
    try:
        network.train() if wanted else network.eval()
        yield
    finally:
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                if own and was_training is not None:
                    with suppress(Exception):  # of the user's class
                        network.train(was_training)  # takes back what else it did, such as merging weights
                _put_back(flags)
                break
            except KeyboardInterrupt as error:  # it is raised when all is as it was
                interrupt = error
        if interrupt is not None:
            raise interrupt


def _put_back(flags: list[tuple[nn.Module, Any]]) -> None:
    for module, flag in flags:
        held = vars(module)
        if "training" in held:
            held["training"] = flag
        elif module.training is not flag:  # of a scripted module
            module.training = flag
