"""Everything else that is known of one object: a parameter is a compound object, and so is a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from ...engine.messages import FactGroup
from .facts import filled
from .module import module_groups
from .tensor import tensor_groups

if TYPE_CHECKING:
    from ..outline import Node, Outline


def describe(outline: Outline, node: Node) -> list[FactGroup]:
    """The facts of the module or tensor at `node`, in titled groups.

    Never raises on account of the model: a fact that cannot be had says why.  Texts are at most 2,000 characters.
    """
    if isinstance(node.item, nn.Module):
        return filled(module_groups(outline, node, node.item))
    assert isinstance(node.item, Tensor)
    return filled(tensor_groups(outline, node, node.item))
