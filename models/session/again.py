"""Running the last forward again, to keep the tensors of one of its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import CallTensor, Done, Problem
from ..messages.errors import EngineProblem
from .calls import trace_of

if TYPE_CHECKING:
    from .session import Session

BY_STATEMENT = "A statement made this run, which may do more than run forward. f runs forward."


def keep_call(session: Session, place: CallTensor) -> Done:
    """Run the last forward again from where it started, and keep the tensors of one of its calls; say how that went.

    Everything is afterwards as it was before.

    Raises:
        EngineProblem: it cannot be run again, with the reason, or failed this time; `gone` for another run than the
            newest.
    """
    from ..run.again import keep_by_running_again

    trace = trace_of(session, place)
    repeatable = session.runs.repeatable
    if place.run != session.runs.last or trace.captures is None:
        raise EngineProblem(Problem("gone", f"Run {place.run} is over: only the last one can be run again"))
    if repeatable is None or repeatable.run != place.run:
        raise EngineProblem(Problem("usage", "This run cannot be run again", BY_STATEMENT))
    if why := repeatable.state.why_not():
        raise EngineProblem(Problem("usage", f"This run cannot be run again: {why}", "f runs forward as it is now."))
    session.begin_change("running again")
    try:
        text, problem = keep_by_running_again(repeatable, trace, place.call, session.live.tree)
    finally:
        if changed := session.watch().end(session.present_tree()):  # what could not be put back
            session.report_changes(changed, gradients=False)
    if problem is not None:
        raise EngineProblem(problem)
    return Done(text=text)
