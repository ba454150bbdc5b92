"""In which mode a call runs: whether gradients are recorded, and autocast.

Train and eval are a flag of each module.  It is asked at every call, so it is quick where nothing is switched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ...live.registered import training_of

if TYPE_CHECKING:
    from .frame import Frame

DEVICES = ("cpu", "cuda", "mps", "xpu", "hpu")
"""Types of devices that autocast may be switched on for."""


class Mode:
    """Whether gradients are recorded, and autocast; of equal ones there is one object.

    Args:
        gradients: `enable_grad`, `no_grad` or `inference_mode`, as torch's contexts are called.
        autocast: `autocast cpu bfloat16`; empty where it is off.
    """

    __slots__ = ("autocast", "gradients", "records")

    def __init__(self, gradients: str, autocast: str = "") -> None:
        self.gradients = gradients
        self.autocast = autocast
        self.records = gradients == "enable_grad"
        """Whether a graph is recorded."""

    def words(self, around: Mode) -> tuple[str, ...]:
        """Return what is otherwise than in the mode `around` it."""
        found = [] if self.gradients == around.gradients else [self.gradients]
        if self.autocast != around.autocast:
            found.append(self.autocast or "no autocast")
        return tuple(found)


PLAIN, NO_GRAD, INFERENCE = Mode("enable_grad"), Mode("no_grad"), Mode("inference_mode")
_WITH_AUTOCAST: dict[tuple[str, str], Mode] = {}
_has_grad, _is_inference = torch.is_grad_enabled, torch.is_inference_mode_enabled


def _any_autocast_of_old() -> bool:
    return bool(_autocast())


_has_autocast: Any = getattr(torch._C, "_is_any_autocast_enabled", _any_autocast_of_old)


def mode_now() -> Mode:
    """Return the mode of this thread."""
    mode = PLAIN if _has_grad() else INFERENCE if _is_inference() else NO_GRAD
    if not _has_autocast():
        return mode
    key = mode.gradients, _autocast()
    return _WITH_AUTOCAST.setdefault(key, Mode(*key))


def mode_of(module: nn.Module, caller: Frame | None) -> tuple[Mode, bool, tuple[str, ...]]:
    """Return the mode in which a module is called, whether it trains, and what of that is otherwise than around it.

    Args:
        caller: the call around it; None for the network's own.
    """
    mode, is_training = mode_now(), vars(module).get("training")
    if type(is_training) is not bool:
        is_training = training_of(module) is not False
    if caller is None:
        return mode, is_training, ("train" if is_training else "eval", *mode.words(PLAIN))
    if is_training is caller.training and mode is caller.mode:
        return mode, is_training, ()
    own = () if is_training is caller.training else ("train" if is_training else "eval",)
    return mode, is_training, own + mode.words(caller.mode)


def _autocast() -> str:
    on = [device for device in DEVICES if _is_on(device)]
    return "autocast " + ", ".join(f"{each} {str(torch.get_autocast_dtype(each))[6:]}" for each in on) if on else ""


def _is_on(device: str) -> bool:
    try:
        return torch.is_autocast_enabled(device)
    except RuntimeError:  # of a device that this torch does not know
        return False
