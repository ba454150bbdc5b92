"""One statement of the console, run on an open model: what it gave, what it changed, which calls it made."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from ..messages import CallsGrew, Executed
from ..run.loaded_torch import loaded_torch
from ..work.parsing import parsed

if TYPE_CHECKING:
    from ..run.trace import Trace
    from .session import Session


def run_statement(session: Session, text: str, *, single: bool = False) -> Executed:
    """Run `text` in the console's namespace.  A statement that calls the network by name is traced as a run.

    With `single` the text must be one statement, as at Python's own prompt.

    Raises:
        EngineProblem: nothing is open.
    """
    session.model  # noqa: B018  (raises when nothing is open)
    interpreter = session.interpreter
    session.before(text)
    run: int | None = None
    trace: Trace | None = None
    around: Callable[[], AbstractContextManager[None]] = nullcontext
    if not session.is_checkpoint and calls_network(text, session.namespace, session.root):
        from ..run.trace import tracing

        trace = new_trace(session)
        run = session.last_run
        around = partial(tracing, session.root, session.live.outline, trace)
    started = time.perf_counter()
    outcome = interpreter.run(text, single=single, around=around)
    seconds = time.perf_counter() - started
    if trace is not None and run is not None:
        session.emit(CallsGrew(run=run, total=len(trace), complete=True))
    if _reaches_back(outcome.value):
        session.result = outcome.value
    changed = session.after()
    problem = outcome.problem
    if problem is not None and outcome.raised is not None:
        problem = msgspec.structs.replace(problem, type=outcome.raised.type, message=outcome.raised.message)
    return Executed(value=outcome.value_repr, problem=problem, changed=changed[:1000], seconds=seconds, run=run)


def new_trace(session: Session) -> Trace:
    """An empty trace, kept as the session's newest run, that tells as it grows."""
    from ..run.trace import Trace

    trace = Trace()
    run = session.keep_run(trace)
    trace.on_grow = lambda total: session.emit(CallsGrew(run=run, total=total))
    return trace


def calls_network(text: str, namespace: dict[str, Any], root: object) -> bool:
    """Whether the statement calls the open network by one of its names, outside any loop or function.

    A training loop is left alone: recording each of its steps would slow it down and show the last one only.
    """
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError, SystemError):  # running it will tell
        return False
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.For, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and namespace.get(node.func.id) is root:
            return True
        pending.extend(ast.iter_child_nodes(node))
    return False


def _reaches_back(value: object) -> bool:
    torch = loaded_torch()
    return torch is not None and isinstance(value, torch.Tensor) and value.grad_fn is not None
