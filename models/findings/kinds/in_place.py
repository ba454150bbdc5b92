"""`inplace_conflict`: a tensor that the last backward needs was changed in place or used up: it failed, or is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the call that changed it, or else the one that needs it."""
    went_back = None if evidence.trace is None else evidence.trace.went_back
    if went_back is None:
        return
    failed, unnoticed = went_back.conflict, went_back.unnoticed
    for conflict, begin in ((failed, "backward failed: "), (unnoticed, "")):
        if conflict is None:
            continue
        report, needed = conflict.report(), conflict.needed_by
        yield Finding(
            kind="inplace_conflict",
            severity="error",
            text=f"{begin}{conflict.hint}",
            path=None if needed is None else needed.module,
            call=report["needed_by"] if report["changed_by"] is None else report["changed_by"],
            where=conflict.where or None,
        )
