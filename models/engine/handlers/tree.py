"""Rows of the tree and of the table of tensors, folds, search."""

from __future__ import annotations

from ... import messages as m
from ...messages.errors import EngineProblem
from ...messages.page import LONGEST_PAGE, clamp
from ...session.session import Session
from ..registry import Context, handles


@handles(m.TreeRows, lane="query")
def tree_rows(session: Session, request: m.TreeRows, context: Context) -> m.TreePage:
    start, count = clamp(request.start, request.count)
    with session.lock:
        model = session.model
        rows, note = model.page(start, count)
        return m.TreePage(total=len(model.view), start=start, rows=rows, note=note)


@handles(m.Fold, lane="query")
def fold(session: Session, request: m.Fold, context: Context) -> m.TreePlace:
    with session.lock:
        view = session.model.view
        row, found = view.fold(request.path, request.how, request.limit)
        return m.TreePlace(row=row, path=found, total=len(view))


@handles(m.Locate, lane="query")
def locate(session: Session, request: m.Locate, context: Context) -> m.TreePlace:
    with session.lock:
        return _place(session, request.path)


def _place(session: Session, path: str) -> m.TreePlace:
    view = session.model.view
    row, found = view.locate(path)
    return m.TreePlace(row=row, path=found, total=len(view))


@handles(m.Search, lane="query")
def search(session: Session, request: m.Search, context: Context) -> m.SearchHits:
    model = session.model
    total = model.searcher.total(request.query, context.cancelled)
    best = model.searcher.best(request.query, max(1, min(request.limit, LONGEST_PAGE)), context.cancelled)
    return m.SearchHits(query=request.query, total=total, hits=[model.hit(*found) for found in best])


@handles(m.NextHit, lane="query")
def next_hit(session: Session, request: m.NextHit, context: Context) -> m.TreePlace:
    model = session.model
    here = model.view.skeleton.find(request.path)
    found = model.searcher.next(request.query, 0 if here is None else here, request.step, context.cancelled)
    if found is None:
        raise EngineProblem(m.Problem("usage", f"Nothing matches {request.query!r}", "Press / to search for another."))
    with session.lock:
        return _place(session, model.view.skeleton.path(found))


@handles(m.TensorRows, lane="query")
def tensor_rows(session: Session, request: m.TensorRows, context: Context) -> m.TensorPage:
    return session.model.tensors(request, context)
