"""One pass over a stream that counts bit patterns, from which nearly all statistics follow.

Dtypes of at most 16 bits are counted by their patterns, which is exact.  All others are counted by the upper half of
their float32 (`float_codes`), and their moments, extremes and zeros are taken exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ...work.progress import Ticker
from ..reading import Workspace, real64
from . import chunks
from .extremes import Extremes
from .float_codes import CODES, NEGATIVE, ascending, beyond, bounds, float_code_of, write_codes
from .moments import Moments
from .stream import PatternTable, Piece, Stream, sweep
from .summaries import sum_of_squares

FLUSH = 2**19
"""Elements whose codes are counted at once: counting clears 65,536 counters first."""
_LEAST_SQUARE = 1e-30
"""Mean square below which some squares of float32 are below the normal range of float32."""
_COMPARED = (torch.float64, torch.float32, torch.int64, torch.int32)
"""Dtypes whose extremes and zeros are found without a copy."""
_COMPARED_AS_THEY_ARE = (torch.bfloat16, torch.float16, torch.int16, torch.int8, torch.uint8)
"""Dtypes of bit patterns of which torch compares the elements themselves."""


@dataclass(slots=True)
class Distribution:
    """The distribution of the finite elements: bins in ascending order, none empty; tensors of one dimension."""

    below: Tensor
    """The lowest number of each bin, float64."""
    above: Tensor
    """The highest number of each bin; equal to `below` where all its elements are."""
    counts: Tensor
    """How many elements each bin holds, int64."""
    codes: Tensor | None = None
    """The code (`float_codes`) of each bin; None where each bin is one number."""


def census(stream: Stream, ticker: Ticker, precise: bool) -> tuple[Moments, Distribution]:
    """Return the moments and the distribution of a stream's elements after one pass.

    `precise` sums in float64 throughout.  Otherwise float32 are summed as such, some thousands at a time: a mean is
    then within 1e-6 of the root mean square, a standard deviation within 1e-5 of itself.

    Raises:
        Cancelled: `ticker` was cancelled.
        Exception: whatever reading a block raises.
    """
    if stream.table is not None:
        table = stream.table
        workers = sweep(stream, lambda: _Patterns(stream, table), ticker, 2 * chunks.CHUNK)
        found, spread = _of_patterns(sum((each.counts for each in workers[1:]), workers[0].counts), table, stream.rest)
        for each in workers:
            each.extremes.settle(found)
        for position, number in enumerate(stream.rest, stream.size - len(stream.rest)):
            if math.isfinite(number):
                found.widen(number, number, position, position)
        return found, spread
    limit = 2 * chunks.CHUNK if stream.singles and not precise else None
    moments, total = Moments(), torch.zeros(CODES, dtype=torch.int64, device="cpu")
    for worker in sweep(stream, lambda: _Codes(stream, precise), ticker, limit):
        worker.extremes.settle(worker.moments)
        moments.merge(worker.moments)
        total += worker.counts
    return moments, _of_codes(total, moments, _rounded_from(stream))


class _Patterns:
    """A worker that counts bit patterns of one or two bytes."""

    def __init__(self, stream: Stream, table: PatternTable) -> None:
        size = len(table.values)
        self.counts = torch.zeros(size, dtype=torch.int64, device="cpu")
        self.extremes = Extremes(partial(_typed, table.dtype) if table.dtype in _COMPARED_AS_THEY_ARE else stream.real)
        self._values = table.values.where(table.values.isfinite(), math.nan)
        self._beyond = self._runs_beyond()
        """Where in `counts` the patterns of elements lie that would be new extremes: all 0, between pieces."""
        self._room = torch.empty(FLUSH if size == CODES else 0, dtype=torch.int32, device="cpu")
        self._filled = 0
        self._pieces: list[Piece] = []

    def take(self, piece: Tensor, start: int) -> None:
        if self._filled + piece.numel() > FLUSH:
            self.finish()
        if piece.dtype.itemsize == 1:
            self.counts += torch.bincount(piece.reshape(-1).view(torch.uint8), minlength=len(self.counts))
        else:
            if self._room.numel() < piece.numel():
                self._room = torch.empty(piece.numel(), dtype=torch.int32, device="cpu")
            room = self._room[self._filled : self._filled + piece.numel()]
            room.view(piece.shape).copy_(piece.view(torch.uint16))
        self._pieces.append((start, piece))
        self._filled += piece.numel()

    def finish(self) -> None:
        if not self._filled:
            return
        if len(self._room):
            self.counts += torch.bincount(self._room[: self._filled], minlength=CODES)
        if any(self.counts[start:stop].sum().item() for start, stop in self._beyond):
            for start, stop in self._beyond:
                values = self._values[start:stop][self.counts[start:stop] > 0]
                values = values[~values.isnan()]
                if values.numel():
                    self.extremes.widen(float(values.min()), float(values.max()), self._pieces)
            self._beyond = self._runs_beyond()
        self._pieces, self._filled = [], 0

    def _runs_beyond(self) -> list[tuple[int, int]]:
        """Return the runs of patterns that hold a finite element below the lowest or above the highest so far."""
        wanted = ((self._values < self.extremes.low) | (self._values > self.extremes.high)).any(1)
        edges = (wanted[1:] != wanted[:-1]).nonzero().add_(1).view(-1).tolist()
        edges = [*([0] if wanted[0] else []), *edges, *([len(wanted)] if wanted[-1] else [])]
        return list(zip(edges[::2], edges[1::2], strict=True))


def _typed(dtype: torch.dtype, piece: Tensor) -> Tensor:
    """Return a piece of bit patterns as the elements that they are, in one dimension."""
    return piece.reshape(-1).view(dtype)


def _of_patterns(counts: Tensor, table: PatternTable, rest: tuple[float, ...]) -> tuple[Moments, Distribution]:
    present = counts.nonzero().view(-1)
    rows = table.values[present]
    values = torch.cat((rows.reshape(-1), torch.tensor(rest, dtype=torch.float64, device="cpu")))
    counts = torch.cat(
        (counts[present].repeat_interleave(rows.shape[1]), torch.ones(len(rest), dtype=torch.int64, device="cpu"))
    )
    return from_counts(values, counts)


def from_counts(values: Tensor, counts: Tensor) -> tuple[Moments, Distribution]:
    """Return the moments and distribution of distinct float64 numbers, in any order, and their int64 counts; exact."""
    moments = Moments(
        zeros=int(counts[values == 0].sum()),
        nan=int(counts[values.isnan()].sum()),
        inf=int(counts[values.isinf()].sum()),
    )
    finite = values.isfinite()
    values, order = values[finite].sort()
    counts = counts[finite][order]
    if values.numel():
        moments.n = int(counts.sum())
        weights = counts.double()
        moments.mean = float(weights.dot(values)) / moments.n
        deviations = values - moments.mean
        moments.squares = float(weights.dot(deviations * deviations))
        moments.widen(float(values[0]), float(values[-1]))
    return moments, Distribution(values, values, counts)


class _Codes:
    """A worker that counts the codes of wider dtypes and takes their moments."""

    def __init__(self, stream: Stream, precise: bool) -> None:
        self.moments = Moments()
        self.extremes = Extremes(stream.real)
        self.counts = torch.zeros(CODES, dtype=torch.int64, device="cpu")
        self._workspace = Workspace()
        self._room = torch.empty(FLUSH, dtype=torch.int32, device="cpu")
        self._singles = torch.empty(0, dtype=torch.float32, device="cpu")
        self._precise = precise
        self._whole = stream.whole
        self._plain: bool | None = None
        self._sums = torch.empty(2, dtype=torch.float64, device="cpu")
        self._places = self._sums.unbind()
        self._pieces: list[Piece] = []
        self._finite: list[Tensor] = []
        """Of each of `_pieces` the finite elements."""
        self._filled = 0

    def take(self, piece: Tensor, start: int) -> None:
        if self._plain is None:  # all pieces are alike
            self._plain = _is_plain(piece)
        if self._plain and not self._precise and self._take_quickly(piece, start):
            return
        numbers = self._workspace.to_float64(piece)
        torch.sum(numbers, 0, out=self._places[0])
        torch.dot(numbers, numbers, out=self._places[1])
        total, squares = self._sums.tolist()
        if math.isfinite(total) and math.isfinite(squares):
            if self._take_constant(numbers, total, squares, (start, piece)):
                return
            self._write(piece if self._plain else numbers, piece, (start, piece))
            self.moments.add_sums(numbers, total, squares)
            return
        finite = numbers[numbers.isfinite()]
        nan = int(numbers.isnan().sum())
        self.moments.nan += nan
        self.moments.inf += numbers.numel() - nan - finite.numel()
        if finite.numel():
            self._write(finite, finite, (start, piece))
            self.moments.add(finite)

    def _take_quickly(self, piece: Tensor, start: int) -> bool:
        """Take in a piece by float32 sums; False, and nothing taken, where these have too few digits."""
        if not piece.is_contiguous():
            return False
        n = piece.numel()
        flat = piece if piece.dim() == 1 else piece.view(-1)
        total, square = float(flat.sum()), sum_of_squares(flat)
        apart = square - total * total / n
        if not (math.isfinite(total) and n * _LEAST_SQUARE < square < math.inf and apart > square / 8):
            return False
        self._write(flat, flat, (start, flat))
        self.moments.add_known(n, total / n, apart)
        return True

    def _take_constant(self, numbers: Tensor, total: float, squares: float, piece: Piece) -> bool:
        """Take in a piece of equal numbers, which are slow to count; False, and nothing taken, for others."""
        n = numbers.numel()
        if n * squares > total * total * (1 + 1e-9):
            return False
        low, high = map(float, torch.aminmax(numbers))
        if low != high:
            return False
        self.counts[float_code_of(low)] += n
        self.moments.add_known(n, low, 0.0)
        self.moments.zeros += 0 if low else n
        self.extremes.widen(low, low, [piece])
        return True

    def _write(self, numbers: Tensor, finite: Tensor, piece: Piece) -> None:
        """Write the codes of the finite elements of a piece: `numbers` as float32 or float64, `finite` as they are."""
        n = numbers.numel()
        if self._filled + n > self._room.numel():
            self.finish()
        if self._room.numel() < n:
            self._room = torch.empty(n, dtype=torch.int32, device="cpu")
        if numbers.dtype != torch.float32 and self._singles.numel() < n:
            self._singles = torch.empty(n, dtype=torch.float32, device="cpu")
        write_codes(numbers, self._room[self._filled : self._filled + n], self._singles)
        self._filled += n
        self._pieces.append(piece)
        self._finite.append(finite)

    def finish(self) -> None:
        """Count the codes; read their pieces again, still in the cache, where zeros or extremes need it."""
        if not self._filled:
            return
        found = torch.bincount(self._room[: self._filled], minlength=CODES)
        self._filled = 0
        self.counts += found
        (pieces, self._pieces), (finite, self._finite) = (self._pieces, []), (self._finite, [])
        around_zero = sum(found[::NEGATIVE].tolist())
        if self._whole:
            self.moments.zeros += around_zero
        elif around_zero:  # zeros, and what is hardly more
            self.moments.zeros += sum(each.numel() - int(_comparable(each).count_nonzero()) for each in finite)
        known = self.extremes
        if known.low == math.inf or beyond(found, known.low, upward=False) or beyond(found, known.high, upward=True):
            for each, piece in zip(finite, pieces, strict=True):
                low, high = torch.aminmax(_comparable(each))
                known.widen(float(low), float(high), [piece])


def _is_plain(piece: Tensor) -> bool:
    """Return whether the piece's float32 bits can be read in place."""
    return piece.dtype == torch.float32 and type(piece) in (Tensor, torch.nn.Parameter) and not piece.is_neg()


def _comparable(piece: Tensor) -> Tensor:
    return piece if piece.dtype in _COMPARED else real64(piece)


def _rounded_from(stream: Stream) -> float:
    """Return the magnitude from which on elements may have been rounded to float32."""
    if stream.singles:
        return math.inf
    return 2.0**24 if stream.whole else 0.0


def _of_codes(counts: Tensor, moments: Moments, rounded_from: float) -> Distribution:
    order = ascending()
    counts = counts[order]
    present = counts.nonzero().view(-1)
    codes, counts = order[present], counts[present]
    below, above = bounds(codes, rounded_from)
    around_zero = codes % NEGATIVE == 0
    if int(counts[around_zero].sum()) == moments.zeros:
        below[around_zero] = above[around_zero] = 0.0
    return Distribution(below.clamp(moments.low, moments.high), above.clamp(moments.low, moments.high), counts, codes)
