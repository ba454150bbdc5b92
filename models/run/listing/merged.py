"""The calls of two runs as one list: those of B, and at their places those that A alone made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as with_fields

from ...messages import CallDifference, CallRow, RunTotals
from ..trace.calls import Call
from ..trace.loops import Loop
from ..trace.record import Trace

CURVE = 40
"""Cells of the text that says how a difference goes on."""
LEVELS = "·▁▂▃▄▅▆▇█"
DECADES = 8
"""Powers of ten below the largest relative difference that bars tell apart."""


class MergedRuns:
    """What a list of calls asks of a run, of two that are compared.

    Args:
        trace: of B, which is over.
        calls: of both, in order of execution.
        of_a: which of these A alone made.
    """

    def __init__(self, trace: Trace, calls: Sequence[Call], of_a: frozenset[Call]) -> None:
        self._trace = trace
        self._calls = calls
        self._places = {call: place for place, call in enumerate(calls)}
        self._of_a = of_a
        self.hint, self.failed = trace.hint, trace.failed
        self.version = 0
        """Counts what was found out since."""
        self.finished = False
        """Whether all of them are compared."""
        self.first: Call | None = None
        """The first call that differs."""
        self.least = math.inf
        """The least relative difference of any call that is not 0."""
        self.largest = 0.0

    @property
    def events(self) -> int:
        """Return a number that is another one when there is more to list."""
        return self._trace.events + self.version

    @property
    def calls(self) -> list[Call]:
        """Return all calls."""
        return list(self._calls)

    def totals(self) -> RunTotals:
        """Return what all calls of B took together."""
        return self._trace.totals()

    def snapshot(self) -> tuple[list[Call], list[Loop], bool]:
        """Return all calls, the loops of B among them, and whether all are compared."""
        places = [place for place, call in enumerate(self._calls) if call not in self._of_a]
        _, loops, _ = self._trace.snapshot()
        found = []
        for loop in loops:
            if loop.start + loop.rows <= len(places):
                start, last = places[loop.start], places[loop.start + loop.rows - 1]
                found.append(replace(loop, start=start, rows=last + 1 - start))
        return list(self._calls), found, self.finished

    def is_of_other(self, place: int) -> bool:
        """Return whether A alone made the call at a place."""
        return self._calls[place] in self._of_a

    def place_of(self, index: int, of_other: bool) -> int | None:
        """Return the place of a row of B, or of A, which may be that of B's same call; None where there is none."""
        for place, call in enumerate(self._calls):
            if call.index == index and (call in self._of_a) == of_other:
                return place
            if of_other and call.difference is not None and call.difference.other == index:
                return place
        return None

    def shown(self, row: CallRow, call: Call) -> CallRow:
        """Return the row of a call with how its difference looks beside those of all."""
        found = row.difference
        if found is None:
            return row
        return with_fields(
            row, difference=with_fields(found, first=call is self.first, share=self._share(found.relative))
        )

    def curve(self) -> str:
        """Return how the relative difference goes on, call by call, as text of at most `CURVE` cells.

        Of calls in one cell the largest is drawn, on a logarithmic scale; what is equal is a dot.  Calls within which
        others happened are left out.
        """
        following = [*(call.depth for call in self._calls[1:]), 0]
        innermost = [call for call, depth in zip(self._calls, following, strict=True) if depth <= call.depth]
        found = [call.difference for call in innermost if call.difference is not None and call.difference.status]
        cells = min(len(found), CURVE)
        if not self.largest:
            return ""
        highest = [0.0] * cells
        for at, each in enumerate(found):
            place = at * cells // len(found)
            share = self._share(each.relative) if each.relative is not None else 0.0
            highest[place] = max(highest[place], 1.0 if share is None else share)
        return "".join(LEVELS[math.ceil(share * (len(LEVELS) - 1))] for share in highest)

    def _share(self, relative: float | None) -> float | None:
        if not relative:
            return relative
        if not math.isfinite(relative) or not self.largest:
            return None
        low = math.log10(max(self.least, self.largest * 10.0**-DECADES)) - 0.5
        return min(max((math.log10(relative) - low) / (math.log10(self.largest) - low), 0.0), 1.0)

    def take(self, call: Call, found: CallDifference) -> None:
        """Take in how a call differs."""
        call.difference = found
        self.version += 1
        if found.relative and math.isfinite(found.relative):
            self.least, self.largest = min(self.least, found.relative), max(self.largest, found.relative)

    def forget(self) -> None:
        """Take away what was found out of the calls."""
        for call in self._calls:
            call.difference = None
