"""Rows of the tree and of the table of tensors, as messages."""

from __future__ import annotations

from ..messages import TensorRow, TreeRow
from ..tree.fold_state import VisibleRow
from ..tree.preorder_tree import PreorderTree, SiblingGroup
from .node_facts import GroupFacts, NodeFacts

OTHER_NAMES_LIMIT = 8
"""Other names of a shared object that a row holds."""


def tree_row(facts: NodeFacts, row: VisibleRow, tree: PreorderTree) -> TreeRow:
    """Return the row of a module, tensor or item; a module's bytes are those of all tensors below it."""
    memory = facts.shared_memory(OTHER_NAMES_LIMIT)
    return TreeRow(
        path=facts.path,
        name=facts.name,
        kind=facts.kind,
        depth=row.depth,
        detail=facts.detail,
        dtype=facts.dtype,
        parameters=facts.elements,
        bytes=facts.bytes,
        children=facts.children,
        unfolded=row.is_open,
        shared_with=facts.first_other_names(OTHER_NAMES_LIMIT),
        memory=memory.kind,
        memory_with=memory.paths,
        frozen=facts.frozen,
        gradient=facts.gradient,
        changed=facts.changed,
        state=facts.state,
        registered=facts.registered is not False,
        inferred=facts.inferred,
        group=tree.group_path(row.within) if row.within else "",
    )


def tensor_row(facts: NodeFacts) -> TensorRow:
    """Return the row of one tensor in the table, with its whole path."""
    memory = facts.shared_memory(OTHER_NAMES_LIMIT)
    return TensorRow(
        path=facts.path,
        kind=facts.kind,
        shape=facts.detail,
        dtype=facts.dtype,
        device=facts.device,
        parameters=facts.elements,
        bytes=facts.bytes,
        frozen=facts.frozen,
        gradient=facts.gradient,
        shared_with=facts.first_other_names(OTHER_NAMES_LIMIT),
        memory=memory.kind,
        memory_with=memory.paths,
        changed=facts.changed,
        state=facts.state,
        place=facts.place,
        statistics=facts.brief(),
    )


def group_row(row: VisibleRow, group: SiblingGroup, tree: PreorderTree, first: NodeFacts, rest: GroupFacts) -> TreeRow:
    """Return the row of repeated siblings; `first` are the facts of the first, `rest` those of all together."""
    return TreeRow(
        path=tree.group_path(group),
        name=group.name,
        kind="group",
        depth=row.depth,
        detail="" if first.kind == "item" else first.detail,
        dtype="+".join(rest.dtypes),
        parameters=rest.elements,
        bytes=rest.bytes,
        children=group.count,
        unfolded=row.is_open,
        frozen=bool(rest.elements) and rest.trainable == 0,
        changed=rest.changed,
        registered=first.registered is not False,
        inferred=first.inferred,
        count=group.count,
    )
