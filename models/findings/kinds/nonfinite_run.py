"""`nan`, `inf`: the first NaN of the last run, or else the first infinity that reached its result."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.born import ATTENTION
from ...run.trace.calls import Call
from ...run.trace.record import FirstNonfinite, NonfiniteCause
from ..evidence import Evidence
from ..same_elements import computed_by

_SOFTMAX = frozenset(("softmax", "Softmax", "log_softmax", "LogSoftmax"))
_LOGS = {"softmax": "log_softmax", "Softmax": "log_softmax", "sigmoid": "logsigmoid", "Sigmoid": "logsigmoid"}
"""What takes the logarithm too, without a 0 in between."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the call that made it; a mask's infinity that was taken away again is none."""
    trace = evidence.trace
    first = None if trace is None else trace.nonfinite or trace.nonfinite_backward
    if trace is not None and first is None and (gone := trace.overflow) is not None:
        yield Finding(
            kind="inf",
            severity="note",
            text=f"infinity is made by {gone['text'] or gone['op']}; it does not reach the result, but what is "
            "computed of it, as 1 / infinity is 0, is hardly meant",
            path=gone["module"],
            call=gone["call"],
            where=gone["where"],
        )
    if first is None:
        return
    yield Finding(
        kind="nan" if first["what"] == "NaN" else "inf",
        severity="error",
        text=_text(first) + _mend(evidence, first) + _spread(evidence, first),
        path=first["module"] if first["tensor"] is None else first["tensor"],
        call=first["call"],
        where=first["where"],
    )


def _spread(evidence: Evidence, first: FirstNonfinite) -> str:
    """Return how many calls behind the one that made it give it too; empty where none does."""
    if first["phase"] != "forward" or first["call"] is None:
        return ""
    kind = "nan" if first["what"] == "NaN" else "inf"
    behind = [call for call in evidence.calls[first["call"] + 1 :] if call.statistics is not None]
    count = sum(1 for call in behind if getattr(call.statistics, kind))
    if not count:
        return ""
    if len(behind) == 1:
        return f"; the call behind it gives {first['what']} too"
    which = f"all {count}" if count == len(behind) else f"{count} of the {len(behind)}"
    return f"; {which} calls behind it give {first['what']} too"


def _mend(evidence: Evidence, first: FirstNonfinite) -> str:
    """Return what gives finite numbers instead; empty where nothing is certain."""
    if first["phase"] != "forward" or first["call"] is None or first["call"] >= len(evidence.calls):
        return ""
    call, cause = evidence.calls[first["call"]], first["cause"]
    if call.op in _SOFTMAX and first["what"] == "NaN" and (read := _computed(call)) is not None:
        found = read.statistics
        if found is not None and found.negative_inf and not (found.nan or found.positive_inf):
            return "; leave an element of each row unmasked, or mask with a finite number"
    if call.op in ATTENTION and " no key" in (first["text"] or ""):
        return "; leave a key of each row unmasked, or leave such rows out"
    log = call if cause is None else next((each for each in evidence.calls if _is_made_by(each, cause)), None)
    if log is not None and log.op == "log" and (read := _computed(log)) is not None and read.op in _LOGS:
        return f"; `{_LOGS[read.op]}` in place of {read.op} and log fits"
    return ""


def _is_made_by(call: Call, cause: NonfiniteCause) -> bool:
    return call.op == cause["op"] and (call.where or None) == cause["where"]


def _computed(call: Call) -> Call | None:
    """Return the row of the one call that computed what `call` reads."""
    return computed_by(call.producers[0]) if len(call.producers) == 1 else None


def _text(first: FirstNonfinite) -> str:
    what = first["what"]
    if first["phase"] == "input":
        return f"the input holds {what}"
    if first["phase"] == "backward" and first["text"]:
        return f"first {what} of the gradients: {first['text']}"
    if first["phase"] == "backward":
        return f"{what} in gradients, on the way back first in that of {first['tensor'] or first['module']}"
    if first["tensor"] is not None:
        return f"{first['op']} reads {what} from {first['tensor']}, and it reaches the result"
    return f"first {what} is made by {first['text'] or first['op']}"
