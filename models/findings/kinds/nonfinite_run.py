"""`nan`, `inf`: the first NaN of the last run, or else the first infinity that reached its result."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.record import FirstNonfinite
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the call that made it; a mask's infinity that was taken away again is none."""
    trace = evidence.trace
    first = None if trace is None else trace.nonfinite or trace.nonfinite_backward
    if first is None:
        return
    yield Finding(
        kind="nan" if first["what"] == "NaN" else "inf",
        severity="error",
        text=_text(first) + _range(evidence, first),
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
