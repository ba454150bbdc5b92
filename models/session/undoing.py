"""Undoing, doing again, and clearing of gradients, as the keys `u`, `U` and `z` do them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..messages import Problem
from ..messages.errors import EngineProblem
from ..opened.facts import amount

if TYPE_CHECKING:
    from .session import Session


def undo_last(session: Session, *, again: bool = False) -> str:
    """Undo the last change, or do `again` what was undone last; return a sentence that says what that was.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; there is nothing to undo, or it cannot be, with the reason.
        KeyboardInterrupt: it was interrupted; undoing again goes on with the same change.
    """
    from ..undo.changes import NothingToUndo

    session.live  # noqa: B018  (raises when nothing is open)
    session.undone = []
    try:
        text = _undo(session, again)
    except NothingToUndo as error:
        raise EngineProblem(Problem("usage", str(error))) from None
    except KeyboardInterrupt:  # what came back by then is shown
        session.report_changes(session.watch().paths_next(again=again), gradients=True)
        raise
    session.report_changes(session.undone, gradients=True)
    return text


def undo_names(session: Session) -> dict[str, Callable[[], None]]:
    """Return the functions `undo` and `redo` of the console, for use within a statement."""

    def undo() -> None:
        """Take back the last change of the network."""
        # what the statement did before is a change of its own
        session.watch().end(mark=session.journal.mark, midway=True)
        session.undid = True
        print(_undo(session, again=False))

    def redo() -> None:
        """Do again what was taken back last."""
        session.watch().end(mark=session.journal.mark, midway=True)
        session.undid = True
        print(_undo(session, again=True))

    return {"undo": undo, "redo": redo}


def _undo(session: Session, again: bool) -> str:
    watch = session.watch()
    before = watch.root
    undone = watch.redo() if again else watch.undo()
    if again:
        watch.rename_last(session.journal.redone(undone.mark))
    else:
        session.journal.undone(undone.mark)
    session.undone += undone.paths
    if undone.tree.root is not before:  # the session's follows only after the statement
        session.bind(session.model.source.name, undone.tree.root)
        watch.follow_names(("net", session.model.source.name))
    return undone.text


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
