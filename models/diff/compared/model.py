"""Two sources as one open model, so that the tree, the table, search and values answer for both together."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise

import msgspec

from ... import messages as m
from ...opened.node_facts import FactsOfMany, GroupFacts, NodeFacts
from ...opened.number_answers import Answer, tree_path
from ...opened.open_model import OpenModel, no_tensor
from ...tensors.readable import Absent, Readable
from ...tree.preorder_tree import SiblingGroup
from ...tree.subtree_sums import RepeatedNodes, SubtreeSums
from ...work.context import WorkContext
from ..items import ItemDifference
from ..pairing import Pairs
from .change import change_between
from .facts import ComparedFacts
from .in_sight import RowsInSight
from .outcome import LOOKED_AT, Outcome
from .sides import ComparedSide
from .tree import ComparedTree

NO_GRADIENT = "a comparison is of values: D, then Enter, ends it"
"""The reason why there are no gradients."""
DIFFERENT = "changed,dtype,shape,only_a,only_b"
_WORDS = {
    "different": DIFFERENT,
    "differs": DIFFERENT,
    **{word: word for word in ("changed", "equal", "close", "only_a", "only_b", "unreadable")},
}
"""What a filter may say without a sign, and the statuses that it stands for."""
_WORD = re.compile(rf"(?<!\S)(!?)({'|'.join(_WORDS)})(?!\S)", re.IGNORECASE)


class ComparedModel(OpenModel):
    """Both sides in one tree; replaced as a whole when one of them changes."""

    tree: ComparedTree

    def __init__(
        self,
        a: ComparedSide,
        b: ComparedSide,
        pairs: Pairs,
        items: Sequence[ItemDifference],
        unfolded: Mapping[str, bool],
    ) -> None:
        """Make one tree of the pairs and of the items that differ; nothing is read."""
        tree = ComparedTree(pairs.both, items)
        super().__init__(a.source, tree, unfolded)
        self.a, self.b = a, b
        self.pairs = pairs
        self.never_changes = a.model.never_changes and b.model.never_changes
        self.outcome = Outcome(tree, pairs)
        self.was_shown = threading.Event()
        """Set once rows of the tree were asked for."""
        self._tree_rows, self._table_page = RowsInSight(), RowsInSight()
        self._listed: Sequence[int] = ()
        """The nodes of the rows of the table that were made last."""
        elements, sizes = [0] * len(tree), [0] * len(tree)
        nodes: dict[Hashable, list[int]] = {}
        for node in tree.tensors(0, len(tree)):
            either = next(filter(None, ComparedFacts(self, node).sides))
            elements[node] = either.elements
            sizes[node] = int(either.elements * either.readable.item_bytes)
            if either.twins:
                nodes.setdefault(frozenset((either.side.path, *either.twins)), []).append(node)
        twice = [each for same in nodes.values() for each in pairwise(same)]
        repeated = RepeatedNodes(tree.parents, tree.ends, twice)
        self.elements, self.bytes = SubtreeSums(elements, repeated), SubtreeSums(sizes, repeated)

    @property
    def bytes_to_read(self) -> int:
        """Return the bytes of the tensors that both have, on both sides."""
        return sum(
            int(each.elements * each.readable.item_bytes)
            for a, b in self.pairs.both
            if a is not None and b is not None and a.side.shape == b.side.shape
            for each in (a, b)
        )

    # -- rows --------------------------------------------------------------------------------------------------------
    def facts(self, node: int) -> ComparedFacts:
        """Return the facts of a node."""
        return ComparedFacts(self, node)

    def page(self, start: int, count: int) -> tuple[list[m.TreeRow], str]:
        """Return visible rows of the tree, each with how it differs."""
        rows, note = super().page(start, count)
        found = []
        places = self.fold_state.slice(start, count)
        self._tree_rows.note(start // max(count, 1), [place.node for place in places if place.group is None])
        for row, place in zip(rows, places, strict=True):
            group = place.group
            nodes = None if group is None else self.tree.members(group)
            difference = self.outcome.of_node(place.node) if nodes is None else self.outcome.of_siblings(nodes)
            found.append(msgspec.structs.replace(row, difference=difference))
        self.was_shown.set()
        return found, note

    def in_sight(self) -> list[int]:
        """Return the pairs of the tensors in sight, in the table and in the tree."""
        nodes = dict.fromkeys([*self._table_page.nodes(), *self._tree_rows.nodes()])
        return [pair for node in nodes if (pair := self.tree.pair(node)) is not None]

    def look_first(self, rows: int, seconds: float) -> None:
        """Look at the beginning of tensors in the first rows, of a module at its first one, then of the first of all.

        None is begun after so many seconds.
        """
        nodes = [place.node for place in self.fold_state.slice(0, rows)]
        pairs = [*map(self.tree.first_pair, nodes), *range(min(LOOKED_AT, len(self.pairs.both)))]
        self.outcome.glance((pair for pair in pairs if pair is not None), seconds)

    def _table_rows(self, every: Sequence[NodeFacts]) -> tuple[list[m.TensorRow], str]:
        rows, note = super()._table_rows(every)
        nodes = [facts.index for facts in every]
        self._listed = nodes
        return [
            msgspec.structs.replace(row, difference=self.outcome.of_node(node))
            for row, node in zip(rows, nodes, strict=True)
        ], note

    def tensors(self, request: m.TensorRows, context: WorkContext) -> m.TensorPage:
        """Return a page of the table; a filter may say `changed`, and `rel>0.01`."""
        query = _WORD.sub(lambda found: f"{found[1]}status:{_WORDS[found[2].lower()]}", request.query)
        page = super().tensors(msgspec.structs.replace(request, query=query), context)
        self._table_page.note(request.start // max(request.count, 1), self._listed)
        return page

    @property
    def table_version(self) -> int:
        """Return a number that grows whenever more statistics or differences are known."""
        return self.statistics_cache.version + self.outcome.version

    def facts_of_group(self, group: SiblingGroup) -> GroupFacts:
        """Return the facts of repeated siblings together, without their dtypes."""
        elements = self.elements.of_siblings(group.first, group.end)
        return GroupFacts(elements, self.bytes.of_siblings(group.first, group.end), None)

    def named_tensors(self) -> Sequence[NodeFacts]:
        """Return all tensors in tree order."""
        return FactsOfMany(self.facts, self.tree.tensors(0, len(self.tree)))

    # -- elements ----------------------------------------------------------------------------------------------------
    def read(self, path: m.Place, of: m.Of, look: Callable[[Readable], Answer], at_leisure: bool = False) -> Answer:
        """Return `look` of the tensor of A, of that of B, or of B - A; raises `EngineProblem` for no tensor."""
        path = tree_path(path)
        node, group = self.place(path)
        facts = self.facts(node)
        if group is not None or not facts.is_tensor:
            raise no_tensor(path)
        return look(side_readable(facts, of))

    def stamp(self, path: m.Place) -> Hashable:
        """Return None: when elements change this model is replaced."""
        return None

    def is_kept(self, found: m.StatisticsOf) -> bool:
        """Return True: when elements change this model is replaced."""
        return True

    def gradients(self, request: m.GradientRows, context: WorkContext) -> m.GradientPage:
        """Return an empty page."""
        return m.GradientPage(path=request.path, total=0, start=0, rows=[])

    # -- everything else ---------------------------------------------------------------------------------------------
    def describe(self, path: str) -> list[m.FactGroup]:
        """Return how what is at a path differs; raises `EngineProblem` where there is nothing."""
        from .describe import describe_compared

        return describe_compared(self, path)

    def source_code(self, path: str) -> m.SourceText:
        """Return the source of the class at a path in A, or in B where A has none."""
        for side in (self.a, self.b):
            if side.model.tree.find(path) is not None:
                return side.model.source_code(path)
        return m.SourceText(path=path, class_name="", reason="Only the names of its tensors are known.")

    def forms_of(self, node: int) -> list[m.PathForm]:
        """Return the path, as a form to copy."""
        from ...opened.path_forms import path_form

        return [path_form("Path", self.tree.path(node))] if node else []

    def summary(self) -> m.Summary:
        """Return what the header shows of A."""
        return self.a.model.summary()

    def totals_of_parameters(self) -> tuple[int | None, int | None, int]:
        """Return the elements of all parameters of A, of its trainable ones, and all bytes; None where unknown."""
        return self.a.model.totals_of_parameters()

    def closing_lines(self) -> list[str]:
        """Return the lines below a list of all nodes of A: the sizes of the model."""
        return self.a.model.closing_lines()


def side_readable(facts: ComparedFacts, of: m.Of) -> Readable:
    """Return the tensor of A, of B, or B - A of a node, to be read; without elements where there are none."""
    if of == "value":
        return facts.of_side("a")
    if of == "other":
        return facts.of_side("b")
    if of == "difference":
        return change_between(facts.of_side("a"), facts.of_side("b"))
    return Absent("none", NO_GRADIENT)
