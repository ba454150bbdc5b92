"""Results of a run in words and as plain data: `[2, 1] float32, grad_fn AddmmBackward0`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from torch import Tensor

from ..tensors.plainly import plainly
from ..tensors.tensors import dtype_text, shape_of, shape_text

MANY = 100
"""Parts of one nested value that are told."""


@plainly
def structure_of(value: object, depth: int = 6) -> Any:
    """`value` for JSON: a tensor as its shape and dtype, nested values nested alike, anything else as its class.

    Plain numbers, truth values and None stay; texts are cut to 200 characters.
    """
    if isinstance(value, Tensor):
        shape = shape_of(value)
        return {"shape": None if shape is None else list(shape), "dtype": dtype_text(value)}
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:200]
    if depth and isinstance(value, Mapping):
        return {str(key)[:200]: structure_of(part, depth - 1) for key, part in islice(value.items(), MANY)}
    if depth and isinstance(value, (tuple, list)):
        return [structure_of(part, depth - 1) for part in value[:MANY]]
    return {"type": type(value).__name__}


@plainly
def describe_output(value: object, depth: int = 2) -> str:
    """One line: `[2, 1] float32, grad_fn AddmmBackward0`; of nested values one after the other, the first few."""
    if isinstance(value, Tensor):
        shape = shape_text(value) or "no shape"
        gradient = f", grad_fn {value.grad_fn.name()}" if value.grad_fn is not None else ""
        return f"{shape} {dtype_text(value)}{gradient}"
    if depth and isinstance(value, Mapping):
        parts = [f"{str(key)[:60]}: {describe_output(part, depth - 1)}" for key, part in islice(value.items(), 4)]
    elif depth and isinstance(value, (tuple, list)):
        parts = [describe_output(part, depth - 1) for part in value[:4]]
    else:
        return "None" if value is None else type(value).__name__
    more = f"; and {len(value) - 4} more" if len(value) > 4 else ""
    return f"{type(value).__name__} of {'; '.join(parts) or 'nothing'}{more}"
