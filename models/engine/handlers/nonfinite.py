"""Where the next NaN or infinity of a tensor stands."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.NextNonfinite, lane="slow")
def next_nonfinite(session: Session, request: m.NextNonfinite, context: Context) -> m.Nonfinite:
    return session.model.next_nonfinite(request, context)
