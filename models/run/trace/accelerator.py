"""What operations on an accelerator gave, measured there and read in one go: no call waits for the device.

The measures of a tensor are eight numbers that its device computes behind the operation.  They are read together, once
some hundreds wait or the run is over; what has to look at them waits as long, in the order of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor
from torch.nn import Parameter

from .call_statistics import OutputStatistics

TOGETHER = 256
"""Tensors whose measures are read at once."""
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
    """Return statistics as far as they are known by now."""
    return found.found if type(found) is Pending else found  # type: ignore[return-value]


def is_read_later(tensor: Tensor) -> bool:
    """Return whether a tensor lies where each look at a number would wait, and where float64 is known."""
    return tensor.is_cuda


class Readings:
    """The measures of one run that wait to be read, and what is to be done when they are."""

    def __init__(self) -> None:
        self._measures: list[tuple[Tensor, Callable[[list[float]], None]]] = []
        """Numbers of float64 on a device, and what takes them."""
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
        if torch.cuda.is_available() and torch.cuda.is_current_stream_capturing():
            return None  # what is captured runs again with the graph, and must not be waited for
        pending, self.waiting = Pending(), True
        values = tensor.detach()
        for piece in torch.split(values.reshape(-1), PIECE) if values.numel() > PIECE else (values,):
            self._measures.append((_measured(piece), _taker(pending, piece.numel(), not values.is_floating_point())))
        if by_unit is not None:
            others = [dimension for dimension in range(values.dim()) if dimension != by_unit]
            alive = values.amax(others).count_nonzero().to(torch.float64).view(1)
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
        numbers = torch.stack([torch.linalg.vector_norm(total), apart, shift]).to(torch.float64)

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
        if len(self._measures) >= TOGETHER:
            self.read()

    def read(self) -> None:
        """Wait for the device, read all measures, and do what waits for them, in its order."""
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
    """Return the numbers of each tensor, with one copy for each device."""
    found: list[list[float]] = [[] for _ in tensors]
    for device in {each.device for each in tensors}:
        mine = [place for place, each in enumerate(tensors) if each.device == device]
        if device.type == "cuda":
            torch.cuda.synchronize(device)  # they may be of several streams
        numbers = torch.cat([tensors[place] for place in mine]).tolist()
        start = 0
        for place in mine:
            stop = start + tensors[place].numel()
            found[place], start = numbers[start:stop], stop
    return found


def _measured(values: Tensor) -> Tensor:
    """Return eight numbers of a tensor, float64 on its device.

    Of the finite elements the least, the largest, the sum, and their distance from their mean as a norm, in which the
    others stand as zeros; how many elements are not zero, and not finite; the infinities, with their signs and without.
    """
    dtype = values.dtype
    if dtype.is_floating_point:
        if values.element_size() == 1:
            values = values.float()
        finite = torch.nan_to_num(values, 0.0, 0.0, 0.0)
        other = values - finite  # NaN, infinity, or zero where the element is finite
        signs = torch.nan_to_num(other, 0.0, 1.0, -1.0)
        low = torch.nan_to_num(values, math.inf, math.inf, math.inf).amin()
        high = torch.nan_to_num(values, -math.inf, -math.inf, -math.inf).amax()
        counts = [other.count_nonzero(), signs.sum(dtype=torch.float64), signs.count_nonzero()]
    else:
        if dtype is torch.bool or dtype in _WIDENED:
            values = values.to(torch.uint8 if dtype is torch.bool else torch.int64)
        finite, (low, high) = values, torch.aminmax(values)
        counts = [torch.zeros((), dtype=torch.float64, device=values.device)] * 3
    total = finite.sum(dtype=torch.float64)
    wide = finite if finite.dtype in (torch.float32, torch.float64) else finite.to(torch.float32)
    around = counts[0].to(torch.float64).neg().add(values.numel()).clamp(min=1.0)
    apart = torch.linalg.vector_norm(wide - (total / around).to(wide.dtype))
    numbers = [low, high, total, apart, values.count_nonzero(), *counts]
    return torch.stack([each.to(torch.float64) for each in numbers])


def _taker(pending: Pending, elements: int, whole: bool) -> Callable[[list[float]], None]:
    """Return what makes statistics of the numbers of `_measured`; `whole`: of integers."""

    def take(numbers: list[float]) -> None:
        low, high, total, apart, nonzero, nonfinite, signs, infinite = numbers
        finite = elements - int(nonfinite)
        mean = total / max(finite, 1)
        found = OutputStatistics(
            elements,
            int(low) if whole else low if finite else math.inf,
            int(high) if whole else high if finite else -math.inf,
            total,
            max(apart * apart - nonfinite * mean * mean, 0.0),
            elements - int(nonzero),
            int(nonfinite) - int(infinite),
            int(infinite + signs) // 2,
            int(infinite - signs) // 2,
        )
        pending.found = found if pending.found is None else pending.found.joined(found)

    return take


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
