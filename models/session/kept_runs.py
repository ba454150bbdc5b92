"""The runs that another one can be compared with: those that are kept, and those that can be made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import messages as m
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..sources.wording import short_text, size_text
from ..tensors.plainly import attribute
from .again import BY_STATEMENT
from .run_comparison import title_of
from .runs import NAMED, RUNS_KEPT

if TYPE_CHECKING:
    from .session import Session

LISTED_CHANGES = 2
"""Paths that are named of those that changed since a run."""
NAME_LENGTH = 60
"""Characters of a name."""


def list_runs(session: Session) -> m.RunList:
    """Return the runs that are kept, the newest first, and what can be run to be compared with the newest.

    Raises:
        EngineProblem: nothing is open, or a checkpoint.
    """
    runs = session.runs
    session.live  # noqa: B018  (raises for a checkpoint)
    numbers = [*sorted(runs.kept, reverse=True), *sorted(runs.beside, reverse=True)]
    why = _why_no_offers(session)
    items = [
        m.RunItem(
            run=run,
            name=runs.notes[run].name,
            detail=_detail(session, run),
            newest=run == runs.last,
            beside=run in runs.beside,
            reseeds=not why and _has_other_random(session, run),
        )
        for run in numbers
        if runs.trace(run).finished and not runs.trace(run).is_dry
    ]
    return m.RunList(
        run=runs.last if runs.newest is not None else 0,
        runs=items[: RUNS_KEPT + NAMED],
        offers=[] if why or runs.newest is None else _offers(session),
        why_not=(why or _why_not_as_opened(session)) if runs.newest is not None else "",
    )


def _why_no_offers(session: Session) -> str:
    """Return why nothing is run to be compared with the newest run, in a sentence; empty where something can be."""
    tensors = session.live.tree.distinct_tensors
    if tensors and all(attribute(each, "is_meta") for each in tensors):
        return "The network is on the meta device: its runs have no values to compare."
    return why_not_beside(session)


def _why_not_as_opened(session: Session) -> str:
    """Return why the newest run is not offered as it was opened, in a sentence; empty where it is, or nothing ran."""
    missing = sum(copy is None for copy in (session.opened_values or {}).values())
    return f"It cannot run as it was opened: of {amount(missing, 'tensor')} no copy was kept." if missing else ""


def why_not_beside(session: Session) -> str:
    """Return why the newest run cannot be run in another way, in a sentence; empty where it can."""
    repeatable = session.runs.repeatable
    if repeatable is None or repeatable.run != session.runs.last:
        return BY_STATEMENT
    why = repeatable.state.why_not()
    return f"The last run cannot be run in another way: {why}. f runs forward as it is now." if why else ""


def _has_other_random(session: Session, run: int) -> bool:
    """Return whether the newest run drew random numbers, and other ones than a run."""
    from ..undo.random_numbers import is_same_random

    mine, newest = session.runs.notes[run], session.runs.notes[session.runs.last]
    if run == session.runs.last or mine.random is None or newest.random is None:
        return False
    return newest.drew and not is_same_random(mine.random, newest.random)


def _detail(session: Session, run: int) -> str:
    runs = session.runs
    trace, notes = runs.trace(run), runs.notes[run]
    changed = list(runs.changed_between(run, runs.last, written=False))
    more = f" and {len(changed) - LISTED_CHANGES:,} more" if len(changed) > LISTED_CHANGES else ""
    parts = [
        notes.title,
        ", ".join(trace.mode.words) if not notes.title else "",
        "it failed" if trace.failed is not None else "",
        f"changed since: {', '.join(changed[:LISTED_CHANGES])}{more}" if changed else "",
        "its copies are gone: statistics are compared" if trace.captures is None else "",
    ]
    return "; ".join(filter(None, parts))


def _offers(session: Session) -> list[m.RunOffer]:
    """Return the ways in which the newest run can be run to be compared."""
    from ..live.registered import training_of
    from ..run.inputs.arguments import device_of
    from ..tensors.tensors import size_in_bytes

    mode = session.runs.kept[session.runs.last].mode
    training = mode.training == "train" if mode.training else bool(training_of(session.root))
    other = "eval" if training else "train"
    size = size_text(sum(size_in_bytes(each) or 0 for each in session.live.tree.distinct_tensors))
    offers = []
    if session.comparison is not None and session.comparison.other is not None:
        name = session.comparison.model.b.name
        how = "this network with its weights" if session.comparison.other.is_checkpoint else "that network"
        offers.append(m.RunOffer(what="other", title=short_text(name), detail=f"{how}, the same inputs"))
    offers += [m.RunOffer(what=f"mode {other}", title=f"in {other}", detail="the same inputs and random numbers")]
    if not mode.autocast:
        offers.append(
            m.RunOffer(what="mode bfloat16", title="under autocast bfloat16", detail=f"on {device_of(session.root)}")
        )
    for dtype in ("float64", "bfloat16"):
        detail = f"a copy of the network of {size}, its weights and inputs in {dtype}"
        offers.append(m.RunOffer(what=f"dtype {dtype}", title=f"in {dtype}", detail=detail))
    moments = [("", "as it was opened"), *((each.name, f"at snapshot {each.name}") for each in session.snapshots.all)]
    if session.opened_values is None or _why_not_as_opened(session):
        moments = moments[1:]
    offers += [
        m.RunOffer(
            what=f"moment {name}", title=title, detail=f"a copy of the network of {size} with the values of then"
        )
        for name, title in moments
    ]
    return offers


def keep_run(session: Session, run: int, name: str, *, drop: bool = False) -> str:
    """Keep a run with its copies under a name, or its number, or keep it no longer; return a sentence for the user.

    Raises:
        EngineProblem: it is no longer kept, as many are kept as may be, or the name is taken.
    """
    runs = session.runs
    trace = runs.trace(run)
    if drop:
        runs.notes[run].name = ""
        return f"{title_of(session, run)} is kept no longer than others"
    name = " ".join(name.split())[:NAME_LENGTH] or str(run)
    others = [each.name for number, each in runs.notes.items() if each.name and number != run]
    if name in others:
        raise EngineProblem(m.Problem("usage", f"Another run is kept as {name}", "Give it another name."))
    if len(others) >= NAMED:
        title = f"{NAMED} runs are kept, and no more may be"
        raise EngineProblem(
            m.Problem("usage", title, f"Each may hold copies of 64 MiB. Drop one: {', '.join(others)}.")
        )
    runs.notes[run].name = name
    gone = "" if trace.captures is not None else "; its copies are gone, so statistics are compared"
    return f"run {run} is kept as {name}{gone}: D in Calls compares with it"
