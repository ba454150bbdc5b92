"""Rows of a checkpoint's tree and of its table of tensors, as messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from ..messages import TensorRow, TreeRow
from ..stored.checkpoint import Item
from ..stored.stored import Stored
from ..tree.skeleton import Group
from ..tree.view import Row
from .classes import Classes
from .facts import NodeFacts
from .sharing import Sharing
from .totals import CheckpointTotals
from .tree import CheckpointTree

OTHER_NAMES = 8
"""How many other names of a shared tensor a row tells."""
SAMPLED = 64
"""Siblings of a group that are looked at for what they have in common."""


class Rows:
    """Makes the rows of one checkpoint."""

    def __init__(self, tree: CheckpointTree, totals: CheckpointTotals, classes: Classes, sharing: Sharing) -> None:
        self._tree = tree
        self._totals = totals
        self._classes = classes
        self._sharing = sharing
        self._sums: dict[int, tuple[int, int]] = {}

    def of_tree(self, rows: Sequence[Row], root_name: str) -> list[TreeRow]:
        """A page of the tree."""
        return [self._row(row, root_name) if row.group is None else self._group(row, row.group) for row in rows]

    def of_table(self, facts: NodeFacts) -> TensorRow:
        """A tensor in the table."""
        tensor, node = facts.tensor, facts.node
        return TensorRow(
            path=facts.path,
            kind=self._tree.kind(node),
            shape=str(list(tensor.shape)),
            dtype=tensor.dtype.name,
            device="",
            parameters=tensor.elements,
            bytes=tensor.nbytes,
            shared_with=self._others(node),
            place=tensor.place,
            statistics=facts.brief(),
        )

    def _others(self, node: int) -> list[str]:
        return self._sharing.same(node)[:OTHER_NAMES]

    def _row(self, row: Row, root_name: str) -> TreeRow:
        tree, node = self._tree, row.node
        leaf = tree.leaf(node)
        common = TreeRow(
            path=tree.path(node),
            name=tree.names[node] if node else root_name,
            kind=tree.kind(node),
            depth=row.depth,
            detail="",
            group=tree.group_path(row.within) if row.within else "",
        )
        if isinstance(leaf, Stored):
            return replace(
                common,
                detail=str(list(leaf.shape)),
                dtype=leaf.dtype.name,
                parameters=leaf.elements,
                bytes=leaf.nbytes,
                shared_with=self._others(node),
            )
        if isinstance(leaf, Item):
            return replace(common, detail=leaf.text, dtype=leaf.type)
        text, inferred = self._classes.text(node)
        return replace(
            common,
            detail=text,
            inferred=inferred,
            parameters=self._totals.parameters(node),
            bytes=self._totals.memory(node),
            children=tree.counts[node],
            unfolded=row.is_open,
        )

    def _group(self, row: Row, group: Group) -> TreeRow:
        tree, totals = self._tree, self._totals
        members = tree.members(group)
        if group.first not in self._sums:  # of what may be many siblings
            self._sums[group.first] = (
                sum(totals.parameters(member) for member in members),
                sum(totals.memory(member) for member in members),
            )
        parameters, memory = self._sums[group.first]
        first = tree.leaf(group.first)
        text, inferred, dtype = "", False, ""
        if isinstance(first, Stored):
            text = str(list(first.shape))
            kinds = Counter(leaf.dtype.name for leaf in map(tree.tensor, members[:SAMPLED]) if leaf is not None)
            dtype = "+".join(name for name, _ in kinds.most_common())
        elif first is None:
            text, inferred = self._classes.text(group.first)
        return TreeRow(
            path=tree.group_path(group),
            name=group.name,
            kind="group",
            depth=row.depth,
            detail=text,
            dtype=dtype,
            inferred=inferred,
            parameters=parameters,
            bytes=memory,
            children=group.count,
            unfolded=row.is_open,
            count=group.count,
        )
