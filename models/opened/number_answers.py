"""The answers of an open model about the elements of its tensors, for live networks and checkpoints alike.

What a pane needs is imported when it asks: the tree is shown first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from .. import messages as m
from ..messages.errors import EngineProblem
from ..tensors.statistics.cache import StatisticsCache
from ..work.progress import OnProgress, TotalProgress

if TYPE_CHECKING:
    from ..tensors.readable import Readable
    from ..work.cancelled import ShouldCancel
    from ..work.context import WorkContext
    from .node_facts import NodeFacts

Answer = TypeVar("Answer", m.Cells, m.HeatCells, m.Nonfinite, m.StatisticsOf)


class NumberAnswers(ABC):
    """Windows, heat maps, the next NaN and statistics of the tensors that `read` finds."""

    statistics_cache: StatisticsCache
    """Statistics that were computed already."""
    never_changes: bool
    """Whether elements stay as they are, so that statistics need not be computed twice."""

    @abstractmethod
    def read(self, path: m.Place, of: m.Of, look: Callable[[Readable], Answer], at_leisure: bool = False) -> Answer:
        """Return `look(tensor)` for the tensor at `path`, or its gradient, with a note on which elements that are.

        `at_leisure` is for a look that may take long.

        Raises:
            EngineProblem: there is no tensor at `path`.
        """

    @abstractmethod
    def stamp(self, path: m.Place) -> Hashable:
        """Return a stamp that differs once the elements at `path` changed."""

    @abstractmethod
    def is_kept(self, found: m.StatisticsOf) -> bool:
        """Return whether statistics are of the elements as they are now, so that they may be kept."""

    @abstractmethod
    def tensors_at(self, path: str) -> Sequence[NodeFacts]:
        """Return the tensors at or below a path, of a group those of all its siblings.

        Raises:
            EngineProblem: there is nothing at `path`.
        """

    def window(self, request: m.Window) -> m.Cells:
        """Return the elements of a rectangle; raises `EngineProblem` where there is no tensor."""
        from ..tensors.window import window

        return self.read(
            request.path, request.of,
            lambda readable: window(
                readable, path=request.path, of=request.of, leading=request.leading, row=request.row,
                rows=request.rows, column=request.column, columns=request.columns,
            ),
        )  # fmt: skip

    def heat(self, request: m.HeatMap, context: WorkContext) -> m.HeatCells:
        """Return a matrix reduced to a heat map; raises `Cancelled`, and `EngineProblem` where there is no tensor."""
        from ..tensors.heat import heat_map

        return self.read(
            request.path, request.of,
            lambda readable: heat_map(
                readable, path=request.path, of=request.of, leading=request.leading, height=request.height,
                width=request.width, should_cancel=context.cancelled, on_progress=_progress(context, "heat map"),
            ),
            at_leisure=True,
        )  # fmt: skip

    def next_nonfinite(self, request: m.NextNonfinite, context: WorkContext) -> m.Nonfinite:
        """Return the index of the next NaN or infinity; raises `Cancelled`, and `EngineProblem` for no tensor."""
        from ..tensors.nonfinite import next_nonfinite

        return self.read(
            request.path, request.of,
            lambda readable: next_nonfinite(
                readable, path=request.path, of=request.of, index=request.index, direction=request.step,
                should_cancel=context.cancelled, on_progress=_progress(context, "looking for NaN"),
            ),
            at_leisure=True,
        )  # fmt: skip

    def statistics(self, request: m.Statistics, context: WorkContext) -> m.StatisticsOf:
        """Return the statistics of one tensor and keep them; raises `Cancelled`, and `EngineProblem` for no tensor."""
        if self.never_changes and request.of == "value":
            known = self.statistics_cache.get(request.path, self.stamp(request.path), request.bins, request.exact)
            if known is not None:
                return known
        return self._take(request, context.cancelled, _progress(context, "statistics"))

    def _take(
        self, request: m.Statistics, should_cancel: ShouldCancel, on_progress: OnProgress, only_moments: bool = False
    ) -> m.StatisticsOf:
        """Compute statistics and keep them, under all names of the tensor."""
        from ..tensors.statistics.statistics import statistics

        stamp = self.stamp(request.path)
        found = self.read(
            request.path, request.of,
            lambda readable: statistics(
                readable, path=request.path, of=request.of, bins=request.bins, exact=request.exact,
                only_moments=only_moments, should_cancel=should_cancel, on_progress=on_progress,
            ),
            at_leisure=True,
        )  # fmt: skip
        if request.of == "value" and self.is_kept(found):
            self.statistics_cache.put(found, stamp)
            for facts in self.tensors_at(tree_path(request.path)):
                for name in facts.other_names:
                    self.statistics_cache.put(msgspec.structs.replace(found, path=name), stamp)
        return found

    def statistics_of_all(self, request: m.StatisticsOfAll, context: WorkContext) -> m.Done:
        """Compute and keep the statistics of every tensor at or below a path, each object once.

        Raises:
            Cancelled: the request was cancelled.
            EngineProblem: there is nothing at the path, or a file cannot be read any more.
        """
        complete = self.statistics_cache.complete
        if self.never_changes and request.path in complete:
            return m.Done(text=complete[request.path])
        distinct: dict[Hashable, list[NodeFacts]] = {}
        for facts in self.tensors_at(request.path):
            distinct.setdefault(facts.identity, []).append(facts)
        sizes = [same[0].bytes or 0 for same in distinct.values()]
        report = TotalProgress(sum(sizes), len(sizes), context)
        for same, size in zip(distinct.values(), sizes, strict=True):
            if all(facts.brief() is not None for facts in same):
                report.done(size)
                continue
            path = same[0].path
            part = report.part(path, size)
            found = self._take(m.Statistics(path=path), context.cancelled, part, only_moments=True)
            if found.absence == "gone":
                raise EngineProblem(m.Problem("source", f"The statistics stop at {path!r}", found.reason, path))
            report.done(size, bool(found.absence))
        complete[request.path] = report.sentence
        return m.Done(text=report.sentence)


def tree_path(place: m.Place) -> str:
    """Return a place in the tree as its path; raise `EngineProblem` for a call, which is nowhere in it."""
    if isinstance(place, str):
        return place
    raise EngineProblem(m.Problem("usage", "A call has no place in the tree"))


def _progress(context: WorkContext, text: str) -> OnProgress:
    return lambda done: context.progress(text, done)
