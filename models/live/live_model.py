"""A live network that is open: its outline, and the answers to what the panes ask about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import msgspec
from torch import Tensor, nn

from .. import messages as m
from ..messages.page import clamp
from ..opened.group_forms import group_forms
from ..opened.open_model import no_tensor, nothing_at
from ..search.searcher import Searcher
from ..table.pages import TensorTables
from ..tensors.distributed import is_distributed, local_note
from ..tensors.heat import heat_map
from ..tensors.nonfinite import next_nonfinite
from ..tensors.plainly import plainly
from ..tensors.statistics.cache import StatisticsCache
from ..tensors.statistics.tensor import statistics
from ..tensors.tensors import detail_of, size_in_bytes, stamp_of
from ..tensors.window import window
from ..tree.skeleton import Group
from ..tree.view import FoldState
from ..work.cancelled import ShouldCancel
from ..work.progress import OnProgress, Progress
from .describe.node import describe, group_facts
from .describe.source_code import source_of
from .gradient_access import GRADIENTS, RUNNING, UNREAD, Unread
from .gradients import row_of, why_no_gradient
from .outline import Node, Outline
from .paths import path_forms
from .rows import tensor_page, tree_page
from .steadily import of_one_step, steadily
from .summary import mode_of, summarise
from .tensor_facts import TensorFacts
from .totals import Totals

if TYPE_CHECKING:
    from ..opened.source import Source
    from ..work.context import Context

WRITTEN = "written to since: maybe of a later one"
"""Of a gradient that the running code changes in place."""

Numbers = TypeVar("Numbers", m.Cells, m.HeatCells, m.Nonfinite, m.StatisticsOf)
Look = Callable[[Tensor | None, str], Numbers]
"""Reads a tensor, or says by the sentence why there is none."""


@dataclass
class LiveModel:
    """One open network, as it was when the last statement ended."""

    source: Source
    outline: Outline
    view: FoldState
    totals: Totals
    facts: m.Summary
    """What the header tells, but for the mode, which `summary` looks up each time."""
    changed: list[str] = field(default_factory=list)
    """Paths whose values the last statement changed."""
    marked: set[str] = field(default_factory=set)
    """The same and the modules above them: the rows that are marked."""
    search: list[Searcher] = field(default_factory=list)
    """Made by the first search; a list, so that models of one outline have it in common."""
    known: StatisticsCache = field(default_factory=StatisticsCache)
    """Statistics that were taken already."""
    _tables: TensorTables[TensorFacts] | None = field(default=None, init=False)

    @classmethod
    @plainly
    def of(cls, source: Source, outline: Outline, unfolded: Mapping[str, bool]) -> LiveModel:
        """The network of an outline; `unfolded` are folds that a user chose before."""
        totals = Totals.of(outline)
        return cls(source, outline, FoldState(outline.skeleton, unfolded), totals, summarise(source, outline, totals))

    @property
    def searcher(self) -> Searcher:
        if not self.search:
            self.search.append(Searcher([node.path for node in self.outline.nodes]))
        return self.search[0]

    def node(self, path: str) -> Node:
        """The node at `path`, of a group the first of its siblings; raises EngineProblem when there is none."""
        found = self.outline.find(path)
        if found is None and (group := self.outline.skeleton.find_group(path)) is not None:
            found = self.outline.nodes[group.first]
        if found is None:
            raise nothing_at(path)
        return found

    def summary(self) -> m.Summary:
        return msgspec.structs.replace(self.facts, mode=mode_of(self.outline))

    def rows(self, start: int, count: int) -> list[m.TreeRow]:
        return self.page(start, count)[0]

    @plainly
    def page(self, start: int, count: int) -> tuple[list[m.TreeRow], str]:
        return tree_page(self.outline, self.view.slice(start, count), self.totals, self.marked)

    @plainly
    def hit(self, node: int, positions: list[int]) -> m.SearchHit:
        found = self.outline.nodes[node]
        return m.SearchHit(path=found.path, kind=found.kind, detail=detail_of(found.item), positions=positions)

    @plainly
    def tensors(self, request: m.TensorRows, context: Context) -> m.TensorPage:
        if self._tables is None:
            self._tables = TensorTables(
                lambda path: [TensorFacts(node, self.known) for node in self._tensors_at(path)], self._rows_of
            )
        return self._tables.page(request, self.known.version, len(self.known), context.cancelled)

    def _rows_of(self, facts: Sequence[TensorFacts]) -> tuple[list[m.TensorRow], str]:
        rows, note = tensor_page([each.node for each in facts], self.marked)
        briefs = [each.brief() for each in facts]
        return [
            row if brief is None else msgspec.structs.replace(row, statistics=brief)
            for row, brief in zip(rows, briefs, strict=True)
        ], note

    def _tensors_at(self, path: str) -> list[Node]:
        """The tensors at or below a path; of a group, of all its siblings."""
        group = self._group(path)
        if group is None:
            return self.outline.tensors(self.node(path))
        return [node for node in self.outline.nodes[group.first : group.end] if node.is_tensor]

    def _look(self, kind: type[Numbers], path: str, of: m.Of, look: Look[Numbers], leisure: bool = False) -> Numbers:
        """What `look` finds in the tensor at `path`, or in its gradient, with a note on what that is.

        `leisure` is a look that takes so long that it is given a copy while code runs.
        """
        item = self.node(path).item
        if not isinstance(item, Tensor):
            raise no_tensor(path)
        if of == "value":
            found, when = self._value(item, look, leisure)
        else:
            (gradient,), when = GRADIENTS.take([item])
            if gradient is UNREAD:
                return _passing(kind(path=path, of=of, absence="unread", reason=RUNNING))
            assert not isinstance(gradient, Unread)
            version = None if gradient is None else stamp_of(gradient)
            found = look(gradient, why_no_gradient(item))
            if when and gradient is not None and stamp_of(gradient) != version:
                when = f"{when}; {WRITTEN}"
            item = item if gradient is None else gradient
        note = "; ".join(filter(None, (local_note(item), when)))
        found = msgspec.structs.replace(found, note=note) if note else found
        return _passing(found) if when else found

    def _value(self, tensor: Tensor, look: Look[Numbers], leisure: bool) -> tuple[Numbers, str]:
        if not leisure:
            return steadily(lambda: look(tensor, ""))
        whole, when = of_one_step(tensor)
        return look(whole, ""), when

    @plainly
    def window(self, request: m.Window) -> m.Cells:
        return self._look(
            m.Cells, request.path, request.of,
            lambda tensor, missing: window(
                tensor, missing=missing, path=request.path, of=request.of, leading=request.leading,
                row=request.row, rows=request.rows, column=request.column, columns=request.columns,
            ),
        )  # fmt: skip

    @plainly
    def heat(self, request: m.HeatMap, context: Context) -> m.HeatCells:
        return self._look(
            m.HeatCells, request.path, request.of,
            lambda tensor, missing: heat_map(
                tensor, missing=missing, cancelled=context.cancelled, path=request.path, of=request.of,
                leading=request.leading, height=request.height, width=request.width,
            ),
            leisure=True,
        )  # fmt: skip

    @plainly
    def next_nonfinite(self, request: m.NextNonfinite, context: Context) -> m.Nonfinite:
        return self._look(
            m.Nonfinite, request.path, request.of,
            lambda tensor, missing: next_nonfinite(
                tensor, missing=missing, path=request.path, of=request.of, index=request.index, step=request.step,
                cancelled=context.cancelled, progress=lambda done: context.progress("looking for NaN", done),
            ),
            leisure=True,
        )  # fmt: skip

    @plainly
    def statistics(self, request: m.Statistics, context: Context) -> m.StatisticsOf:
        return self._take(request, context.cancelled, lambda done: context.progress("statistics", done))

    def _take(self, request: m.Statistics, cancelled: ShouldCancel, progress: OnProgress) -> m.StatisticsOf:
        item = self.node(request.path).item
        stamp = stamp_of(item) if isinstance(item, Tensor) and request.of == "value" else None
        found = self._look(
            m.StatisticsOf, request.path, request.of,
            lambda tensor, missing: statistics(
                tensor, missing=missing, path=request.path, of=request.of, bins=request.bins, exact=request.exact,
                cancelled=cancelled, progress=progress,
            ),
            leisure=True,
        )  # fmt: skip
        if stamp is not None and not (found.note and GRADIENTS.runs_elsewhere()):  # else it is of a step that is over
            self.known.put(found, stamp)
        return found

    @plainly
    def statistics_of_all(self, request: m.StatisticsOfAll, context: Context) -> m.Done:
        nodes = {id(node.item): node for node in self._tensors_at(request.path)}
        sizes = {key: size_in_bytes(node.item) or 0 for key, node in nodes.items() if isinstance(node.item, Tensor)}
        report = Progress(sum(sizes.values()), len(sizes), context)
        for key, size in sizes.items():
            path, tensor = nodes[key].path, nodes[key].item
            assert isinstance(tensor, Tensor)
            if self.known.brief(path, stamp_of(tensor)) is None:
                found = self._take(m.Statistics(path=path), context.cancelled, report.part(path, size))
                report.done(size, bool(found.absence))
            else:
                report.done(size)
        return m.Done(text=report.sentence)

    @plainly
    def gradients(self, request: m.GradientRows, context: Context) -> m.GradientPage:
        start, count = clamp(request.start, request.count)
        parameters = [node for node in self._tensors_at(request.path) if node.kind == "parameter"]
        shown = parameters[start : start + count]
        tensors = [node.item for node in shown if isinstance(node.item, Tensor)]
        gradients, when = GRADIENTS.take(tensors)
        rows = []
        for node, tensor, gradient in zip(shown, tensors, gradients, strict=True):
            if context.cancelled():
                break
            rows.append(row_of(node.path, tensor, gradient, context.cancelled))
        parts = "norms of this rank's parts" if any(map(is_distributed, tensors)) else ""
        note = "; ".join(filter(None, (parts, when)))
        return m.GradientPage(
            path=request.path, total=len(parameters), start=start, rows=rows, note=note, passing=bool(when)
        )

    def _group(self, path: str) -> Group | None:
        return None if self.outline.find(path) else self.outline.skeleton.find_group(path)

    @plainly
    def describe(self, path: str) -> list[m.FactGroup]:
        group = self._group(path)
        return [*(group_facts(self.outline, group) if group else ()), *describe(self.outline, self.node(path))]

    def _module_of(self, path: str) -> tuple[Node, nn.Module]:
        """The module at `path`, or the one that holds the tensor at `path`."""
        node = self.node(path)
        if node.is_tensor:
            node = self.outline.nodes[node.parent]
        assert isinstance(node.item, nn.Module)
        return node, node.item

    def source_code(self, path: str) -> m.SourceText:
        node, module = self._module_of(path)
        return source_of(module, path=node.path)

    @plainly
    def forms(self, path: str) -> list[m.PathForm]:
        if (group := self._group(path)) is not None:
            nodes, skeleton = self.outline.nodes, self.outline.skeleton
            return group_forms(
                nodes[nodes[group.first].parent].path,
                [nodes[sibling].path for sibling in skeleton.members(group)],
                [node.path for node in nodes[group.first : group.end] if node.is_tensor],
                (node.path for node in [*nodes[: group.first], *nodes[group.end :]] if node.is_tensor),
            )
        _, module = self._module_of(path)
        source = source_of(module, path=path)
        where = f"{source.file}:{source.first_line}" if source.file else None
        return path_forms(self.outline, self.node(path), where)

    def close(self) -> None:
        """Nothing is held open."""


def _passing(found: Numbers) -> Numbers:
    """Say of statistics that they may be different soon."""
    return msgspec.structs.replace(found, passing=True) if isinstance(found, m.StatisticsOf) else found
