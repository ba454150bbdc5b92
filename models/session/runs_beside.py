"""Forward once more in another way, to compare: in another mode or dtype, with weights of another moment.

From what the newest run started from: its inputs, its random numbers, its buffers.  Everything is afterwards as it was.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from .. import messages as m
from ..live.live_tree import LiveTree
from ..messages.errors import EngineProblem
from ..run.again import Repeatable, from_its_start
from ..run.forward import ForwardResult, run_forward
from ..run.inputs.run_mode import in_dtype
from ..run.run_state import RunState
from ..run.trace.captured import Captures
from ..run.trace.record import Trace
from ..sources.wording import short_text
from ..undo.random_numbers import set_random_state
from .kept_runs import why_not_beside
from .other_weights import at_moment, copied, with_checkpoint

if TYPE_CHECKING:
    from .session import Session

DTYPES = ("float64", "float32", "bfloat16", "float16")


def run_beside(session: Session, run: int, what: str, mode: m.RunMode) -> m.RanBeside:
    """Run forward in the way that `what` names, keep that as a run of its own, and return which.

    Args:
        run: the run that it is to be compared with.
        what: as in `RunOffer`: `mode eval`, `dtype float64`, `moment NAME`, `other` for what the network is compared
            with; `random` is as it is now, with the random numbers of `run`.
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
    notes.base = 0 if what.startswith(("moment", "other")) else repeatable.run
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
    with from_its_start(repeatable, session.live.tree), ExitStack() as kept:
        if kind == "mode" and name in ("train", "eval"):
            switched, title = replace(switched, training=cast("Any", name)), f"in {name}"
        elif kind == "mode" and name in ("bfloat16", "float16"):
            switched, title = replace(switched, autocast=cast("Any", name)), f"under autocast {name}"
        elif kind == "dtype" and name in DTYPES:
            tree = copied(tree, name)
            args, kwargs = in_dtype((args, kwargs), m.RunMode(input_dtype=cast("Any", name)))
            title = f"in {name}"
        elif kind == "moment":
            tree = at_moment(session, tree, name)
            title = f"at snapshot {name}" if name else "as it was opened"
        elif kind == "other":
            tree, title = _of_other(session, tree, kept)
        elif kind == "random":
            notes = session.runs.notes.get(run)
            if notes is None or notes.random is None:
                raise EngineProblem(m.Problem("gone", f"The random numbers of run {run} are no longer kept"))
            set_random_state(notes.random)
            title = f"with the random numbers of run {run}"
        else:
            raise EngineProblem(m.Problem("usage", f"There is no run {what}"))
        return run_forward(tree.root, args, kwargs, tree, trace, mode=switched), title


def _joined(mode: m.RunMode, other: m.RunMode) -> m.RunMode:
    """Return a mode with what another one switches."""
    switched = {name: value for name in mode.__struct_fields__ if (value := getattr(other, name))}
    return replace(mode, **switched)


def _of_other(session: Session, tree: LiveTree, kept: ExitStack) -> tuple[LiveTree, str]:
    """Return the network that the open one is compared with, or this one with the weights of the checkpoint that is.

    Args:
        kept: what a run of another network writes to is put back when it closes.

    Raises:
        EngineProblem: nothing is compared with the network.
    """
    compared = session.comparison
    if compared is None or compared.other is None:
        raise EngineProblem(m.Problem("gone", "No other network is compared", "D in the tree compares with one."))
    name = short_text(compared.model.b.name)
    if compared.other.is_checkpoint:
        made, missing = with_checkpoint(tree, compared)
        return made, f"with the weights of {name}" + (f", {missing}" if missing else "")
    other = compared.other.live.tree
    kept.callback(RunState(other, (), {}).put_back)
    return other, f"of {name}"
