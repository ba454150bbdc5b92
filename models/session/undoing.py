"""Undoing and clearing of gradients, as the keys `u` and `z` do them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import Problem
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..undo.changes import NothingToUndo

if TYPE_CHECKING:
    from .session import Session


def undo_last(session: Session) -> str:
    """Undo the last change of values or gradients; return a sentence that says what was taken back.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; there is nothing to undo, or it cannot be, with the reason.
    """
    session.live  # noqa: B018  (raises when nothing is open)
    session.undone = []
    try:
        text = session.undo()
    except NothingToUndo as error:
        raise EngineProblem(Problem("usage", str(error))) from None
    session.report_changes(session.undone, gradients=True)
    session.journal.remark(text)
    return text


def clear_gradients(session: Session) -> str:
    """Set every gradient to None, as `net.zero_grad()` does, undoably; return a sentence for the user.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; or another thread trains.
    """
    from ..live.gradient_access import GRADIENTS
    from ..live.registered import parameters_in
    from ..run.backward import zero_gradients

    gradients, note = GRADIENTS.take(parameters_in(session.root), wait=False)
    if note:
        raise EngineProblem(
            Problem("usage", "A thread of the program trains: its gradients are its own", "End it, then clear them.")
        )
    count = sum(gradient is not None for gradient in gradients)
    if not count:
        return "there were no gradients"
    session.begin_change("clearing the gradients")
    zero_gradients(session.root)
    session.end_change()
    session.journal.did("net.zero_grad()")
    return f"cleared {amount(count, 'gradient')} (u takes it back)"
