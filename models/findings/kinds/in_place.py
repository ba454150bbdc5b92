"""`inplace_conflict`: the last backward failed as a tensor that it needs was changed in place, or was used up."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the call that changed it, or else the one that needs it."""
    went_back = None if evidence.trace is None else evidence.trace.went_back
    if went_back is None or went_back.conflict is None:
        return
    conflict, needed = went_back.conflict, went_back.conflict.needed_by
    report = conflict.report()
    yield Finding(
        kind="inplace_conflict",
        severity="error",
        text=f"backward failed: {conflict.hint}",
        path=None if needed is None else needed.module,
        call=report["needed_by"] if report["changed_by"] is None else report["changed_by"],
        where=conflict.where or None,
    )
