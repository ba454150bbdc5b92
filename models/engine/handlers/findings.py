"""What is remarkable about what is open and its last run."""

from __future__ import annotations

import time

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles

PATIENCE = 0.3
"""Seconds before the first report of how far it is."""
PAUSE = 0.1
"""Seconds between two of them."""


class Seldom:
    """Reports how far the looking is, if it takes long, and not at each tensor."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._next = time.monotonic() + PATIENCE

    def __call__(self, done: float) -> None:
        """Take in the fraction done."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PAUSE
            self._context.progress("findings", done)


@handles(m.ReadFindings, lane="background")
def read_findings(session: Session, request: m.ReadFindings, context: Context) -> m.FoundFindings:
    """Return what is remarkable, the most serious first."""
    from ...session.findings import read_findings

    return read_findings(session, context.cancelled, Seldom(context))
