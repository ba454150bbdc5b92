"""Changes by key, planned as statements; snapshots."""

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


@handles(m.UseSnapshot, lane="main", busy="snapshot")
def use_snapshot(session: Session, request: m.UseSnapshot, context: Context) -> m.Done:
    """Make the network what it was at a snapshot, or forget one, and answer in one line.

    Raises:
        EngineProblem: there is none of that name, of kind `gone`.
    """
    if request.do == "restore":
        from ...session.snapshots import restore

        return m.Done(text=restore(session, request.name))
    session.snapshots.drop(request.name)
    return m.Done(text=f"snapshot {request.name} is forgotten")


@handles(m.TakeSteps, lane="main", busy=lambda request: f"{request.optimizer}: {request.count:,} steps")
def take_steps(session: Session, request: m.TakeSteps, context: Context) -> m.StepsTaken:
    """Take steps of an optimizer; what stands in the way on the way is part of the answer.

    Raises:
        EngineProblem: nothing can be trained, or a text says nothing that can be done, of kind `usage`.
    """
    session.live  # noqa: B018  (raises when nothing is open, or a checkpoint)
    from ...session.steps import take_steps

    return take_steps(session, request)
