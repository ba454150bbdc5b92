"""Rows of the module tree and of the table of tensors, as messages: what one line on the screen tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import islice
from typing import Literal

import torch
from torch import nn

from ..engine.messages import TensorRow, TreeRow
from .gradient_state import State, gradient_states
from .outline import Node, Outline
from .tensors import class_name, dtype_text, elements, is_uninitialised, shape_text, size_in_bytes
from .totals import Totals
from .view import View

OTHER_NAMES = 8
"""How many other names of a shared object a row tells."""


def with_ancestors(outline: Outline, changed: Iterable[str]) -> set[str]:
    """The paths and those of all modules above them: what `tree_row` marks as changed."""
    marked = set()
    for path in changed:
        node = outline.find(path)
        while node is not None and node.path not in marked:
            marked.add(node.path)
            node = outline.nodes[node.parent] if node.parent >= 0 else None
    return marked


def tree_rows(nodes: Sequence[Node], view: View, totals: Totals, changed: Set[str]) -> list[TreeRow]:
    """A page of rows; `changed` holds ancestors too (`with_ancestors`)."""
    return [
        tree_row(node, view, totals, changed, state) for node, state in zip(nodes, gradient_states(nodes), strict=True)
    ]


def tree_row(node: Node, view: View, totals: Totals, changed: Set[str], gradient: State = "") -> TreeRow:
    """The row of a module or tensor.  A module's bytes are those of all tensors below it, each shared one once."""
    item = node.item
    if isinstance(item, nn.Module):
        parameters = totals.parameters[node.index]
        return TreeRow(
            path=node.path,
            name=node.name,
            kind=node.kind,
            depth=node.depth,
            detail=class_name(item),
            parameters=None if totals.unknown[node.index] else parameters,
            bytes=None if totals.unknown[node.index] else totals.memory[node.index],
            children=node.child_count,
            unfolded=view.is_open(node),
            shared_with=_others(node),
            frozen=parameters > 0 and totals.trainable[node.index] == 0 and not totals.unknown[node.index],
            changed=node.path in changed,
            registered=node.registered,
        )
    return TreeRow(
        path=node.path,
        name=node.name,
        kind=node.kind,
        depth=node.depth,
        detail=shape_text(item),
        dtype=dtype_text(item),
        parameters=elements(item),
        bytes=size_in_bytes(item),
        shared_with=_others(node),
        frozen=node.kind == "parameter" and not item.requires_grad,
        gradient=gradient,
        changed=node.path in changed,
        state=_state(item),
        registered=node.registered,
    )


def tensor_rows(nodes: Sequence[Node], changed: Set[str]) -> list[TensorRow]:
    """A page of the table of tensors; `nodes` are tensor nodes."""
    return [tensor_row(node, changed, state) for node, state in zip(nodes, gradient_states(nodes), strict=True)]


def tensor_row(node: Node, changed: Set[str], gradient: State = "") -> TensorRow:
    """The row of one tensor, with its whole path."""
    item = node.item
    assert isinstance(item, torch.Tensor)
    return TensorRow(
        path=node.path,
        kind=node.kind,
        shape=shape_text(item),
        dtype=dtype_text(item),
        device=str(item.device),
        parameters=elements(item),
        bytes=size_in_bytes(item),
        frozen=node.kind == "parameter" and not item.requires_grad,
        gradient=gradient,
        shared_with=_others(node),
        changed=node.path in changed,
        state=_state(item),
    )


def _others(node: Node) -> list[str]:
    return list(islice((path for path in node.names if path != node.path), OTHER_NAMES))


def _state(tensor: torch.Tensor) -> Literal["", "meta", "uninitialised"]:
    if is_uninitialised(tensor):
        return "uninitialised"
    return "meta" if tensor.is_meta else ""
