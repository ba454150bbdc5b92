"""Handlers of comparing what is open with something, and of its snapshots."""

from __future__ import annotations

import threading

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.Compare, lane="main", busy="comparing")
def compare(session: Session, request: m.Compare, context: Context) -> m.Compared:
    """Show what is open and something else as one tree; return what is compared.

    Raises:
        EngineProblem: the other cannot be opened, or nothing is open.
    """
    from ...session.comparing import compare

    return compare(session, request, context.progress)


@handles(m.ReadDifferences, lane="background")
def read_differences(session: Session, request: m.ReadDifferences, context: Context) -> m.Done:
    """Compare the tensors that are not compared yet, and return the result in a sentence."""
    from ...session.comparing import read_differences

    return read_differences(session, context)


@handles(m.EndComparison, lane="query")
def end_comparison(session: Session, request: m.EndComparison, context: Context) -> m.Done:
    """Show what is open alone again."""
    from ...session.comparing import end_comparison

    return end_comparison(session)


def _import_what_compares() -> None:
    """Import what compares, which takes 0.1 s, while a user chooses with what."""
    from ...session import comparing  # noqa: F401


@handles(m.ListSnapshots, lane="query")
def list_snapshots(session: Session, request: m.ListSnapshots, context: Context) -> m.Snapshots:
    """Return the snapshots of what is open."""
    threading.Thread(target=_import_what_compares, name="importing what compares", daemon=True).start()
    if not session.is_open or session.is_checkpoint:
        return m.Snapshots(items=[])
    from ...session.moments import list_moments

    return m.Snapshots(items=list_moments(session))


@handles(m.TakeSnapshot, lane="main", busy="copying values")
def take_snapshot(session: Session, request: m.TakeSnapshot, context: Context) -> m.Done:
    """Keep a copy of all values as they are now.

    Raises:
        EngineProblem: it is no network that is open, or there is no room for it.
    """
    from ...session.moments import take_snapshot

    return m.Done(text=take_snapshot(session, request.name))
