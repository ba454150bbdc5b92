"""What `save` reports, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..opened.facts import amount
from ..safe_text import clean
from ..saving.metadata import DEFAULT, is_tie
from ..saving.plan import FORM_NAMES, Plan, SavedTensor
from .columns import LEAST, cut_names, table_of_names

NAME = 200
"""Characters of a name that are written."""
LEFT_OUT = 5
"""Names of what is left out that are written, of each reason."""
NOTES = 10
"""Notes that are written."""

Overflows = Mapping[str, int] | None
"""Finite numbers that became infinite, by path; None where nothing was written."""


def notes_of(plan: Plan, metadata: Mapping[str, str] | None, overflows: Overflows) -> list[str]:
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


def report_of(source: str, out: str, plan: Plan, notes: Sequence[str], overflows: Overflows) -> dict[str, Any]:
    """Return the object that `save --json` prints, `schema` left out."""
    return {
        "source": source,
        "out": out,
        "tensors": [_entry(each, overflows) for each in plan.tensors],
        "left_out": [each._asdict() for each in plan.left_out],
        "bytes": plan.bytes,
        "dry": overflows is None,
        "notes": list(notes),
    }


def _entry(tensor: SavedTensor, overflows: Overflows) -> dict[str, Any]:
    """Return the entry of a tensor; `overflowed` is None where it was not converted, or nothing was written."""
    counted = overflows is not None and tensor.converted
    return {
        "path": tensor.path,
        "from": tensor.source_path,
        "dtype": tensor.dtype.name,
        "shape": list(tensor.shape),
        "bytes": tensor.bytes,
        "dtype_from": tensor.readable.dtype_name,
        "same_as": tensor.shared_with or None,
        "overflowed": (overflows or {}).get(tensor.path, 0) if counted else None,
    }


def text_of(out: str, plan: Plan, notes: Sequence[str], overflows: Overflows, width: int | None) -> Iterator[str]:
    """Yield the lines that `save` prints, safe for a terminal: the tensors of a dry run, then the sums."""
    if overflows is None:
        beside = NAME if width is None else max(LEAST, width // 3)
        yield from table_of_names([_row(each, beside) for each in plan.tensors], 0, width, right=(3,))
    said = "would be" if overflows is None else "is written:"
    what = f"{amount(len(plan.tensors), 'tensor')}, {amount(plan.bytes, 'byte')}"
    yield f"{clean(out, NAME)} {said} {FORM_NAMES[plan.form]}: {what}"
    for note in notes[:NOTES]:
        yield clean(note, 2 * NAME)
    if len(notes) > NOTES:
        yield f"and {amount(len(notes) - NOTES, 'note')} more, which --json lists"
    reasons: dict[str, list[str]] = {}
    for each in plan.left_out:
        reasons.setdefault(each.reason.partition(":")[0], []).append(each.path)  # of items without their types
    for reason, paths in reasons.items():
        names = ", ".join(clean(path, NAME) for path in paths[:LEFT_OUT])
        more = f" and {len(paths) - LEFT_OUT:,} more" if len(paths) > LEFT_OUT else ""
        yield f"left out: {names}{more} ({clean(reason, NAME)})"


def _row(tensor: SavedTensor, beside: int) -> tuple[str, ...]:
    """Return the cells of a tensor; names beside its own take `beside` cells at most."""
    remarks = [f"was {clean(tensor.readable.dtype_name, NAME)}"] if tensor.converted else []
    for word, path in (("the same as", tensor.shared_with), ("from", tensor.source_path)):
        if path not in ("", tensor.path):
            remarks.append(f"{word} {cut_names([clean(path, NAME)], beside)[0]}")
    size = f"{tensor.bytes:,}"
    return clean(tensor.path, NAME), tensor.dtype.name, str(list(tensor.shape)), size, ", ".join(remarks)
