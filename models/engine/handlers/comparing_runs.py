"""Handlers of comparing two runs call by call, and of the runs that are kept for it."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.ListRuns, lane="query")
def list_runs(session: Session, request: m.ListRuns, context: Context) -> m.RunList:
    """Return the runs that are kept, and what can be run to be compared with the newest."""
    from ...session.kept_runs import list_runs

    return list_runs(session)


@handles(m.KeepRun, lane="query")
def keep_run(session: Session, request: m.KeepRun, context: Context) -> m.Done:
    """Keep a run with its copies under a name, or no longer.

    Raises:
        EngineProblem: it is no longer kept, or as many are kept as may be.
    """
    from ...session.kept_runs import keep_run

    return m.Done(text=keep_run(session, request.run, request.name, drop=request.drop))


@handles(m.RunBeside, lane="main", busy="running again")
def run_beside(session: Session, request: m.RunBeside, context: Context) -> m.RanBeside:
    """Run forward once more to compare with a run, and leave everything as it is.

    Raises:
        EngineProblem: it cannot be run, with the reason, or failed.
    """
    from ...session.runs_beside import run_beside

    return run_beside(session, request.run, request.what, request.mode)


@handles(m.CompareRuns, lane="query")
def compare_runs(session: Session, request: m.CompareRuns, context: Context) -> m.RunsCompared:
    """Compare two runs from now on.

    Raises:
        EngineProblem: one of them is no longer kept, or has no values.
    """
    from ...session.run_comparison import compare_runs

    return compare_runs(session, request.a, request.b)


@handles(m.ReadCallDifferences, lane="background")
def read_call_differences(session: Session, request: m.ReadCallDifferences, context: Context) -> m.CallDifferencesRead:
    """Compare the calls that are not compared yet, and return the result in a sentence."""
    from ...session.run_comparison import read_call_differences

    return read_call_differences(session, context)


@handles(m.EndRunComparison, lane="query")
def end_run_comparison(session: Session, request: m.EndRunComparison, context: Context) -> m.Done:
    """Compare no runs any more."""
    session.runs.end_comparison()
    return m.Done()
