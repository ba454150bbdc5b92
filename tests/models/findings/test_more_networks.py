"""Of the kinds of findings: further networks that each is found on, so that there are three at least."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.models.findings.finding import findings, kinds, only, rows, without_run


class Applied(nn.Module):
    """A layer and a function of what it gives."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.fc(x))


def _below_zero(x: Tensor) -> Tensor:
    return (x - x.max() - 1).sqrt()


def _zero_by_zero(x: Tensor) -> Tensor:
    return (x - x) / (x - x)


def _wrong_softmax(x: Tensor) -> Tensor:
    return (x * 1e4).exp() / (x * 1e4).exp().sum(-1, keepdim=True)


@pytest.mark.parametrize(("function", "op"), [(_below_zero, "sqrt"), (_zero_by_zero, "div"), (_wrong_softmax, "div")])
def test_nan(function: Callable[[Tensor], Tensor], op: str) -> None:
    found = only("nan", findings(Applied(function), rows(3, 4)))
    assert found.severity == "error"
    assert f"made by {op}" in found.text


@pytest.mark.parametrize(
    ("function", "op"),
    [
        (lambda x: 1 / (x - x), "div"),
        (lambda x: (x.abs() + 1).half() * 6e4 * 6e4, "mul"),
        (lambda x: torch.log(x - x), "log"),
    ],
)
def test_infinity(function: Callable[[Tensor], Tensor], op: str) -> None:
    found = only("inf", findings(Applied(function), rows(3, 4)))
    assert found.severity == "error"
    assert op in found.text


class Root(nn.Module):
    """Finite forward; backward is 0 times infinity."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = self.fc(x)
        return torch.where(h > 100, (h - h.detach()).sqrt(), h * 1.0) if self.training else (h * 0).norm(dim=-1).sqrt()


@pytest.mark.parametrize("training", [True, False])
def test_nan_of_a_backward(training: bool) -> None:
    found = findings(Root().train(training), rows(3, 4), backward=True)
    serious = [each for each in found if each.severity == "error"]
    assert serious
    assert serious[0].kind in ("nan", "inf")
    assert "gradient" in serious[0].text


def _new_weight(net: Applied) -> None:
    net.fc.weight = nn.Parameter(torch.zeros(4, 4))


def _new_layer(net: Applied) -> None:
    net.fc = nn.Linear(4, 4)


def _clipped(net: Applied) -> None:
    net.fc.weight = nn.Parameter(net.fc.weight.clamp(-0.1, 0.1))


class Replaces(Applied):
    def __init__(self, how: Callable[[Applied], None]) -> None:
        super().__init__(torch.tanh)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        self.how(self)
        return super().forward(x)


@pytest.mark.parametrize("how", [_new_weight, _new_layer, _clipped])
def test_parameter_replaced(how: Callable[[Applied], None]) -> None:
    found = [each for each in findings(Replaces(how), rows(3, 4)) if each.kind == "parameter_replaced"]
    assert found[0].path == "fc.weight"
    assert {each.severity for each in found} == {"warning"}


class Towers(nn.Module):
    """Its towers are in a list, a tuple or a dict of Python's own."""

    def __init__(self, towers: Callable[[], object]) -> None:
        super().__init__()
        self.towers = towers()

    def forward(self, x: Tensor) -> Tensor:
        every = self.towers.values() if isinstance(self.towers, dict) else self.towers
        return torch.stack([tower(x) for tower in every]).sum(0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "towers",
    [
        lambda: [nn.Linear(4, 2), nn.Linear(4, 2)],
        lambda: (nn.Linear(4, 2), nn.Sequential(nn.Linear(4, 2))),
        lambda: {"a": nn.Linear(4, 2), "b": nn.Linear(4, 2)},
    ],
)
def test_unregistered(towers: Callable[[], object]) -> None:
    found = [each for each in findings(Towers(towers), rows(3, 4)) if each.kind == "unregistered"]
    assert len(found) == 2
    assert {each.severity for each in found} == {"warning"}


def _tied_by_data(net: nn.Sequential) -> None:
    net[1].weight.data = net[0].weight.data


def _row_of_another(net: nn.Sequential) -> None:
    net[1].bias = nn.Parameter(net[0].weight.detach()[2])


def _transposed(net: nn.Sequential) -> None:
    net[1].weight = nn.Parameter(net[0].weight.detach().T)


@pytest.mark.parametrize("tie", [_tied_by_data, _row_of_another, _transposed])
def test_same_memory(tie: Callable[[nn.Sequential], None]) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    tie(net)
    found = only("same_memory", without_run(net))
    assert found.severity == "warning"
    assert found.path is not None
    assert found.path.startswith("1.")


class Branch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.small, self.large = nn.Linear(4, 2), nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.small(x) if len(x) < 10 else self.large(x)


@pytest.mark.parametrize(("length", "path"), [(3, "large"), (12, "small")])
def test_unused_module(length: int, path: str) -> None:
    assert only("unused_module", findings(Branch(), rows(length, 4))).path == path


class Borrows(nn.Module):
    def __init__(self, use: Callable[[nn.Module, Tensor], Tensor], layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.use = layer, use

    def forward(self, x: Tensor) -> Tensor:
        return self.use(self.layer, x)


@pytest.mark.parametrize(
    ("use", "layer"),
    [
        (lambda layer, x: x @ layer.weight.T, nn.Linear(4, 3)),
        (lambda layer, x: F.batch_norm(x, None, None, layer.weight, layer.bias, training=True), nn.BatchNorm1d(4)),
        (lambda layer, x: F.embedding(x.long().abs(), layer.weight), nn.Embedding(9, 3)),
    ],
)
def test_weights_without_call(use: Callable[[nn.Module, Tensor], Tensor], layer: nn.Module) -> None:
    assert only("weights_without_call", findings(Borrows(use, layer), rows(8, 4))).path == "layer"


def test_optimizer_incomplete_of_a_list_made_by_hand() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4))
    optimizer = torch.optim.AdamW([{"params": [net[0].weight, net[2].weight]}, {"params": [net[0].bias, net[2].bias]}])
    found = only("optimizer_incomplete", findings(net, rows(8, 4), optimizers=[optimizer]))
    assert found.path == "1.weight"
    assert "2 of 6" in found.text


@pytest.mark.parametrize(
    ("net", "x"),
    [
        (nn.Sequential(nn.Linear(4, 4), nn.Linear(3, 4)), rows(2, 4)),
        (nn.Embedding(5, 3), torch.tensor([[7]])),
        (nn.Sequential(nn.Linear(4, 4).double()), rows(2, 4)),
    ],
)
def test_failure(net: nn.Module, x: Tensor) -> None:
    assert kinds(findings(net, x)) == {"failure"}


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.SyncBatchNorm])
def test_shared_statistics(kind: type[nn.Module]) -> None:
    norm = kind(4)  # type: ignore[call-arg]
    net = nn.ModuleDict({"photo": nn.Sequential(nn.Linear(4, 4), norm), "sketch": nn.Sequential(nn.Linear(4, 4), norm)})
    found = only("shared_statistics", without_run(net))
    assert "sketch.1" in found.text
