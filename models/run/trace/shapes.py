"""Tensors within the values that go into a call and come out of it, and their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import torch
from torch import Tensor
from torch.nn import Parameter

from ...tensors.tensors import sizes_of
from .calls import Several, Shape
from .parts import elements_of, parts_of

LIMIT = 64
"""Tensors of one call that are looked at."""
SEARCHED = 10_000
"""Values of one call among which they are looked for."""
_PLAIN = frozenset((bool, int, float, str, type(None), torch.dtype, torch.device, torch.Size))
"""Types of the most common arguments that hold no tensors."""

_TENSORS = frozenset((Tensor, Parameter))


def tensors_in(value: object, depth: int = 4) -> Iterator[Tensor]:
    """Yield the tensors within nested tuples, lists, mappings and dataclasses, in order, down to `depth` levels.

    At most `SEARCHED` values are looked at.  A value of a user's class that fails to be gone through ends there.
    """
    return _tensors_in(value, depth, iter(range(SEARCHED)))


def _tensors_in(value: object, depth: int, room: Iterator[int]) -> Iterator[Tensor]:
    """Yield the tensors within `value`, while there is `room` for another value."""
    try:
        if isinstance(value, Tensor):
            yield value
        elif type(value) in _PLAIN or not depth:
            return
        else:
            for part in _parts(value):
                if next(room, None) is None:
                    return
                yield from _tensors_in(part, depth - 1, room)
    except Exception:  # of the user's class, which may raise anything
        return


def _parts(value: object) -> Iterable[object]:
    """Return what lies in a tuple, list, mapping or dataclass; of tuples and lists as Python keeps it."""
    if isinstance(value, (tuple, list)):
        return elements_of(value)
    if isinstance(value, Mapping):
        return value.values()
    if hasattr(type(value), "__dataclass_fields__"):
        return [part.value for part in parts_of(value)]
    return ()


def arguments_in(args: tuple[object, ...], kwargs: Mapping[str, object]) -> list[Tensor]:
    """Return the tensors among the arguments of a call, in order, at most `LIMIT`."""
    tensors: list[Tensor] = []
    for argument in args:
        kind = type(argument)
        if kind is Tensor or kind is Parameter:
            tensors.append(argument)  # type: ignore[arg-type]
        elif kind in _PLAIN:
            continue
        elif isinstance(argument, Tensor):
            tensors.append(argument)
        else:
            break
    else:
        if not kwargs or all(type(argument) in _PLAIN for argument in kwargs.values()):
            return tensors[:LIMIT] if len(tensors) > LIMIT else tensors
    return list(islice(tensors_in((args, kwargs)), LIMIT))


def shapes_of(tensors: list[Tensor]) -> tuple[Shape, ...]:
    """Return the shape of each tensor; None for one that has none."""
    try:
        return tuple([tensor.shape if type(tensor) in _TENSORS else sizes_of(tensor) for tensor in tensors])
    except RuntimeError:  # a nested tensor
        return tuple([_shape(tensor) for tensor in tensors])


def shape_of_output(value: object, depth: int = 3) -> Shape:
    """Return the shape of what a call returned; of nested values their shapes, nested alike down to `depth` levels.

    None for a value of a user's class that fails to be gone through.
    """
    try:
        if type(value) is Tensor:
            return value.shape
        if isinstance(value, Tensor):
            return _shape(value)
        if isinstance(value, bool):
            return str(value)
        if type(value) in _PLAIN or not depth:
            return None
        parts = [shape_of_output(part, depth - 1) for part in islice(_parts(value), LIMIT)]
    except Exception:  # of the user's class, which may raise anything
        return None
    return Several(parts) if any(part is not None for part in parts) else None


def _shape(tensor: Tensor) -> tuple[int, ...] | None:
    try:
        return tensor.shape if type(tensor) in _TENSORS else sizes_of(tensor)
    except RuntimeError:  # a nested tensor
        return None
