"""Numbers: windows, heat maps, statistics, gradient norms."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ...session import Session
from .. import messages as m
from ..errors import EngineProblem
from ..registry import Context, handles
from .tree import clamp

if TYPE_CHECKING:
    import torch


def _tensor(session: Session, path: str, of: m.Of) -> tuple[torch.Tensor | None, str]:
    """The tensor at `path`, or its gradient, and the sentence that says why there is none."""
    from ...inspect.gradients import gradient_of, why_no_gradient

    node = session.node(path)
    if not node.is_tensor:
        raise EngineProblem(m.Problem("usage", f"{path!r} is a module: it has no values of its own", path=path))
    tensor = cast("torch.Tensor", node.item)
    return (tensor, "") if of == "value" else (gradient_of(tensor), why_no_gradient(tensor))


@handles(m.Window, lane="query")
def window(session: Session, request: m.Window, context: Context) -> m.Cells:
    from ...inspect.window import window as read

    tensor, missing = _tensor(session, request.path, request.of)
    return read(
        tensor,
        missing=missing,
        path=request.path,
        of=request.of,
        leading=request.leading,
        row=request.row,
        rows=request.rows,
        column=request.column,
        columns=request.columns,
    )


@handles(m.HeatMap, lane="slow")
def heat(session: Session, request: m.HeatMap, context: Context) -> m.HeatCells:
    from ...inspect.heat import heat_map

    tensor, missing = _tensor(session, request.path, request.of)
    return heat_map(
        tensor,
        missing=missing,
        cancelled=context.cancelled,
        path=request.path,
        of=request.of,
        leading=request.leading,
        height=request.height,
        width=request.width,
    )


@handles(m.Statistics, lane="slow")
def statistics(session: Session, request: m.Statistics, context: Context) -> m.StatisticsOf:
    from ...inspect.statistics import statistics as compute

    tensor, missing = _tensor(session, request.path, request.of)
    return compute(
        tensor,
        missing=missing,
        path=request.path,
        of=request.of,
        bins=request.bins,
        cancelled=context.cancelled,
        progress=lambda done: context.progress("statistics", done),
    )


@handles(m.GradientRows, lane="slow")
def gradient_rows(session: Session, request: m.GradientRows, context: Context) -> m.GradientPage:
    from ...inspect.gradients import gradient_row

    start, count = clamp(request.start, request.count)
    model = session.model
    parameters = [node for node in model.outline.tensors(session.node(request.path)) if node.kind == "parameter"]
    rows = []
    for node in parameters[start : start + count]:
        if context.cancelled():
            break
        rows.append(gradient_row(node.path, cast("torch.Tensor", node.item), context.cancelled))
    return m.GradientPage(path=request.path, total=len(parameters), start=start, rows=rows)
