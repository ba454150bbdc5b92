"""A checkpoint that is open: the answers to what the panes ask about it.  Reads what is asked for, and no more.

What a pane needs is imported when it asks: the tree comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import TYPE_CHECKING, Any

from .. import messages as m
from ..messages.errors import EngineProblem
from ..opened.open_model import no_tensor, nothing_at
from ..opened.source import Source
from ..stored.checkpoint import Checkpoint
from ..stored.stored import Stored
from ..stored.tensors import Tensors
from ..tensors.statistics.cache import StatisticsCache
from ..tree.view import FoldState, Row
from ..work.cancelled import ShouldCancel
from ..work.progress import OnProgress, Progress
from .classes import Classes
from .console import LateTorch, StateDict
from .facts import AllFacts, NodeFacts
from .rows import Rows
from .sharing import Sharing
from .totals import CheckpointTotals
from .tree import CheckpointTree

if TYPE_CHECKING:
    from ..search.searcher import Searcher
    from ..table.pages import TensorTables
    from ..work.context import Context

MOST_DTYPES = 4
"""That the header names."""
NO_CODE = "A checkpoint holds no code. Open the network's own file, FILE.py:NAME, to see its source."
NO_GRADIENT = "a checkpoint holds no gradients"


class CheckpointModel:
    """One open checkpoint; it does not change."""

    def __init__(self, source: Source, checkpoint: Checkpoint, unfolded: Mapping[str, bool]) -> None:
        self.source = source
        self.checkpoint = checkpoint
        self.tree = CheckpointTree(checkpoint)
        self.view = FoldState(self.tree, unfolded)
        self.sharing = Sharing(self.tree)
        self.totals = CheckpointTotals(self.tree, self.sharing)
        self.classes = Classes(checkpoint, self.tree)
        self.changed: list[str] = []
        self.known = StatisticsCache()
        self._rows = Rows(self.tree, self.totals, self.classes, self.sharing)
        self._searcher: Searcher | None = None
        self._tables: TensorTables[NodeFacts] | None = None

    @classmethod
    def of(cls, source: Source, unfolded: Mapping[str, bool]) -> CheckpointModel:
        """Of a source that is a checkpoint; `unfolded` are folds that a user chose before."""
        assert source.checkpoint is not None
        return cls(source, source.checkpoint, unfolded)

    @property
    def searcher(self) -> Searcher:
        from ..search.searcher import Searcher

        if self._searcher is None:
            self._searcher = Searcher(self.tree.paths())
        return self._searcher

    def place(self, path: str) -> Row:
        """The node or group at `path`; raises EngineProblem when there is none."""
        node = self.tree.find(path)
        if node is not None:
            return Row(node, None, 0, False)
        group = self.tree.find_group(path)
        if group is None:
            raise nothing_at(path)
        return Row(group.first, group, 0, False)

    def summary(self) -> m.Summary:
        source, checkpoint = self.source, self.checkpoint
        return m.Summary(
            source=source.source,
            name=source.name,
            kind="checkpoint",
            class_name=checkpoint.classes.get("") or checkpoint.kind,
            parameters=self.totals.parameters(0),
            trainable=0,
            bytes=self.totals.memory(0),
            dtype=_dtypes(self.tree.stored),
            device="",
            mode="",
            rows=len(self.tree),
            modules=self.totals.modules,
            input="",
            note=source.note,
            tries=list(source.tries),
            warnings=[*source.warnings, *checkpoint.warnings],
            file=None,
        )

    def namespace(self) -> dict[str, Any]:
        """What the console's names are bound to: `state` reads a tensor when it is asked for."""
        return {
            "__name__": "__main__",
            "state": StateDict(self.tree.stored),
            "metadata": self.metadata,
            "torch": LateTorch(),
        }

    @property
    def metadata(self) -> dict[str, Any]:
        return {**self.source.metadata, **self.checkpoint.metadata}

    def rows(self, start: int, count: int) -> list[m.TreeRow]:
        return self._rows.of_tree(self.view.slice(start, count), self.source.name)

    def page(self, start: int, count: int) -> tuple[list[m.TreeRow], str]:
        return self.rows(start, count), ""

    def hit(self, node: int, positions: list[int]) -> m.SearchHit:
        leaf = self.tree.leaf(node)
        detail = str(list(leaf.shape)) if isinstance(leaf, Stored) else "" if leaf else self.classes.text(node)[0]
        return m.SearchHit(path=self.tree.path(node), kind=self.tree.kind(node), detail=detail, positions=positions)

    def tensors(self, request: m.TensorRows, context: Context) -> m.TensorPage:
        from ..table.pages import TensorTables

        if self._tables is None:
            self._tables = TensorTables(
                lambda path: AllFacts(self, self._tensors_at(path)),
                lambda facts: (list(map(self._rows.of_table, facts)), ""),
            )
        return self._tables.page(request, self.known.version, len(self.known), context.cancelled)

    def _tensors_at(self, path: str) -> list[int]:
        """The tensors at or below a path; of a group, of all its siblings."""
        found = self.place(path)
        stop = self.tree.ends[found.node] if found.group is None else found.group.end
        return self.tree.tensors(found.node, stop)

    def _tensor(self, path: str) -> Stored:
        found = self.place(path)
        tensor = self.tree.tensor(found.node)
        if tensor is None or found.group is not None:
            raise no_tensor(path)
        return tensor

    def window(self, request: m.Window) -> m.Cells:
        from ..stored.window import stored_window

        tensor = self._tensor(request.path)
        if request.of == "gradient":
            return m.Cells(path=request.path, of="gradient", absence="none", reason=NO_GRADIENT)
        return stored_window(
            tensor, path=request.path, leading=request.leading, row=request.row, rows=request.rows,
            column=request.column, columns=request.columns,
        )  # fmt: skip

    def heat(self, request: m.HeatMap, context: Context) -> m.HeatCells:
        from ..stored.heat import stored_heat_map

        tensor = self._tensor(request.path)
        if request.of == "gradient":
            return m.HeatCells(path=request.path, of="gradient", absence="none", reason=NO_GRADIENT)
        return stored_heat_map(
            tensor, path=request.path, leading=request.leading, height=request.height, width=request.width,
            cancelled=context.cancelled, progress=lambda done: context.progress("heat map", done),
        )  # fmt: skip

    def next_nonfinite(self, request: m.NextNonfinite, context: Context) -> m.Nonfinite:
        from ..stored.nonfinite import stored_nonfinite

        tensor = self._tensor(request.path)
        if request.of == "gradient":
            return m.Nonfinite(path=request.path, of="gradient", absence="none", reason=NO_GRADIENT)
        return stored_nonfinite(
            tensor, path=request.path, index=request.index, step=request.step,
            cancelled=context.cancelled, progress=lambda done: context.progress("looking for NaN", done),
        )  # fmt: skip

    def statistics(self, request: m.Statistics, context: Context) -> m.StatisticsOf:
        tensor = self._tensor(request.path)
        if request.of == "gradient":
            return m.StatisticsOf(path=request.path, of="gradient", absence="none", reason=NO_GRADIENT)
        known = self.known.get(request.path, None, request.bins, request.exact)
        if known is None:
            known = self._take(tensor, request, context.cancelled, lambda done: context.progress("statistics", done))
        return known

    def _take(
        self, tensor: Stored, request: m.Statistics, cancelled: ShouldCancel, progress: OnProgress
    ) -> m.StatisticsOf:
        from ..stored.statistics import stored_statistics

        found = stored_statistics(
            tensor, path=request.path, bins=request.bins, exact=request.exact, cancelled=cancelled, progress=progress
        )
        self.known.put(found)
        return found

    def statistics_of_all(self, request: m.StatisticsOfAll, context: Context) -> m.Done:
        nodes = [node for node in self._tensors_at(request.path) if self.known.brief(self.tree.path(node)) is None]
        sizes = [self._size(node) for node in nodes]
        report = Progress(sum(sizes), len(nodes), context)
        for node, size in zip(nodes, sizes, strict=True):
            path = self.tree.path(node)
            found = self._take(self._tensor(path), m.Statistics(path=path), context.cancelled, report.part(path, size))
            if found.absence == "gone":
                raise EngineProblem(m.Problem("source", f"The statistics stop at {path!r}", found.reason, path))
            report.done(size, bool(found.absence))
        return m.Done(text=report.sentence)

    def _size(self, node: int) -> int:
        tensor = self.tree.tensor(node)
        return tensor.nbytes if tensor is not None else 0

    def gradients(self, request: m.GradientRows, context: Context) -> m.GradientPage:
        return m.GradientPage(path=request.path, total=0, start=0, rows=[])

    def describe(self, path: str) -> list[m.FactGroup]:
        from .describe import describe

        return describe(self, path)

    def source_code(self, path: str) -> m.SourceText:
        found = self.place(path)
        return m.SourceText(path=path, class_name=self.classes.text(found.node)[0], reason=NO_CODE)

    def forms(self, path: str) -> list[m.PathForm]:
        from .forms import forms, forms_of_group

        found = self.place(path)
        if found.group is not None:
            return forms_of_group(self.tree, found.group)
        return forms(path, self.tree.tensor(found.node))

    def close(self) -> None:
        for file in self.checkpoint.files:
            file.close()


def _dtypes(tensors: Tensors) -> str:
    """Those of the network's own tensors, most bytes first."""
    kinds = (tensor.kind for tensor in tensors) if tensors.told else repeat(None)
    weights: dict[str, int] = {}
    for dtype, size, kind in zip(tensors.dtypes, tensors.sizes, kinds, strict=False):
        if kind != "state":
            weights[dtype.name] = weights.get(dtype.name, 0) + size
    return "+".join(sorted(weights, key=lambda name: -weights[name])[:MOST_DTYPES])
