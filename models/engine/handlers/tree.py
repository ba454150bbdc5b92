"""Handlers of rows of the tree and of the table of tensors, folds and search."""

from __future__ import annotations

from ... import messages as m
from ...messages.errors import EngineProblem
from ...messages.page import LONGEST_PAGE, clamp
from ...session.session import Session
from ...session.tree_order import shown_at, visible_rows
from ..registry import Context, handles


@handles(m.TreeRows, lane="query")
def tree_rows(session: Session, request: m.TreeRows, context: Context) -> m.TreePage:
    """Return a page of the visible rows."""
    start, count = clamp(request.start, request.count)
    with session.lock:
        model = session.shown
        rows, note = visible_rows(session, start, count)
        if session.comparison is None and (modules := session.runs.modules()):
            from ...run.last_run import with_run

            rows = [with_run(row, modules) for row in rows]
        if request.initial:
            from ...session.initial_states import with_initial

            rows = with_initial(session, rows)
        return m.TreePage(total=len(model.fold_state), start=start, rows=rows, note=note)


@handles(m.Fold, lane="query")
def fold(session: Session, request: m.Fold, context: Context) -> m.TreePlace:
    """Change folds and return where the row of the path is afterwards."""
    with session.lock:
        fold_state = session.shown.fold_state
        row, found = fold_state.fold(request.path, request.how, request.limit)
        return m.TreePlace(row=shown_at(session, row), path=found, total=len(fold_state))


@handles(m.SortTree, lane="query")
def sort_tree(session: Session, request: m.SortTree, context: Context) -> m.TreePlace:
    """Sort siblings from now on, and return where the row of the path is then."""
    with session.lock:
        session.tree_order = request.order
        return _place(session, request.path)


@handles(m.Locate, lane="query")
def locate(session: Session, request: m.Locate, context: Context) -> m.TreePlace:
    """Return where the row of a path is, after unfolding what hides it."""
    with session.lock:
        return _place(session, request.path)


def _place(session: Session, path: str) -> m.TreePlace:
    fold_state = session.shown.fold_state
    row, found = fold_state.locate(path)
    return m.TreePlace(row=shown_at(session, row), path=found, total=len(fold_state))


@handles(m.Search, lane="query")
def search(session: Session, request: m.Search, context: Context) -> m.SearchHits:
    """Return the best hits of a query."""
    model = session.shown
    total = model.searcher.total(request.query, context.cancelled)
    best = model.searcher.best(request.query, max(1, min(request.limit, LONGEST_PAGE)), context.cancelled)
    return m.SearchHits(query=request.query, total=total, hits=[model.hit(*found) for found in best])


@handles(m.NextHit, lane="query")
def next_hit(session: Session, request: m.NextHit, context: Context) -> m.TreePlace:
    """Return where the row of the next or previous hit is; raise `EngineProblem` when nothing matches."""
    model = session.shown
    here = model.fold_state.tree.find(request.path)
    found = model.searcher.next(request.query, 0 if here is None else here, request.step, context.cancelled)
    if found is None:
        raise EngineProblem(m.Problem("usage", f"Nothing matches {request.query!r}", "Press / to search for another."))
    with session.lock:
        return _place(session, model.fold_state.tree.path(found))


@handles(m.TensorRows, lane="query")
def tensor_rows(session: Session, request: m.TensorRows, context: Context) -> m.TensorPage:
    """Return a page of the table of tensors."""
    return session.shown.tensors(request, context)
