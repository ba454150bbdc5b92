"""Where the derivative of an operation is not finite: one element, with what went in and what came back there."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

_SUSPECTS = re.compile(
    "Sqrt|Rsqrt|Div|Log(?!Softmax)|Pow|Exp|Reciprocal|Asin|Acos|Atan|Norm|Std|Var|Cdist|Acosh|Tan|Where|Xlogy|Lerp|Erfinv"
)
"""Words in the names of nodes whose derivatives have poles, or overflow."""
_INPUTS = ("self", "input", "other", "x")
"""Names under which a node keeps what its operation read."""


@dataclass(frozen=True, slots=True)
class BadElement:
    """An element of a gradient that is not finite though what came back was."""

    index: tuple[int, ...]
    made: float
    """NaN or an infinity."""
    came: float | None
    """The gradient that came back to the same element of the result; None where the shapes differ."""
    value: float | None
    """What the operation read there; None where that was not kept."""
    result: float | None
    """What it gave there; None where that was not kept."""


@lru_cache(maxsize=1024)
def is_suspect(name: str) -> bool:
    """Return whether a node of this name is one whose derivative may be not finite at an ordinary value."""
    return _SUSPECTS.search(name) is not None


def bad_element(node: Any, given: Sequence[Tensor | None], came: Sequence[Tensor | None]) -> BadElement | None:
    """Return the first element that is not finite of what a node that has just run gave; None where all are finite.

    Also None where what came to it was not finite already.  Reads the tensors that the node saved.
    """
    try:
        with torch.no_grad(), torch._C.DisableTorchFunction():
            return _bad_element(node, given, came)
    except Exception:  # of a tensor without elements, or a class of the user's
        return None


def _bad_element(node: Any, given: Sequence[Tensor | None], came: Sequence[Tensor | None]) -> BadElement | None:
    if any(each is not None and not each.is_cpu for each in given):
        return None  # to look at it would wait for the accelerator
    bad = next((each for each in given if each is not None and not _is_finite(each)), None)
    if bad is None or not all(each is None or _is_finite(each) for each in came):
        return None
    place = int((~torch.isfinite(bad)).reshape(-1).byte().argmax())
    index = tuple(int(each) for each in torch.unravel_index(torch.tensor(place, device="cpu"), bad.shape))
    arrived = came[0] if came and came[0] is not None else None
    values = [_saved(node, name) for name in _INPUTS]
    return BadElement(
        index,
        float(bad[index]),
        _at(arrived, bad.shape, index),
        next((value for each in values if (value := _at(each, bad.shape, index)) is not None), None),
        _at(_saved(node, "result"), bad.shape, index),
    )


def _is_finite(gradient: Tensor) -> bool:
    total = float(gradient.sum()) if not gradient.is_complex() else math.nan
    return math.isfinite(total) or bool(torch.isfinite(gradient).all())


def _saved(node: Any, name: str) -> Tensor | None:
    """Return what a node saved as `name`; None for nothing, and for what a hook packed: to unpack it may run layers."""
    raw = getattr(node, f"_raw_saved_{name}", None)
    if raw is None or getattr(raw, "unpack_hook", None) is not None:
        return None
    saved = getattr(node, f"_saved_{name}", None)
    return saved if isinstance(saved, Tensor) else None


def _at(tensor: Tensor | None, shape: torch.Size, index: tuple[int, ...]) -> float | None:
    if tensor is None or tensor.shape != shape or tensor.is_complex():
        return None
    return float(tensor[index])
