"""The table of tensors in pages: sorted, filtered, with the statistics known so far.  Must not import torch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from ..messages import Brief, Problem, RowDifference, TensorPage, TensorRow, TensorRows
from ..messages.errors import EngineProblem
from ..messages.page import clamp
from ..work.cancelled import ShouldCancel, never
from .query import Query, parse_query
from .table import FlatTable, RowFacts
from .terms import QueryError

KEPT = 4
"""Paths whose tables are remembered."""


class TableFacts(RowFacts, Protocol):
    """One tensor of a table."""

    def brief(self) -> Brief | None:
        """Return its statistics; None while they are unknown."""

    def difference(self) -> RowDifference | None:
        """Return how it differs from another; None where nothing is compared."""


Facts = TypeVar("Facts", bound=TableFacts)


class TensorTables(Generic[Facts]):
    """The tables of one open model, one a path.

    Args:
        at: returns the tensors at or below a path, in tree order.
        rows: returns the rows of some of them, and the note of the page.
    """

    def __init__(
        self, at: Callable[[str], Sequence[Facts]], rows: Callable[[Sequence[Facts]], tuple[list[TensorRow], str]]
    ) -> None:
        self._at = at
        self._rows = rows
        self._tables: OrderedDict[str, tuple[Sequence[Facts], FlatTable]] = OrderedDict()

    def page(
        self, request: TensorRows, version: int = 0, known: int = 0, should_cancel: ShouldCancel = never
    ) -> TensorPage:
        """Return the requested page.

        `version` differs whenever more statistics are known; `known` is the number of tensors of the whole model with
        statistics.

        Raises:
            EngineProblem: the query cannot be parsed, or there is nothing at the path.
            Cancelled: `should_cancel()` returns True.
        """
        query = self._query(request.query)
        start, count = clamp(request.start, request.count)
        facts, table = self._table(request.path)
        chosen = table.select(
            query,
            request.order,
            request.descending,
            lambda row: facts[row].brief(),
            lambda row: facts[row].difference(),
            version=version,
            should_cancel=should_cancel,
        )
        rows, note = self._rows([facts[row] for row in chosen[start : start + count]])
        return TensorPage(
            path=request.path,
            total=len(chosen),
            start=start,
            rows=rows,
            note=note,
            all=len(facts),
            remark=query.remark,
            known=self._known(facts, known) if query.needs_statistics else None,
        )

    def _known(self, facts: Sequence[Facts], limit: int) -> int:
        """Return how many of these tensors have statistics, where at most `limit` of the whole model have."""
        return sum(each.brief() is not None for each in facts) if limit else 0

    def _query(self, text: str) -> Query:
        try:
            return parse_query(text)
        except QueryError as error:
            raise EngineProblem(Problem("usage", error.title, error.remedy)) from None

    def _table(self, path: str) -> tuple[Sequence[Facts], FlatTable]:
        found = self._tables.get(path)
        if found is None:
            facts = self._at(path)
            found = self._tables[path] = facts, FlatTable(facts)
            while len(self._tables) > KEPT:
                self._tables.popitem(last=False)
        self._tables.move_to_end(path)
        return found
