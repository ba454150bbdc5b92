"""One statement of the console, run on an open model: its value, what it changed, which calls it made."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from ..messages import CallsGrew, Executed
from ..run.console.loaded_torch import loaded_torch
from ..work.parsing import parse_python
from .call_reports import CallReports

if TYPE_CHECKING:
    from ..messages import Problem
    from ..run.console.interpreter import StatementOutcome
    from ..run.gradients.meanwhile import WatchedBackward
    from ..run.trace.tracing import Trace
    from .session import Session

LOOKED_AT = 16
"""Tensors of a value that a statement names which are looked for in the run before."""


def run_statement(session: Session, text: str, *, single: bool = False, about: Sequence[str] = ()) -> Executed:
    """Run `text` in the console's namespace; return its value as text, an error if it raised, and what it changed.

    A statement that calls the network by name is traced as a run.  With `single` the text must be one statement, as at
    Python's own prompt.  `about` are paths of tensors that it is known to change.

    Raises:
        EngineProblem: nothing is open.
    """
    session.model  # noqa: B018  (raises when nothing is open)
    interpreter = session.interpreter
    session.begin_change(text, about, names=True)
    run: int | None = None
    trace: Trace | None = None
    behind: Trace | None = None
    around: Callable[[], AbstractContextManager[None]] = nullcontext
    if not session.is_checkpoint and calls_network(text, session.namespace, session.root):
        trace = new_trace(session)
        run = session.runs.last
        around = partial(_explained_tracing, session, trace)
    elif (behind := _run_that_is_read(session, text)) is not None:
        around = partial(_looking_behind, session, behind)
    watched = _watched_backward(session, text)
    started = time.perf_counter()
    with _noted_training(session), nullcontext() if watched is None else watched as backward:
        outcome = interpreter.run(text, single=single, around=around)
    seconds = time.perf_counter() - started
    _note(session, text, outcome)
    if trace is not None and run is not None:
        session.emit(CallsGrew(run=run, total=len(trace), complete=True))
    elif watched is not None and session.runs.newest is not None:
        session.emit(CallsGrew(run=session.runs.last, total=len(session.runs.newest), complete=True))
    if _has_graph(outcome.value):
        session.result = outcome.value
    changed = session.end_change()
    effects, lasting = session.effects()
    problem = _problem(outcome, trace, backward, behind)
    return Executed(
        value=outcome.value_repr,
        problem=problem,
        changed=changed[:1000],
        effects=effects,
        lasting=lasting,
        seconds=seconds,
        run=run,
    )


def _note(session: Session, text: str, outcome: StatementOutcome) -> None:
    """Write into the journal what ran."""
    if session.undid:
        session.journal.remark(f"took back or did again, which left out what it undid: {text}")
    else:
        failed = "" if outcome.problem is None else outcome.problem.title
        session.journal.did(text, failed=failed, has_value=outcome.value_repr is not None)


@contextmanager
def _explained_tracing(session: Session, trace: Trace) -> Iterator[None]:
    """Record into `trace` what the open network does, and why it fails."""
    from ..run.failures.hints import explaining
    from ..run.trace.tracing import tracing

    tree = session.live.tree
    with explaining(trace, tree), tracing(session.root, tree, trace):
        yield


def _run_that_is_read(session: Session, text: str) -> Trace | None:
    """Return the newest run where a statement names a tensor that this gave, outside any loop; else None."""
    trace = None if session.is_checkpoint else session.runs.newest
    made_by = None if trace is None else trace.made_by
    if trace is None or made_by is None or trace.recorder is None or not trace.finished or trace.failed is not None:
        return None
    from ..run.trace.shapes import tensors_in

    for name in _names(text):
        value = session.namespace.get(name)
        if value is not session.root and any(map(made_by, islice(tensors_in(value), LOOKED_AT))):
            return trace
    return None


@contextmanager
def _looking_behind(session: Session, trace: Trace) -> Iterator[None]:
    """Look at what a statement does with the result of a run: at a loss, and why it fails."""
    from ..run.failures.hints import explaining

    assert trace.recorder is not None
    trace.failed_outside, trace.hint = None, ""
    with explaining(trace, session.live.tree), trace.recorder:
        yield


def _problem(
    outcome: StatementOutcome, trace: Trace | None, backward: WatchedBackward | None, behind: Trace | None = None
) -> Problem | None:
    """Return what a statement raised, with why; a backward's reason stands in the run too, for its findings.

    Args:
        trace: the run that it made.
        backward: what became of those that it started.
        behind: the run whose result it read.
    """
    problem = outcome.problem
    if problem is None:
        return None
    if outcome.raised is not None:
        problem = msgspec.structs.replace(problem, type=outcome.raised.type, message=outcome.raised.message)
    hint = "" if trace is None else trace.hint
    if trace is None and behind is not None:
        hint = behind.hint
    # not where the statement went on behind it, to fail with another one
    if backward is not None and backward.hint and backward.error == (problem.type, problem.message):
        hint = backward.hint
        run = behind if trace is None else trace
        if run is not None:
            run.hint = hint
    return msgspec.structs.replace(problem, hint=hint) if hint else problem


def _watched_backward(session: Session, text: str) -> AbstractContextManager[WatchedBackward] | None:
    """Return what has the newest run know what a backward of this statement did; None where it starts none."""
    trace = None if session.is_checkpoint else session.runs.newest
    if trace is None or not any(isinstance(name, ast.Attribute) and name.attr == "backward" for name in _called(text)):
        return None
    from ..run.gradients.meanwhile import watching_backward

    return watching_backward(trace, session.present_tree)


def _noted_training(session: Session) -> AbstractContextManager[None]:
    """Return what notes what a statement does wrong in training."""
    if session.is_checkpoint:
        return nullcontext()
    from ..live.training_notes import noting_training

    notes = session.training_notes()
    notes.root = lambda: session.root if session.is_open else None
    return noting_training(notes)


def new_trace(session: Session) -> Trace:
    """Return an empty trace, kept as the session's newest run, that emits `CallsGrew` as it grows."""
    from ..run.trace.captured import Captures
    from ..run.trace.tracing import Trace

    trace = Trace(captures=Captures() if session.keeps_tensors else None)
    run = session.runs.keep(trace)
    trace.on_grow = CallReports(session, trace, run)
    return trace


def calls_network(text: str, namespace: dict[str, Any], root: object) -> bool:
    """Return whether the statement calls the open network by one of its names, outside any loop or function.

    A training loop is not traced: recording each of its steps would slow it down and show the last one only.
    """
    return any(isinstance(name, ast.Name) and namespace.get(name.id) is root for name in _called(text))


def _names(text: str) -> Iterator[str]:
    """Yield the names that a statement reads outside any loop or function; nothing where it is no Python."""
    yield from (node.id for node in _nodes(text) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _called(text: str) -> Iterator[ast.expr]:
    """Yield what a statement calls outside any loop or function; nothing where it is no Python."""
    yield from (node.func for node in _nodes(text) if isinstance(node, ast.Call))


def _nodes(text: str) -> Iterator[ast.AST]:
    """Yield the nodes of a statement outside any loop or function; nothing where it is no Python."""
    try:
        tree = parse_python(text)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError, SystemError):
        return  # running it reports the error
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.For, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))


def _has_graph(value: object) -> bool:
    """Return whether a tensor within `value` was computed from what requires a gradient."""
    torch = loaded_torch()
    if torch is None or value is None:
        return False
    if isinstance(value, torch.Tensor):
        return value.grad_fn is not None
    from ..run.start import tensors_of

    return any(found.tensor.grad_fn is not None for found in tensors_of(value))
