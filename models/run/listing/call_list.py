"""The calls of one run as pages of a list: in the order of execution or sorted, all or those that a query leaves.

The run may go on meanwhile: what was listed is then made again when there is more, but for a short time after each
making, so that listing never takes more than a part of the time.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ...messages import CallPage, CallPlace, CallRow, CallRows, FindCall, FoundCall, NextCallHit, Problem, RunTotals
from ...messages.errors import EngineProblem
from ...messages.page import clamp
from ...tree.natural import natural_key
from ..trace.calls import Call
from ..trace.record import Trace
from .call_query import QueryError, matching, parse_call_query
from .call_values import VALUES, Value
from .merged import MergedRuns
from .outline import OutlineNode, hiding, outline, visible
from .outline_rows import row_of_node

SHARE = 10
"""A list of a run that goes on is not made again before so many times the seconds are over that its making took."""
_LISTS: WeakKeyDictionary[Trace | MergedRuns, CallList] = WeakKeyDictionary()


DEEPEST = 150
"""Levels of calls within calls beyond which a run is a flat list: an outline is made level by level."""


@dataclass(slots=True)
class _Made:
    """A list as it was made last."""

    wanted: object
    calls: list[Call]
    rows: Sequence[int] | list[tuple[int, OutlineNode]]
    """Places of calls, or levels and nodes of an outline."""
    state: tuple[int, bool]
    """How many calls the run had made, and whether it was over."""
    again: float
    """When it may be made again while the run goes on."""
    totals: RunTotals
    nodes: list[OutlineNode] | None = None
    """Of an outline."""

    def row(self, place: int) -> CallRow:
        found = self.rows[place]
        return self.calls[found].row() if isinstance(found, int) else row_of_node(self.calls, *found)

    def call(self, place: int) -> Call:
        """Return the call of a row, or the first one that it stands for."""
        found = self.rows[place]
        return self.calls[found if isinstance(found, int) else found[1].members[0].index]


class CallList:
    """The lists of one run, or of two that are compared."""

    def __init__(self, trace: Trace | MergedRuns) -> None:
        self._trace = trace
        self._merged = trace if isinstance(trace, MergedRuns) else None
        self._made: _Made | None = None

    def page(self, request: CallRows) -> CallPage:
        """Return one page of the calls.

        Raises:
            EngineProblem: the query cannot be read.
        """
        made = self._listed(request)
        start, count = clamp(request.start, request.count)
        stop = min(start + count, len(made.rows))
        return CallPage(
            run=max(request.run, 0),
            total=len(made.rows),
            start=start,
            complete=made.state[1],
            rows=[self._row(made, place) for place in range(start, stop)],
            all=len(made.calls),
            totals=made.totals,
            remark=parse_call_query(request.query).remark,
            because=self._trace.hint if self._trace.failed is not None else "",
        )

    def _row(self, made: _Made, place: int) -> CallRow:
        row = made.row(place)
        return row if self._merged is None else self._merged.shown(row, made.call(place))

    def find(self, request: FindCall) -> FoundCall:
        """Return where in the outline a call is, with what has to be unfolded to see it."""
        toggled = list(request.toggled)
        index = self._place_of(request.index, request.of_other)
        while True:
            listing = CallRows(run=request.run, start=0, count=0, toggled=toggled)
            made = self._listed(listing, holds=request.index)  # a search may have found what was just called
            run, total = max(request.run, 0), len(made.rows)
            if made.nodes is None:
                there = 0 <= index < total
                return FoundCall(run=run, place=index if there else None, total=total, toggled=toggled)
            keys = hiding(made.nodes, index)
            if keys is None:
                return FoundCall(run=run, place=None, total=total, toggled=toggled)
            if not keys:
                shown = (node for _, node in visible(made.nodes))
                place = next((at for at, node in enumerate(shown) if _stands_for(node, index)), None)
                return FoundCall(run=run, place=place, total=total, toggled=toggled)
            toggled = [*(key for key in toggled if key not in keys), *(key for key in keys if key not in toggled)]

    def next_hit(self, request: NextCallHit) -> CallPlace:
        """Return the next row that matches a query, or the one before, round and round.

        Raises:
            EngineProblem: the query cannot be read.
        """
        calls, run = self._trace.calls, max(request.run, 0)
        after = self._place_of(request.after, request.of_other)
        found = list(_matching(calls, request.query))
        if not found:
            return CallPlace(run=run, index=None)
        at = bisect_left(found, after) - 1 if request.direction < 0 else bisect_right(found, after)
        at %= len(found)
        place, merged = found[at], self._merged
        if merged is None:
            return CallPlace(run=run, index=place, number=at + 1, count=len(found))
        of_other, index = merged.is_of_other(place), calls[place].index
        return CallPlace(run=run, index=index, number=at + 1, count=len(found), of_other=of_other)

    def _place_of(self, index: int, of_other: bool) -> int:
        """Return the place of a call among all; -1 where it has none."""
        if self._merged is None or index < 0:
            return index
        found = self._merged.place_of(index, of_other)
        return -1 if found is None else found

    def _listed(self, request: CallRows, holds: int = 0) -> _Made:
        """Return a list as it is wanted, which may be some time old while the run goes on but has the call `holds`."""
        is_plain = request.order == "run" and not request.descending and not request.query.strip()
        toggled = frozenset(request.toggled) if is_plain else frozenset()
        wanted = (request.order, request.descending, request.query, toggled)
        made, now = self._made, time.monotonic()
        state = (self._trace.events, self._trace.finished)
        fresh = made is not None and (made.state == state or (not self._trace.finished and now < made.again))
        if made is not None and fresh and made.wanted == wanted and (holds < len(made.calls) or made.state == state):
            return made
        calls, loops, finished = self._trace.snapshot()
        made = _Made(wanted, calls, (), (state[0], finished), now, self._trace.totals())
        if is_plain and max((call.depth for call in calls), default=0) <= DEEPEST:
            made.nodes = outline(calls, loops, toggled)
            made.rows = list(visible(made.nodes))
        else:
            made.rows = listed_calls(calls, request)
        made.again = now + (SHARE + 1) * (time.monotonic() - now)
        self._made = made
        return made


def _stands_for(node: OutlineNode, index: int) -> bool:
    return not node.is_loop and node.members[0].index == index


def list_of(trace: Trace | MergedRuns) -> CallList:
    """Return the lists of a run, or of two that are compared; they are forgotten with it."""
    found = _LISTS.get(trace)
    if found is None:
        found = _LISTS[trace] = CallList(trace)
    return found


def listed_calls(calls: Sequence[Call], request: CallRows) -> Sequence[int]:
    """Return the places of the calls that are wanted, in the order that is.

    Raises:
        EngineProblem: the query cannot be read.
    """
    places = _matching(calls, request.query)
    if request.order == "run":
        return places[::-1] if request.descending else places
    read = VALUES[request.order]
    values: dict[int, Value] = {place: read(calls[place]) for place in places}
    known = [place for place in places if values[place] not in (None, "")]
    known.sort(key=lambda place: _key(values[place]), reverse=request.descending)
    return known + [place for place in places if values[place] in (None, "")]


def _matching(calls: Sequence[Call], text: str) -> Sequence[int]:
    try:
        query = parse_call_query(text)
    except QueryError as error:
        raise EngineProblem(Problem("usage", error.title, error.remedy)) from None
    return matching(query, calls) if query.words or query.terms else range(len(calls))


def _key(value: Value) -> tuple[bool, float | str]:
    """Return what sorts a known value: NaN, which no order holds, behind the others."""
    if isinstance(value, str):
        return False, natural_key(value)
    return (False, value) if value == value and value is not None else (True, 0.0)
