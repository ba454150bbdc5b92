"""Statements, forward, backward, undo, the calls of a run, completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles

if TYPE_CHECKING:
    from ...run.listing.call_list import CallList


@handles(m.Execute, lane="main", busy="running")
def execute(session: Session, request: m.Execute, context: Context) -> m.Executed:
    """Run a statement or block in the console's namespace; what it raises is part of the answer."""
    from ...session.statement import run_statement

    return run_statement(session, request.text, about=request.about)


@handles(m.Forward, lane="main", busy="forward")
def forward(session: Session, request: m.Forward, context: Context) -> m.Ran:
    """Run the network on its input; what it raises is part of the answer."""
    if request.dry:
        from ...session.dry_pass import dry_pass

        return dry_pass(session)
    from ...session.passes import forward_pass

    return forward_pass(session)


@handles(m.ReadInputs, lane="query")
def read_inputs(session: Session, request: m.ReadInputs, context: Context) -> m.InputFields:
    """Return the arguments of the network's forward, with what they are now."""
    from ...session.inputs import read_inputs

    return read_inputs(session)


@handles(m.SetInputs, lane="main", busy="making inputs")
def set_inputs(session: Session, request: m.SetInputs, context: Context) -> m.InputsSet:
    """Make what a form says the inputs of the next forward; an error of a field is part of the answer."""
    from ...session.inputs import set_inputs

    return set_inputs(session, request.texts, request.mode)


@handles(m.Backward, lane="main", busy="backward")
def backward(session: Session, request: m.Backward, context: Context) -> m.Ran:
    """Go backward from the result of the last forward run; what stands in the way is part of the answer."""
    from ...session.passes import backward_pass

    return backward_pass(session)


@handles(m.ZeroGradients, lane="main")
def zero_gradients(session: Session, request: m.ZeroGradients, context: Context) -> m.Done:
    """Set every gradient to None, which `Undo` takes back, and answer in one line."""
    from ...session.undoing import clear_gradients

    return m.Done(text=clear_gradients(session))


@handles(m.Undo, lane="main")
def undo(session: Session, request: m.Undo, context: Context) -> m.Done:
    """Take back the last change, or do it again, and return what that was in one line."""
    from ...session.undoing import undo_last

    return m.Done(text=undo_last(session, again=request.again))


@handles(m.KeepCall, lane="main", busy="running again")
def keep_call(session: Session, request: m.KeepCall, context: Context) -> m.Done:
    """Run the last forward again to keep the tensors of a call, and answer in one line.

    Raises:
        EngineProblem: it cannot be run again, or failed.
    """
    from ...session.again import keep_call

    return keep_call(session, request.call)


@handles(m.CallRows, lane="query")
def call_rows(session: Session, request: m.CallRows, context: Context) -> m.CallPage:
    """Return one page of a run's calls, also while it goes on.

    Raises:
        EngineProblem: the run is no longer kept, of kind `gone`; the query cannot be read, of kind `usage`.
    """
    return _list(session, request.run, request.against).page(request)


@handles(m.FindCall, lane="query")
def find_call(session: Session, request: m.FindCall, context: Context) -> m.FoundCall:
    """Return where in the outline of a run one of its calls is.

    Raises:
        EngineProblem: the run is no longer kept, of kind `gone`.
    """
    return _list(session, request.run, request.against).find(request)


@handles(m.NextCall, lane="query")
def next_call(session: Session, request: m.NextCall, context: Context) -> m.CallPlace:
    """Return the next row of a run that calls a module or reads a tensor.

    Raises:
        EngineProblem: the run is no longer kept, of kind `gone`.
    """
    trace = session.runs.trace(request.run)
    found = trace.uses_of(request.path)
    if not found:
        return m.CallPlace(run=request.run, index=None)
    number = next((number for number, index in enumerate(found) if index > request.after), 0)
    return m.CallPlace(run=request.run, index=found[number], number=number + 1, count=len(found))


@handles(m.NextCallHit, lane="query")
def next_call_hit(session: Session, request: m.NextCallHit, context: Context) -> m.CallPlace:
    """Return the next row of a run that matches a query.

    Raises:
        EngineProblem: the run is no longer kept, of kind `gone`; the query cannot be read, of kind `usage`.
    """
    return _list(session, request.run, request.against).next_hit(request)


def _list(session: Session, run: int, against: int | None) -> CallList:
    """Return the calls of a run, or of it and the one that it is compared with."""
    from ...run.listing.call_list import list_of

    if against is None:
        return list_of(session.runs.trace(run))
    from ...session.run_comparison import comparison_of

    return list_of(comparison_of(session, against, run).merged)


@handles(m.Complete, lane="query")
def complete(session: Session, request: m.Complete, context: Context) -> m.Completions:
    """Return completions of the console's text: keys of a checkpoint's tensors, else names, attributes and keys."""
    from ...checkpoint.completion import complete_key

    found = complete_key(request.text, request.cursor, session.namespace) if session.is_checkpoint else None
    if found is not None:
        return found
    from ...run.console.completion import complete as completions

    return completions(request.text, request.cursor, session.namespace)
