"""Forward and backward of the open model, as the keys `f` and `b` and the headless `run` do them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.messages import CallsGrew, Ran
from .backward import run_backward
from .forward import describe_output, run_forward
from .statement import new_trace

if TYPE_CHECKING:
    from ..session import Session


def forward_pass(session: Session) -> Ran:
    """Run the network on `X` (as the console has it now) and keep the calls as a new run.

    Raises:
        EngineProblem: nothing is open.
    """
    model = session.model
    args, kwargs = session.arguments
    if args and "X" in session.namespace:
        args = (session.namespace["X"], *args[1:])
    trace = new_trace(session)
    run = session.last_run
    session.before("forward")
    result = run_forward(model.outline.root, args, kwargs, model.outline, trace)
    session.emit(CallsGrew(run=run, total=len(trace), complete=True))
    if result.problem is None:
        session.result = session.namespace["output"] = result.output
    changed = session.after()
    text = "" if result.problem else describe_output(result.output)
    return Ran(run=run, text=text, problem=result.problem, changed=changed[:1000], seconds=result.seconds)


def backward_pass(session: Session) -> Ran:
    """Backward from the last result; a result that is no scalar is summed first.

    Raises:
        EngineProblem: nothing is open.
    """
    session.model  # noqa: B018  (raises when nothing is open)
    session.before("backward")
    result = run_backward(session.result)
    changed = session.after()
    return Ran(run=None, text=result.text, problem=result.problem, changed=changed[:1000], seconds=result.seconds)
