"""`failure`: the last run ended with an error, or the backward from its result did."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import INTERRUPTED, Call, shape_as_text
from ..evidence import Evidence

NOTHING = "forward returned nothing (None): have it end with a `return` of its result"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the call that raised what ended the last run, what else ended it, or that it returned nothing."""
    trace = evidence.trace
    if trace is None:
        return
    failed, problem = trace.failed, trace.problem
    if failed is None:
        if trace.went_back is not None and trace.went_back.conflict is not None:
            return  # `inplace_conflict` says it
        if (after := trace.failed_outside) is not None:
            text = f"failed after the forward: {trace.hint or after.failed}; at {_place(after)}"
            yield Finding(kind="failure", severity="error", text=text, path=None, where=after.where or None)
        elif problem is None and trace.returned_nothing:
            yield Finding(kind="failure", severity="warning", text=NOTHING, path="")
        if problem is not None and problem.kind != "interrupted":
            text, path = f"{problem.type}: {problem.hint or problem.message}" if problem.type else problem.title, None
            if problem.kind == "usage":  # nothing raised: there is nothing that backward could start from
                text, path = f"backward failed: {problem.message or problem.title}", ""
            yield Finding(
                kind="failure", severity="error", text=_one_line(text), path=path, where=problem.where or None
            )
        return
    if failed.failed == INTERRUPTED or (problem is not None and problem.kind == "interrupted"):
        return
    rows = [call.index for call in evidence.calls if call.failed]
    yield Finding(
        kind="failure",
        severity="error",
        text=f"forward failed: {trace.hint or failed.failed}; at {_place(failed)}",
        path=failed.module,
        call=rows[-1] if rows else None,
        where=failed.where or None,
    )


def _place(call: Call) -> str:
    shapes = " x ".join(shape_as_text(shape) or "·" for shape in call.inputs)
    return f"{call.op} of {shapes}" if shapes else call.op


def _one_line(text: str) -> str:
    return text.strip().partition("\n")[0][:500]
