"""What a run costs, in one line of the console."""

from __future__ import annotations

from ..messages import RunTotals
from ..sources.wording import size_text


def costs_text(totals: RunTotals) -> str:
    """Return what a run costs in one line."""
    parts = [] if totals.flops is None else [f"{totals.flops:,} FLOPs of products"]
    parts += [] if totals.peak is None else [f"at most {size_text(totals.peak)} of activations at once"]
    parts += [] if totals.kept is None else [f"{size_text(totals.kept)} kept for backward"]
    return ", ".join(parts)
