"""What is wrong with the numbers that a loss was given, where no error says it: read once, when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

NEAR = 1e-3
"""How far a probability may be from 0 and 1, and a log-probability above 0."""
_PLAIN = (Tensor, Parameter)


def odd_values(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return what is odd about what a loss of torch's was given, and what fits; empty for nothing, or where unknown."""
    given, target = _argument(0, "input", args, kwargs), _argument(1, "target", args, kwargs)
    if not (_is_read(given) and _is_read(target)):
        return ""
    assert isinstance(given, Tensor)
    assert isinstance(target, Tensor)
    if name == "binary_cross_entropy" and target.requires_grad and not given.requires_grad and _is_of_labels(given):
        return "is given the target first and the output second: the output comes first"
    if name == "nll_loss":
        return _above_zero(given)
    if name == "cross_entropy":
        return _of_classes(given, target)
    if name in ("binary_cross_entropy_with_logits", "binary_cross_entropy"):
        return _of_targets(target)
    if name == "kl_div" and not kwargs.get("log_target") and not (len(args) > 5 and args[5]):
        return _of_distribution(target)
    return ""


def _argument(place: int, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
    return args[place] if len(args) > place else kwargs.get(name)


def _is_read(tensor: object) -> bool:
    """Return whether the elements of a tensor can be read at once."""
    return type(tensor) in _PLAIN and tensor.is_cpu and bool(tensor.numel())  # type: ignore[attr-defined]


def _range(tensor: Tensor) -> tuple[float, float]:
    low, high = torch.aminmax(tensor.detach())
    return float(low), float(high)


def _is_of_labels(given: Tensor) -> bool:
    """Return whether all elements are 0 or 1, as no sigmoid gives them."""
    return bool(((given == 0) | (given == 1)).all())


def _above_zero(given: Tensor) -> str:
    high = _range(given)[1]
    if not high > NEAR:
        return ""
    return (
        f"takes log-probabilities, none of which is above 0, and got up to {high:.4g}: `log_softmax` before it fits, "
        "or `cross_entropy` in its place"
    )


def _of_classes(given: Tensor, target: Tensor) -> str:
    classes = given.shape[1 if given.dim() > 1 else 0] if given.dim() else 0
    if classes == 1:
        if given.numel() == 1:  # of a batch of one: it may be each of the batch with each, as in contrastive losses
            return ""
        return (
            "is of one class, so it is 0 whatever is learnt: `binary_cross_entropy_with_logits` takes one output for "
            "two classes"
        )
    if target.is_floating_point() and target.shape == given.shape and (low := _range(target)[0]) < -NEAR:
        return f"takes classes, or probabilities of them, none of which is below 0, and got targets from {low:.4g} on"
    return ""


def _of_targets(target: Tensor) -> str:
    if not target.is_floating_point():
        return ""
    low, high = _range(target)
    if low >= -NEAR and high <= 1 + NEAR:
        return ""
    shown = f"{low:.4g} to {high:.4g}"
    if low >= 0 and high == 255:
        return f"takes targets from 0 to 1, and got {shown}: `target / 255` fits"
    mend = {
        (1.0, 2.0): "`target - 1` fits",
        (-1.0, 1.0): "`(target + 1) / 2` fits",
    }.get((low, high), "with others it can fall below 0 for ever")
    return f"takes targets from 0 to 1, and got {shown}: {mend}"


def _of_distribution(target: Tensor) -> str:
    if not target.is_floating_point() or not (low := _range(target)[0]) < -NEAR:
        return ""
    return f"takes probabilities as its target, and got {low:.4g}: `log_target=True` fits where they are logarithms"
