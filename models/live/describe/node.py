"""The facts of one module or tensor of a live network, in titled groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from ...messages import FactGroup
from ...opened.facts import FactList, with_facts
from .module import module_groups
from .tensor import tensor_groups

if TYPE_CHECKING:
    from ...tree.preorder_tree import SiblingGroup
    from ..live_tree import LiveTree, Node


def group_facts(tree: LiveTree, group: SiblingGroup) -> list[FactGroup]:
    """Return the facts of a group of siblings of one structure, which precede those of the first of them."""
    facts = FactList("Repeated")
    facts.add("Siblings", f"{group.count:,} of one structure: the same names, classes and shapes below")
    first = tree.nodes[group.first].path
    facts.add("What follows", f"of the first of {group.count:,}: {first}", first)
    return with_facts([facts])


def describe_node(tree: LiveTree, node: Node) -> list[FactGroup]:
    """Return the facts of the module or tensor at `node`, in titled groups.

    Never raises because of the model: a fact that fails says why.  Texts have at most 2,000 characters.
    """
    if isinstance(node.item, nn.Module):
        return with_facts(module_groups(tree, node, node.item))
    assert isinstance(node.item, Tensor)
    return with_facts(tensor_groups(tree, node, node.item))
