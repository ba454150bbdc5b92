"""Undo and clearing of gradients, as the keys `u` and `z` do them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import Problem
from ..messages.errors import EngineProblem
from ..undo.changes import NothingToUndo

if TYPE_CHECKING:
    from .session import Session


def undo_last(session: Session) -> str:
    """Take back the last change of values or gradients; returns a sentence that says what was taken back.

    Raises:
        EngineProblem: there is nothing to take back, or it cannot be: the problem says why.
    """
    session.live  # noqa: B018  (raises when nothing is open)
    session.undone = []
    try:
        text = session.undo()
    except NothingToUndo as error:
        raise EngineProblem(Problem("usage", str(error))) from None
    session.settle(session.undone, gradients=True)
    return text


def clear_gradients(session: Session) -> str:
    """Set every gradient to None, as `net.zero_grad()` does; undoable."""
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
    session.before("clearing the gradients")
    zero_gradients(session.root)
    session.after()
    return f"cleared {count:,} gradient{'' if count == 1 else 's'} (u takes it back)"
