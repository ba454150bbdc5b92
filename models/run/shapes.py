"""Tensors within the values that go into a call and come out of it, and their shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import torch
from torch import Tensor
from torch.nn import Parameter

from ..tensors.tensors import shape_of
from .calls import Several, Shape

LIMIT = 64
"""Tensors of one call that are looked at."""
_PLAIN = frozenset((bool, int, float, str, type(None), torch.dtype, torch.device, torch.Size))
"""Types of the most common arguments that hold no tensors."""


def tensors_in(value: object, depth: int = 4) -> Iterator[Tensor]:
    """The tensors within nested tuples, lists and mappings, in order."""
    if isinstance(value, Tensor):
        yield value
    elif type(value) in _PLAIN:
        return
    elif depth and isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors_in(part, depth - 1)
    elif depth and isinstance(value, Mapping):
        for part in value.values():
            yield from tensors_in(part, depth - 1)


def arguments_in(args: tuple[object, ...], kwargs: Mapping[str, object]) -> list[Tensor]:
    """The first tensors among the arguments of a call."""
    tensors = []
    for argument in args:
        if isinstance(argument, Tensor):
            tensors.append(argument)
        elif type(argument) not in _PLAIN:
            break
    else:
        if all(type(argument) in _PLAIN for argument in kwargs.values()):
            return tensors[:LIMIT]
    return list(islice(tensors_in((args, kwargs)), LIMIT))


def shapes_of(tensors: list[Tensor]) -> tuple[Shape, ...]:
    """The shape of each."""
    return tuple([_shape(tensor) for tensor in tensors])


def shape_of_output(value: object, depth: int = 3) -> Shape:
    """The shape of what a call gave; of nested values their shapes, nested alike."""
    if isinstance(value, Tensor):
        return _shape(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Mapping):
        value = tuple(islice(value.values(), LIMIT))
    if depth and isinstance(value, (tuple, list)) and value:
        parts = [shape_of_output(part, depth - 1) for part in value[:LIMIT]]
        return Several(parts) if any(part is not None for part in parts) else None
    return None


def _shape(tensor: Tensor) -> tuple[int, ...] | None:
    kind = type(tensor)
    try:
        return tensor.shape if kind is Tensor or kind is Parameter else shape_of(tensor)
    except RuntimeError:  # a nested tensor
        return None
