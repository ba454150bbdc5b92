"""Access to tensors without running their class's or an active mode's `__torch_function__`, which may raise or hang.

See "Extending torch Python API", https://docs.pytorch.org/docs/stable/notes/extending.html.
"""

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
    """Return the function so wrapped that no `__torch_function__` of a class or mode runs in it, in its thread."""

    @wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        with torch._C.DisableTorchFunction():
            return function(*args, **kwargs)

    return within


def attribute(tensor: Tensor, name: str) -> Any:
    """Return torch's own attribute of a tensor, such as `grad` or `is_leaf`, whatever its class overrides."""
    with torch._C.DisableTorchFunction():
        if type(tensor) is Tensor or type(tensor) is nn.Parameter:
            return getattr(tensor, name)
        return getattr(torch._C.TensorBase, name).__get__(tensor)


def plain(tensor: Tensor) -> Tensor:
    """Return a tensor of torch's own class on the same memory, so that nothing that a subclass overrides is run.

    A tensor whose class defines `__torch_dispatch__` (`DTensor`), a lazy one, and one that torch cannot detach are
    returned as they are.
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
