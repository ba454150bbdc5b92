"""Whether the values of a parameter could still be a draw from the initialiser of its layer.

A Kolmogorov–Smirnov test of values taken at regular distances: no random numbers are used.
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

MOST = 1_000_000
"""Values that are looked at."""
MOST_COARSE = 10_000
"""Of types of 16 bits and fewer: more would tell how the values were rounded."""
LEAST_P = 0.001
"""Below it, values are held to be no draw.  One of a thousand fresh tensors is."""

_UNIFORM = re.compile(r"uniform\(-(?P<bound>[^,]+), ")
_NORMAL = re.compile(r"normal\(0, (?P<std>[^)]+)\)(?:, then row (?P<row>-?\d+) )?")
_CONSTANT = re.compile(r"(?P<name>ones|zeros)|constant (?P<value>[^:]+)")


@dataclass(frozen=True, slots=True)
class Draw:
    """`consistent` is None where there are no values to be judged; `p` where the rule leaves nothing to chance."""

    consistent: bool | None
    p: float | None


def judge(rule: str, tensor: Tensor, found: StatisticsOf) -> Draw:
    """Compare a tensor, and its statistics, with a sentence of `defaults.default_initialiser`."""
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
        return _tested(_sample(tensor).div_(2 * bound).add_(0.5).clamp_(0.0, 1.0))
    assert normal
    if row is not None:
        at, values = int(row) % tensor.shape[0], tensor.detach()
        if values[at].any():
            return Draw(False, 0.0)
        tensor = torch.cat((values[:at], values[at + 1 :]))
    return _tested(torch.special.ndtr(_sample(tensor).div_(float(normal["std"]))))


def _repeats(tensor: Tensor, found: StatisticsOf, cleared: int) -> bool:
    """Whether numbers come again that hardly would in a draw, in which one of millions is zero."""
    if found.minimum == found.maximum and found.count > 1:
        return True
    if repeats_much(tensor.shape, strides_of(tensor)):
        return True
    return tensor.dtype.itemsize > 1 and found.zeros > cleared + 1 + found.count / 2**20


def _resolution(tensor: Tensor) -> float:
    """Relative distance of neighbouring numbers, and at least that of a rule's six digits."""
    return max(float(torch.finfo(tensor.dtype).eps), 1e-5) if tensor.dtype.is_floating_point else 1e-5


def _sample(tensor: Tensor) -> Tensor:
    """At most so many values that the test is quick, as float64 of their own."""
    values = strided(tensor)
    most = MOST_COARSE if tensor.dtype.itemsize <= 2 else MOST
    step = -(-values.numel() // most) | 1  # odd: not always the same column
    pieces, start = [], 0
    for chunk in chunks(values, max(step, 2**16)):
        pieces.append(real64(chunk.reshape(-1)[start::step]).cpu())
        start = (start - chunk.numel()) % step
    return torch.cat(pieces).clone()


def _tested(parts: Tensor) -> Draw:
    """Of which part of the distribution lies below each value; uniform in [0, 1] if they were drawn from it."""
    n = parts.numel()
    ordered = parts.sort().values
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    apart = float(torch.maximum((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    p = kolmogorov((math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * apart)  # Stephens's correction for few values
    return Draw(p >= LEAST_P, p)


def kolmogorov(x: float) -> float:
    """The chance that the largest distance, times the root of the number of values, is above `x`."""
    if x < 0.2:
        return 1.0
    terms = (math.copysign(math.exp(-2 * k * k * x * x), k % 2 - 0.5) for k in range(1, 101))
    return min(max(2 * sum(terms), 0.0), 1.0)
