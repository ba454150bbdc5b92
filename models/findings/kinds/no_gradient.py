"""`no_gradient`, `zero_gradient`: parameters that the last backward did not reach, or whose gradient is 0."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding, Severity
from ...opened.facts import amount
from ...run.gradients.zeros import STEPS
from ...run.trace.went_back import Reason
from ..evidence import Evidence

FOUND_ELSEWHERE = ("frozen", "replaced", "unregistered", "unknown")
"""Causes that are meant, not known, or findings of their own."""
CUT = ("detached", "no_grad", "not_differentiable")
"""Causes at which values go on to the result without a gradient."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each cause once, for all parameters that it stands for.

    A module that no call read may be one of many of which each input takes some, and an operation by zero the start of
    a residual path: these are notes.
    """
    went_back = None if evidence.trace is None else evidence.trace.went_back
    if went_back is None:
        return
    together: dict[tuple[str, str], list[str]] = {}
    reasons: dict[tuple[str, str], Reason] = {}
    for path, reason in went_back.reasons.items():
        if reason.cause not in FOUND_ELSEWHERE:
            key = str(reason.cause), reason.text
            together.setdefault(key, []).append(path)
            reasons[key] = reason
    for key, paths in together.items():
        reason = reasons[key]
        more = f" (and {amount(len(paths) - 1, 'more parameter')})" if len(paths) > 1 else ""
        is_zero = reason.cause == "zero"
        yield Finding(
            kind="zero_gradient" if is_zero else "no_gradient",
            severity=_severity(reason),
            text=f"the gradient is {reason.text}{more}" if is_zero else f"no gradient{more}: {reason.text}",
            path=paths[0],
            call=reason.row,
            where=reason.where or None,
        )
    if (left := went_back.rounding) is not None:
        text = f"the gradient is {left.text}"
        yield Finding(
            kind="zero_gradient", severity="note", text=text, path=None, call=left.row, where=left.where or None
        )


def _severity(reason: Reason) -> Severity:
    if reason.cause == "zero":
        return "warning" if reason.call is not None and reason.call.op in STEPS else "note"
    if reason.cause in CUT:
        return "warning"
    return "warning" if reason.cause == "dropped" and not reason.text.startswith("leads only to") else "note"
