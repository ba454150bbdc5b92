"""Handlers of facts, source code and path forms of one object."""

from __future__ import annotations

from ... import messages as m
from ...session import calls
from ...session.session import Session
from ..registry import Context, handles


@handles(m.Describe, lane="query")
def describe(session: Session, request: m.Describe, context: Context) -> m.Description:
    """Return the facts of the object at a path, or of a call."""
    return m.Description(path=request.path, groups=calls.describe(session, request.path))


@handles(m.SourceCode, lane="query")
def source_code(session: Session, request: m.SourceCode, context: Context) -> m.SourceText:
    """Return the code of the class of the module that is at a path or holds it; of a call with its line."""
    return calls.source_code(session, request.path)


@handles(m.PathForms, lane="query")
def path_forms(session: Session, request: m.PathForms, context: Context) -> m.Forms:
    """Return the forms in which a path can be copied."""
    return m.Forms(path=request.path, forms=session.shown.forms(request.path))
