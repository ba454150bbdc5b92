"""The base class of open models: the answers to the requests of the interface's panes.

There are two: `live.live_model.LiveModel` and `checkpoint.model.CheckpointModel`.  Requests and answers are messages
(`models.messages`).  Must not import torch.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import messages as m
from ..messages.errors import EngineProblem
from ..tensors.statistics.cache import StatisticsCache
from ..tree.fold_state import FoldState, VisibleRow
from ..tree.preorder_tree import PreorderTree, SiblingGroup
from ..work.gc_paused import gc_paused
from .node_facts import FactsOfMany, GroupFacts, NodeFacts
from .number_answers import NumberAnswers
from .rows import group_row, tensor_row, tree_row

if TYPE_CHECKING:
    from ..search.searcher import Searcher
    from ..table.pages import TensorTables
    from ..work.context import WorkContext
    from .source import Source

SAMPLE_LIMIT = 64
"""Siblings of a group that are looked at for their dtypes."""


class OpenModel(NumberAnswers):
    """One open model.  Replaced as a whole when it changes, so that another thread sees either the old or the new one.

    Every method that takes a path raises `EngineProblem` where there is nothing at it.
    """

    def __init__(self, source: Source, tree: PreorderTree, unfolded: Mapping[str, bool]) -> None:
        """Open what was read from `source`; `unfolded` are folds by path that the user chose before."""
        self.source = source
        self.tree = tree
        with gc_paused():
            tree.prepare()
            self.fold_state = FoldState(tree, unfolded)
        """The rows of the tree that are unfolded."""
        self.changed: list[str] = []
        """Paths whose elements the last statement changed."""
        self.statistics_cache = StatisticsCache()
        self._searchers: list[Searcher] = []
        """Empty until the first search; a list, so that copies of the model share its searcher."""
        self._tables: TensorTables[NodeFacts] | None = None

    # -- where it is a live network or a checkpoint ------------------------------------------------------------------
    @abstractmethod
    def facts(self, node: int) -> NodeFacts:
        """Return the facts of a node, by its index."""

    def page_of(self, nodes: Sequence[int]) -> tuple[list[NodeFacts], str]:
        """Return the facts of nodes that are shown together, and a note on when they were read, or an empty text."""
        return [self.facts(node) for node in nodes], ""

    @abstractmethod
    def facts_of_group(self, group: SiblingGroup) -> GroupFacts:
        """Return the facts of repeated siblings together, without their dtypes."""

    @abstractmethod
    def summary(self) -> m.Summary:
        """Return what the header shows, as it is now."""

    @abstractmethod
    def totals_of_parameters(self) -> tuple[int | None, int | None, int]:
        """Return the elements of all parameters, of the trainable ones, and the bytes of all, each shared one once.

        None where a number is unknown.
        """

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the files, as JSON values; empty for a network."""
        return self.source.metadata

    @abstractmethod
    def closing_lines(self) -> list[str]:
        """Return the lines below a list of all nodes: the sizes of the model."""

    @abstractmethod
    def named_tensors(self) -> Sequence[NodeFacts]:
        """Return all tensors in the source's order, or by name where that order has no meaning."""

    @abstractmethod
    def gradients(self, request: m.GradientRows, context: WorkContext) -> m.GradientPage:
        """Return a page of the norms of gradients."""

    @abstractmethod
    def describe(self, path: str) -> list[m.FactGroup]:
        """Return the facts that the Info pane shows of what is at a path."""

    @abstractmethod
    def source_code(self, path: str) -> m.SourceText:
        """Return the source code of the class at a path, or the reason why there is none."""

    @abstractmethod
    def forms_of(self, node: int) -> list[m.PathForm]:
        """Return the forms in which a node can be copied to the clipboard, the plain key first."""

    def close(self) -> None:
        """Close what is held open, such as files."""

    # -- the same for both -------------------------------------------------------------------------------------------
    @property
    def searcher(self) -> Searcher:
        """Return the search over the paths of all nodes, made on first access."""
        from ..search.searcher import Searcher

        if not self._searchers:
            self._searchers.append(Searcher(self.tree.paths()))
        return self._searchers[0]

    def place(self, path: str) -> tuple[int, SiblingGroup | None]:
        """Return the index of the node at `path` and None, or of a group's first sibling and the group."""
        node = self.tree.find(path)
        if node is not None:
            return node, None
        group = self.tree.find_group(path)
        if group is None:
            raise nothing_at(path)
        return group.first, group

    def rows(self, start: int, count: int) -> list[m.TreeRow]:
        """Return `count` visible rows of the tree from `start` on; fewer at the end."""
        return self.page(start, count)[0]

    def page(self, start: int, count: int) -> tuple[list[m.TreeRow], str]:
        """Return `count` visible rows of the tree from `start` on, and a note on their facts (see `TreePage`)."""
        rows = self.fold_state.slice(start, count)
        every, note = self.page_of([row.node for row in rows])
        return [
            tree_row(facts, row, self.tree) if row.group is None else self._group_row(row, row.group, facts)
            for facts, row in zip(every, rows, strict=True)
        ], note

    def _group_row(self, row: VisibleRow, group: SiblingGroup, first: NodeFacts) -> m.TreeRow:
        rest = self.facts_of_group(group)
        if first.is_tensor:
            dtypes = Counter(self.facts(member).dtype for member in self.tree.members(group)[:SAMPLE_LIMIT])
            rest = rest._replace(dtypes=[dtype for dtype, _ in dtypes.most_common()])
        return group_row(row, group, self.tree, first, rest)

    def hit(self, node: int, positions: list[int]) -> m.SearchHit:
        """Return a node as a hit of a search; `positions` are the characters of its path that matched."""
        facts = self.facts(node)
        detail = "" if facts.kind == "item" else facts.detail
        return m.SearchHit(path=facts.path, kind=facts.kind, detail=detail, positions=positions)

    def tensors(self, request: m.TensorRows, context: WorkContext) -> m.TensorPage:
        """Return a page of the table of tensors; raises `Cancelled`."""
        from ..table.pages import TensorTables

        if self._tables is None:
            self._tables = TensorTables(self.tensors_at, self._table_rows)
        return self._tables.page(request, self.table_version, len(self.statistics_cache), context.cancelled)

    @property
    def table_version(self) -> int:
        """Return a number that grows whenever more is known of what the table may be sorted and filtered by."""
        return self.statistics_cache.version

    def tensors_at(self, path: str) -> FactsOfMany:
        """Return the tensors at or below a path, of a group those of all its siblings."""
        node, group = self.place(path)
        return FactsOfMany(self.facts, self.tree.tensors(node, self.tree.ends[node] if group is None else group.end))

    def _table_rows(self, every: Sequence[NodeFacts]) -> tuple[list[m.TensorRow], str]:
        page, note = self.page_of([facts.index for facts in every])
        return list(map(tensor_row, page)), note

    def forms(self, path: str) -> list[m.PathForm]:
        """Return the forms in which what is at a path can be copied to the clipboard, the plain key first."""
        node, group = self.place(path)
        return self.forms_of(node) if group is None else self._forms_of_group(group)

    def _forms_of_group(self, group: SiblingGroup) -> list[m.PathForm]:
        from .path_forms import group_forms

        tree = self.tree
        others = [*tree.tensors(0, group.first), *tree.tensors(group.end, len(tree))]
        return group_forms(
            tree.path(tree.parents[group.first]),
            [tree.path(node) for node in tree.members(group)],
            [self.facts(node).key for node in tree.tensors(group.first, group.end)],
            (self.facts(node).key for node in others),
        )


def nothing_at(path: str) -> EngineProblem:
    """Return the problem that there is nothing at a path."""
    return EngineProblem(
        m.Problem("gone", f"There is nothing at {path!r} any more", "The tree shows what there is.", path)
    )


def no_tensor(path: str) -> EngineProblem:
    """Return the problem that there is no tensor at a path."""
    return EngineProblem(m.Problem("usage", f"{path!r} is a module: it has no values of its own", path=path))
