"""What is asked about one call of a run that is kept: its facts, the code at its line, the elements of its tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import CallTensor, FactGroup, Of, Place, Problem, SourceText
from ..messages.errors import EngineProblem
from ..opened.facts import with_facts
from ..opened.number_answers import NumberAnswers

if TYPE_CHECKING:
    from ..run.trace.record import Trace
    from .session import Session


def describe(session: Session, place: Place) -> list[FactGroup]:
    """Return what is known of the object or call at `place`; raise `EngineProblem` where there is none."""
    if not isinstance(place, CallTensor):
        return session.describe(place)
    from ..run.call_facts import facts_of_call

    groups = facts_of_call(trace_of(session, place), place.run, place.call)
    compared = session.runs.comparison
    if compared is not None:
        from .compared_call import facts_of_difference

        groups[1:1] = with_facts([facts_of_difference(compared, place)])
    return groups


def source_code(session: Session, place: Place) -> SourceText:
    """Return the code of the class at `place`, of a call with its line; raise `EngineProblem` where there is none."""
    if not isinstance(place, CallTensor):
        return session.shown.source_code(place)
    from msgspec.structs import replace

    from ..run.call_source import source_of_call

    live, trace = session.live, trace_of(session, place)
    failed_at = "" if trace.failed is None else trace.failed.where
    found = source_of_call(trace.calls, place.call, live.source_code, live.source_files, failed_at)
    return replace(found, path=place)


def number_answers_at(session: Session, place: Place, of: Of) -> NumberAnswers:
    """Return what answers for the elements at `place`; raise `EngineProblem` where nothing is open, or compared."""
    compared = session.runs.comparison if isinstance(place, CallTensor) else session.comparison
    if of in ("other", "difference") and compared is None:
        raise EngineProblem(Problem("gone", "Nothing is compared here", "D compares what is open with something."))
    if not isinstance(place, CallTensor):
        return session.shown
    from .call_numbers import CallNumbers

    return CallNumbers(session)


def trace_of(session: Session, place: CallTensor) -> Trace:
    """Return the trace that has the row of a call; raise `EngineProblem`, of kind `gone`, where there is none."""
    trace = session.runs.trace(place.run)
    if place.call >= len(trace):
        raise EngineProblem(Problem("gone", f"Run {place.run} has no call {place.call}"))
    return trace
