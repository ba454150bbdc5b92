"""The distribution that an initialiser draws from: formulas with the numbers filled in, and the share of any range.

The laws are those of `rules.py`.  Moments of a normal distribution that is cut off: Johnson, Kotz and Balakrishnan,
"Continuous Univariate Distributions", volume 1 (1994), section 13.10.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

Cdf = Callable[[float], float]
"""The share of elements that are no larger than a number."""


@dataclass(frozen=True, slots=True)
class Theory:
    """A distribution: some values that have a share each, and a continuous part for what remains."""

    law: str
    """Its name with the numbers: `uniform(±√(6/(4 + 8)) = ±0.7071)`."""
    low: float
    high: float
    """The range, infinite where it has no end."""
    mean: float
    std: float
    spread: str = ""
    """How `std` comes about: `std = 0.7071/√3 = 0.4082`."""
    values: Sequence[tuple[float, float]] = ()
    """Values that elements take exactly, each with its share."""
    cdf: Cdf | None = field(default=None, compare=False)
    """Of the continuous part; None where there is none."""

    @property
    def extent(self) -> tuple[float, float]:
        """Return what a picture has to show: the range, or three standard deviations where that has no end."""
        reach = 3 * self.std
        low = self.mean - reach if math.isinf(self.low) else self.low
        return low, self.mean + reach if math.isinf(self.high) else self.high

    def share(self, low: float, high: float) -> float:
        """Return the share of elements that are more than `low` and at most `high`."""
        exact = sum(share for value, share in self.values if low < value <= high)
        rest = 1 - sum(share for _, share in self.values)
        return exact + (rest * (self.cdf(high) - self.cdf(low)) if self.cdf is not None else 0.0)


def digits(value: float) -> str:
    """Return a number in four digits."""
    return f"{value:.4g}"


def uniform(low: float, high: float, law: str = "") -> Theory:
    """Return the uniform distribution from `low` to `high`."""
    width = high - low
    if not width:
        return constant(low)
    spread = f"std = {digits(width)}/√12 = {digits(width / math.sqrt(12))}"
    if low == -high:
        spread = f"std = {digits(high)}/√3 = {digits(high / math.sqrt(3))}"
    return Theory(
        law or f"uniform({digits(low)}, {digits(high)})", low, high, (low + high) / 2, width / math.sqrt(12), spread,
        cdf=lambda x: min(max((x - low) / width, 0.0), 1.0),
    )  # fmt: skip


def normal(mean: float, std: float, law: str = "") -> Theory:
    """Return the normal distribution."""
    if not std:
        return constant(mean)
    return Theory(
        law or f"normal({digits(mean)}, {digits(std)})", -math.inf, math.inf, mean, std,
        cdf=lambda x: _phi((x - mean) / std),
    )  # fmt: skip


def truncated(mean: float, std: float, low: float, high: float) -> Theory:
    """Return the normal distribution of which only what is between `low` and `high` is drawn."""
    first, last = (low - mean) / std, (high - mean) / std
    inside = _phi(last) - _phi(first)
    if inside <= 0:
        return uniform(low, high)  # so far out that torch gives the bounds, or nearly
    ends = (_density(first) - _density(last)) / inside
    shift = mean + std * ends
    tails = (_moment(first) - _moment(last)) / inside
    spread = std * math.sqrt(max(1 + tails - ends * ends, 0.0))
    return Theory(
        f"normal({digits(mean)}, {digits(std)}) within {digits(low)} … {digits(high)}", low, high, shift, spread,
        f"std = {digits(spread)}, less than {digits(std)} by what is cut off",
        cdf=lambda x: min(max((_phi((x - mean) / std) - _phi(first)) / inside, 0.0), 1.0),
    )  # fmt: skip


def constant(value: float, law: str = "") -> Theory:
    """Return the distribution of one value."""
    return Theory(law or f"constant {digits(value)}", value, value, value, 0.0, values=((value, 1.0),))


def ones_among_zeros(ones: int, elements: int, law: str) -> Theory:
    """Return the distribution of `ones` elements of 1 among zeros."""
    share = ones / elements if elements else 0.0
    spread = math.sqrt(share * (1 - share))
    return Theory(law, 0.0, 1.0, share, spread, values=((0.0, 1 - share), (1.0, share)))


def with_zeros(theory: Theory, share: float, law: str) -> Theory:
    """Return a distribution around 0 of which a share of the elements is set to 0."""
    kept = 1 - share
    spread = theory.std * math.sqrt(kept)
    text = f"std = {digits(theory.std)}·√{digits(kept)} = {digits(spread)}"
    return Theory(law, theory.low, theory.high, 0.0, spread, text, ((0.0, share),), theory.cdf)


def coordinate(size: int, gain: float, law: str) -> Theory:
    """Return the distribution of a coordinate of a random vector of length `gain` in `size` dimensions."""
    spread = gain / math.sqrt(size)
    text = f"std = {digits(gain)}/√{size:,} = {digits(spread)}"
    if size == 1:
        return Theory(law, -gain, gain, 0.0, spread, text, ((-gain, 0.5), (gain, 0.5)))
    return Theory(law, -gain, gain, 0.0, spread, text, cdf=lambda x: _within_sphere(x / gain, size))


def _phi(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _moment(x: float) -> float:
    return 0.0 if math.isinf(x) else x * _density(x)


_STEPS = 400


@cache
def _sphere(size: int) -> list[float]:
    """Return the integral of cos(θ)^(size-2) over the first 0 to `_STEPS` steps of -π/2 … π/2, of 1 in all."""
    step = math.pi / _STEPS
    heights = [math.cos(-math.pi / 2 + (at + 0.5) * step) ** (size - 2) for at in range(_STEPS)]
    total, sums = math.fsum(heights), [0.0]
    for height in heights:
        sums.append(sums[-1] + height / total)
    return sums


def _within_sphere(x: float, size: int) -> float:
    """Return the share of unit vectors in `size` dimensions with a coordinate of at most `x`."""
    if abs(x) >= 1:
        return float(x > 0)
    if size > 1_000:
        return _phi(x * math.sqrt(size))
    at = (math.asin(x) + math.pi / 2) / math.pi * _STEPS
    below = min(int(at), _STEPS - 1)
    sums = _sphere(size)
    return sums[below] + (at - below) * (sums[below + 1] - sums[below])
