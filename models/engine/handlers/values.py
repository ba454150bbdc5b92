"""Handlers of a tensor's elements, or those of a call: windows, heat maps, statistics, gradient norms."""

from __future__ import annotations

from ... import messages as m
from ...session.calls import number_answers_at
from ...session.gradient_depth import with_layers
from ...session.gradient_reasons import with_reason, with_reasons
from ...session.session import Session
from ..registry import Context, handles


@handles(m.Window, lane="query")
def window(session: Session, request: m.Window, context: Context) -> m.Cells:
    """Return a rectangle of the elements of a tensor or gradient."""
    return with_reason(session, number_answers_at(session, request.path, request.of).window(request))


@handles(m.HeatMap, lane="slow")
def heat(session: Session, request: m.HeatMap, context: Context) -> m.HeatCells:
    """Return the heat map of a tensor or gradient."""
    return with_reason(session, number_answers_at(session, request.path, request.of).heat(request, context))


@handles(m.Statistics, lane="statistics")
def statistics(session: Session, request: m.Statistics, context: Context) -> m.StatisticsOf:
    """Return the statistics of a tensor or gradient."""
    return with_reason(session, number_answers_at(session, request.path, request.of).statistics(request, context))


@handles(m.StatisticsOfAll, lane="background")
def statistics_of_all(session: Session, request: m.StatisticsOfAll, context: Context) -> m.Done:
    """Take and keep the statistics of every tensor at or below a path."""
    return session.shown.statistics_of_all(request, context)


@handles(m.GradientRows, lane="slow")
def gradient_rows(session: Session, request: m.GradientRows, context: Context) -> m.GradientPage:
    """Return a page of the gradient norms of parameters; with the first one those at layers."""
    return with_layers(session, with_reasons(session, session.shown.gradients(request, context)))
