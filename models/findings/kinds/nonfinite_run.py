"""`nan`, `inf`: the first NaN of the last run, or else the first infinity that reached its result."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call
from ...run.trace.record import FirstNonfinite, NonfiniteCause
from ..evidence import Evidence
from ..same_elements import FOLLOWED, SAME_ELEMENTS

_SOFTMAX = frozenset(("softmax", "Softmax", "log_softmax", "LogSoftmax"))
_LOGS = {"softmax": "log_softmax", "Softmax": "log_softmax", "sigmoid": "logsigmoid", "Sigmoid": "logsigmoid"}
"""What takes the logarithm too, without a 0 in between."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the call that made it; a mask's infinity that was taken away again is none."""
    trace = evidence.trace
    first = None if trace is None else trace.nonfinite or trace.nonfinite_backward
    if first is None:
        return
    yield Finding(
        kind="nan" if first["what"] == "NaN" else "inf",
        severity="error",
        text=_text(first) + _range(evidence, first) + _mend(evidence, first),
        path=first["module"] if first["tensor"] is None else first["tensor"],
        call=first["call"],
        where=first["where"],
    )


def _range(evidence: Evidence, first: FirstNonfinite) -> str:
    """Return between which numbers the elements lie that the call read, where it made it of finite ones of one call."""
    if first["phase"] != "forward" or first["call"] is None or first["tensor"] or first["cause"]:
        return ""
    index = first["call"]
    producers = [call.row_of() for call in evidence.calls[index].producers] if index < len(evidence.calls) else []
    found = producers[0].statistics if len(producers) == 1 else None
    if found is None or not found.finite or found.finite < found.elements:
        return ""
    return f", which read {found.minimum:.4g} to {found.maximum:.4g}"


def _mend(evidence: Evidence, first: FirstNonfinite) -> str:
    """Return what is certain of how it came to be, and what gives finite numbers instead; empty where nothing is."""
    if first["phase"] != "forward" or first["call"] is None or first["call"] >= len(evidence.calls):
        return ""
    call, cause = evidence.calls[first["call"]], first["cause"]
    if call.op in _SOFTMAX and first["what"] == "NaN" and (read := _computed(call)) is not None:
        found = read.statistics
        if found is not None and found.negative_inf and not (found.nan or found.positive_inf):
            return (
                ": a whole row that it reads is -inf; leave an element of each unmasked, or mask with a finite number"
            )
    log = call if cause is None else next((each for each in evidence.calls if _is_made_by(each, cause)), None)
    if log is not None and log.op == "log" and (read := _computed(log)) is not None and read.op in _LOGS:
        return f", of a 0 from {read.op}: `{_LOGS[read.op]}` in place of both fits"
    return ""


def _is_made_by(call: Call, cause: NonfiniteCause) -> bool:
    return call.op == cause["op"] and (call.where or None) == cause["where"]


def _computed(call: Call) -> Call | None:
    """Return the row of the one call that computed what `call` reads, before that was laid out anew."""
    for _ in range(FOLLOWED):
        if len(call.producers) != 1:
            return None
        call = call.producers[0].row_of()
        if call.op not in SAME_ELEMENTS:
            return call
    return None


def _text(first: FirstNonfinite) -> str:
    what, cause = first["what"], first["cause"]
    if first["phase"] == "input":
        return f"the input holds {what}"
    if first["phase"] == "backward" and first["text"]:
        return f"first {what} of the gradients: {first['text']}"
    if first["phase"] == "backward":
        return f"{what} in gradients, on the way back first in that of {first['tensor'] or first['module']}"
    if first["tensor"] is not None:
        return f"{first['op']} reads {what} from {first['tensor']}, and it reaches the result"
    text = f"first {what} is made by {first['op']}"
    if cause is not None:
        return f"{text}, of an infinity from {cause['op']}" + (f" at {cause['where']}" if cause["where"] else "")
    return text
