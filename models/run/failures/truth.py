"""A tensor of several elements where Python needs one number or truth value."""

from __future__ import annotations

from .failed_call import FailedCall
from .words import sizes

_ONE_NUMBER = ("item", "__float__", "__int__", "__index__", "__complex__")


def hint(failed: FailedCall) -> str:
    """Return which tensor has more than the one element that a condition or number needs; empty for anything else."""
    given = failed.tensor(0, "input", "self")
    if given is None or given.numel() == 1:
        return ""
    said = f"{sizes(given.shape)}{failed.given(given)} has {given.numel():,}"
    if failed.op == "__bool__":
        fits = "`.any()` or `.all()` makes them one, `torch.where` chooses for each"
        return f"a condition needs one truth value, and {said}: {fits}"
    if failed.op in _ONE_NUMBER:
        return f"one number was asked for, and {said}: `.tolist()` gives all, `.mean()` or `.sum()` makes them one"
    return ""
