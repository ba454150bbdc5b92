"""What operations on an accelerator gave, measured there and read in one go: no call waits for the device.

The measures of a tensor are some numbers that its device computes behind the operation.  They are read together, once
some hundreds wait or the run is over; what has to look at them waits as long, in the order of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor
from torch._C import TensorBase
from torch.nn import Parameter

from .call_statistics import OutputStatistics

TOGETHER = 256
"""Tensors whose measures are read at once."""
WAITING = 4 * TOGETHER
"""Things that wait for the measures at most: each holds some of what it is about."""
PIECE = 2**26
"""Elements that are measured at a time: some copies of a piece are made."""
_WIDENED = (torch.uint16, torch.uint32, torch.uint64)
"""Integers that an accelerator has hardly an operation for."""


class Pending:
    """Statistics of a tensor that its device is still computing."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: OutputStatistics | None = None
        """None until they are read, and for good where that failed."""


Found = OutputStatistics | Pending | None
"""Statistics, those that come later, or none."""


def known(found: Found) -> OutputStatistics | None:
    """Return statistics as far as they are known by now; None where nothing is."""
    return found.found if type(found) is Pending else found  # type: ignore[return-value]


is_read_later: Callable[[Tensor], bool] = TensorBase.__dict__["is_cuda"].__get__
"""Returns whether a tensor lies where each look at a number would wait, and where float64 is known."""


def is_capturing() -> bool:
    """Return whether a CUDA graph is being captured: what runs now runs again with it, and nothing may wait for it."""
    return torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()  # type: ignore[no-untyped-call]


class Readings:
    """The measures of one run that wait to be read, and what is to be done when they are."""

    def __init__(self) -> None:
        self._measures: list[tuple[Tensor, Callable[[list[float]], None]]] = []
        """Numbers on a device, and what takes them."""
        self._actions: list[Callable[[], None]] = []
        self._timed: list[Callable[[], None]] = []
        self.waiting = False
        """Whether anything waits to be read, or to be done afterwards."""

    def measure(self, tensor: Tensor, by_unit: int | None = None) -> Pending | None:
        """Let the device measure a tensor as it is now; None where it cannot be, as with `statistics_of`.

        Args:
            by_unit: of what a ReLU gave, the dimension of its units, of which those that are zero throughout are
                counted; None for another tensor.
        """
        if type(tensor) is not Tensor and type(tensor) is not Parameter:
            return None
        if tensor.layout is not torch.strided or tensor.dtype.is_complex or tensor.is_quantized or not tensor.numel():
            return None
        pending, self.waiting = Pending(), True
        values = tensor.detach()
        for piece in torch.split(values.reshape(-1), PIECE) if values.numel() > PIECE else (values,):
            measure = _Measure(pending, piece.numel(), whole=not values.is_floating_point())
            numbers, counts = _measured(piece)
            self._measures += [(numbers, measure.numbers), (counts, measure.counts)]
        if by_unit is not None:
            others = [dimension for dimension in range(values.dim()) if dimension != by_unit]
            alive = values.amax(others).count_nonzero().view(1)
            self._measures.append((alive, _unit_taker(pending, values.shape[by_unit])))
        return pending

    def rows(self, tensor: Tensor, pending: Pending, take: Callable[[float], None]) -> None:
        """Let the device measure how unlike the rows of a tensor are, and hand that on; see `spread_of_rows`."""
        count = tensor.shape[0]
        rows = tensor.detach().reshape(count, -1)
        wide = rows if rows.dtype is torch.float64 else rows.float()
        total = wide.sum(0)
        difference = wide[1:] - wide[:1]
        apart, shift = torch.linalg.vector_norm(difference), torch.linalg.vector_norm(difference.sum(0))
        numbers = torch.stack([torch.linalg.vector_norm(total), apart, shift])

        def taken(given: list[float]) -> None:
            spread = _spread(pending.found, count, *given)
            if spread is not None:
                take(spread)

        self._measures.append((numbers, taken))

    def time(self, read: Callable[[], None]) -> None:
        """Ask a device for its time by `read` when the measures are read."""
        self._timed.append(read)
        if len(self._timed) >= 4 * TOGETHER:
            self.read()

    def then(self, action: Callable[[], None]) -> None:
        """Do something once all that was measured so far is read; at once where that is nothing."""
        if not self.waiting:
            action()
            return
        self._actions.append(action)
        if len(self._measures) >= 2 * TOGETHER or len(self._actions) >= WAITING:
            self.read()

    def read(self) -> None:
        """Wait for the device, read all measures, and do what waits for them, in its order.

        Not while a CUDA graph is captured, which would end with an error: then they wait for the next time.
        """
        if is_capturing():
            return
        self.waiting = False
        timed, self._timed = self._timed, []
        (measures, self._measures), (actions, self._actions) = (self._measures, []), (self._actions, [])
        with suppress(Exception):  # after an error of the device nothing can be read there
            for (_, take), numbers in zip(measures, _read([each for each, _ in measures]), strict=True):
                take(numbers)
            for read in timed:
                read()
        for action in actions:
            action()


def _read(tensors: list[Tensor]) -> list[list[float]]:
    """Return the numbers of each tensor, with one copy for each device and dtype."""
    found: list[list[float]] = [[] for _ in tensors]
    for device in {each.device for each in tensors if each.is_cuda}:
        torch.cuda.synchronize(device)  # they may be of several streams
    for kind in {(each.device, each.dtype) for each in tensors}:
        mine = [place for place, each in enumerate(tensors) if (each.device, each.dtype) == kind]
        numbers = torch.cat([tensors[place] for place in mine]).tolist()
        start = 0
        for place in mine:
            stop = start + tensors[place].numel()
            found[place], start = numbers[start:stop], stop
    return found


def _measured(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return what is measured of a tensor on its device, in few operations: each has to be handed over.

    First the least and the largest finite element, the mean and the variance, with zeros for what is not finite; then
    how many elements are not zero, not finite, NaN, positive infinity.
    """
    dtype = values.dtype
    if not dtype.is_floating_point:
        if dtype is torch.bool or dtype in _WIDENED:
            values = values.to(torch.uint8 if dtype is torch.bool else torch.int64)
        low, high = torch.aminmax(values)
        numbers = values.to(torch.float64)
        variance, mean = torch.var_mean(numbers, correction=0)
        ends = torch.stack([low, high]).to(torch.float64)
        return torch.cat([ends, torch.stack([mean, variance])]), values.count_nonzero().view(1)
    if dtype not in (torch.float32, torch.float64):
        values = values.float()
    finite = torch.nan_to_num(values, 0.0, 0.0, 0.0)
    low = torch.nan_to_num(values, math.inf, math.inf, math.inf).amin()
    high = torch.nan_to_num(values, -math.inf, -math.inf, -math.inf).amax()
    variance, mean = torch.var_mean(finite.double(), correction=0)  # squares of float32 may have no room
    counts = [values, torch.ne(values, finite), torch.ne(values, values), torch.eq(values, math.inf)]
    return torch.stack([low.double(), high.double(), mean, variance]), torch.stack(
        [each.count_nonzero() for each in counts]
    )


class _Measure:
    """Makes statistics of the numbers of `_measured`.

    Args:
        pending: whose they are; of several pieces of a tensor they are joined.
        elements: how many elements were measured.
        whole: whether they are integers.
    """

    __slots__ = ("_elements", "_numbers", "_pending", "_whole")

    def __init__(self, pending: Pending, elements: int, whole: bool) -> None:
        self._pending = pending
        self._elements = elements
        self._whole = whole
        self._numbers: list[float] = []

    def numbers(self, numbers: list[float]) -> None:
        """Take the first part."""
        self._numbers = numbers

    def counts(self, counts: list[float]) -> None:
        """Take the second part."""
        low, high, mean, variance = self._numbers
        elements, pending = self._elements, self._pending
        nonzero, nonfinite, nan, positive = [*map(int, counts), 0, 0, 0][:4]
        finite, total = elements - nonfinite, mean * elements
        squares = variance * elements  # around the mean with zeros
        if nonfinite and finite:
            squares = max(squares + total * mean - total * total / finite, 0.0)
        found = OutputStatistics(
            elements,
            int(low) if self._whole else low,
            int(high) if self._whole else high,
            total,
            squares if finite else 0.0,
            elements - nonzero,
            nan,
            positive,
            nonfinite - nan - positive,
        )
        pending.found = found if pending.found is None else pending.found.joined(found)


def _unit_taker(pending: Pending, units: int) -> Callable[[list[float]], None]:
    """Return what notes how many units were never above zero, as `note_dead` does."""

    def take(numbers: list[float]) -> None:
        found = pending.found
        if found is not None:
            found.units = units
            found.dead = (units - int(numbers[0])) if found.all_finite else None

    return take


def _spread(found: OutputStatistics | None, rows: int, total: float, apart: float, shift: float) -> float | None:
    """Return how unlike rows are, by the norms of their sum, of their differences from the first, and of these added.

    None where it says nothing, as `spread_of_rows` has it.
    """
    if found is None or found.finite < found.elements:
        return None
    size = found.deviation + found.total * found.total / found.elements
    if not 0 < size < math.inf:
        return None
    between = size - total * total / rows
    if not between > 1e-4 * size:
        between = apart * apart - shift * shift / rows
    return math.sqrt(min(max(between / size, 0.0), 1.0))
