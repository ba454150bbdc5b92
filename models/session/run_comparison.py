"""Two runs that are kept, compared call by call: where what their calls returned begins to differ, and how that grows.

Compared are the copies that the runs took of what each call returned; where there is none, the statistics that every
run has.  Nothing is run for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import messages as m
from ..diff.compare import compare
from ..diff.difference import Difference, Tolerance
from ..diff.tensors import Comparable
from ..diff.workers import Workers
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..run.listing.merged import MergedRuns
from ..run.trace.calls import Call
from ..run.trace.captured import BUDGET
from ..sources.wording import size_text
from ..undo.random_numbers import is_same_random
from ..work.cancelled import Cancelled
from ..work.gc_paused import gc_paused
from .call_difference import call_difference
from .paired_calls import Given, Pair, aligned_calls, first_that_differs, given_of

if TYPE_CHECKING:
    from ..work.context import WorkContext
    from .session import Session

REPORT_SECONDS = 0.1
"""Seconds between two reports of how far it is."""
BY_SAMPLES = "as far as samples and statistics say"
NAMED = 3
"""Parameters that are named of those that the first call reads and that changed."""


class RunComparison:
    """Two runs side by side.

    Args:
        session: that keeps them.
        a, b: their numbers.

    Raises:
        EngineProblem: one of them is no longer kept, of kind `gone`; or goes on, of kind `usage`.
    """

    def __init__(self, session: Session, a: int, b: int) -> None:
        self.a, self.b = a, b
        self._runs = session.runs
        traces = [self._runs.trace(a), self._runs.trace(b)]
        if not all(trace.finished for trace in traces):
            raise EngineProblem(m.Problem("usage", "A run that goes on is not compared", "Wait until it is over."))
        if any(trace.is_dry for trace in traces):
            title = "A run without values has nothing to compare"
            raise EngineProblem(m.Problem("usage", title, "f runs forward with values."))
        self.traces = (traces[0], traces[1])
        self.pairs: list[Pair] = aligned_calls(traces[0].calls, traces[1].calls)
        both = [(x, y) for x, y in self.pairs if x is not None and y is not None]
        self._others = dict(both) | {y: x for x, y in both}
        self.both = len(both)
        """How many calls both runs made."""
        rows = [y or x for x, y in self.pairs]
        of_a = frozenset(x for x, y in self.pairs if x is not None and y is None)
        self.merged = MergedRuns(traces[1], [row for row in rows if row is not None], of_a)
        self._returned_by = {
            call: module for trace in traces for module in reversed(trace.calls) for call in module.returned
        }
        """The innermost module that returned what a call did."""
        self._read = 0
        """How many pairs are compared."""

    def call(self, run: int, index: int) -> Call | None:
        """Return the call of a row of one of both runs; None where it has none such."""
        calls = self._runs.trace(run).calls
        return calls[index] if index < len(calls) else None

    def other(self, run: int, index: int) -> Call | None:
        """Return the call of the other run that stands beside one of `run`; None where there is none."""
        call = self.call(run, index)
        return None if call is None else self._others.get(call)

    def place_beside(self, place: m.CallTensor) -> m.CallTensor | None:
        """Return the same tensor of the other run; None where that has no such call."""
        if place.run not in (self.a, self.b):
            return None
        other = self.other(place.run, place.call)
        run = self.b if place.run == self.a else self.a
        return None if other is None else m.CallTensor(run=run, call=other.index, side=place.side, number=place.number)

    # -- reading
    def read(self, should_cancel: Callable[[], bool], on_progress: Callable[[int, int], None]) -> None:
        """Compare the calls that are not compared yet.

        Raises:
            Cancelled: `should_cancel` returned true; what is known by then stays.
        """

        def read(size: int) -> None:
            if should_cancel():
                raise Cancelled

        with Workers() as workers:

            def against(x: Comparable, y: Comparable) -> Difference:
                return compare(x, y, Tolerance(), workers, read)

            while self._read < len(self.pairs):
                read(0)
                pair = self.pairs[self._read]
                call = pair[1] or pair[0]
                assert call is not None
                self.merged.take(call, call_difference(pair, against, self._relative_of))
                self._read += 1
                on_progress(self._read, len(self.pairs))
        self._find_first()
        self.merged.finished = True

    def _find_first(self) -> None:
        calls = self.merged.calls
        found = first_that_differs(calls, lambda at: _differs(calls[at]))
        self.merged.first = None if found is None else calls[found]
        self.merged.version += 1

    def _relative_of(self, call: Call) -> float | None:
        """Return the relative difference of what a call returned, or of the module that returned that."""
        found = call.difference
        if found is not None and found.relative is not None:
            return found.relative
        module = self._returned_by.get(call)
        return None if module is None or module.difference is None else module.difference.relative

    def forget(self) -> None:
        """Take away what was found out."""
        self.merged.forget()

    # -- what came of it
    def result(self) -> m.CallDifferencesRead:
        """Return the result in words."""
        calls = self.merged.calls
        first, differing = self.merged.first, [call for call in calls if _differs(call)]
        if first is None:
            details = _lines(self._largest(), self._unread())
            return m.CallDifferencesRead(text=self._all_alike(), details=details, unread=self._count_unread())
        of_a = self._others.get(first) is None and first in set(self.traces[0].calls)
        found = first.difference
        assert found is not None
        rest = len(differing) - 1
        text = f"first difference: #{first.index} {_named(first)}{' of A' * of_a}: {measure_text(found)}"
        behind = f"{amount(rest, 'other call')} differ{'s' if rest == 1 else ''}" if rest else "no other call differs"
        curve = self.merged.curve()
        goes_on = f"relative, call by call: {curve}  (█ is {self.merged.largest:.3g}, logarithmic)" if curve else ""
        details = _lines(*self._why(first), behind, goes_on, self._largest(), self._unread())
        return m.CallDifferencesRead(
            text=text,
            details=details,
            differing=len(differing),
            unread=self._count_unread(),
            curve=curve,
            first=max(first.index, 0),
            of_a=of_a,
        )

    def _count_unread(self) -> int:
        differences = (call.difference for call in self.merged.calls)
        return sum(each is not None and each.status == "unreadable" for each in differences)

    def _all_alike(self) -> str:
        found = [call.difference for call in self.merged.calls if call.difference is not None]
        counts = {
            "equal": sum(each.status == "equal" for each in found),
            "close": sum(each.status == "close" for each in found),
            "as close as its dtype rounds": sum(each.status == "dtype" for each in found),
            "alike by a sample and statistics": sum(each.status == "alike" for each in found),
        }
        parts = [f"{count:,} {what}" for what, count in counts.items() if count]
        return f"no call differs: {', '.join(parts) or 'none could be compared'}"

    def _largest(self) -> str:
        """Return which call differs most, in a few words; empty where no number says it."""
        known = [call for call in self.merged.calls if call.difference is not None and call.difference.relative]
        if not known:
            return ""
        call = max(known, key=lambda each: each.difference.relative or 0.0 if each.difference is not None else 0.0)
        assert call.difference is not None
        return f"the largest difference: #{call.index} {_named(call)}, relative {call.difference.relative:.3g}"

    def _unread(self) -> str:
        found = [call.difference for call in self.merged.calls if call.difference is not None]
        in_part, unread = sum(each.by_statistics or each.sampled for each in found), self._count_unread()
        parts = [
            f"{amount(in_part, 'call')} by a sample and statistics: a run keeps copies up to {size_text(BUDGET)}",
            f"{amount(unread, 'call')} could not be compared",
        ]
        return "; ".join(part for part, count in zip(parts, (in_part, unread), strict=True) if count)

    def _why(self, first: Call) -> list[str]:
        """Return what is known of why a call differs."""
        other = self._others.get(first)
        if other is None:
            return []
        lines = []
        given = self.given(other, first)
        if given is not None:
            lines.append(given.sentence)
        if changed := self.changed_text(first):
            lines.append(f"it reads {changed}")
        mine, theirs = self.modes(other, first)
        if mine != theirs:
            lines.append(f"its mode: {mine or 'as usual'} in A, {theirs or 'as usual'} in B")
        return lines

    def changed_text(self, call: Call) -> str:
        """Return which of the tensors that a call reads changed between both runs, in words; empty for none."""
        changed = self._runs.changed_between(self.a, self.b)
        read = [path for path in call.tensors if path in changed]
        more = f" and {len(read) - NAMED:,} more" if len(read) > NAMED else ""
        return f"{', '.join(read[:NAMED])}{more}, which changed in between" if read else ""

    def modes(self, a: Call, b: Call) -> tuple[str, str]:
        """Return the mode of a call in both runs, in words."""
        from ..run.trace.call_mode import mode_text

        return mode_text(self.traces[0].calls, a.index), mode_text(self.traces[1].calls, b.index)

    def given(self, a: Call, b: Call) -> Given | None:
        """Return what a call was given in both runs; None where that is not known."""
        if a.captured is None or b.captured is None:
            return None
        with Workers(1) as workers:

            def against(x: Comparable, y: Comparable) -> Difference:
                return compare(x, y, Tolerance(), workers, lambda size: None)

            found = given_of(a, b, against)
        if found is not None:
            return found
        read = [each.row_of().difference for each in b.producers]
        known = [each for each in read if each is not None and each.status]
        if b.reads_input or not read or len(known) < len(read):
            return None
        if any(each.differs for each in known):
            return Given(True)
        close = max((each.relative or 0.0 for each in known if each.status != "alike"), default=0.0)
        is_sampled = any(each.status == "alike" for each in known)
        return Given(False, f"relative {close:.3g}" if close else "", BY_SAMPLES if is_sampled else "")

    def note(self) -> str:
        """Return what else is not the same in both: random numbers."""
        notes = [self._runs.notes.get(run) for run in (self.a, self.b)]
        if not all(note is not None and note.random is not None for note in notes):
            return ""
        a, b = notes
        assert a is not None
        assert b is not None
        if (a.drew or b.drew) and not is_same_random(a.random, b.random):
            return "they drew other random numbers"
        return ""


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _differs(call: Call) -> bool:
    return call.difference is not None and call.difference.differs


def _named(call: Call) -> str:
    return f"{call.op} {call.module}".rstrip()


def measure_text(found: m.CallDifference) -> str:
    """Return in a few words how much a call differs."""
    if found.status in ("only_a", "only_b"):
        return f"only in {found.status[-1].upper()}"
    parts = [
        found.text,
        "" if found.relative is None else f"relative {found.relative:.3g}",
        "" if found.max_abs is None else f"max {found.max_abs:.3g}",
        "" if found.index is None else f"at {list(found.index)}",
        f"{found.nonfinite:,} NaN or infinite" if found.nonfinite else "",
    ]
    return ", ".join(filter(None, parts)) or found.status


# -- what the handlers ask


def compare_runs(session: Session, a: int, b: int) -> m.RunsCompared:
    """Compare two runs of the open network from now on; return which they are.

    Raises:
        EngineProblem: one of them is no longer kept, goes on, or has no values.
    """
    with gc_paused():
        made = RunComparison(session, a, b)
    with session.lock:
        session.runs.end_comparison()
        session.runs.comparison = made
    return m.RunsCompared(
        a=a,
        b=b,
        title_a=title_of(session, a),
        title_b=title_of(session, b),
        rows=len(made.pairs),
        both=made.both,
        note=made.note(),
    )


def read_call_differences(session: Session, context: WorkContext) -> m.CallDifferencesRead:
    """Compare what is not compared yet; return the result.

    Raises:
        EngineProblem: nothing is compared.
        Cancelled: the request was cancelled, or something else is compared by now.
    """
    made = comparison_of(session)
    reported = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal reported
        if (now := time.monotonic()) >= reported + REPORT_SECONDS:
            reported = now
            context.progress("comparing calls", done / total)

    made.read(lambda: context.cancelled() or session.runs.comparison is not made, on_progress)
    return made.result()


def comparison_of(session: Session, a: int | None = None, b: int | None = None) -> RunComparison:
    """Return what is compared; raise EngineProblem, of kind `gone`, where nothing is, or other runs are."""
    made = session.runs.comparison
    if made is None or (a is not None and (made.a, made.b) != (a, b)):
        raise EngineProblem(m.Problem("gone", "No runs are compared", "In Calls, D compares with another run."))
    return made


def title_of(session: Session, run: int) -> str:
    """Return a run in a few words: its number, what it is, and the name that it is kept under."""
    notes = session.runs.notes[run]
    mode = ", ".join(session.runs.trace(run).mode.words)
    what = notes.title or (f"in {mode}" if mode else "")
    return " ".join(filter(None, [f"run {run}", f"“{notes.name}”" if notes.name else "", what]))
