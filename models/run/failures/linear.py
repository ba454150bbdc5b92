"""`Linear` and `Bilinear` that got another number of features than they have."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from .failed_call import FailedCall
from .words import counted, sizes

_OF_IMAGES = ("Conv", "MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool", "conv", "max_pool", "avg_pool",
              "adaptive_avg_pool", "adaptive_max_pool")  # fmt: skip


def hint(failed: FailedCall) -> str:
    """Return why a `linear` or `bilinear` failed, with what fits; empty for anything else."""
    if failed.op == "linear":
        return _linear(failed)
    if failed.op == "bilinear":
        return _bilinear(failed)
    return ""


def _linear(failed: FailedCall) -> str:
    given, weight = failed.tensor(0, "input"), failed.tensor(1, "weight")
    if given is None or weight is None or weight.dim() != 2 or not given.dim():
        return ""
    wanted, got = weight.shape[1], given.shape[-1]
    if wanted == got:
        return ""
    own = isinstance(failed.module, nn.Linear)
    said = f"{failed.name} expects {counted(wanted, 'feature')}, got {got:,}{failed.given(given)}"
    mend = _flattened(failed, given, wanted)
    if mend:
        return f"{said}: {mend}"
    if not own:
        return said
    if _is_of_images(failed, given):
        return _fitting(
            failed, f"{said}, not flattened", f"`.flatten(1)` before it and `in_features={_all(given)}` fit"
        )
    if failed.is_input(given):
        return f"{said}: an input of {sizes([*given.shape[:-1], wanted])} fits" + (
            f", or `in_features={got}`" if failed.may_change else ""
        )
    return _fitting(failed, said, f"`in_features={got}` fits")


def _fitting(failed: FailedCall, said: str, mend: str) -> str:
    return f"{said}: {mend}" if failed.may_change else said


def _all(given: Tensor) -> int:
    return prod(given.shape[1:])


def _flattened(failed: FailedCall, given: Tensor, wanted: int) -> str:
    """Return how `given` is flattened to the features that are expected; empty where it cannot be."""
    before = failed.shape_before(given)
    if before is not None and len(before) > 2 and prod(before[1:]) == wanted and given.dim() == 1:
        return "`.flatten(1)` in its place keeps the batch, and fits"
    for first in range(1, given.dim() - 1):
        if prod(given.shape[first:]) == wanted:
            return (
                f"from dimension {first} on {sizes(given.shape)} holds {wanted:,}: `.flatten({first})` before it fits"
            )
    if given.dim() > 1 and given.numel() == wanted:
        return f"all of {sizes(given.shape)} holds {wanted:,}: `.flatten()` before it fits"
    return ""


def _is_of_images(failed: FailedCall, given: Tensor) -> bool:
    """Return whether a tensor has spatial dimensions, which a user forgot to flatten."""
    if given.dim() != 4:
        return False
    maker = failed.maker(given)
    call = None if maker is None or maker.call is None else maker.call.row_of()
    return call is not None and call.op.startswith(_OF_IMAGES)


def _bilinear(failed: FailedCall) -> str:
    weight = failed.tensor(2, "weight")
    if weight is None or weight.dim() != 3:
        return ""
    for index in (1, 2):
        given = failed.tensor(index - 1, f"input{index}")
        if given is None or not given.dim() or given.shape[-1] == weight.shape[index]:
            continue
        got = given.shape[-1]
        said = f"input {index} of {failed.name} needs {counted(weight.shape[index], 'feature')}, got {got:,}"
        said += failed.given(given)
        if not isinstance(failed.module, nn.Bilinear):
            return said
        return _fitting(failed, said, f"`in{index}_features={got}` fits")
    return ""
