"""Statistics of the elements of tensors, for findings: taken once, of the whole tensor or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from ..run.trace.call_statistics import OutputStatistics
from ..run.trace.output_statistics import statistics_of
from ..tensors.plainly import plainly
from ..tensors.tensors import size_in_bytes, stamp_of
from ..work.one_thread import one_thread

KnownValues = dict[int, tuple[object, OutputStatistics | None]]
"""By identity of a tensor its stamp and the statistics that it had then."""


class Values:
    """The statistics of tensors, within a budget.

    Args:
        limit: bytes of elements that are read; None for all.
        known: statistics of before, which are taken over where the tensor did not change; those of now are added.
        on_progress: called with the bytes read so far.
    """

    def __init__(
        self,
        limit: int | None = None,
        known: KnownValues | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self._left = math.inf if limit is None else limit
        self._known: KnownValues = {} if known is None else known
        self._on_progress = on_progress
        self._taken: dict[int, OutputStatistics | None] = {}
        self._read = 0
        self.left_out = 0
        """Tensors that were not read, for they are beyond the limit."""

    @plainly
    def of(self, tensor: Tensor) -> OutputStatistics | None:
        """Return the statistics of a tensor; None where it has no elements, or is beyond the limit."""
        if id(tensor) in self._taken:
            return self._taken[id(tensor)]
        stamp, known = stamp_of(tensor), self._known.get(id(tensor))
        if known is not None and known[0] == stamp:
            found = known[1]
        else:
            size = size_in_bytes(tensor) or 0
            if size > self._left:
                self.left_out += 1
                self._taken[id(tensor)] = None
                return None
            self._left -= size
            with one_thread():
                found = statistics_of(tensor)
            self._known[id(tensor)] = stamp, found
            self._read += size
            if self._on_progress is not None:
                self._on_progress(self._read)
        self._taken[id(tensor)] = found
        return found
