"""The initialisers of `torch.nn.init`: their arguments, what these mean, and the distribution that each draws from.

The formulas are those of torch's documentation (https://docs.pytorch.org/docs/stable/nn.init.html): Glorot and Bengio
2010 for Xavier, He et al. 2015 (arXiv:1502.01852) for Kaiming, Saxe et al. 2013 (arXiv:1312.6120) for orthogonal
matrices, Martens 2010 for sparse ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch.nn import init

from . import theory as law
from .theory import Theory, digits

ArgumentValues = Mapping[str, Any]
"""Arguments of a rule by name: numbers, and texts of those that have choices."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a rule."""

    name: str
    default: float | int | str
    about: str
    """What it means, in a sentence."""
    choices: tuple[str, ...] = ()
    """What a text may be; empty for a number."""
    required: bool = False
    """Whether torch has no default for it."""


@dataclass(frozen=True, slots=True)
class InitialiserRule:
    """An initialiser of `torch.nn.init`."""

    name: str
    """As in `torch.nn.init`: `xavier_uniform_`."""
    about: str
    arguments: tuple[Argument, ...]
    theory: Callable[[Sequence[int], ArgumentValues], Theory]
    """Return the distribution for a shape."""
    dimensions: tuple[int, int] = (0, 1_000)
    """The fewest and the most dimensions of a tensor that it can fill."""

    @property
    def draws(self) -> bool:
        """Return whether it draws random numbers."""
        return self.name not in ("constant_", "zeros_", "ones_", "eye_", "dirac_")

    @property
    def takes_generator(self) -> bool:
        """Return whether all that it draws comes from a generator that it is given; `sparse_` permutes by another."""
        return self.draws and self.name != "sparse_"

    def why_not(self, shape: Sequence[int], values: ArgumentValues) -> str:
        """Return why a tensor of this shape cannot be filled; empty where it can."""
        fewest, most = self.dimensions
        if not fewest <= len(shape) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} or more" if most > 10 else f"{fewest} to {most}"
            return f"{self.name} takes {wanted} dimensions, and this has {len(shape)}"
        if self.name == "dirac_" and shape[0] % int(values["groups"]):
            return f"{shape[0]:,} output channels are not divisible by {int(values['groups'])} groups"
        return ""


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return fan_in and fan_out of a weight: inputs and outputs of a layer, times the elements of its kernel."""
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _kaiming_gain(values: ArgumentValues) -> tuple[float, str]:
    """Return the gain, and as text how it comes about."""
    slope, kind = float(values["a"]), str(values["nonlinearity"])
    gain = float(init.calculate_gain(kind, slope))  # type: ignore[arg-type]
    if kind == "leaky_relu":
        return gain, "√2" if not slope else f"√(2/(1 + {digits(slope)}²))"
    return gain, {"relu": "√2", "tanh": "5/3", "selu": "3/4"}.get(kind, "")


def _fan(shape: Sequence[int], values: ArgumentValues) -> int:
    fan_in, fan_out = fans(shape)
    return fan_in if values["mode"] == "fan_in" else fan_out


def _kaiming_uniform(shape: Sequence[int], values: ArgumentValues) -> Theory:
    fan, (gain, text) = _fan(shape, values), _kaiming_gain(values)
    if not fan:
        return law.constant(0.0)
    bound = math.sqrt(3) * gain / math.sqrt(fan)
    times = f"{text}·" if text else ""
    return law.uniform(-bound, bound, f"uniform(±{times}√(3/{fan}) = ±{digits(bound)})")


def _kaiming_normal(shape: Sequence[int], values: ArgumentValues) -> Theory:
    fan, (gain, text) = _fan(shape, values), _kaiming_gain(values)
    if not fan:
        return law.constant(0.0)
    std = gain / math.sqrt(fan)
    return law.normal(0.0, std, f"normal(0, {text or '1'}/√{fan} = {digits(std)})")


def _xavier_uniform(shape: Sequence[int], values: ArgumentValues) -> Theory:
    (fan_in, fan_out), gain = fans(shape), float(values["gain"])
    bound = abs(gain) * math.sqrt(6 / (fan_in + fan_out))
    times = "" if gain == 1 else f"{digits(gain)}·"
    return law.uniform(-bound, bound, f"uniform(±{times}√(6/({fan_in} + {fan_out})) = ±{digits(bound)})")


def _xavier_normal(shape: Sequence[int], values: ArgumentValues) -> Theory:
    (fan_in, fan_out), gain = fans(shape), float(values["gain"])
    std = abs(gain) * math.sqrt(2 / (fan_in + fan_out))
    times = "" if gain == 1 else f"{digits(gain)}·"
    return law.normal(0.0, std, f"normal(0, {times}√(2/({fan_in} + {fan_out})) = {digits(std)})")


def _orthogonal(shape: Sequence[int], values: ArgumentValues) -> Theory:
    rows, columns = shape[0], math.prod(shape[1:])
    gain = float(values["gain"])
    if not gain:
        return law.constant(0.0)
    which = "rows" if rows <= columns else "columns"
    length = "1" if gain == 1 else digits(gain)
    return law.coordinate(max(rows, columns), abs(gain), f"orthogonal {which} of length {length}")


def _eye(shape: Sequence[int], values: ArgumentValues) -> Theory:
    return law.ones_among_zeros(min(shape), math.prod(shape), f"1 on the diagonal, {min(shape):,} of them, else 0")


def _dirac(shape: Sequence[int], values: ArgumentValues) -> Theory:
    groups = int(values["groups"])
    ones = groups * min(shape[0] // groups, shape[1])
    return law.ones_among_zeros(ones, math.prod(shape), f"1 in the middle of {ones:,} kernels, else 0")


def _sparse(shape: Sequence[int], values: ArgumentValues) -> Theory:
    sparsity, std = float(values["sparsity"]), float(values["std"])
    share = math.ceil(sparsity * shape[0]) / shape[0] if shape[0] else 0.0
    name = f"normal(0, {digits(std)}), {share:.4g} of each column set to 0"
    return law.with_zeros(law.normal(0.0, std), min(share, 1.0), name)


MODE = Argument(
    "mode",
    "fan_in",
    "fan_in keeps the variance of the signal going forward, fan_out that of gradients going back. fan_in is "
    "inputs × kernel elements (weight.shape[1] × …), fan_out is weight.shape[0] × ….",
    ("fan_in", "fan_out"),
)
SLOPE = Argument("a", 0.0, "Slope of the leaky ReLU that follows, for negative inputs; 0 is a plain ReLU.")
NONLINEARITY = Argument(
    "nonlinearity",
    "leaky_relu",
    "What follows the layer sets the gain: √2 for relu, as it loses half of the signal; 1 for linear and sigmoid; "
    "5/3 for tanh.",
    ("leaky_relu", "relu", "linear", "sigmoid", "tanh", "selu"),
)
GAIN = Argument(
    "gain",
    1.0,
    "Makes up for the nonlinearity that follows: 1 for none, √2 = 1.414 for ReLU, 1.667 for tanh.",
)
_MEAN, _STD = Argument("mean", 0.0, "Of the normal distribution."), Argument("std", 1.0, "Standard deviation.")

RULES: tuple[InitialiserRule, ...] = (
    InitialiserRule(
        "normal_",
        "Every element drawn from one normal distribution, whatever the size of the layer.",
        (_MEAN, _STD),
        lambda shape, values: law.normal(values["mean"], values["std"]),
    ),
    InitialiserRule(
        "uniform_",
        "Every element equally likely anywhere between two bounds.",
        (Argument("a", 0.0, "The lower bound."), Argument("b", 1.0, "The upper bound.")),
        lambda shape, values: law.uniform(values["a"], values["b"]),
    ),
    InitialiserRule(
        "constant_",
        "Every element the same number. Units that are alike stay alike: gradients are the same for each.",
        (Argument("val", 0, "The number.", required=True),),
        lambda shape, values: law.constant(values["val"]),
    ),
    InitialiserRule("zeros_", "Every element 0.", (), lambda shape, values: law.constant(0.0)),
    InitialiserRule("ones_", "Every element 1.", (), lambda shape, values: law.constant(1.0)),
    InitialiserRule(
        "xavier_uniform_",
        "Uniform, so wide that the variance stays about the same, forward by fan_in and backward by fan_out.",
        (GAIN,),
        _xavier_uniform,
        (2, 1_000),
    ),
    InitialiserRule("xavier_normal_", "Xavier's variance, normally distributed.", (GAIN,), _xavier_normal, (2, 1_000)),
    InitialiserRule(
        "kaiming_uniform_",
        "Uniform, so wide that the variance stays the same in one direction, behind the nonlinearity too.",
        (SLOPE, MODE, NONLINEARITY),
        _kaiming_uniform,
        (2, 1_000),
    ),
    InitialiserRule(
        "kaiming_normal_",
        "Kaiming's variance, normally distributed.",
        (SLOPE, MODE, NONLINEARITY),
        _kaiming_normal,
        (2, 1_000),
    ),
    InitialiserRule(
        "trunc_normal_",
        "Normal, drawn again until it lies between two bounds.",
        (
            _MEAN,
            _STD,
            Argument("a", -2.0, "The lower bound: a number, not a multiple of std."),
            Argument("b", 2.0, "The upper bound."),
        ),
        lambda shape, values: law.truncated(values["mean"], values["std"], values["a"], values["b"]),
    ),
    InitialiserRule(
        "orthogonal_",
        "Rows, or columns where there are fewer, at right angles and of one length: no direction grows or shrinks.",
        (GAIN,),
        _orthogonal,
        (2, 1_000),
    ),
    InitialiserRule("eye_", "The identity matrix: a layer hands on what comes in.", (), _eye, (2, 2)),
    InitialiserRule(
        "dirac_",
        "The identity for convolutions: each output channel hands on an input channel.",
        (Argument("groups", 1, "Groups of channels, of which each keeps its identity."),),
        _dirac,
        (3, 5),
    ),
    InitialiserRule(
        "sparse_",
        "Normal, with the same number of elements of each column set to 0.",
        (
            Argument("sparsity", 0.9, "The share of each column that is 0.", required=True),
            Argument("std", 0.01, _STD.about),
        ),
        _sparse,
        (2, 2),
    ),
)
"""Every initialiser of `torch.nn.init` that fills a tensor."""
BY_NAME = {rule.name: rule for rule in RULES}
