"""What is open compared with another source, or with a snapshot of itself: one model of both, shown in its place."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import messages as m
from ..diff.compared.model import ComparedModel
from ..diff.compared.sides import ComparedSide
from ..diff.items import differing_items
from ..diff.pairing import NamesClash, pair, rename
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..tree.globs import Rename
from ..work.cancelled import Cancelled
from ..work.gc_paused import gc_paused
from ..work.imported import import_torch_beside, torch_is_there
from .rename_proposal import RenameProposal, keeping_names, rename_proposal

if TYPE_CHECKING:
    from ..work.context import WorkContext
    from .session import Session

GLANCE_SECONDS = 0.1
"""Seconds that a first look at what will be in sight may take."""
DRAWN_SECONDS = 0.3
"""Seconds that importing torch waits for the first rows to be drawn: while it is imported everything else waits."""
SENT_SECONDS = 0.05
"""Seconds that a page of rows, and what else is asked for with it, takes to be sent."""
ROWS = 40
"""Rows that are looked at first, at least."""
REPORT_SECONDS = 0.1
"""Seconds between two reports of how far the reading is."""


@dataclass
class Comparison:
    """Two sides, and the model of both that is shown."""

    model: ComparedModel
    other: Session | None
    """The session in which B is open; None where it is a snapshot that is compared."""
    snapshot: str | None
    """Name of the snapshot that is A; None for none."""
    renames: RenameProposal | None
    """The renames that were applied; None for none."""
    hint: RenameProposal | None
    """Those that would bring more names together."""

    def close(self) -> None:
        """Close B."""
        if self.other is not None:
            self.other.close()


def compare(session: Session, request: m.Compare, on_progress: Callable[[str], None] = lambda text: None) -> m.Compared:
    """Compare what is open as `request` says, and show both together; return what is compared.

    What was compared before stays where this fails.

    Raises:
        EngineProblem: B cannot be opened, there is no such snapshot, or nothing is open.
    """
    before = session.comparison
    if not request.source and request.snapshot is None and before is None:
        raise EngineProblem(m.Problem("usage", "Nothing is compared yet", "D compares what is open with something."))
    other, snapshot = (None, None) if before is None else (before.other, before.snapshot)
    renames = None if before is None else before.renames
    if request.source:
        other, snapshot, renames = _opened(session, request, on_progress), None, None
    elif request.snapshot is not None:
        other, snapshot, renames = None, request.snapshot, None
    elif request.renamed and before is not None:
        renames = before.hint
    sides = _sides(session, other, snapshot)
    on_progress("comparing names")
    unfolded = {} if before is None else before.model.fold_state.overrides()
    with gc_paused():
        model = _model_of(sides, renames, unfolded)
    pairs = model.pairs
    if request.unfold_to:
        model.fold_state.fold("", "fit", request.unfold_to)
    model.look_first(max(request.unfold_to, ROWS), GLANCE_SECONDS)
    hint = None if renames else rename_proposal(pairs)
    hint = None if hint is None else keeping_names(hint)
    with session.lock:
        session.comparison = Comparison(model, other, snapshot, renames, hint)
        if before is not None and before.other is not other:
            before.close()
    _import_torch_once(model.was_shown)
    return m.Compared(
        a=model.a.name,
        b=model.b.name,
        tensors=len(pairs.both),
        both=pairs.common,
        items=len(model.tree.items),
        bytes=model.bytes_to_read,
        hint="" if hint is None else _hint_text(hint),
    )


def _import_torch_once(shown: threading.Event) -> None:
    """Begin to import torch once the first rows are shown, or it is clear that nobody waits for them."""

    def import_torch() -> None:
        if shown.wait(DRAWN_SECONDS):
            time.sleep(SENT_SECONDS)
        import_torch_beside()

    if not torch_is_there():
        threading.Thread(target=import_torch, name="torch soon", daemon=True).start()


def _model_of(
    sides: tuple[ComparedSide, ComparedSide], renames: RenameProposal | None, unfolded: dict[str, bool]
) -> ComparedModel:
    a, b = sides
    mine, theirs = a.tensors(), b.tensors()
    rules = [] if renames is None else [Rename(text) for text in renames.rules]
    of_b = renames is not None and renames.of_b
    try:
        rename(theirs if of_b else mine, rules)
    except NamesClash as error:
        raise EngineProblem(m.Problem("usage", str(error))) from None
    pairs = pair(mine, theirs, type(a.model) is type(b.model), lambda path: True)
    items = differing_items(a.source, b.source, [] if of_b else rules, None)
    return ComparedModel(a, b, pairs, items, unfolded)


def _hint_text(hint: RenameProposal) -> str:
    rules = hint.rules[0] if len(hint.rules) == 1 else f"{len(hint.rules):,} renames"
    return f"{hint.more:,} more names of {'B' if hint.of_b else 'A'} are in both with {rules}"


def _opened(session: Session, request: m.Compare, on_progress: Callable[[str], None]) -> Session:
    from .session import Session as Another

    other = Another()
    with _random_state_kept():
        other.open(request.source, seed=request.seed, trust=request.trust, on_progress=on_progress)
    return other


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Give the generators back the state that they have now: opening B may draw its weights."""
    if "torch" not in sys.modules:
        yield
        return
    from ..undo.random_numbers import random_state, set_random_state

    state = random_state()
    try:
        yield
    finally:
        set_random_state(state)


def _sides(session: Session, other: Session | None, snapshot: str | None) -> tuple[ComparedSide, ComparedSide]:
    own = session.model
    name = own.source.source
    if other is not None:
        return ComparedSide(name, own), ComparedSide(other.model.source.source, other.model)
    from .moments import OPENED, tensors_at

    title, tensors = tensors_at(session, OPENED if snapshot is None else snapshot)
    return ComparedSide(f"{name} {title}", own, tensors), ComparedSide(f"{name} now", own)


def read_differences(session: Session, context: WorkContext) -> m.Done:
    """Compare the tensors that are not compared yet; return the result in a sentence.

    Raises:
        EngineProblem: nothing is compared.
        Cancelled: the request was cancelled, or something else is compared by now; what is known by then stays.
    """
    comparison = session.comparison
    if comparison is None:
        raise EngineProblem(m.Problem("gone", "Nothing is compared"))
    model = comparison.model
    reported = 0.0

    def on_progress(done: int, total: int, path: str) -> None:
        nonlocal reported
        now = session.comparison
        if context.cancelled() or now is None or now.model is not model:
            raise Cancelled
        if time.monotonic() >= reported + REPORT_SECONDS:
            reported = time.monotonic()
            what = f"comparing {path}" if torch_is_there() else "importing torch, which says by how much"
            context.progress(what, min(done / max(total, 1), 1.0))

    model.outcome.read(on_progress, model.in_sight)
    return m.Done(text=result_text(model))


def result_text(model: ComparedModel) -> str:
    """Return how many tensors differ, and in which way, in a sentence."""
    counts = model.outcome.tally.counts
    total = amount(sum(counts.values()), "tensor")
    found = {
        "changed": counts["changed"], "of another dtype": counts["dtype"], "of another shape": counts["shape"],
        "only in A": counts["only_a"], "only in B": counts["only_b"], "not readable": counts["unreadable"],
        "close": counts["close"],
    }  # fmt: skip
    parts = ", ".join(f"{count:,} {word}" for word, count in found.items() if count)
    return f"{total}: {parts}" if parts else f"{total}, all equal"


def end_comparison(session: Session) -> m.Done:
    """Show what is open alone again."""
    with session.lock:
        comparison, session.comparison = session.comparison, None
    if comparison is not None:
        comparison.close()
    return m.Done()
