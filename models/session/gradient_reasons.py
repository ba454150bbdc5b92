"""What the panes show of gradients beside numbers: why one is missing or zero, as the last backward found it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from ..messages import Cells, GradientPage, HeatCells, StatisticsOf

if TYPE_CHECKING:
    from ..run.trace.went_back import Reason
    from .session import Session

WORDS = {
    "frozen": "frozen",
    "unread": "read by no call",
    "dropped": "result not used",
    "detached": "detached",
    "no_grad": "no_grad",
    "not_differentiable": "no derivative",
    "replaced": "replaced",
    "unregistered": "not registered",
    "unknown": "not known",
    "zero": "exactly 0",
}
"""The causes for a user."""
Numbers = TypeVar("Numbers", Cells, HeatCells, StatisticsOf)


def with_reasons(session: Session, page: GradientPage) -> GradientPage:
    """Return a page of norms with the reason of each gradient that is missing, where others are there, or zero."""
    reasons = _reasons(session)
    if not reasons or page.passing:
        return page
    rows = []
    for row in page.rows:
        reason = reasons.get(row.path)
        if reason is not None and row.state == ("zero" if reason.cause == "zero" else "unreached"):
            row = msgspec.structs.replace(
                row, cause=WORDS[reason.cause], reason=reason.text, where=reason.where, call=reason.row
            )
        rows.append(row)
    return msgspec.structs.replace(page, rows=rows)


def with_reason(session: Session, found: Numbers) -> Numbers:
    """Return what was read of a tensor with the reason of its gradient, if that is missing."""
    if found.of != "gradient" or found.absence != "none" or not isinstance(found.path, str):
        return found
    reason = _reasons(session).get(found.path)
    if reason is None or reason.cause in ("zero", "frozen"):
        return found
    from ..live.gradients import UNREACHED

    if found.reason != UNREACHED:
        return found  # there is none yet
    return msgspec.structs.replace(found, reason=f"no gradient (None): {reason.text}")


def _reasons(session: Session) -> dict[str, Reason]:
    trace = session.runs.newest
    return {} if trace is None or trace.went_back is None else trace.went_back.reasons
