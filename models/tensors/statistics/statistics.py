"""Statistics of one tensor of any size, live or in a file, in bounded memory.

Must not import torch: as long as only small tensors in files are measured, it is not imported at all.
"""

from __future__ import annotations

import sys

from msgspec.structs import replace

from ...messages import Absence, Of, Place, StatisticsOf
from ...work.cancelled import Cancelled, ShouldCancel, never
from ...work.progress import OnProgress
from ..readable import Readable, answer
from .plain import plain_statistics

WITHOUT_TORCH_LIMIT = 2**16
"""Elements of a tensor up to which it is measured without torch."""
TORCH_FROM = 2**21
"""Elements of all tensors so far after which importing torch is worth its seconds."""


def statistics(
    readable: Readable,
    *,
    path: Place,
    of: Of = "value",
    bins: int = 40,
    exact: bool = False,
    only_moments: bool = False,
    should_cancel: ShouldCancel = never,
    on_progress: OnProgress | None = None,
) -> StatisticsOf:
    """Return moments, extremes, quantiles and a histogram of the finite elements; NaN and infinities are counted apart.

    The answer's `count` is that of all elements.  Complex numbers count by magnitude, booleans as 0 and 1, quantised
    ones as the floats that they stand for.  `exact` makes further passes where one pass gives quantiles and histogram
    closely only.  `only_moments` leaves quantiles and histogram out where that is faster: they are empty then.
    `should_cancel` is called between pieces, some thousand times a second; `on_progress` with a fraction
    from 0 to 1.

    Raises:
        Cancelled: `should_cancel` returned True.
    """

    def absent(absence: Absence, reason: str) -> StatisticsOf:
        return StatisticsOf(path=path, of=of, absence=absence, reason=reason)

    def read(ready: Readable) -> StatisticsOf:
        if ready.without_torch and _without_torch.may_take(ready.elements):
            if should_cancel():
                raise Cancelled
            found = plain_statistics(ready.numbers(0, ready.elements), ready.shape, path=path, of=of, bins=bins)
            if on_progress is not None:
                on_progress(1.0)
            return found
        from ...work.one_thread import one_thread
        from .measure import measure

        with one_thread():
            found = measure(ready, bins, exact, should_cancel, on_progress, only_moments)
            return replace(found, path=path, of=of)

    return answer(readable, absent, read)


class _WithoutTorch:
    """The decision which tensors are measured without torch in this process."""

    def __init__(self) -> None:
        self._measured = 0

    def may_take(self, elements: int) -> bool:
        """Return whether a tensor of so many elements is, and count it."""
        if "torch" in sys.modules or elements > WITHOUT_TORCH_LIMIT or self._measured > TORCH_FROM:
            return False
        self._measured += elements
        return True


_without_torch = _WithoutTorch()
