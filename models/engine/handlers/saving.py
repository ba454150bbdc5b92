"""The tensors of what is open, written to a new file."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.PlanSave, lane="main", busy="looking at what is to be saved")
def plan_save(session: Session, request: m.PlanSave, context: Context) -> m.SavePlan:
    """Return what a file would hold; in the main lane, as a network's `state_dict` may be the user's own.

    Raises:
        EngineProblem: nothing is open, or it could not be written so.
    """
    from ...session.saving import plan_save

    return plan_save(session, request.options)


@handles(m.SaveTensors, lane="main", busy="saving")
def save_tensors(session: Session, request: m.SaveTensors, context: Context) -> m.Saved:
    """Write the file.

    Raises:
        EngineProblem: nothing is open, something is there already, or it cannot be written.
    """
    from ...session.saving import save_tensors

    return save_tensors(session, request.options, on_progress=context.progress)
