"""What of the open model is shared."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.ReadSharing, lane="slow")
def read_sharing(session: Session, request: m.ReadSharing, context: Context) -> m.SharingFound:
    """Return what is shared, or what is equal in separate memory.

    Raises:
        EngineProblem: nothing is open.
    """
    from ...session.sharing.reading import read_sharing

    said = ""

    def on_progress(share: float) -> None:
        nonlocal said
        if said != (text := f"comparing values: {share:.0%}"):
            said = text
            context.progress(text, share)

    return read_sharing(session, values=request.values, should_cancel=context.cancelled, on_progress=on_progress)
