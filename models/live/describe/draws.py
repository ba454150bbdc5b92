"""Whether the values of a parameter are consistent with a draw from the initialiser of its layer.

A one-sample Kolmogorov–Smirnov test of elements taken at regular distances: no random numbers are used.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import torch
from torch import Tensor

from ...messages import StatisticsOf
from ...tensors.distributed import local_part
from ...tensors.lattice import repeats_much
from ...tensors.overlap import strides_of
from ...tensors.reading import real64, strided
from ...tensors.statistics.chunks import chunks

SAMPLE_LIMIT = 1_000_000
"""Elements that are tested."""
COARSE_SAMPLE_LIMIT = 10_000
"""Elements that are tested of dtypes of 16 bits and fewer: with more the test would detect their rounding."""
SIGNIFICANCE = 0.001
"""The level of the test: below it, values are taken for no draw, as one of a thousand fresh tensors is by chance."""

_UNIFORM = re.compile(r"uniform\(-(?P<bound>[^,]+), ")
_NORMAL = re.compile(r"normal\(0, (?P<std>[^)]+)\)(?:, then row (?P<row>-?\d+) )?")
_CONSTANT = re.compile(r"(?P<name>ones|zeros)|constant (?P<value>[^:]+)")


@dataclass(frozen=True, slots=True)
class Draw:
    """The result of a test."""

    consistent: bool | None
    """Whether the values could come from the rule; None where it cannot be tested."""
    p: float | None
    """The p-value; None where there was no test, or the rule is a constant."""


def judge(rule: str, tensor: Tensor, found: StatisticsOf, limit: int = SAMPLE_LIMIT) -> Draw:
    """Return whether a tensor, of which `found` are the statistics, is consistent with a rule.

    `rule` is a text of `defaults.default_initialiser`; `limit` elements at most are tested.
    """
    if found.absence or found.minimum is None or found.maximum is None:
        return Draw(None, None)
    tensor = local_part(tensor)
    if constant := _CONSTANT.match(rule):
        value = {"ones": 1.0, "zeros": 0.0}.get(constant["name"]) if constant["name"] else float(constant["value"])
        same = found.minimum == found.maximum and not found.nan + found.inf
        return Draw(same and math.isclose(found.minimum, value or 0.0, rel_tol=_resolution(tensor)), None)
    uniform, normal = _UNIFORM.match(rule), _NORMAL.match(rule)
    row = normal["row"] if normal else None
    cleared = 0 if row is None else tensor[0].numel()
    if not uniform and not normal:
        return Draw(None, None)
    if found.nan or found.inf or _repeats(tensor, found, cleared):
        return Draw(False, 0.0)
    if uniform:
        bound = float(uniform["bound"])
        if max(-found.minimum, found.maximum) > bound * (1 + _resolution(tensor)):
            return Draw(False, 0.0)
        return _kolmogorov_smirnov(_sample(tensor, limit).div_(2 * bound).add_(0.5).clamp_(0.0, 1.0))
    assert normal
    if row is not None:
        at, values = int(row) % tensor.shape[0], tensor.detach()
        if values[at].any():
            return Draw(False, 0.0)
        tensor = torch.cat((values[:at], values[at + 1 :]))
    return _kolmogorov_smirnov(torch.special.ndtr(_sample(tensor, limit).div_(float(normal["std"]))))


def _repeats(tensor: Tensor, found: StatisticsOf, cleared: int) -> bool:
    """Return whether elements repeat that hardly would in a draw, of which one in millions is zero."""
    if found.minimum == found.maximum and found.count > 1:
        return True
    if repeats_much(tensor.shape, strides_of(tensor)):
        return True
    return tensor.dtype.itemsize > 1 and found.zeros > cleared + 1 + found.count / 2**20


def _resolution(tensor: Tensor) -> float:
    """Return the relative distance of neighbouring values of the dtype, at least that of a rule's six digits."""
    return max(float(torch.finfo(tensor.dtype).eps), 1e-5) if tensor.dtype.is_floating_point else 1e-5


def _sample(tensor: Tensor, limit: int) -> Tensor:
    """Return evenly spaced elements, few enough for a quick test, as a float64 copy on the CPU."""
    values = strided(tensor)
    limit = min(limit, COARSE_SAMPLE_LIMIT) if tensor.dtype.itemsize <= 2 else limit
    stride = -(-values.numel() // limit) | 1  # odd: not always the same column
    pieces, start = [], 0
    for chunk in chunks(values, max(stride, 2**16)):
        pieces.append(real64(chunk.reshape(-1)[start::stride]))
        start = (start - chunk.numel()) % stride
    return torch.cat(pieces).clone()


def _kolmogorov_smirnov(probabilities: Tensor) -> Draw:
    """Test `probabilities`, the cumulative distribution at each value, for being uniform in [0, 1]."""
    n = probabilities.numel()
    ordered = probabilities.sort().values
    steps = torch.arange(n + 1, dtype=torch.float64, device="cpu") / n
    distance = float(torch.maximum((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    p = kolmogorov((math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * distance)  # Stephens 1970, for small samples
    return Draw(p >= SIGNIFICANCE, p)


def kolmogorov(x: float) -> float:
    """Return the p-value of `x`, √n times the largest distance between the distributions.

    The survival function of Kolmogorov's limiting distribution, 2 Σ (-1)^(k-1) exp(-2 k² x²).
    """
    if x < 0.2:
        return 1.0
    terms = (math.copysign(math.exp(-2 * k * k * x * x), k % 2 - 0.5) for k in range(1, 101))
    return min(max(2 * sum(terms), 0.0), 1.0)
