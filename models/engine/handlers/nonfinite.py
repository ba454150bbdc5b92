"""Handler of the search for the next NaN or infinity of a tensor."""

from __future__ import annotations

from ... import messages as m
from ...session.calls import number_answers_at
from ...session.session import Session
from ..registry import Context, handles


@handles(m.NextNonfinite, lane="slow")
def next_nonfinite(session: Session, request: m.NextNonfinite, context: Context) -> m.Nonfinite:
    """Return where the next NaN or infinity of a tensor is."""
    return number_answers_at(session, request.path, request.of).next_nonfinite(request, context)
