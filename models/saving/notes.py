"""Sentences on what a new file will hold that a user may not expect, and on what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .metadata import DEFAULT, is_tie
from .plan import FilePlan

Overflows = Mapping[str, int] | None
"""Finite numbers that became infinite, by path; None where nothing was written."""


def notes_of(plan: FilePlan, metadata: Mapping[str, str] | None, overflows: Overflows) -> list[str]:
    """Return sentences on what a user may not expect; `metadata` are those of the source."""
    notes = list(plan.notes)
    lost = [name for name, value in (metadata or {}).items() if not is_tie(name, value, plan) and name not in DEFAULT]
    if plan.form == "torch" and lost:
        notes.append(f"a torch file has no place for the metadata: {', '.join(lost)}")
    for tensor in plan.tensors:
        if count := (overflows or {}).get(tensor.path):
            became = "number is" if count == 1 else "numbers are"
            notes.append(f"{tensor.path}: {count:,} {became} too large for {tensor.dtype.name} and became infinite")
    return notes


def left_out_of(plan: FilePlan) -> Iterator[tuple[str, list[str]]]:
    """Yield each reason for which something of the source is left out, and the names of that."""
    reasons: dict[str, list[str]] = {}
    for each in plan.left_out:
        reasons.setdefault(each.reason.partition(":")[0], []).append(each.path)  # of items without their types
    yield from reasons.items()
