"""A softmax over the rows of the batch: found where it normalises them together, and nowhere else."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn

from tests.models.findings.finding import findings, only, rows


class Attends(nn.Module):
    """Weighs rows by a softmax over them, which is meant, and gives a result for each."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.softmax(0)


class AsFunction(nn.Module):
    """The classic mistake, in a forward of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.fc(x), dim=0)


class OfWeights(nn.Module):
    """Gives weights of as many rows as its input has columns."""

    def forward(self, x: Tensor) -> Tensor:
        return (x.T @ x[:, :2]).softmax(0)


def network(softmax: nn.Module, classes: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(4, classes), softmax)


@pytest.mark.parametrize("dim", [0, -2])
def test_a_softmax_over_the_batch_is_a_note_with_what_mends_it(dim: int) -> None:
    found = only("softmax_of_batch", findings(network(nn.Softmax(dim)), rows(5, 4)))
    assert (found.severity, found.path) == ("note", "1")
    assert "each of the 3 columns sums to 1, the rows do not; dim=-1" in found.text


def test_so_is_one_of_a_function_at_its_line() -> None:
    found = only("softmax_of_batch", findings(AsFunction(), rows(5, 4)))
    assert found.where is not None
    assert found.where.startswith("test_softmax_of_batch.py:")


@pytest.mark.parametrize(
    ("net", "x"),
    [
        (network(nn.Softmax(-1)), rows(5, 4)),
        (network(nn.Softmax(1)), rows(3, 4)),
        (network(nn.Softmax(0), 5), rows(5, 4)),  # as many classes as rows: there is no telling
        (network(nn.Softmax(0)), rows(4)),
        (network(nn.Softmax(0), 1), rows(5, 4)),
        (network(nn.Softmax(0)), rows(5, 2, 4)),
        (nn.Sequential(nn.Softmax(0), nn.Linear(4, 4)), rows(5, 4)),
        (Attends(), rows(5, 4)),
        (OfWeights(), rows(5, 4)),
        (nn.Sequential(nn.Linear(4, 3), nn.Softmax(0)), torch.full((5, 4), float("nan"))),
    ],
)
def test_it_is_silent_where_rows_are_normalised_or_it_is_not_known(net: nn.Module, x: Tensor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "softmax_of_batch" not in {each.kind for each in findings(net, x)}
