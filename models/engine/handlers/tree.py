"""Rows of the tree and of the table of tensors, folds, search."""

from __future__ import annotations

from ...session import Session
from .. import messages as m
from ..errors import EngineProblem
from ..registry import Context, handles

LONGEST_PAGE = 500


def clamp(start: int, count: int) -> tuple[int, int]:
    """A page that stays within what a reply may hold."""
    return max(start, 0), max(0, min(count, LONGEST_PAGE))


@handles(m.TreeRows, lane="query")
def tree_rows(session: Session, request: m.TreeRows, context: Context) -> m.TreePage:
    from ...inspect.rows import tree_rows as rows_of

    start, count = clamp(request.start, request.count)
    with session.lock:
        model = session.model
        rows = rows_of(model.view.slice(start, count), model.view, model.totals, model.marked)
        return m.TreePage(total=len(model.view), start=start, rows=rows)


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
    from ...inspect.tensors import detail_of

    model = session.model
    total = len(model.searcher.hits(request.query))
    best = model.searcher.best(request.query, max(1, min(request.limit, LONGEST_PAGE)))
    hits = []
    for index, positions in best:
        node = model.outline.nodes[index]
        hits.append(m.SearchHit(path=node.path, kind=node.kind, detail=detail_of(node.item), positions=positions))
    return m.SearchHits(query=request.query, total=total, hits=hits)


@handles(m.NextHit, lane="query")
def next_hit(session: Session, request: m.NextHit, context: Context) -> m.TreePlace:
    model = session.model
    hits = model.searcher.hits(request.query)
    if not hits:
        raise EngineProblem(m.Problem("usage", f"Nothing matches {request.query!r}", "Press / to search for another."))
    node = model.outline.find(request.path)
    here = 0 if node is None else node.index
    if request.step > 0:
        found = next((hit for hit in hits if hit > here), hits[0])
    else:
        found = next((hit for hit in reversed(hits) if hit < here), hits[-1])
    with session.lock:
        return _place(session, model.outline.nodes[found].path)


@handles(m.TensorRows, lane="query")
def tensor_rows(session: Session, request: m.TensorRows, context: Context) -> m.TensorPage:
    from ...inspect.rows import tensor_rows as rows_of

    start, count = clamp(request.start, request.count)
    model = session.model
    tensors = model.outline.tensors(session.node(request.path))
    rows = rows_of(tensors[start : start + count], model.marked)
    return m.TensorPage(path=request.path, total=len(tensors), start=start, rows=rows)
