"""The last run or the session as a file for other programs."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.Export, lane="query")
def export(session: Session, request: m.Export, context: Context) -> m.Exported:
    """Return a run in a form, or the session as Python.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; nothing ran yet; the module was not called.
    """
    from ...session.exporting import export

    return export(session, request.form, request.path)
