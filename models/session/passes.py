"""Forward and backward of the open model, as the keys `f` and `b` and the headless `run` do them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ..messages import CallsGrew, Ran
from ..run.again import Repeatable
from ..run.backward import run_backward
from ..run.forward import describe_output, run_forward
from ..run.inputs.arguments import device_of
from ..run.inputs.inputs import as_arguments, takes_input
from ..run.inputs.run_mode import in_dtype
from ..run.replaced import replaced_parameters, replaced_text
from ..run.run_state import RunState
from .costs import costs_text
from .pass_code import backward_code, forward_code
from .statement import new_trace

if TYPE_CHECKING:
    from .session import Session

NO_INPUT = (
    "No input is known for this network. In the console, say X = torch.rand(2, 20) or what it takes; then run again. "
    "Or start with --input 2x20, NAME=2x20 or --inputs FILE.py:NAME."
)
"""Precedes the error of a forward pass without arguments."""
GUESSED = (
    "The input {} was a guess from {}. In the console, say X = torch.rand(2, 20) or what the network takes; then run "
    "again. Or start with --input 2x20 or --inputs FILE.py:NAME."
)
"""Precedes the error of a forward pass whose arguments were a guess."""


def forward_pass(session: Session) -> Ran:
    """Run the network on `X` (and `args`, `kwargs`, as the console has them now) and keep the calls as a new run.

    An error of the network is returned as `Ran.problem`.

    Raises:
        EngineProblem: nothing is open, or a checkpoint.
    """
    model = session.live
    mode = session.inputs.mode
    given, given_names = arguments_now(session)
    args, kwargs = in_dtype((given, given_names), mode)
    trace = new_trace(session)
    run = session.runs.last
    session.begin_change("forward")
    before = model.tree
    try:
        if session.keeps_tensors:
            session.runs.repeatable = Repeatable(run, before, RunState(before, args, kwargs), args, kwargs, mode)
    except BaseException:  # an interrupt, before the first call
        trace.finish()
        raise
    result = run_forward(before.root, args, kwargs, before, trace, mode=mode)
    session.runs.note_random(run)
    session.emit(CallsGrew(run=run, total=len(trace), complete=True))
    failed = "" if result.problem is None else result.problem.title
    code = forward_code(f"net({as_called(session, given, given_names)})", mode, device_of(before.root))
    session.journal.did(code, failed=failed)
    if result.problem is None:
        session.result = session.namespace["output"] = result.output
    changed = session.end_change()
    session.runs.note_written(run, changed)
    effects, lasting = session.effects()
    problem = result.problem
    if problem is not None and problem.kind == "model" and (first := _about_inputs(session, given, given_names)):
        problem = msgspec.structs.replace(problem, text=f"{first}\n{problem.text}")
    trace.problem = result.problem
    trace.replaced = replaced_parameters(before, session.live.tree, trace)
    parts = [] if problem else [describe_output(result.output), costs_text(trace.totals())]
    parts += [trace.warm_up, f"run in {', '.join(mode.words)}" if mode.words else "", replaced_text(trace.replaced)]
    return Ran(
        run=run,
        text="\n".join(filter(None, parts)),
        problem=problem,
        changed=changed[:1000],
        effects=effects,
        lasting=lasting,
        seconds=result.seconds,
    )


def _about_inputs(session: Session, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return what to say first of a forward that failed: that it had no input, or a guess; empty for another one."""
    inputs = session.inputs
    if not args and not kwargs and not inputs.text:
        return NO_INPUT
    if inputs.guessed_from and args is inputs.arguments[0]:
        return GUESSED.format(inputs.text, inputs.guessed_from)
    return ""


def as_called(session: Session, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return the arguments of a forward in the console's names."""
    if not kwargs and len(args) == 1 and args[0] is session.namespace.get("X"):
        return "X"
    return ", ".join(["*args"] * bool(args) + ["**kwargs"] * bool(kwargs))


def arguments_now(session: Session) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what the console's `args` and `kwargs` are bound to now; a new `X` replaces the first argument.

    New `inputs`, of a network that takes keywords alone, replace them all.
    """
    first, names = session.inputs.arguments, session.namespace
    if first[1] and not first[0] and names.get("inputs", first[1]) is not first[1]:
        return as_arguments(names["inputs"], session.root)
    args = tuple(names["args"]) if isinstance(names.get("args"), (tuple, list)) else first[0]
    kwargs = names["kwargs"] if isinstance(names.get("kwargs"), dict) else first[1]
    if "X" not in names or (first[0] and names["X"] is first[0][0]):
        return args, kwargs
    if args or (not kwargs and takes_input(session.root)):
        args = (names["X"], *args[1:])
    return args, kwargs


def backward_pass(session: Session) -> Ran:
    """Run backward from the last result, from its loss if it has one: see `start_of`.

    An error, or that there is no result, is returned as `Ran.problem`.

    Raises:
        EngineProblem: nothing is open, or a checkpoint.
    """
    session.live  # noqa: B018  (raises when nothing is open)
    session.begin_change("backward")
    trace = session.runs.newest
    result = run_backward(session.result, session.root, trace, session.live.tree)
    if trace is not None and result.watched:
        session.emit(CallsGrew(run=session.runs.last, total=len(trace), complete=True))
    problem = result.problem
    if problem is not None and result.start is None and trace is not None and (off := trace.mode.gradients):
        text = f"That run was under {off}, as its inputs say (I, --{off.replace('_', '-')}).\n{problem.text}"
        problem = msgspec.structs.replace(problem, text=text.rstrip())
    changed = session.end_change()
    name = next((name for name in ("output", "_") if session.namespace.get(name) is session.result), "")
    if result.start is not None and name:
        failed = "" if result.problem is None else result.problem.title
        session.journal.did(backward_code(result.start, name), failed=failed)
    elif result.start is not None:
        session.journal.remark("backward from a value above, which has no name any more")
    if trace is not None and (trace.failed is None or result.problem is None or result.problem.kind != "usage"):
        trace.problem = problem
    made = result.went_back.nonfinite
    effects, lasting = session.effects()
    parts = [result.text, "" if made is None else f"first {made['what']} of the gradients: {made['text']}", result.note]
    return Ran(
        run=None,
        text="\n".join(filter(None, parts)),
        problem=problem,
        changed=changed[:1000],
        effects=effects,
        lasting=lasting,
        seconds=result.seconds,
    )
