"""Statistics of every element that an operation gave, taken at once and so as cheaply as can be.

Three passes that torch vectorises answer for a tensor without NaN and infinities; the others are taken only where one
of the three asks for it.  Nothing is sampled, no random number drawn, nothing left in the graph or in a version.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import Parameter

from ...tensors.distributed import local_part, why_not_local
from .call_statistics import OutputStatistics
from .deferred_statistics import DeferredStatistics
from .many_statistics import is_many, sums_of

SMALL_LIMIT = 64
"""Elements up to which Python's own functions are quicker than a call of torch's."""
COUNT_LIMIT = 2**11
"""Elements up to which asking each whether it is zero is quicker than two passes over their bits."""
PIECE = 2**16
"""Elements that are converted at a time where a dtype has no arithmetic that is precise enough."""
FLAT = 0.03
"""Standard deviation over the mean below which it is taken again: the difference of two sums has cancelled by then."""
_numel = torch._C.TensorBase.numel
_INTEGERS = {torch.float64: torch.int64, torch.float32: torch.int32, torch.float16: torch.int16}
_INTEGERS[torch.bfloat16] = torch.int16


def statistics_of(tensor: Tensor) -> OutputStatistics | None:
    """Return the statistics of `tensor`; None where it has no elements of its own to measure.

    That is a tensor without values (meta, fake), of complex numbers or of quantised ones, one within a transform, one
    that lies on other ranks, and one of a foreign class.  Of a sparse tensor the missing elements are zeros; a tensor
    that repeats elements in memory is measured by those.
    """
    try:
        if type(tensor) is Tensor or type(tensor) is Parameter:
            if tensor.dtype in _INTEGERS and _numel(tensor) <= SMALL_LIMIT and tensor.layout is torch.strided:
                return _of_few(tensor)
        else:
            tensor = local_part(tensor)
            if why_not_local(tensor) or type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__:
                return None
        return _statistics_of(tensor)
    except Exception:  # dtypes without a sum, tensors within a transform; a foreign subclass raises what it likes
        return None


def _of_few(tensor: Tensor) -> OutputStatistics | None:
    """Return the statistics of a tensor of few floats."""
    dimensions = tensor.dim()
    if dimensions == 1:
        values = tensor.tolist()
    elif not dimensions:
        values = [tensor.item()]
    else:
        values = (tensor.detach() if tensor.requires_grad else tensor).reshape(-1).tolist()
    if not values:
        return None
    return DeferredStatistics(values) if math.isfinite(sum(values)) else _of_list(values)


def _statistics_of(tensor: Tensor) -> OutputStatistics | None:
    dtype = tensor.dtype
    if tensor.is_meta or dtype.is_complex:
        return None
    if tensor.layout is not torch.strided:
        return _of_stored(tensor)
    if tensor.is_quantized:
        return None
    elements = tensor.numel()
    if not elements:
        return None
    values = tensor.detach() if tensor.requires_grad else tensor
    if elements <= SMALL_LIMIT and dtype.is_floating_point:
        numbers = values.reshape(-1).tolist()
        return DeferredStatistics(numbers) if math.isfinite(sum(numbers)) else _of_list(numbers)
    values = _flat(values)
    found = _measured(values)
    repeats = elements // values.numel()
    if repeats > 1:
        _repeat(found, repeats)
    return found


def spread_of_rows(tensor: Tensor, found: OutputStatistics) -> float | None:
    """Return how unlike the slices of a tensor along its first dimension are: 0 where they are identical.

    It is the distance of the slices from their mean over the size of all elements, both as Euclidean norms, at most
    1; None where it says nothing: fewer than two slices, none but zeros, NaN or infinities, other numbers than floats.

    Args:
        found: the statistics of its elements.
    """
    kind = type(tensor)
    if not tensor.dtype.is_floating_point or tensor.dim() < 2 or (kind is not Tensor and kind is not Parameter):
        return None
    rows, elements = tensor.shape[0], found.elements
    if rows < 2 or found.finite < elements or not elements:
        return None
    size = found.deviation + found.total * found.total / elements
    if not 0 < size < math.inf:
        return None
    values = tensor.detach().reshape(rows, -1)
    if elements <= SMALL_LIMIT and _numel(tensor) == elements:
        return math.sqrt(min(max(_apart_of_few(values.tolist(), size) / size, 0.0), 1.0))
    apart = _apart(values if values.dtype in (torch.float32, torch.float64) else values.float(), size)
    if not math.isfinite(apart):  # their squares are beyond what float32 holds
        apart = _apart(values.double(), size)
    return math.sqrt(min(max(apart / size, 0.0), 1.0))


def _apart(rows: Tensor, size: float) -> float:
    """Return the sum of the squared distances of some rows from their mean; `size` is the sum of all squares."""
    total = rows.sum(0)
    apart = size - torch.dot(total, total).item() / len(rows)
    if apart > 1e-4 * size:
        return apart
    difference = rows[1:] - rows[:1]  # of the former little is left: from the first row it is exact
    total = difference.sum(0)
    return float(torch.linalg.vector_norm(difference)) ** 2 - torch.dot(total, total).item() / len(rows)


def _apart_of_few(rows: list[list[float]], size: float) -> float:
    """Return the same of rows of few numbers, with Python's floats, which are of twice the precision."""
    apart = size - sum([total * total for total in map(sum, zip(*rows, strict=True))]) / len(rows)
    if apart > 1e-9 * size:
        return apart
    first = rows[0]
    moved = [[value - start for value, start in zip(row, first, strict=True)] for row in rows]
    squares = sum([value * value for row in moved for value in row])
    return squares - sum([total * total for total in map(sum, zip(*moved, strict=True))]) / len(rows)


def _of_stored(tensor: Tensor) -> OutputStatistics | None:
    """Return the statistics of a sparse tensor, or of a nested one with one buffer of values."""
    if tensor.layout is torch.jagged:
        return _statistics_of(tensor.detach().values())
    stored = tensor.detach()._values() if tensor.layout is torch.sparse_coo else tensor.detach().values()
    found = _statistics_of(stored)
    missing = tensor.numel() - stored.numel()
    if found is None:
        return OutputStatistics(missing, 0.0, 0.0, 0.0, 0.0, missing) if missing > 0 else None
    if missing > 0:
        found = found.joined(OutputStatistics(missing, 0.0, 0.0, 0.0, 0.0, missing))
    return found


def _repeat(found: OutputStatistics, times: int) -> None:
    found.elements *= times
    found.total *= times
    found.deviation *= times
    found.zeros *= times
    found.nan *= times
    found.positive_inf *= times
    found.negative_inf *= times


def _flat(values: Tensor) -> Tensor:
    """Return the elements in one dimension, in the order that they lie in; each once that memory holds once."""
    if values.is_contiguous():
        return values.view(-1)
    for dimension, stride in enumerate(values.stride()):
        if not stride and values.shape[dimension] > 1:
            values = values.narrow(dimension, 0, 1)
    order = sorted(range(values.dim()), key=values.stride, reverse=True)
    return values.permute(order).reshape(-1)


def _of_list(values: list[float]) -> OutputStatistics:
    """Return the statistics of numbers of which some may be NaN or infinite."""
    finite = [value for value in values if math.isfinite(value)]
    found = OutputStatistics.with_rows(DeferredStatistics(finite), None) if finite else _nothing()
    found.elements = len(values)
    found.nan = sum([value != value for value in values])
    found.positive_inf, found.negative_inf = values.count(math.inf), values.count(-math.inf)
    return found


def _nothing() -> OutputStatistics:
    return OutputStatistics(0, math.inf, -math.inf, 0.0, 0.0, 0)


def _measured(values: Tensor) -> OutputStatistics:
    """Return the statistics of a tensor of one dimension, in which each element lies once."""
    dtype, elements = values.dtype, values.numel()
    if dtype is torch.bool:
        ones = int(torch.count_nonzero(values))
        zeros = elements - ones
        return OutputStatistics(elements, float(not zeros), float(ones > 0), ones, ones * zeros / elements, zeros)
    if not dtype.is_floating_point:
        return _of_integers(values)
    if dtype not in _INTEGERS:  # the small ones of eight bits and less
        return _in_pieces(values)
    if dtype.itemsize > 2 and values.is_cpu and is_many(elements):
        sums = sums_of(values)
        if sums is None:
            return _with_nonfinite(values)
        moments = _moments_by(values, sums.total, sums.squares)
        return OutputStatistics(elements, sums.minimum, sums.maximum, *moments, sums.zeros)
    least, largest = torch.aminmax(values)
    low, high = least.item(), largest.item()
    if not math.isfinite(low + high) and not (math.isfinite(low) and math.isfinite(high)):
        return _with_nonfinite(values)
    if dtype is torch.float16 or (dtype is torch.bfloat16 and elements < PIECE):
        found = _in_pieces(values, zeros=False)
    else:
        found = OutputStatistics(elements, low, high, *_moments(values), 0)
    if low <= 0 <= high:
        found.zeros = _zeros(values)
    return found


def _moments(values: Tensor) -> tuple[float, float]:
    """Return the sum, and the sum of squared distances from the mean."""
    if values.dtype is torch.bfloat16:
        total = values.sum(dtype=torch.float32).item()
        norm = torch.linalg.vector_norm(values, dtype=torch.float32).item()
        squares = norm * norm
    else:
        total, squares = values.sum().item(), torch.dot(values, values).item()
    return _moments_by(values, total, squares)


def _moments_by(values: Tensor, total: float, squares: float) -> tuple[float, float]:
    """Return the same, given the sum and the sum of squares as they were found, which may be too large."""
    elements = values.numel()
    if not (math.isfinite(total) and math.isfinite(squares)):
        if values.dtype is torch.float64:
            return total, squares
        return _moments_of_pieces(values)
    deviation = squares - total * total / elements
    if deviation <= FLAT * FLAT * squares:
        mean = total / elements
        deviation = 0.0
        for piece in torch.split(values, PIECE):
            apart = piece.double() - mean
            deviation += torch.dot(apart, apart).item()
    return total, deviation


def _moments_of_pieces(values: Tensor) -> tuple[float, float]:
    found = _in_pieces(values, zeros=False)
    return found.total, found.deviation


def _zeros(values: Tensor) -> int:
    """Return how many elements are zero.

    Of many not asked of the numbers themselves: torch branches at each, ten times as slowly where half are zero.
    """
    if values.numel() <= COUNT_LIMIT:
        return values.numel() - int(torch.count_nonzero(values))
    bits = values.view(_INTEGERS[values.dtype])
    zeros = bits.numel() - int(torch.count_nonzero(bits))
    lowest = torch.iinfo(bits.dtype).min
    if bits.amin().item() == lowest:  # the bits of -0.0
        zeros += int(torch.count_nonzero(bits == lowest))
    return zeros


def _of_integers(values: Tensor) -> OutputStatistics:
    if values.dtype in (torch.uint16, torch.uint32, torch.uint64):
        values = values.to(torch.float64 if values.dtype is torch.uint64 else torch.int64)
    least, largest = torch.aminmax(values)
    found = _in_pieces(values)
    found.minimum, found.maximum = least.item(), largest.item()
    return found


def _in_pieces(values: Tensor, zeros: bool = True) -> OutputStatistics:
    """Return the statistics of finite numbers, converted piece by piece to a dtype that holds their sums."""
    found: OutputStatistics | None = None
    wide = torch.float64 if values.element_size() >= 4 else torch.float32
    for piece in torch.split(values, PIECE):
        part = piece.to(wide)
        least, largest = torch.aminmax(part)
        low, high = least.item(), largest.item()
        if not (math.isfinite(low) and math.isfinite(high)):  # of a small float; the others were looked at
            one = _with_nonfinite(part)
        else:
            total = part.sum().item()
            apart = part - total / len(part)
            count = len(part) - int(torch.count_nonzero(part)) if zeros else 0
            one = OutputStatistics(len(part), low, high, total, torch.dot(apart, apart).item(), count)
        found = one if found is None else found.joined(one)
    assert found is not None
    return found


def _with_nonfinite(values: Tensor) -> OutputStatistics:
    """Return the statistics of floats of which some are NaN or infinite."""
    finite = values[values.isfinite()]
    found = _measured(finite) if finite.numel() else _nothing()
    found.elements = values.numel()
    found.nan = int(torch.count_nonzero(values != values))
    found.positive_inf = int(torch.count_nonzero(values == math.inf))
    found.negative_inf = found.elements - finite.numel() - found.nan - found.positive_inf
    return found
