"""Checks of messages whose parts contradict each other though each is within its limits."""

from __future__ import annotations

from .. import messages as m


def contradiction(body: m.Body) -> str:
    """Return one line on how the parts of a body contradict each other; empty when they do not."""
    match body:
        case m.TreePage() | m.TensorPage() | m.GradientPage() | m.CallPage():
            if body.rows and body.start + len(body.rows) > body.total:
                return f"rows {body.start:,} to {body.start + len(body.rows):,} of {body.total:,}"
        case m.CallsGrew():
            return contradiction(body.page) if body.page is not None else ""
        case m.TreePlace():
            if body.row >= max(body.total, 1):
                return f"row {body.row:,} of {body.total:,}"
        case m.SearchHits():
            for hit in body.hits:
                if hit.positions and max(hit.positions) >= len(hit.path):
                    return f"character {max(hit.positions):,} of a path of {len(hit.path):,}"
        case m.Cells():
            return _of_cells(body)
        case m.HeatCells():
            if problem := _of_leading(body):
                return problem
            if not body.absence and len(body.values) != body.height * body.width:
                return f"{len(body.values):,} values for {body.height:,} x {body.width:,} cells"
            if min(body.block) < 1:
                return "cells of no elements"
        case m.StatisticsOf():
            if len(body.edges) != (len(body.counts) + 1 if body.counts else 0):
                return f"{len(body.edges):,} bounds of {len(body.counts):,} bins"
            if any(not low <= high for low, high in zip(body.edges, body.edges[1:], strict=False)):
                return "bounds of bins that do not ascend"
    return ""


def _of_cells(body: m.Cells) -> str:
    if problem := _of_leading(body):
        return problem
    if body.absence:
        return ""
    count = body.rows * body.columns
    if len(body.values) != count or len(body.imaginary) not in (0, count):
        return f"{len(body.values):,} values for {body.rows:,} x {body.columns:,} cells"
    if count and (body.row + body.rows > body.height or body.column + body.columns > body.width):
        return f"a window beyond the matrix of {body.height:,} x {body.width:,}"
    if body.number in ("int", "bool") and not all(isinstance(value, int) for value in body.values):
        return f"a fraction among numbers of kind {body.number}"
    if (body.number == "complex") != bool(body.imaginary) and count:
        return f"{len(body.imaginary):,} imaginary parts of {body.number} numbers"
    return ""


def _of_leading(body: m.Cells | m.HeatCells) -> str:
    shape, leading = body.shape, body.leading
    if body.absence and not leading:
        return ""
    fits = len(leading) == max(len(shape) - 2, 0)
    if not fits or any(index >= max(size, 1) for index, size in zip(leading, shape, strict=False)):
        return f"index {leading[:8]} of a tensor of shape {shape[:8]}"
    return ""
