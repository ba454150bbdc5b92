"""The two sides of a fit: the tensors that a network loads, and those that a file holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..opened.node_facts import NodeFacts
from ..opened.open_model import OpenModel
from .names import Shape


@dataclass
class Side:
    """The tensors of a network, or of a file, in its order."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    """Those that count, each under each of its names."""
    dtypes: dict[str, str] = field(default_factory=dict)
    twins: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a shared tensor, its other names."""
    state: list[str] = field(default_factory=list)
    """Names of an optimizer's state, which no network loads."""
    without_shape: list[str] = field(default_factory=list)
    """Names of tensors that have no shape yet."""


def side_of(model: OpenModel) -> Side:
    """Return the tensors of an open model: of a network its `state_dict`, of a file all but the optimizer's."""
    return _side(model.named_tensors())


def _side(tensors: Iterable[NodeFacts]) -> Side:
    side = Side()
    for facts in tensors:
        name = facts.key
        if facts.kind == "state":
            side.state.append(name)
        elif facts.lacked:  # a constant, a buffer that is not saved
            continue
        elif (shape := facts.shape) is None:
            side.without_shape.append(name)
        else:
            side.shapes[name] = tuple(shape)
            side.dtypes[name] = facts.dtype
            if facts.other_names:
                side.twins[name] = tuple(facts.other_names)
    return side
