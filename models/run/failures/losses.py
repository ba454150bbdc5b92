"""Losses: a class that the output does not have, targets of another shape or dtype, numbers above 1."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from ..trace.calls import sizes_of
from .failed_call import RESHAPES, FailedCall
from .words import dtype, sizes, where_outside

FOLLOWED = 8
"""Calls that are gone back through for the one that changed the batch."""
_BY_CLASS = ("cross_entropy", "nll_loss")
_BY_ELEMENT = ("binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss", "smooth_l1_loss",
               "huber_loss")  # fmt: skip


def hint(failed: FailedCall) -> str:
    """Return why a loss failed, with what fits; empty for anything else."""
    output, target = failed.tensor(0, "input"), failed.tensor(1, "target")
    if output is None or target is None:
        return ""
    if failed.op in _BY_CLASS and output.dim():
        return _by_class(failed, output, target)
    return _by_element(failed, output, target) if failed.op in _BY_ELEMENT else ""


def _by_class(failed: FailedCall, output: Tensor, target: Tensor) -> str:
    at = 0 if output.dim() == 1 else 1
    wanted = [*output.shape[:at], *output.shape[at + 1 :]]
    is_spread = list(target.shape) == list(output.shape)  # a probability for each class
    if target.is_floating_point():
        if list(target.shape) != wanted:
            return _shapes(failed, output, target, wanted) if not is_spread else ""
        said = f"the target of {failed.name} is {dtype(target.dtype)}{failed.given(target)}, and classes are int64"
        whole = bool((target == target.floor()).all()) and where_outside(target.long(), 0, output.shape[at]) is None
        return f"{said}: `.long()` of it fits" if whole else said
    if list(target.shape) != wanted:
        return _shapes(failed, output, target, wanted)
    return _range(failed, output, target, output.shape[at])


def _shapes(failed: FailedCall, output: Tensor, target: Tensor, wanted: list[int]) -> str:
    """Return what makes output and target of a loss by class go together."""
    shape = list(target.shape)
    said = f"{failed.name} of an output {sizes(output.shape)}{failed.given(output)} needs a target {sizes(wanted)}"
    said += f", got {sizes(shape)}{failed.given(target)}"
    is_whole = not target.is_floating_point()
    if is_whole and shape == list(output.shape):
        return f"{said}, which looks like one-hot: `.argmax(1)` of it fits"
    if is_whole and output.dim() > 2 and shape == list(output.shape[:-1]):
        return f"{said}; its classes are in dimension 1, not the last: `.movedim(-1, 1)` of the output fits"
    if (
        is_whole
        and len(shape) == len(wanted) + 1
        and [size for size in shape if size != 1] == [s for s in wanted if s != 1]
    ):
        for each in range(1, len(shape)):
            if shape[each] == 1 and shape[:each] + shape[each + 1 :] == wanted:
                return f"{said}: `.squeeze({each})` of the target fits"
    rows = _rows_before(failed, output, shape) if shape else ""
    if rows:
        return f"{said}: {rows}"
    if is_whole and output.dim() == 2 and len(shape) == 2 and prod(shape) == output.shape[0]:
        return f"{said}: `.flatten()` of the target fits"
    return said


def _rows_before(failed: FailedCall, output: Tensor, target: list[int]) -> str:
    """Return which call made other rows of a batch that the target still has; empty where none did."""
    maker = failed.maker(output)
    call = None if maker is None else maker.call
    for _ in range(FOLLOWED):
        if call is None:
            return ""
        row = call.row_of()
        before, after = sizes_of(row.inputs[0]) if row.inputs else None, sizes_of(row.output)
        if row.op in RESHAPES and before and after and before[0] == target[0] != after[0] == output.shape[0]:
            if before[-1] == after[-1]:
                return ""
            where = f" at {row.where}" if row.where else ""
            return (
                f"`{row.op}`{where} makes {after[0]:,} rows of a batch of {before[0]:,}, {sizes(before)}; "
                "`.flatten(1)` keeps the batch"
            )
        call = row.producers[0] if row.producers else None
    return ""


def _range(failed: FailedCall, output: Tensor, target: Tensor, classes: int) -> str:
    ignored = failed.kwargs.get("ignore_index", -100)
    found = where_outside(target, 0, classes, ignored if isinstance(ignored, int) else None)
    if found is None:
        return ""
    place = f" at {sizes(found.place)}" if found.place else ""
    said = f"target {found.value:,}{place} of {failed.name} is none of the {classes:,} classes, 0 to {classes - 1:,}"
    said += f", of the output {sizes(output.shape)}{failed.given(output)}"
    if found.lowest == 1 and found.highest == classes:
        return f"{said}: targets go from 1 to {classes:,}, so `target - 1` fits"
    if found.lowest < 0:
        return said
    layer = _linear_of(failed, output)
    mend = (
        f"`out_features={found.highest + 1}` of `{layer}`" if layer else f"an output of {found.highest + 1:,} classes"
    )
    return f"{said}: {mend} fits"


def _linear_of(failed: FailedCall, output: Tensor) -> str:
    """Return the path of the `Linear` whose output the loss takes as it is; empty for none."""
    maker = failed.maker(output)
    call = None if maker is None or maker.call is None else maker.call.row_of()
    if call is None or call.kind != "module" or output.dim() != 2:
        return ""
    node = failed.tree.at(call.module)
    return call.module if node is not None and isinstance(node.item, nn.Linear) else ""


def _by_element(failed: FailedCall, output: Tensor, target: Tensor) -> str:
    ours, theirs = list(output.shape), list(target.shape)
    if ours != theirs:
        said = f"{failed.name} compares {sizes(ours)}{failed.given(output)} with {sizes(theirs)}{failed.given(target)}"
        if len(ours) == len(theirs) + 1 and ours[-1] == 1 and ours[:-1] == theirs:
            return f"{said}: `.unsqueeze(-1)` of the target fits"
        if len(theirs) == len(ours) + 1 and theirs[-1] == 1 and theirs[:-1] == ours:
            return f"{said}: `.unsqueeze(-1)` of the output fits"
        return said
    if output.is_floating_point() and not target.is_floating_point() and not target.is_complex():
        said = (
            f"{failed.name} compares {dtype(output.dtype)} with a target of {dtype(target.dtype)}{failed.given(target)}"
        )
        return f"{said}: `.to(torch.{dtype(output.dtype)})` of the target fits"
    if failed.op == "binary_cross_entropy" and output.device.type == "cpu" and output.is_floating_point():
        return _probabilities(failed, output)
    return ""


def _probabilities(failed: FailedCall, output: Tensor) -> str:
    outside = ~((output >= 0) & (output <= 1))
    if not bool(outside.any()):
        return ""
    value = float(output[outside][0])
    said = f"{failed.name} takes probabilities, from 0 to 1, got {value:.4g}{failed.given(output)}"
    if value != value:
        return said
    return f"{said}: `binary_cross_entropy_with_logits` takes such numbers, or `.sigmoid()` before it fits"
