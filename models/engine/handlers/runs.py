"""Statements, forward, backward, undo, the calls of a run, completion."""

from __future__ import annotations

from ... import messages as m
from ...messages.errors import EngineProblem
from ...messages.page import clamp
from ...session.session import Session
from ..registry import Context, handles


@handles(m.Execute, lane="main", busy="running")
def execute(session: Session, request: m.Execute, context: Context) -> m.Executed:
    from ...session.statement import run_statement

    return run_statement(session, request.text)


@handles(m.Forward, lane="main", busy="forward")
def forward(session: Session, request: m.Forward, context: Context) -> m.Ran:
    from ...session.passes import forward_pass

    return forward_pass(session)


@handles(m.Backward, lane="main", busy="backward")
def backward(session: Session, request: m.Backward, context: Context) -> m.Ran:
    from ...session.passes import backward_pass

    return backward_pass(session)


@handles(m.ZeroGradients, lane="main")
def zero_gradients(session: Session, request: m.ZeroGradients, context: Context) -> m.Done:
    from ...session.undoing import clear_gradients

    return m.Done(text=clear_gradients(session))


@handles(m.Undo, lane="main")
def undo(session: Session, request: m.Undo, context: Context) -> m.Done:
    from ...session.undoing import undo_last

    return m.Done(text=undo_last(session))


@handles(m.CallRows, lane="query")
def call_rows(session: Session, request: m.CallRows, context: Context) -> m.CallPage:
    trace = session.runs.get(request.run)
    if trace is None:
        raise EngineProblem(m.Problem("gone", f"The calls of run {request.run} are no longer kept"))
    start, count = clamp(request.start, request.count)
    total, complete, rows = trace.page(start, count)
    return m.CallPage(run=request.run, total=total, start=start, complete=complete, rows=rows)


@handles(m.Complete, lane="query")
def complete(session: Session, request: m.Complete, context: Context) -> m.Completions:
    from ...checkpoint.completion import complete_key

    found = complete_key(request.text, request.cursor, session.namespace) if session.is_checkpoint else None
    if found is not None:
        return found
    from ...run.completion import complete as completions

    return completions(request.text, request.cursor, session.namespace)
