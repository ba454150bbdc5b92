"""What every open model answers, be it a live network or a checkpoint: the questions of the interface's panes.

There are two: `inspect.live_model.LiveModel` and `checkpoint.model.CheckpointModel`.  Requests and answers are the
wall's own messages.  Nothing here knows torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .. import messages as m
from ..messages.errors import EngineProblem

if TYPE_CHECKING:
    from ..search.searcher import Searcher
    from ..tree.view import FoldState
    from ..work.context import Context
    from .source import Source


class OpenModel(Protocol):
    """One open model.  Replaced as a whole when it changes, so that another thread sees either the old or the new one.

    Every question about a path raises EngineProblem when there is nothing at it.
    """

    @property
    def source(self) -> Source: ...

    @property
    def view(self) -> FoldState:
        """What is unfolded."""

    @property
    def changed(self) -> list[str]:
        """Paths whose values the last statement changed."""

    @property
    def searcher(self) -> Searcher:
        """Searches the paths of all nodes; made by the first search."""

    def summary(self) -> m.Summary:
        """What the header tells, as it is now."""

    def rows(self, start: int, count: int) -> list[m.TreeRow]:
        """Visible rows of the tree."""

    def page(self, start: int, count: int) -> tuple[list[m.TreeRow], str]:
        """The same, and the note on what they say (see `TreePage`)."""

    def hit(self, node: int, positions: list[int]) -> m.SearchHit:
        """A node that was found, as the list of hits tells it."""

    def tensors(self, request: m.TensorRows, context: Context) -> m.TensorPage: ...

    def window(self, request: m.Window) -> m.Cells: ...

    def heat(self, request: m.HeatMap, context: Context) -> m.HeatCells: ...

    def next_nonfinite(self, request: m.NextNonfinite, context: Context) -> m.Nonfinite: ...

    def statistics(self, request: m.Statistics, context: Context) -> m.StatisticsOf: ...

    def statistics_of_all(self, request: m.StatisticsOfAll, context: Context) -> m.Done: ...

    def gradients(self, request: m.GradientRows, context: Context) -> m.GradientPage: ...

    def describe(self, path: str) -> list[m.FactGroup]: ...

    def source_code(self, path: str) -> m.SourceText: ...

    def forms(self, path: str) -> list[m.PathForm]: ...

    def close(self) -> None:
        """Give back what is held open."""


def nothing_at(path: str) -> EngineProblem:
    return EngineProblem(
        m.Problem("gone", f"There is nothing at {path!r} any more", "The tree shows what there is.", path)
    )


def no_tensor(path: str) -> EngineProblem:
    return EngineProblem(m.Problem("usage", f"{path!r} is a module: it has no values of its own", path=path))
