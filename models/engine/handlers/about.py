"""Facts, source code and path forms of one object."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.Describe, lane="query")
def describe(session: Session, request: m.Describe, context: Context) -> m.Description:
    return m.Description(path=request.path, groups=session.model.describe(request.path))


@handles(m.SourceCode, lane="query")
def source_code(session: Session, request: m.SourceCode, context: Context) -> m.SourceText:
    return session.model.source_code(request.path)


@handles(m.PathForms, lane="query")
def path_forms(session: Session, request: m.PathForms, context: Context) -> m.Forms:
    return m.Forms(path=request.path, forms=session.model.forms(request.path))
