"""Numbers: windows, heat maps, statistics, gradient norms."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.Window, lane="query")
def window(session: Session, request: m.Window, context: Context) -> m.Cells:
    return session.model.window(request)


@handles(m.HeatMap, lane="slow")
def heat(session: Session, request: m.HeatMap, context: Context) -> m.HeatCells:
    return session.model.heat(request, context)


@handles(m.Statistics, lane="slow")
def statistics(session: Session, request: m.Statistics, context: Context) -> m.StatisticsOf:
    return session.model.statistics(request, context)


@handles(m.StatisticsOfAll, lane="background")
def statistics_of_all(session: Session, request: m.StatisticsOfAll, context: Context) -> m.Done:
    return session.model.statistics_of_all(request, context)


@handles(m.GradientRows, lane="slow")
def gradient_rows(session: Session, request: m.GradientRows, context: Context) -> m.GradientPage:
    return session.model.gradients(request, context)
