"""Indexing: an index that a dimension does not have, in brackets or in `gather` and its kin."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from .failed_call import FailedCall
from .words import sizes, where_outside

_NO_DIMENSION = re.compile(r"Dimension out of range \(expected to be in range of \[-\d+, \d+\], but got (-?\d+)\)")
_ALONG = ("gather", "scatter", "scatter_", "scatter_add", "scatter_add_", "index_select", "take_along_dim")


def hint(failed: FailedCall) -> str:
    """Return which index is out of range in which dimension; empty for anything else."""
    given = failed.tensor(0, "input", "self")
    if given is None:
        return ""
    if failed.is_operation and (found := _NO_DIMENSION.search(failed.message)) is not None:
        return _no_dimension(failed, given, int(found[1]))
    if failed.op in ("__getitem__", "__setitem__"):
        return _in_brackets(failed, given, failed.argument(1))
    if failed.op in _ALONG:
        return _along(failed, given)
    return _class_numbers(failed, given) if failed.op == "one_hot" else ""


def _no_dimension(failed: FailedCall, given: Tensor, dimension: int) -> str:
    count = given.dim()
    if failed.op in ("cat", "stack", "unsqueeze", "unsqueeze_") or not count or -count <= dimension < count:
        return ""  # `given` is not what lacks it
    has = "dimension 0 alone" if count == 1 else f"dimensions 0 to {count - 1}"
    return f"{failed.name} is along dimension {dimension}, and {sizes(given.shape)}{failed.given(given)} has {has}"


def _in_brackets(failed: FailedCall, given: Tensor, key: Any) -> str:
    keys = key if isinstance(key, tuple) else (key,)
    if any(each is None or isinstance(each, (list, bool)) for each in keys) or keys.count(...) > 1:
        return ""  # what counts as which dimension is not said here
    used = sum(1 for each in keys if each is not ...)
    dimension = 0
    for each in keys:
        if each is ...:
            dimension += given.dim() - used
            continue
        if isinstance(each, Tensor) and each.dtype == torch.bool:
            return ""
        if dimension >= given.dim():
            return (
                f"{sizes(given.shape)}{failed.given(given)} has {given.dim()} dimensions, and {used} indices were given"
            )
        length = given.shape[dimension]
        found = _outside(each, length)
        if found is not None:
            return _said(failed, given, dimension, found)
        dimension += 1
    return ""


def _outside(key: object, length: int) -> int | None:
    """Return the index that a dimension of some length does not have; None for none."""
    if type(key) is int:
        return None if -length <= key < length else key
    if isinstance(key, Tensor) and not key.is_floating_point():
        found = where_outside(key, -length, length) if key.dim() else None
        return None if found is None else found.value
    return None


def _said(failed: FailedCall, given: Tensor, dimension: int, index: int) -> str:
    length = given.shape[dimension]
    said = f"index {index:,} is outside dimension {dimension} of {sizes(given.shape)}{failed.given(given)}"
    return f"{said}, which has {length:,}" + (f": 0 to {length - 1:,}" if length else "")


def _along(failed: FailedCall, given: Tensor) -> str:
    dimension, indices = failed.argument(1, "dim"), failed.tensor(2, "index")
    if failed.op == "take_along_dim":
        dimension, indices = failed.argument(2, "dim"), failed.tensor(1, "indices")
    if not isinstance(dimension, int) or indices is None or indices.is_floating_point() or not given.dim():
        return ""
    dimension %= given.dim()
    if failed.op in ("gather", "take_along_dim") and indices.dim() == given.dim() - 1:
        said = f"{failed.name} of {sizes(given.shape)}{failed.given(given)} needs indices of {given.dim()} dimensions"
        mend = f"`.unsqueeze({dimension})` of them fits"
        fits = list(indices.shape) == [size for at, size in enumerate(given.shape) if at != dimension]
        return f"{said}, got {sizes(indices.shape)}{failed.given(indices)}" + (f": {mend}" if fits else "")
    found = where_outside(indices, 0, given.shape[dimension])
    return "" if found is None else _said(failed, given, dimension, found.value)


def _class_numbers(failed: FailedCall, given: Tensor) -> str:
    if given.dtype == torch.int64:
        return ""
    said = f"`one_hot` takes int64, got {str(given.dtype).removeprefix('torch.')}{failed.given(given)}"
    whole = not given.is_floating_point() or bool((given == given.floor()).all())
    fits = whole and not given.is_complex() and bool((given >= 0).all())
    return f"{said}: `.long()` before it fits" if fits else said
