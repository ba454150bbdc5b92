"""What `save` reports, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..opened.facts import amount
from ..safe_text import clean
from ..saving.notes import Overflows, left_out_of
from ..saving.plan import FORM_NAMES, FilePlan, SavedTensor
from .columns import NARROWEST, cut_names, table_of_names

NAME = 200
"""Characters of a name that are written."""
LEFT_OUT = 5
"""Names of what is left out that are written, of each reason."""
NOTES = 10
"""Notes that are written."""


def report_of(source: str, out: str, plan: FilePlan, notes: Sequence[str], overflows: Overflows) -> dict[str, Any]:
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


def text_of(out: str, plan: FilePlan, notes: Sequence[str], overflows: Overflows, width: int | None) -> Iterator[str]:
    """Yield the lines that `save` prints, safe for a terminal: the tensors of a dry run, then the sums."""
    if overflows is None:
        beside = NAME if width is None else max(NARROWEST, width // 3)
        yield from table_of_names([_row(each, beside) for each in plan.tensors], 0, width, right=(3,))
    said = "would be" if overflows is None else "is written:"
    what = f"{amount(len(plan.tensors), 'tensor')}, {amount(plan.bytes, 'byte')}"
    yield f"{clean(out, NAME)} {said} {FORM_NAMES[plan.form]}: {what}"
    for note in notes[:NOTES]:
        yield clean(note, 2 * NAME)
    if len(notes) > NOTES:
        yield f"and {amount(len(notes) - NOTES, 'note')} more, which --json lists"
    for reason, paths in left_out_of(plan):
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
