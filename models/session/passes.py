"""Forward and backward of the open model, as the keys `f` and `b` and the headless `run` do them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ..messages import CallsGrew, Ran
from ..run.backward import run_backward
from ..run.forward import describe_output, run_forward
from ..run.inputs import takes_input
from .statement import new_trace

if TYPE_CHECKING:
    from .session import Session

NO_INPUT = (
    "No input is known for this network. In the console, say X = torch.rand(2, 20) or what it takes; then run again."
)


def forward_pass(session: Session) -> Ran:
    """Run the network on `X` (and `args`, `kwargs`, as the console has them now) and keep the calls as a new run.

    Raises:
        EngineProblem: nothing is open.
    """
    model = session.live
    args, kwargs = _arguments(session)
    trace = new_trace(session)
    run = session.last_run
    session.before("forward")
    result = run_forward(model.outline.root, args, kwargs, model.outline, trace)
    session.emit(CallsGrew(run=run, total=len(trace), complete=True))
    if result.problem is None:
        session.result = session.namespace["output"] = result.output
    changed = session.after()
    problem = result.problem
    if problem is not None and not args and not kwargs and not session.input_text:
        problem = msgspec.structs.replace(problem, text=f"{NO_INPUT}\n{problem.text}")
    text = "" if problem else describe_output(result.output)
    return Ran(run=run, text=text, problem=problem, changed=changed[:1000], seconds=result.seconds)


def _arguments(session: Session) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the console's `args` and `kwargs` are bound to now; a new `X` takes the first place."""
    first, names = session.arguments, session.namespace
    args = tuple(names["args"]) if isinstance(names.get("args"), (tuple, list)) else first[0]
    kwargs = names["kwargs"] if isinstance(names.get("kwargs"), dict) else first[1]
    if "X" not in names or (first[0] and names["X"] is first[0][0]):
        return args, kwargs
    if args or (not kwargs and takes_input(session.root)):
        args = (names["X"], *args[1:])
    return args, kwargs


def backward_pass(session: Session) -> Ran:
    """Backward from the last result; a result that is no scalar is summed first.

    Raises:
        EngineProblem: nothing is open.
    """
    session.live  # noqa: B018  (raises when nothing is open)
    session.before("backward")
    result = run_backward(session.result)
    changed = session.after()
    return Ran(run=None, text=result.text, problem=result.problem, changed=changed[:1000], seconds=result.seconds)
