"""Tensors within the values that go into a call and come out of it, and their shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from torch import Tensor
from torch.nn import Parameter

from ..inspect.tensors import shape_of
from .calls import Several, Shape

LIMIT = 64
"""Tensors of one call that are looked at."""


def tensors_in(value: object, depth: int = 4) -> Iterator[Tensor]:
    """The tensors within nested tuples, lists and mappings, in order."""
    if isinstance(value, Tensor):
        yield value
    elif depth and isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors_in(part, depth - 1)
    elif depth and isinstance(value, Mapping):
        for part in value.values():
            yield from tensors_in(part, depth - 1)


def arguments_in(args: tuple[object, ...], kwargs: Mapping[str, object]) -> list[Tensor]:
    """The first tensors among the arguments of a call."""
    if not kwargs and all(isinstance(argument, Tensor) for argument in args):
        return list(args[:LIMIT])  # type: ignore[arg-type]
    return list(islice(tensors_in((args, kwargs)), LIMIT))


def shapes_of(tensors: list[Tensor]) -> tuple[Shape, ...]:
    """The shape of each."""
    return tuple(map(_shape, tensors))


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
    try:
        return tuple(tensor.shape) if type(tensor) in (Tensor, Parameter) else shape_of(tensor)
    except RuntimeError:  # a nested tensor
        return None
