"""The Python that ties what is equal, unties what is tied, and gives a view a memory of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from ...live.live_tree import LiveTree, Node
from ...live.paths import python_path
from ...tensors.tensors import requires_grad
from .groups import Member, ShareGroup

NODE_LIMIT = 20
"""Lines; a group of more names is left to the user."""


def mending_of(tree: LiveTree, group: ShareGroup) -> tuple[str, str]:
    """Return what can be done about a group in a word, and the Python that does it; both empty where nothing can.

    Every line assigns to a name of the network, so that it is undone as any statement is.
    """
    nodes = [member.node for member in group.members]
    if len(nodes) > NODE_LIMIT or not all(node.index and node.registered and not node.keys for node in nodes):
        return _constant_part(tree, group)
    first, *others = nodes
    if group.kind == "object":
        return _checked("untie", [_untied(tree, node) for node in others])
    if group.kind == "part":
        return _checked("copy", [_copied(tree, first)])
    parameters = all(isinstance(node.item, nn.Parameter) for node in nodes)
    if parameters and (group.kind == "equal" or _same(group.members)):
        source = python_path(tree, first)
        return _checked("tie", [f"{python_path(tree, node)} = {source}" for node in others])
    return "", ""


def _constant_part(tree: LiveTree, group: ShareGroup) -> tuple[str, str]:
    node = group.members[0].node
    if group.kind == "part" and node.index and not node.keys:
        return _checked("copy", [_copied(tree, node)])
    return "", ""


def _same(members: Sequence[Member]) -> bool:
    """Return whether parameters on one memory are the same elements in the same order."""
    places = set()
    for member in members:
        item = member.node.item
        assert isinstance(item, Tensor)
        places.add((item.storage_offset(), tuple(item.shape), item.stride(), item.dtype))
    return len(places) == 1


def _untied(tree: LiveTree, node: Node) -> str:
    name = python_path(tree, node)
    if isinstance(node.item, nn.Module):
        return f"{name} = copy.deepcopy({name})"
    return _copied(tree, node)


def _copied(tree: LiveTree, node: Node) -> str:
    name = python_path(tree, node)
    item = node.item
    assert isinstance(item, Tensor)
    if not isinstance(item, nn.Parameter):
        return f"{name} = {name}.clone()"
    frozen = "" if requires_grad(item) else ", requires_grad=False"
    return f"{name} = nn.Parameter({name}.detach().clone(){frozen})"


def _checked(word: str, lines: Iterable[str]) -> tuple[str, str]:
    """Return the lines as one statement, or nothing where one of them cannot be assigned to."""
    lines = list(lines)
    if any("copy.deepcopy(" in line for line in lines):
        lines.insert(0, "import copy")
    text = "\n".join(lines)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):  # `getattr(net, 'a b') = …`
        return "", ""
    return word, text
