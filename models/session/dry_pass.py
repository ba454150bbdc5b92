"""A forward of the open model without values: shapes and costs, nothing computed or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import CallsGrew, Problem, Ran
from ..run.dry.dry_run import run_dry
from ..run.forward import describe_output
from .costs import costs_text
from .passes import arguments_now
from .statement import new_trace

if TYPE_CHECKING:
    from .session import Session

NAMED = 3
"""Operations that are not counted, as many are named."""


def dry_pass(session: Session) -> Ran:
    """Run the network without values on the input that the console has now, and keep the calls as a new run.

    What the network raises is `Ran.problem`; so is what stands in the way of a run without values.

    Raises:
        EngineProblem: nothing is open, or a checkpoint.
    """
    model = session.live
    arguments, mode = arguments_now(session), session.inputs.mode
    trace = new_trace(session)
    run = session.runs.last
    result, reason = run_dry(lambda: arguments, model.tree, trace, mode)
    if reason is not None:
        trace.failed = None  # not the network's failure
    trace.finish()
    session.emit(CallsGrew(run=run, total=len(trace), complete=True))
    if reason is not None:
        problem = Problem(
            "usage", "This forward needs values", f"{reason[:1].upper()}{reason[1:]}. f runs it with them."
        )
        return Ran(run=run, problem=problem, seconds=result.seconds)
    if result.problem is not None:
        return Ran(run=run, problem=result.problem, seconds=result.seconds)
    missing = list(trace.not_counted)
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    lines = [
        f"without values: {describe_output(result.output)}",
        costs_text(trace.totals()),
        f"run in {', '.join(mode.words)}" if mode.words else "",
        f"not counted: {', '.join(missing[:NAMED])}{more}" if missing else "",
    ]
    return Ran(run=run, text="\n".join(filter(None, lines)), seconds=result.seconds)
