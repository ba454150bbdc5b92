"""Handler of what could be opened."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.SuggestSources, lane="slow")
def suggest_sources(session: Session, request: m.SuggestSources, context: Context) -> m.SuggestedSources:
    """Return how a source that is being typed may go on, or what can be opened in the working folder."""
    from ...sources.suggesting import openable_here, suggestions

    items = suggestions(request.text) if request.text else openable_here(context.cancelled)
    return m.SuggestedSources(text=request.text, items=items)
