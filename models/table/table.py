"""The flat table of tensors: filtered by a query, and sorted.  Pure Python, for a million tensors."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import compress
from typing import Any, Protocol, TypeVar

from ..messages import Brief, RowDifference, TensorOrder
from ..search.searcher import Searcher
from ..tree.natural import natural_key, natural_keys
from ..work.cancelled import Cancelled, ShouldCancel, never
from .column import EncodedColumn, sorted_by
from .query import Query, parse_query
from .terms import DIFFERENCES, STATISTICS, QueryError, Term

__all__ = ["FlatTable", "Query", "QueryError", "RowFacts", "parse_query"]

KEPT = 4
"""Entries of each cache: of orders, of flags and of selections."""
CHUNK = 1 << 14
"""Rows between two calls of `should_cancel`."""

Made = TypeVar("Made")
RowStatistics = Callable[[int], "Brief | None"]
"""Returns the statistics of a row, None while they are unknown."""
RowDifferences = Callable[[int], "RowDifference | None"]
"""Returns how a row differs from another, None where nothing is compared."""
RowValue = Callable[[int, str], Any]
"""Returns the statistic, or the measure of its difference, that a row has under a name; None while it is unknown."""
MOVING = (*STATISTICS, *DIFFERENCES)
"""What is known only by and by."""


class RowFacts(Protocol):
    """The facts of a tensor that the table sorts and filters by; None where unknown."""

    @property
    def path(self) -> str:
        """Return its path in the model."""
        ...

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Return its shape; None of an uninitialised one."""
        ...

    @property
    def dtype(self) -> str:
        """Return the name of its dtype, without `torch.`."""
        ...

    @property
    def elements(self) -> int | None:
        """Return the number of its elements; None where unknown."""
        ...

    @property
    def bytes(self) -> int | None:
        """Return its size in bytes; None where unknown."""
        ...

    @property
    def place(self) -> str:
        """Return where it lies in its file; empty for none."""
        ...

    @property
    def kind(self) -> str:
        """Return its `NodeKind`."""
        ...


class FlatTable:
    """The tensors of one model, `rows` in tree order; a row is named by its index there.

    `searcher` searches the paths of the same rows; None makes one when it is first needed.  For use by one thread at a
    time.
    """

    def __init__(self, rows: Sequence[RowFacts], searcher: Searcher | None = None) -> None:
        self._rows = rows
        self._searcher = searcher
        self._columns: dict[str, EncodedColumn] = {}
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
        statistics: RowStatistics = lambda row: None,
        differences: RowDifferences = lambda row: None,
        *,
        version: int = 0,
        should_cancel: ShouldCancel = never,
    ) -> Sequence[int]:
        """Return the rows that match the query, sorted: equal ones in tree order, unknown ones always last.

        A selection that depends on statistics or differences is made again when `version` differs: count it up when
        more of them are known.

        Raises:
            Cancelled: `should_cancel()` returns True.
        """
        moving = order in MOVING or any(term.field in MOVING for term in query.terms)
        key = (query, order, descending, version if moving else None)

        def value(row: int, field: str) -> Any:
            found = differences(row) if field in DIFFERENCES else statistics(row)
            return None if found is None else getattr(found, field)

        return _remembered(self._selections, key, lambda: self._select(query, order, descending, value, should_cancel))

    def _select(
        self, query: Query, order: TensorOrder, descending: bool, value: RowValue, should_cancel: ShouldCancel
    ) -> Sequence[int]:
        still = Query(query.text, query.words, tuple(term for term in query.terms if term.field not in MOVING))
        rows: Sequence[int] = range(len(self))
        if order not in MOVING and (order != "tree" or descending):
            rows = _remembered(self._orders, (order, descending), lambda: self._order(order, descending, should_cancel))
        if still.words or still.terms:
            flags = _remembered(self._flags, query.text, lambda: self._filter(still, should_cancel))
            rows = array("I", compress(rows, flags if isinstance(rows, range) else map(flags.__getitem__, rows)))
        for term in query.terms:
            if term.field in MOVING:
                rows = self._by_moving(rows, term, value, should_cancel)
        return _by_value(rows, order, descending, value, should_cancel) if order in MOVING else rows

    def _filter(self, query: Query, should_cancel: ShouldCancel) -> bytes:
        """Return for each row 1 where the words and terms match, none of which depends on statistics; else 0."""
        parts: list[bytes | bytearray] = []
        for term in query.terms:
            if term.field in ("place", "path"):
                parts.append(bytes(term.test(getattr(row, term.field)) for row in self._watched(should_cancel)))
            elif term.field == "rank":
                parts.append(self._column("shape", should_cancel).flags(_of_rank(term)))
            else:
                parts.append(self._column(term.field, should_cancel).flags(term.test))
        if query.words:
            if self._searcher is None:
                self._searcher = Searcher([row.path for row in self._watched(should_cancel)], should_cancel)
            parts.append(self._searcher.flags(query.words, should_cancel))
        both = int.from_bytes(parts[0], "little")
        for part in parts[1:]:
            both &= int.from_bytes(part, "little")
        return both.to_bytes(len(self), "little")

    def _order(self, order: TensorOrder, descending: bool, should_cancel: ShouldCancel) -> array[int]:
        if order == "tree":
            return array("I", range(len(self) - 1, -1, -1))
        if order in ("name", "place"):
            keys: list[str] = []
            for start in range(0, len(self), CHUNK):
                if should_cancel():
                    raise Cancelled
                part = self._rows[start : start + CHUNK]
                # A place has thousands separators in its numbers.
                names = [row.path for row in part] if order == "name" else [row.place.replace(",", "") for row in part]
                keys += natural_keys(names)
            return sorted_by(keys, descending)
        return self._column(order, should_cancel).order(_KEYS.get(order, _same), descending)

    def _column(self, name: str, should_cancel: ShouldCancel) -> EncodedColumn:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = EncodedColumn(getattr(row, name) for row in self._watched(should_cancel))
        return column

    def _watched(self, should_cancel: ShouldCancel) -> Iterator[RowFacts]:
        for start in range(0, len(self._rows), CHUNK):
            if should_cancel():
                raise Cancelled
            yield from self._rows[start : start + CHUNK]

    def _by_moving(
        self, rows: Sequence[int], term: Term, value_of: RowValue, should_cancel: ShouldCancel
    ) -> Sequence[int]:
        kept = array("I")
        for start in range(0, len(rows), CHUNK):
            if should_cancel():
                raise Cancelled
            for row in rows[start : start + CHUNK]:
                value = value_of(row, term.field)
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


def _by_value(
    rows: Sequence[int], field: str, descending: bool, value_of: RowValue, should_cancel: ShouldCancel
) -> Sequence[int]:
    known: list[tuple[float, int]] = []
    unknown = array("I")
    for start in range(0, len(rows), CHUNK):
        if should_cancel():
            raise Cancelled
        for row in rows[start : start + CHUNK]:
            value = value_of(row, field)
            if value is None:
                unknown.append(row)
            else:
                known.append((value, row))
    known.sort(key=lambda each: each[0], reverse=descending)
    return array("I", [row for _, row in known]) + unknown


def _remembered(cache: OrderedDict[Hashable, Made], key: Hashable, make: Callable[[], Made]) -> Made:
    """Return what `cache` has under the key, or make it; forget the oldest beyond `KEPT`."""
    if key in cache:
        cache.move_to_end(key)
        return cache[key]
    made = cache[key] = make()
    if len(cache) > KEPT:
        cache.popitem(last=False)
    return made
