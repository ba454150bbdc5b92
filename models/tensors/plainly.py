"""Looking at tensors without running code of their class or of a mode that the user is in: a `__torch_function__` may
raise, print, or never return."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

P = ParamSpec("P")
R = TypeVar("R")


def plainly(function: Callable[P, R]) -> Callable[P, R]:
    """Run the function without any tensor class's or mode's `__torch_function__`, in the thread that calls it."""

    @wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        with torch._C.DisableTorchFunction():
            return function(*args, **kwargs)

    return within


def attribute(tensor: Tensor, name: str) -> Any:
    """What torch itself has there, such as `grad` or `is_leaf`, past what the tensor's class makes of it."""
    with torch._C.DisableTorchFunction():
        if type(tensor) is Tensor or type(tensor) is nn.Parameter:
            return getattr(tensor, name)
        return getattr(torch._C.TensorBase, name).__get__(tensor)


def plain(tensor: Tensor) -> Tensor:
    """The same memory as a tensor of torch's own class, past any attribute that the tensor's class overrides.

    A tensor of a class that computes for itself (`DTensor`), and one that torch cannot detach, is given back as it is.
    """
    kind = type(tensor)
    if kind is Tensor or kind is nn.Parameter or kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
        return tensor
    if issubclass(kind, UninitializedTensorMixin):
        return tensor
    try:
        with torch._C.DisableTorchFunction():
            return torch._C.TensorBase.detach(tensor)
    except Exception:  # lazy ones, and what a later torch may think of
        return tensor
