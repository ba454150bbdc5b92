"""Forward once more in another way, to compare: in another mode or dtype, with weights of another moment.

From what the newest run started from: its inputs, its random numbers, its buffers.  Everything is afterwards as it was.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import torch
from msgspec.structs import replace

from .. import messages as m
from ..live.live_tree import LiveTree
from ..messages.errors import EngineProblem
from ..run.again import Repeatable, from_its_start
from ..run.forward import ForwardResult, run_forward
from ..run.inputs.run_mode import in_dtype
from ..run.trace.captured import Captures
from ..run.trace.record import Trace
from ..tensors.reading import error_text
from ..undo.random_numbers import set_random_state
from .kept_runs import why_not_beside

if TYPE_CHECKING:
    from .session import Session

DTYPES = ("float64", "float32", "bfloat16", "float16")


def run_beside(session: Session, run: int, what: str, mode: m.RunMode) -> m.RanBeside:
    """Run forward in the way that `what` names, keep that as a run of its own, and return which.

    Args:
        run: the run that it is to be compared with.
        what: as in `RunOffer`: `mode eval`, `dtype float64`, `moment NAME`; `random` is as it is now, with the random
            numbers of `run`.
        mode: what is switched besides.

    Raises:
        EngineProblem: it cannot be run, or was interrupted; an error of the network ends the run that is kept.
    """
    session.live  # noqa: B018  (raises when nothing is open)
    if why := why_not_beside(session):
        raise EngineProblem(m.Problem("usage", why))
    repeatable = session.runs.repeatable
    assert repeatable is not None
    trace = Trace(captures=Captures())
    session.begin_change("running again")
    try:
        result, title = _run(session, repeatable, trace, run, what, mode)
    finally:
        if changed := session.watch().end(session.present_tree()):  # what could not be put back
            session.report_changes(changed, gradients=False)
    problem = result.problem
    if problem is not None and problem.kind == "interrupted":
        raise EngineProblem(problem)
    trace.problem = problem
    if problem is not None:
        title += ", which failed"
    number = session.runs.keep_beside(trace, title)
    notes = session.runs.notes[number]
    notes.base = 0 if what.startswith("moment") else repeatable.run
    notes.random, notes.drew = repeatable.state.random, session.runs.notes[repeatable.run].drew
    if what == "random":
        notes.random = session.runs.notes[run].random
    a, b = (number, repeatable.run) if what.startswith("moment") else (repeatable.run, number)
    return m.RanBeside(run=number, title=title, a=run if what == "random" else a, b=b, problem=problem)


def _run(
    session: Session, repeatable: Repeatable, trace: Trace, run: int, what: str, mode: m.RunMode
) -> tuple[ForwardResult, str]:
    """Run forward once more, and return what came of it and what it is, in a few words."""
    kind, _, name = what.partition(" ")
    tree, args, kwargs = repeatable.tree, repeatable.args, dict(repeatable.kwargs)
    switched = replace(_joined(repeatable.mode, mode), warm_up="")
    with from_its_start(repeatable, session.live.tree):
        if kind == "mode" and name in ("train", "eval"):
            switched, title = replace(switched, training=cast("Any", name)), f"in {name}"
        elif kind == "mode" and name in ("bfloat16", "float16"):
            switched, title = replace(switched, autocast=cast("Any", name)), f"under autocast {name}"
        elif kind == "dtype" and name in DTYPES:
            tree = LiveTree.of(_copied(tree.root).to(getattr(torch, name)), tree.name)
            args, kwargs = in_dtype((args, kwargs), m.RunMode(input_dtype=cast("Any", name)))
            title = f"in {name}"
        elif kind == "moment":
            tree = LiveTree.of(_copied(tree.root), tree.name)
            _set_values(session, tree, name)
            title = f"at snapshot {name}" if name else "as it was opened"
        elif kind == "random" and (notes := session.runs.notes.get(run)) is not None and notes.random is not None:
            set_random_state(notes.random)
            title = f"with the random numbers of run {run}"
        else:
            raise EngineProblem(m.Problem("usage", f"There is no run {what}"))
        return run_forward(tree.root, args, kwargs, tree, trace, mode=switched), title


def _joined(mode: m.RunMode, other: m.RunMode) -> m.RunMode:
    """Return a mode with what another one switches."""
    switched = {name: value for name in mode.__struct_fields__ if (value := getattr(other, name))}
    return replace(mode, **switched)


def _copied(network: torch.nn.Module) -> torch.nn.Module:
    try:
        return copy.deepcopy(network)
    except Exception as error:  # of a user's class
        title = f"The network cannot be copied: {error_text(error)}"
        raise EngineProblem(m.Problem("usage", title, "copy.deepcopy(net) raised it.")) from None


def _set_values(session: Session, tree: LiveTree, moment: str) -> None:
    """Give a copy of the network the values of another moment."""
    if moment:
        copies: dict[str, Any] = dict(session.snapshots.find(moment).tensors)
    else:
        copies = dict(session.opened_values or {})
    with torch.no_grad():
        for node in tree.nodes:
            if not isinstance(node.item, torch.Tensor) or node.path not in copies:
                continue
            then = copies[node.path]
            if then is None:
                raise EngineProblem(m.Problem("usage", f"No copy of {node.path} was kept at that moment"))
            if then.shape != node.item.shape:
                title = f"{node.path} had another shape then: {list(then.shape)}, not {list(node.item.shape)}"
                raise EngineProblem(m.Problem("usage", title))
            node.item.data.copy_(then)
