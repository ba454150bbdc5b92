"""What the interface is sent while a run records calls: how many there are, and at first the calls themselves."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..messages import CallRows, CallsGrew
from ..messages.limits import LONGEST_PAGE

if TYPE_CHECKING:
    from ..run.trace.tracing import Trace
    from .session import Session


class CallReports:
    """Emits `CallsGrew` as a trace grows; that all of it is known is reported by whoever made the run.

    Args:
        session: which emits them.
        trace: what is recorded.
        run: its number.
    """

    def __init__(self, session: Session, trace: Trace, run: int) -> None:
        self._session = session
        self._trace = trace
        self._run = run
        self._begun = False

    def __call__(self, total: int) -> None:
        """Report that there are `total` rows by now, and whether an interrupt ended them."""
        trace, run = self._trace, self._run
        if trace.interrupted and trace.finished:
            return  # it was reported
        page = None
        if total and not self._begun:
            from ..run.listing.call_list import list_of

            self._begun = True
            with suppress(Exception):  # the run goes on, and the page is asked for
                page = list_of(trace).page(CallRows(run=run, start=0, count=LONGEST_PAGE))
        # That it was interrupted is said before all that is found out about the run, and what it changed.
        self._session.emit(CallsGrew(run=run, total=total, interrupted=trace.interrupted, page=page))
