"""What all calls of a run took together: the whole of which the costs of each are shares.  Knows nothing of torch."""

from __future__ import annotations

from collections.abc import Sequence

from ...messages import RunTotals
from .calls import Call


def totals_of(calls: Sequence[Call], is_dry: bool = False) -> RunTotals:
    """Return the totals of a run: of the network's own calls, of which a statement may make several.

    Args:
        is_dry: whether it was one without values.
    """
    outermost = [call for call in calls if not call.depth]
    seconds = [call.seconds for call in outermost if call.seconds is not None]
    return RunTotals(
        seconds=sum(seconds) if seconds else None,
        flops=_sum(outermost, "flops"),
        elementwise=_sum(outermost, "elementwise"),
        kept=_sum(outermost, "kept"),
        peak=max([call.peak for call in outermost if call.peak is not None], default=None),
        dry=is_dry,
    )


def _sum(calls: Sequence[Call], name: str) -> int | None:
    known = [number for call in calls if (number := getattr(call, name)) is not None]
    return sum(known) if known else None


def join_peaks(rows: Sequence[Call]) -> None:
    """Make the peak of each module's call the largest of all that ran within it."""
    holders: list[Call] = []
    for row in rows:
        while holders and holders[-1].depth >= row.depth:
            holders.pop()
        if row.peak is not None:
            for call in holders:
                call.peak = row.peak if call.peak is None else max(call.peak, row.peak)
        if row.kind == "module":
            holders.append(row)
