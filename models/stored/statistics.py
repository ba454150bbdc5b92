"""Statistics of a tensor in a file, read piece by piece: a file larger than memory takes no more than a small one.

Free of torch at import.  As long as only small tensors are asked for it is not imported at all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from ..messages import StatisticsOf
from ..tensors.lattice import FEW
from ..work.cancelled import Cancelled, ShouldCancel, never
from .overlap import once, overlapping, too_wide, view_of
from .plain_statistics import plain_statistics
from .stored import Stored, Unreadable
from .window import absence_after, no_numbers, read_numbers

MOST_PLAIN = 2**16
"""Elements of a tensor that are measured without torch."""
WORTH_TORCH = 2**21
"""Elements of all tensors together after which the second that they took is worth the seconds of importing torch."""


def stored_statistics(
    stored: Stored,
    *,
    path: str,
    bins: int = 40,
    exact: bool = False,
    cancelled: ShouldCancel = never,
    progress: Callable[[float], None] | None = None,
) -> StatisticsOf:
    """What `inspect.statistics.statistics` tells of the same numbers in memory; an absence where they cannot be read.

    A quantised tensor is measured by the float32 that its blocks stand for.  Raises `Cancelled`.
    """
    if reason := no_numbers(stored):
        return StatisticsOf(path=path, of="value", absence="unsupported", reason=reason)
    try:
        stored, repeats = once(stored) if stored.elements > FEW else (stored, 1)
        if (view := overlapping(stored)) is not None:
            if reason := too_wide(view):
                return StatisticsOf(path=path, of="value", absence="unsupported", reason=reason)
            from ..tensors.statistics.tensor import statistics

            tensor = view_of(view).unsqueeze(0).expand(repeats, *view.shape)
            return statistics(tensor, path=path, bins=bins, cancelled=cancelled, progress=progress)
        if repeats == 1 and _without_torch.may_take(stored.elements):
            if cancelled():
                raise Cancelled
            found = plain_statistics(read_numbers(stored, 0, stored.elements), path=path, bins=bins)
            if progress is not None:
                progress(1.0)
            return found
        from ..tensors.statistics.tensor import measure
        from .streamed import stream_of

        stream = replace(stream_of(stored), repeats=repeats)
        return measure(stream, path=path, bins=bins, exact=exact, cancelled=cancelled, progress=progress)
    except Unreadable as error:
        return StatisticsOf(path=path, of="value", absence=absence_after(error), reason=str(error))


class _WithoutTorch:
    """Decides which tensors are measured without torch in this process."""

    def __init__(self) -> None:
        self._measured = 0

    def may_take(self, elements: int) -> bool:
        """Whether so many elements more are."""
        if "torch" in sys.modules or elements > MOST_PLAIN or self._measured > WORTH_TORCH:
            return False
        self._measured += elements
        return True


_without_torch = _WithoutTorch()
