"""The flat table of tensors: which of them a filter leaves, and in which order.  Pure Python, for a million of them."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import compress
from typing import Any, Protocol, TypeVar

from ..messages import Brief, TensorOrder
from ..search.searcher import Searcher
from ..tree.natural import natural_key, natural_keys
from ..work.cancelled import Cancelled, ShouldCancel, never
from .column import Column, sorted_by
from .query import Query, parse_query
from .terms import STATISTICS, QueryError, Term

__all__ = ["Query", "QueryError", "RowFacts", "Table", "parse_query"]

KEPT = 4
"""Orders, and selections, that are remembered."""
CHUNK = 1 << 14
"""Rows between two looks for cancellation."""

Made = TypeVar("Made")
StatisticsOf = Callable[[int], "Brief | None"]
"""The statistics of a row, None while they are not known."""


class RowFacts(Protocol):
    """What the table knows of a tensor.  None stands for what nobody knows."""

    @property
    def path(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...] | None: ...
    @property
    def dtype(self) -> str: ...
    @property
    def elements(self) -> int | None: ...
    @property
    def bytes(self) -> int | None: ...
    @property
    def place(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Table:
    """The tensors of one model, `rows` in tree order; rows are told by their number there.

    `searcher` searches the paths of the same rows; made when it is first needed if there is none.  For use by one
    thread at a time.
    """

    def __init__(self, rows: Sequence[RowFacts], searcher: Searcher | None = None) -> None:
        self._rows = rows
        self._searcher = searcher
        self._columns: dict[str, Column] = {}
        self._orders: OrderedDict[Hashable, Sequence[int]] = OrderedDict()
        self._flags: OrderedDict[Hashable, bytes] = OrderedDict()
        self._selections: OrderedDict[Hashable, Sequence[int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def select(
        self,
        query: Query,
        order: TensorOrder = "tree",
        descending: bool = False,
        statistics: StatisticsOf = lambda row: None,
        *,
        version: int = 0,
        cancelled: ShouldCancel = never,
    ) -> Sequence[int]:
        """The rows that the query leaves, sorted; equal ones in tree order, unknown ones last in either direction.

        A selection that depends on statistics is taken anew when `version` is another one: count it up when more of
        them are known.

        Raises:
            Cancelled: when `cancelled()` says so meanwhile.
        """
        moving = order in STATISTICS or query.needs_statistics
        key = (query, order, descending, version if moving else None)
        return _kept(self._selections, key, lambda: self._select(query, order, descending, statistics, cancelled))

    def _select(
        self, query: Query, order: TensorOrder, descending: bool, statistics: StatisticsOf, cancelled: ShouldCancel
    ) -> Sequence[int]:
        still = Query(query.text, query.words, tuple(term for term in query.terms if term.field not in STATISTICS))
        rows: Sequence[int] = range(len(self))
        if order not in STATISTICS and (order != "tree" or descending):
            rows = _kept(self._orders, (order, descending), lambda: self._order(order, descending, cancelled))
        if still.words or still.terms:
            flags = _kept(self._flags, query.text, lambda: self._filter(still, cancelled))
            rows = array("I", compress(rows, flags if isinstance(rows, range) else map(flags.__getitem__, rows)))
        for term in query.terms:
            if term.field in STATISTICS:
                rows = self._by_statistics(rows, term, statistics, cancelled)
        return _by_value(rows, order, descending, statistics, cancelled) if order in STATISTICS else rows

    def _filter(self, query: Query, cancelled: ShouldCancel) -> bytes:
        """For each row 1 where the words and terms match, none of which asks for statistics."""
        parts: list[bytes | bytearray] = []
        for term in query.terms:
            if term.field == "place":
                parts.append(bytes(term.test(row.place) for row in self._watched(cancelled)))
            elif term.field == "rank":
                parts.append(self._column("shape", cancelled).flags(_of_rank(term)))
            else:
                parts.append(self._column(term.field, cancelled).flags(term.test))
        if query.words:
            if self._searcher is None:
                self._searcher = Searcher([row.path for row in self._watched(cancelled)], cancelled)
            parts.append(self._searcher.flags(query.words, cancelled))
        both = int.from_bytes(parts[0], "little")
        for part in parts[1:]:
            both &= int.from_bytes(part, "little")
        return both.to_bytes(len(self), "little")

    def _order(self, order: TensorOrder, descending: bool, cancelled: ShouldCancel) -> array[int]:
        if order == "tree":
            return array("I", range(len(self) - 1, -1, -1))
        if order in ("name", "place"):
            keys: list[str] = []
            for start in range(0, len(self), CHUNK):
                if cancelled():
                    raise Cancelled
                part = self._rows[start : start + CHUNK]
                # A place has its numbers in groups of three digits.
                names = [row.path for row in part] if order == "name" else [row.place.replace(",", "") for row in part]
                keys += natural_keys(names)
            return sorted_by(keys, descending)
        return self._column(order, cancelled).order(_KEYS.get(order, _same), descending)

    def _column(self, name: str, cancelled: ShouldCancel) -> Column:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = Column(getattr(row, name) for row in self._watched(cancelled))
        return column

    def _watched(self, cancelled: ShouldCancel) -> Iterator[RowFacts]:
        for start in range(0, len(self._rows), CHUNK):
            if cancelled():
                raise Cancelled
            yield from self._rows[start : start + CHUNK]

    def _by_statistics(
        self, rows: Sequence[int], term: Term, statistics: StatisticsOf, cancelled: ShouldCancel
    ) -> Sequence[int]:
        kept = array("I")
        for start in range(0, len(rows), CHUNK):
            if cancelled():
                raise Cancelled
            for row in rows[start : start + CHUNK]:
                value = _value(statistics(row), term.field)
                if value is not None and term.relative:
                    elements = self._rows[row].elements
                    value = value / elements if elements else None
                if value is not None and term.test(value):
                    kept.append(row)
        return kept


_KEYS: dict[str, Callable[[Any], Any]] = {"shape": lambda shape: (len(shape), shape), "dtype": natural_key}


def _of_rank(term: Term) -> Callable[[tuple[int, ...]], bool]:
    return lambda shape: term.test(len(shape))


def _same(value: Any) -> Any:
    return value


def _value(brief: Brief | None, field: str) -> float | None:
    value: float | None = None if brief is None else getattr(brief, field)
    return value


def _by_value(
    rows: Sequence[int], field: str, descending: bool, statistics: StatisticsOf, cancelled: ShouldCancel
) -> Sequence[int]:
    known: list[tuple[float, int]] = []
    unknown = array("I")
    for start in range(0, len(rows), CHUNK):
        if cancelled():
            raise Cancelled
        for row in rows[start : start + CHUNK]:
            value = _value(statistics(row), field)
            if value is None:
                unknown.append(row)
            else:
                known.append((value, row))
    known.sort(key=lambda each: each[0], reverse=descending)
    return array("I", [row for _, row in known]) + unknown


def _kept(cache: OrderedDict[Hashable, Made], key: Hashable, make: Callable[[], Made]) -> Made:
    """What is remembered under the key, or else is made now; the oldest is forgotten."""
    if key in cache:
        cache.move_to_end(key)
        return cache[key]
    made = cache[key] = make()
    if len(cache) > KEPT:
        cache.popitem(last=False)
    return made
