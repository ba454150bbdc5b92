"""Everything else that is known of one object: a parameter is a compound object, and so is a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from ...messages import FactGroup
from ...opened.facts import Group, filled
from .module import module_groups
from .tensor import tensor_groups

if TYPE_CHECKING:
    from ...tree.skeleton import Group as Repeated
    from ..outline import Node, Outline


def group_facts(outline: Outline, group: Repeated) -> list[FactGroup]:
    """What there is to say of a group of siblings before its first one is described."""
    facts = Group("Repeated")
    facts.add("Siblings", f"{group.count:,} of one structure: the same names, classes and shapes below")
    first = outline.nodes[group.first].path
    facts.add("What follows", f"of the first of {group.count:,}: {first}", first)
    return filled([facts])


def describe(outline: Outline, node: Node) -> list[FactGroup]:
    """The facts of the module or tensor at `node`, in titled groups.

    Never raises on account of the model: a fact that cannot be had says why.  Texts are at most 2,000 characters.
    """
    if isinstance(node.item, nn.Module):
        return filled(module_groups(outline, node, node.item))
    assert isinstance(node.item, Tensor)
    return filled(tensor_groups(outline, node, node.item))
