"""Of `orientation` and `scheme`: weights that are stored [in, out], and whose fans count."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from models.initialising.code import code_of
from models.initialising.orientation import is_stored_transposed
from models.initialising.preview import fresh_values, theory_of
from models.initialising.rules import BY_NAME
from models.initialising.scheme import Scheme, carry_out
from models.initialising.scope import Scope, targets_of
from models.live.live_tree import LiveTree


class Conv1D(nn.Module):
    """As in transformers: `x @ weight + bias`."""

    def __init__(self, nf: int, nx: int) -> None:
        super().__init__()
        self.nf, self.nx = nf, nx
        self.weight = nn.Parameter(torch.randn(nx, nf))
        self.bias = nn.Parameter(torch.zeros(nf))


class Project(nn.Module):
    """A class of somebody's own."""

    def __init__(self, rows: int, columns: int, bias: int | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, columns))
        self.bias = None if bias is None else nn.Parameter(torch.zeros(bias))


@pytest.mark.parametrize(
    ("module", "transposed"),
    [
        (Conv1D(300, 100), True),
        (Conv1D(100, 100), True),
        (Project(100, 300, 300), True),
        (Project(300, 100, 300), False),
        (Project(100, 300, None), False),
        (Project(100, 100, 100), False),
        (nn.Linear(100, 300), False),
        (nn.Linear(100, 100), False),
        (nn.Embedding(100, 300), False),
    ],
)
def test_only_what_can_be_known_is_said(module: nn.Module, transposed: bool) -> None:
    assert is_stored_transposed(module, "weight") == transposed


def kaiming(fans: str, **values: object) -> Scheme:
    rule = BY_NAME["kaiming_normal_"]
    given = {argument.name: argument.default for argument in rule.arguments} | values
    return Scheme(Scope("this"), rule, given, seed=1, fans=fans)  # type: ignore[arg-type]


@pytest.mark.parametrize(("fans", "fan_in"), [("torch", 300), ("layer", 100)])
def test_the_layers_fan_in_is_offered_and_the_values_have_its_spread(fans: str, fan_in: int) -> None:
    net = nn.Sequential(Conv1D(300, 100), nn.Linear(300, 100))
    tree, scheme = LiveTree.of(net), kaiming(fans)
    turned, plain = (target for target in targets_of(tree, scheme.scope) if target.role == "weight")
    theory = theory_of(tree, scheme, turned)
    assert theory is not None
    assert theory.std == pytest.approx(math.sqrt(2 / fan_in))
    plainly = theory_of(tree, scheme, plain)
    assert plainly is not None
    assert plainly.std == pytest.approx(math.sqrt(2 / 300))
    fresh = fresh_values(tree, scheme, "0.weight")
    carry_out(tree, scheme)
    assert torch.equal(net[0].weight, fresh)
    assert net[0].weight.std().item() == pytest.approx(theory.std, rel=0.03)
    again = nn.Sequential(Conv1D(300, 100), nn.Linear(300, 100))
    exec(code_of(tree, scheme), {"torch": torch, "nn": nn, "net": again})
    assert torch.equal(again[0].weight, net[0].weight)
    assert torch.equal(again[1].weight, net[1].weight)


def test_many_layers_have_a_line_each_where_some_are_turned() -> None:
    net = nn.Sequential(*(Conv1D(30, 10) for _ in range(12)))
    tree = LiveTree.of(net)
    code = code_of(tree, kaiming("layer"))
    assert "nn.init.kaiming_normal_(net[11].weight.T)" in code
    assert "for " in code_of(tree, kaiming("torch"))
    carry_out(tree, kaiming("layer"))
    again = nn.Sequential(*(Conv1D(30, 10) for _ in range(12)))
    exec(code, {"torch": torch, "nn": nn, "net": again})
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), net.parameters(), strict=True))
