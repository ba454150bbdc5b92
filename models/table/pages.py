"""The table of tensors in pages: sorted, filtered, with statistics as they come.  Knows nothing of torch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from ..messages import Brief, Problem, TensorPage, TensorRow, TensorRows
from ..messages.errors import EngineProblem
from ..messages.page import clamp
from ..work.cancelled import ShouldCancel, never
from .query import Query, parse_query
from .table import RowFacts, Table
from .terms import QueryError

KEPT = 4
"""Modules whose tables are remembered."""


class TableFacts(RowFacts, Protocol):
    """One tensor of a table."""

    def brief(self) -> Brief | None:
        """Its statistics, where they are known."""


Facts = TypeVar("Facts", bound=TableFacts)


class TensorTables(Generic[Facts]):
    """The tables of one open model.

    Args:
        at: the tensors at or below a path, in tree order.
        rows: the rows of some of them, and the page's note.
    """

    def __init__(
        self, at: Callable[[str], Sequence[Facts]], rows: Callable[[Sequence[Facts]], tuple[list[TensorRow], str]]
    ) -> None:
        self._at = at
        self._rows = rows
        self._tables: OrderedDict[str, tuple[Sequence[Facts], Table]] = OrderedDict()

    def page(
        self, request: TensorRows, version: int = 0, known: int = 0, cancelled: ShouldCancel = never
    ) -> TensorPage:
        """The rows that were asked for; `version` is another one whenever more statistics are known,
        `known` of how many tensors of the model there are some.

        Raises:
            EngineProblem: the query cannot be read, or there is nothing at the path.
            Cancelled: when `cancelled()` says so meanwhile.
        """
        query = self._query(request.query)
        start, count = clamp(request.start, request.count)
        facts, table = self._table(request.path)
        chosen = table.select(
            query,
            request.order,
            request.descending,
            lambda row: facts[row].brief(),
            version=version,
            cancelled=cancelled,
        )
        rows, note = self._rows([facts[number] for number in chosen[start : start + count]])
        return TensorPage(
            path=request.path,
            total=len(chosen),
            start=start,
            rows=rows,
            note=note,
            all=len(facts),
            known=self._known(facts, known) if query.needs_statistics else None,
        )

    def _known(self, facts: Sequence[Facts], most: int) -> int:
        """Of how many of these tensors there are statistics, where there are some of `most` in the whole model."""
        return sum(each.brief() is not None for each in facts) if most else 0

    def _query(self, text: str) -> Query:
        try:
            return parse_query(text)
        except QueryError as error:
            raise EngineProblem(Problem("usage", error.title, error.remedy)) from None

    def _table(self, path: str) -> tuple[Sequence[Facts], Table]:
        found = self._tables.get(path)
        if found is None:
            facts = self._at(path)
            found = self._tables[path] = facts, Table(facts)
            while len(self._tables) > KEPT:
                self._tables.popitem(last=False)
        self._tables.move_to_end(path)
        return found
