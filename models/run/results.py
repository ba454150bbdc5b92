"""Results of a run in words and as plain data: `[2, 1] float32, grad_fn AddmmBackward0`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from torch import Tensor

from ..tensors.plainly import attribute, plainly
from ..tensors.tensors import UNKNOWN, dtype_text, shape_text, sizes_of
from .trace.parts import ValuePart, elements_of, parts_of

MANY = 100
"""Parts of one nested value that are described."""
SEARCHED = 500
"""Values in which a tensor is looked for, before an object is described by its fields."""


@plainly
def structure_of(value: object, depth: int = 6) -> Any:
    """Return `value` for JSON: a tensor as its shape and dtype, nested values nested alike, anything else as its class.

    Numbers, truth values and None stay; texts are cut to 200 characters, nested values to 100 parts and `depth` levels.
    A value of a user's class that fails to be gone through is its class.
    """
    try:
        return _structure_of(value, depth)
    except Exception:  # of the user's class, which may raise anything
        return {"type": _class_of(value)}


def _structure_of(value: object, depth: int) -> Any:
    if isinstance(value, Tensor):
        shape = sizes_of(value)
        known = None if shape is None else [None if size == UNKNOWN else size for size in shape]
        return {"shape": known, "dtype": dtype_text(value)}
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:200]
    if depth and isinstance(value, Mapping):
        return {str(key)[:200]: structure_of(part, depth - 1) for key, part in islice(value.items(), MANY)}
    if depth and isinstance(value, (tuple, list)):
        return [structure_of(part, depth - 1) for part in islice(elements_of(value), MANY)]
    parts = _fields(value) if depth else []
    if any(has_tensor(part.value) for part in parts):
        # an object can lead to itself by many ways: it is not gone into as deeply as what is nested on purpose
        return {part.name[:200]: structure_of(part.value, max(0, depth - 3)) for part in parts[:MANY]}
    return {"type": _class_of(value)}


def _class_of(value: object) -> str:
    """Return the name of a value's class, past any `__getattribute__` of that."""
    return str(type.__dict__["__name__"].__get__(type(value)))


def _fields(value: object) -> list[ValuePart]:
    """Return the fields of a dataclass or another object, private ones left out."""
    return [part for part in parts_of(value) if part.name and not part.name.startswith("_")]


def has_tensor(value: object, depth: int = 3) -> bool:
    """Return whether a tensor is within `value`, down to `depth` levels and among the first `SEARCHED` values."""
    waiting = [(value, depth)]
    for each, below in waiting:  # breadth first: it grows
        if isinstance(each, Tensor):
            return True
        if below and len(waiting) < SEARCHED:
            waiting += [(part.value, below - 1) for part in parts_of(each)[:MANY]]
    return False


@plainly
def describe_output(value: object, depth: int = 2) -> str:
    """Return one line on what a forward returned: `[2, 1] float32, grad_fn AddmmBackward0`.

    Of nested values it names the first 4 one after the other, down to `depth` levels.  A value of a user's class that
    fails to be gone through is its class.
    """
    try:
        return _describe_output(value, depth)
    except Exception:  # of the user's class, which may raise anything
        return _class_of(value)


def _describe_output(value: object, depth: int) -> str:
    if isinstance(value, Tensor):
        shape = shape_text(value) or "no shape"
        node = attribute(value, "grad_fn")
        gradient = f", grad_fn {node.name()}" if node is not None else ""
        return f"{shape} {dtype_text(value)}{gradient}"
    kind = _class_of(value)
    if depth and isinstance(value, Mapping):
        parts = [f"{str(key)[:60]}: {describe_output(part, depth - 1)}" for key, part in islice(value.items(), 4)]
    elif depth and isinstance(value, (tuple, list)):
        parts = [describe_output(part, depth - 1) for part in islice(elements_of(value), 4)]
    elif depth and has_tensor(value, depth):
        value = _fields(value)
        parts = [f"{part.name[:60]}: {describe_output(part.value, depth - 1)}" for part in value[:4]]
    else:
        return "None" if value is None else kind
    more = f"; and {len(value) - 4} more" if len(value) > 4 else ""
    return f"{kind} of {'; '.join(parts) or 'nothing'}{more}"
