"""Changes by key, planned as statements."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.PlanEdit, lane="query")
def plan_edit(session: Session, request: m.PlanEdit, context: Context) -> m.EditPlan:
    """Return the statement that does what is asked for; an error of a text is part of the answer.

    Raises:
        EngineProblem: it cannot be changed, of kind `usage`.
    """
    session.live  # noqa: B018  (raises when nothing is open, or a checkpoint, before torch is imported)
    from ...session.editing import plan_edit

    return plan_edit(session, request)
