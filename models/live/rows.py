"""Rows of the module tree and of the table of tensors, as messages: what one line on the screen tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import islice
from typing import Literal

import torch
from torch import nn

from ..messages import TensorRow, TreeRow
from ..tensors.distributed import local_note
from ..tensors.plainly import plain
from ..tensors.tensors import (
    class_name,
    device_text,
    dtype_text,
    elements,
    is_uninitialised,
    requires_grad,
    shape_text,
    size_in_bytes,
)
from ..tree.skeleton import Group
from ..tree.view import Row
from .gradient_state import State, states_and_note
from .outline import Node, Outline
from .totals import Totals

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


def tree_rows(outline: Outline, rows: Sequence[Row], totals: Totals, changed: Set[str]) -> list[TreeRow]:
    """A page of rows; `changed` holds ancestors too (`with_ancestors`)."""
    return tree_page(outline, rows, totals, changed)[0]


def tree_page(outline: Outline, rows: Sequence[Row], totals: Totals, changed: Set[str]) -> tuple[list[TreeRow], str]:
    """The same, and of when the gradients' states are where that is not now."""
    nodes = [outline.nodes[row.node] for row in rows]
    states, note = states_and_note(nodes)
    return [
        tree_row(node, row, totals, changed, state, outline.skeleton.group_path(row.within) if row.within else "")
        if row.group is None
        else _group_row(outline, row, row.group, totals, changed)
        for node, row, state in zip(nodes, rows, states, strict=True)
    ], note


def tree_row(node: Node, row: Row, totals: Totals, changed: Set[str], gradient: State = "", group: str = "") -> TreeRow:
    """The row of a module or tensor.  A module's bytes are those of all tensors below it, each shared one once.

    `group` is the path of the group that it is one of.
    """
    item = node.item
    if isinstance(item, nn.Module):
        parameters = totals.parameters[node.index]
        return TreeRow(
            path=node.path,
            name=node.name,
            kind=node.kind,
            depth=row.depth,
            detail=class_name(item),
            parameters=None if totals.unknown[node.index] else parameters,
            bytes=None if totals.unknown[node.index] else totals.memory[node.index],
            children=node.child_count,
            unfolded=row.is_open,
            shared_with=_others(node),
            frozen=parameters > 0 and totals.trainable[node.index] == 0 and not totals.unknown[node.index],
            changed=node.path in changed,
            registered=node.registered,
            group=group,
        )
    return TreeRow(
        path=node.path,
        name=node.name,
        kind=node.kind,
        depth=row.depth,
        detail=shape_text(item),
        dtype=dtype_text(item),
        parameters=elements(item),
        bytes=size_in_bytes(item),
        shared_with=_others(node),
        frozen=node.kind == "parameter" and not requires_grad(item),
        gradient=gradient,
        changed=node.path in changed,
        state=_state(item),
        registered=node.registered,
        group=group,
    )


def _group_row(outline: Outline, row: Row, group: Group, totals: Totals, changed: Set[str]) -> TreeRow:
    """Repeated siblings in one row; the very same module at several of the names counts once."""
    members = [outline.nodes[index] for index in outline.skeleton.members(group)]
    first = members[0]
    distinct = [node.index for node in {id(node.item): node for node in members}.values()]
    unknown = any(totals.unknown[index] for index in distinct)
    parameters = sum(totals.parameters[index] for index in distinct)
    return TreeRow(
        path=outline.skeleton.group_path(group),
        name=group.name,
        kind="group",
        depth=row.depth,
        detail=class_name(first.item) if isinstance(first.item, nn.Module) else shape_text(first.item),
        parameters=None if unknown else parameters,
        bytes=None if unknown else sum(totals.memory[index] for index in distinct),
        children=group.count,
        unfolded=row.is_open,
        frozen=parameters > 0 and not unknown and not any(totals.trainable[index] for index in distinct),
        changed=any(node.path in changed for node in members),
        registered=first.registered,
        count=group.count,
    )


def tensor_rows(nodes: Sequence[Node], changed: Set[str]) -> list[TensorRow]:
    """A page of the table of tensors; `nodes` are tensor nodes."""
    return tensor_page(nodes, changed)[0]


def tensor_page(nodes: Sequence[Node], changed: Set[str]) -> tuple[list[TensorRow], str]:
    """The same, and of when the gradients' states are where that is not now."""
    states, note = states_and_note(nodes)
    return [tensor_row(node, changed, state) for node, state in zip(nodes, states, strict=True)], note


def tensor_row(node: Node, changed: Set[str], gradient: State = "") -> TensorRow:
    """The row of one tensor, with its whole path."""
    item = node.item
    assert isinstance(item, torch.Tensor)
    return TensorRow(
        path=node.path,
        kind=node.kind,
        shape=shape_text(item),
        dtype=dtype_text(item),
        device=device_text(item),
        parameters=elements(item),
        bytes=size_in_bytes(item),
        frozen=node.kind == "parameter" and not requires_grad(item),
        gradient=gradient,
        shared_with=_others(node),
        changed=node.path in changed,
        state=_state(item),
        place=local_note(item),
    )


def _others(node: Node) -> list[str]:
    return list(islice((path for path in node.names if path != node.path), OTHER_NAMES))


def _state(tensor: torch.Tensor) -> Literal["", "meta", "uninitialised"]:
    if is_uninitialised(tensor):
        return "uninitialised"
    return "meta" if plain(tensor).is_meta else ""
