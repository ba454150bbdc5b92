"""`failure`: the last run ended with an error, or the backward from its result did."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import shape_as_text
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the call that raised what ended the last run, or what else ended it."""
    trace = evidence.trace
    if trace is None:
        return
    failed, problem = trace.failed, trace.problem
    if failed is None:
        if trace.went_back is not None and trace.went_back.conflict is not None:
            return  # `inplace_conflict` says it
        if problem is not None and problem.kind != "interrupted":
            text, path = f"{problem.type}: {problem.hint or problem.message}" if problem.type else problem.title, None
            if problem.kind == "usage":  # nothing raised: there is nothing that backward could start from
                text, path = f"backward failed: {problem.message or problem.title}", ""
            yield Finding(
                kind="failure", severity="error", text=_one_line(text), path=path, where=problem.where or None
            )
        return
    if problem is not None and problem.kind == "interrupted":
        return
    because = trace.hint
    shapes = " x ".join(shape_as_text(shape) or "·" for shape in failed.inputs)
    place = f"{failed.op} of {shapes}" if shapes else failed.op
    rows = [call.index for call in evidence.calls if call.failed]
    yield Finding(
        kind="failure",
        severity="error",
        text=f"forward failed at {place}: {because or failed.failed}",
        path=failed.module,
        call=rows[-1] if rows else None,
        where=failed.where or None,
    )


def _one_line(text: str) -> str:
    return text.strip().partition("\n")[0][:500]
