"""One pass over a stream: how often each bit pattern came.  From that follows what statistics tell, or nearly all.

Types of at most 16 bits are counted by their patterns: nothing is lost.  All others are counted by the upper half of
their float32 (`float_codes`), with moments, extremes and zeros beside it, which are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..reading import Desk, real64
from .float_codes import CODES, NEGATIVE, ascending, beyond, bounds, code_of, write_codes
from .moments import Moments
from .stream import Stream, Table, Ticker, sweep

FLUSH = 2**19
"""Elements whose codes are counted at once: counting clears 65,536 numbers first."""
_LEAST_SQUARE = 1e-30
"""Mean of squares of float32 below which some of them are not float32."""
_COMPARED = (torch.float64, torch.float32, torch.int64, torch.int32)
"""Types whose extremes and zeros are found without a copy."""


@dataclass(slots=True)
class Spread:
    """Where the finite elements lie: bins in ascending order, none empty."""

    below: Tensor
    """Of each bin the lowest number, float64."""
    above: Tensor
    """The highest; equal to `below` where all elements are."""
    counts: Tensor
    """int64."""
    codes: Tensor | None = None
    """The bins' codes; None where each bin is one number."""


def census(stream: Stream, ticker: Ticker, precise: bool) -> tuple[Moments, Spread]:
    """Go through a stream once.  Raises `Cancelled`, and whatever reading raises.

    `precise`: add up in float64 throughout.  Else float32 are added up as such, some thousands at a time: a mean is
    then within a millionth of the root of the mean square, and a standard deviation within 1e-5 of itself.
    """
    if stream.table is not None:
        table = stream.table
        counts = sum(
            worker.counts for worker in sweep(stream, lambda: _Patterns(len(table.values)), ticker, light=True)
        )
        assert isinstance(counts, Tensor)
        return _of_patterns(counts, table, stream.rest)
    light = stream.singles and not precise
    moments, total = Moments(), torch.zeros(CODES, dtype=torch.int64)
    for each in sweep(stream, lambda: _Codes(stream.device, precise, stream.whole), ticker, light):
        moments.merge(each.moments)
        total += each.counts.cpu()
    return moments, _of_codes(total, moments, _rounded_from(stream))


class _Patterns:
    """Counts bit patterns of one or two bytes."""

    def __init__(self, size: int) -> None:
        self.counts = torch.zeros(size, dtype=torch.int64)
        self._room = torch.empty(FLUSH if size == CODES else 0, dtype=torch.int32)
        self._filled = 0

    def take(self, piece: Tensor) -> None:
        piece = piece.cpu()
        if piece.dtype.itemsize == 1:
            self.counts += torch.bincount(piece.reshape(-1).view(torch.uint8), minlength=len(self.counts))
            return
        if self._filled + piece.numel() > FLUSH:
            self.finish()
        if self._room.numel() < piece.numel():
            self._room = torch.empty(piece.numel(), dtype=torch.int32)
        room = self._room[self._filled : self._filled + piece.numel()]
        room.view(piece.shape).copy_(piece.view(torch.uint16))
        self._filled += piece.numel()

    def finish(self) -> None:
        if self._filled:
            self.counts += torch.bincount(self._room[: self._filled], minlength=CODES)
            self._filled = 0


def _of_patterns(counts: Tensor, table: Table, rest: tuple[float, ...]) -> tuple[Moments, Spread]:
    seen = counts.nonzero().view(-1)
    rows = table.values[seen]
    values = torch.cat((rows.reshape(-1), torch.tensor(rest, dtype=torch.float64)))
    counts = torch.cat((counts[seen].repeat_interleave(rows.shape[1]), torch.ones(len(rest), dtype=torch.int64)))
    return weighed(values, counts)


def weighed(values: Tensor, counts: Tensor) -> tuple[Moments, Spread]:
    """Of float64 numbers in any order and how often each came, int64; all that follows is exact."""
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
    return moments, Spread(values, values, counts)


class _Codes:
    """Counts the codes of larger types, and sums up exactly beside."""

    def __init__(self, device: torch.device, precise: bool, whole: bool) -> None:
        device = device if device.type in ("cpu", "cuda") else torch.device("cpu")
        self.moments = Moments()
        self.counts = torch.zeros(CODES, dtype=torch.int64, device=device)
        self._desk = Desk()
        self._room = torch.empty(FLUSH, dtype=torch.int32, device=device)
        self._singles = torch.empty(0, dtype=torch.float32, device=device)
        self._precise = precise
        self._whole = whole
        self._plain: bool | None = None
        self._sums = torch.empty(2, dtype=torch.float64, device=device)
        self._places = self._sums.unbind()
        self._single_sums = torch.empty(3, dtype=torch.float32, device=device)
        self._single_places = self._single_sums.unbind()
        self._pieces: list[Tensor] = []
        self._filled = 0

    def take(self, piece: Tensor) -> None:
        if self._plain is None:  # all pieces are alike
            self._plain = _is_plain(piece, self._room.device)
        if self._plain and not self._precise and self._take_quickly(piece):
            return
        numbers = self._desk.lay(piece)
        torch.sum(numbers, 0, out=self._places[0])
        torch.dot(numbers, numbers, out=self._places[1])
        total, squares = self._sums.tolist()
        if math.isfinite(total) and math.isfinite(squares):
            if self._take_constant(numbers, total, squares):
                return
            self._write(piece if self._plain else numbers, piece)
            self.moments.add_sums(numbers, total, squares)
            return
        finite = numbers[numbers.isfinite()]
        nan = int(numbers.isnan().sum())
        self.moments.nan += nan
        self.moments.inf += numbers.numel() - nan - finite.numel()
        if finite.numel():
            self._write(finite, finite)
            self.moments.add(finite)

    def _take_quickly(self, piece: Tensor) -> bool:
        """Take in a piece by float32 sums, if they have digits enough."""
        if not piece.is_contiguous():
            return False
        n, (sums, first, second) = piece.numel(), self._single_places
        flat = piece if piece.dim() == 1 else piece.view(-1)
        left, right = flat[: n // 2], flat[n // 2 :]
        torch.sum(flat, 0, out=sums)
        torch.dot(left, left, out=first)  # in halves: more squares would lose too many digits
        torch.dot(right, right, out=second)
        total, *squares = self._single_sums.tolist()
        square = sum(squares)
        apart = square - total * total / n
        if not (math.isfinite(total) and n * _LEAST_SQUARE < square < math.inf and apart > square / 8):
            return False
        self._write(flat, flat)
        self.moments.add_known(n, total / n, apart)
        return True

    def _take_constant(self, numbers: Tensor, total: float, squares: float) -> bool:
        """Take in a piece whose numbers are all equal, as where nothing was ever written: counting equals is slow."""
        n = numbers.numel()
        if n * squares > total * total * (1 + 1e-9):
            return False
        low, high = map(float, torch.aminmax(numbers))
        if low != high:
            return False
        self.counts[code_of(low)] += n
        self.moments.add_known(n, low, 0.0)
        self.moments.zeros += 0 if low else n
        self.moments.widen(low, low)
        return True

    def _write(self, numbers: Tensor, piece: Tensor) -> None:
        n = numbers.numel()
        if self._filled + n > self._room.numel():
            self.finish()
        if self._room.numel() < n:
            self._room = torch.empty(n, dtype=torch.int32, device=self._room.device)
        if numbers.dtype != torch.float32 and self._singles.numel() < n:
            self._singles = torch.empty(n, dtype=torch.float32, device=self._room.device)
        write_codes(numbers, self._room[self._filled : self._filled + n], self._singles)
        self._filled += n
        self._pieces.append(piece)

    def finish(self) -> None:
        """Count the codes, and look again at the pieces they came from, still in the cache, where they need it."""
        if not self._filled:
            return
        found = torch.bincount(self._room[: self._filled], minlength=CODES)
        self._filled = 0
        self.counts += found
        pieces, self._pieces = self._pieces, []
        around_zero = sum(found[::NEGATIVE].tolist())
        if self._whole:
            self.moments.zeros += around_zero
        elif around_zero:  # zeros, and what is hardly more
            self.moments.zeros += sum(each.numel() - int(_comparable(each).count_nonzero()) for each in pieces)
        if self.moments.low == math.inf or (
            beyond(found, self.moments.low, upward=False) or beyond(found, self.moments.high, upward=True)
        ):
            for each in pieces:
                low, high = torch.aminmax(_comparable(each))
                self.moments.widen(float(low), float(high))


def _is_plain(piece: Tensor, device: torch.device) -> bool:
    """Whether its float32 bits can be read where they are."""
    return (
        piece.dtype == torch.float32
        and type(piece) in (Tensor, torch.nn.Parameter)
        and piece.device == device
        and not piece.is_neg()
    )


def _comparable(piece: Tensor) -> Tensor:
    return piece if piece.dtype in _COMPARED else real64(piece)


def _rounded_from(stream: Stream) -> float:
    """The magnitude from which on elements may be no float32."""
    if stream.singles:
        return math.inf
    return 2.0**24 if stream.whole else 0.0


def _of_codes(counts: Tensor, moments: Moments, rounded_from: float) -> Spread:
    order = ascending()
    counts = counts[order]
    seen = counts.nonzero().view(-1)
    codes, counts = order[seen], counts[seen]
    below, above = bounds(codes, rounded_from)
    around_zero = codes % NEGATIVE == 0
    if int(counts[around_zero].sum()) == moments.zeros:
        below[around_zero] = above[around_zero] = 0.0
    return Spread(below.clamp(moments.low, moments.high), above.clamp(moments.low, moments.high), counts, codes)
