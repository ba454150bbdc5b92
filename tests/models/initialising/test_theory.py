"""Of `rules`, `theory`: what an initialiser of torch draws against the formulas."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from models.initialising.rules import BY_NAME, RULES, fans
from models.initialising.theory import digits

SHAPES = [(60, 50), (40, 30, 3), (24, 16, 3, 3)]
CASES: list[tuple[str, dict[str, Any]]] = [
    ("normal_", {"mean": 0.0, "std": 0.01}),
    ("uniform_", {"a": -10, "b": 10}),
    ("constant_", {"val": 42}),
    ("zeros_", {}),
    ("ones_", {}),
    ("xavier_uniform_", {"gain": 1.0}),
    ("xavier_uniform_", {"gain": 1.5}),
    ("xavier_normal_", {"gain": 2.0}),
    ("kaiming_uniform_", {"a": 0.0, "mode": "fan_in", "nonlinearity": "leaky_relu"}),
    ("kaiming_uniform_", {"a": 0.5, "mode": "fan_out", "nonlinearity": "leaky_relu"}),
    ("kaiming_normal_", {"a": 0.0, "mode": "fan_in", "nonlinearity": "tanh"}),
    ("kaiming_normal_", {"a": 0.0, "mode": "fan_out", "nonlinearity": "linear"}),
    ("trunc_normal_", {"mean": 0.5, "std": 2.0, "a": -1.0, "b": 1.5}),
    ("orthogonal_", {"gain": 1.0}),
    ("orthogonal_", {"gain": 3.0}),
    ("eye_", {}),
    ("dirac_", {"groups": 1}),
    ("dirac_", {"groups": 2}),
    ("sparse_", {"sparsity": 0.9, "std": 0.5}),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "values"), CASES)
def test_what_torch_draws_is_as_the_formulas_say(name: str, values: dict[str, Any], shape: tuple[int, ...]) -> None:
    rule = BY_NAME[name]
    tensor = torch.full(shape, math.nan)
    torch.manual_seed(3)
    if rule.why_not(shape, values):
        with pytest.raises(ValueError, match="dimensions"):
            getattr(nn.init, name)(tensor, **values)
        return
    getattr(nn.init, name)(tensor, **values)
    theory, drawn = rule.theory(shape, values), tensor.double()
    count = tensor.numel()
    assert theory.low - 1e-6 <= drawn.min() <= drawn.max() <= theory.high + 1e-6
    assert float(drawn.mean()) == pytest.approx(theory.mean, abs=6 * theory.std / math.sqrt(count) + 1e-9)
    assert float(drawn.std(correction=0)) == pytest.approx(theory.std, rel=6 / math.sqrt(count), abs=1e-9)
    for at in (-0.7, -0.1, 0.3, 1.1):
        edge = theory.mean + at * theory.std
        share = float((drawn <= edge + 1e-9).double().mean())
        expected = theory.share(-math.inf, edge + 1e-9)
        assert share == pytest.approx(expected, abs=6 * math.sqrt(0.25 / count))
    assert theory.share(-math.inf, math.inf) == pytest.approx(1.0)


def test_every_initialiser_that_torch_has_is_there() -> None:
    known = {name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")}
    assert {rule.name for rule in RULES} == known


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_defaults_are_those_of_torch(rule: Any) -> None:
    import inspect

    parameters = inspect.signature(getattr(nn.init, rule.name)).parameters
    given = {each.name: inspect.Parameter.empty if each.required else each.default for each in rule.arguments}
    assert given == {name: each.default for name, each in list(parameters.items())[1:] if name != "generator"}


def test_formulas_have_the_numbers_of_the_layer() -> None:
    layer = nn.Linear(4, 8)
    shape = tuple(layer.weight.shape)
    assert fans(shape) == nn.init._calculate_fan_in_and_fan_out(layer.weight)
    xavier = BY_NAME["xavier_uniform_"].theory(shape, {"gain": 1.0})
    assert xavier.law == "uniform(±√(6/(4 + 8)) = ±0.7071)"
    assert xavier.spread == "std = 0.7071/√3 = 0.4082"
    kaiming = BY_NAME["kaiming_normal_"].theory(shape, {"a": 0.0, "mode": "fan_in", "nonlinearity": "relu"})
    assert kaiming.law == f"normal(0, √2/√4 = {digits(math.sqrt(0.5))})"
    assert BY_NAME["orthogonal_"].theory(shape, {"gain": 1.0}).law == "orthogonal columns of length 1"
