"""Of `losses`: targets of classes and of elements."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, applied, assert_mended, code_of, hint_of


def losing(loss: Any) -> Any:
    return Made(lambda self, x, y: loss(x, y))


@pytest.mark.parametrize("loss", [F.cross_entropy, nn.CrossEntropyLoss(), lambda x, y: F.nll_loss(x.log_softmax(1), y)])
def test_targets_that_count_from_one(loss: Any) -> None:
    x, y = torch.rand(3, 6), torch.tensor([1, 6, 2])
    hint = hint_of(losing(loss), x, y)
    assert "target 6 at [1] of " in hint
    assert "is none of the 6 classes, 0 to 5, of the output [3, 6]" in hint
    assert hint.endswith("targets go from 1 to 6, so `target - 1` fits")
    loss(x, y - 1)


def test_a_class_that_the_output_does_not_have() -> None:
    def make(out_features: int = 4) -> nn.Module:
        return Made(lambda self, x, y: F.cross_entropy(self.head(x), y), head=nn.Linear(3, out_features))

    said = "`out_features=8` of `head` fits"
    assert_mended(make, torch.rand(2, 3), torch.tensor([0, 7]), said=said, out_features=8)
    hint = hint_of(losing(F.cross_entropy), torch.rand(2, 5), torch.tensor([-1, 2]))
    assert hint.endswith("of the output [2, 5] from the network's input")
    assert hint_of(losing(F.cross_entropy), torch.rand(2, 5), torch.tensor([-100, 5])).endswith(
        "an output of 6 classes fits"
    )


@pytest.mark.parametrize(
    ("x", "y", "at"),
    [
        (torch.rand(2, 6), torch.tensor([1.0, 3.0]), 1),
        (torch.rand(2, 6), torch.tensor([[1], [3]]), 1),
        (torch.rand(2, 6), torch.eye(6, dtype=torch.long)[:2], 1),
        (torch.rand(2, 5, 6), torch.zeros(2, 5, dtype=torch.long), 0),
        (torch.rand(6, 3), torch.zeros(2, 3, dtype=torch.long), 1),
    ],
)
def test_targets_of_another_form(x: Tensor, y: Tensor, at: int) -> None:
    hint = hint_of(losing(F.cross_entropy), x, y)
    F.cross_entropy(*applied(code_of(hint), (x, y), at))  # type: ignore[arg-type]


def test_targets_that_only_differ_in_number() -> None:
    hint = hint_of(losing(F.cross_entropy), torch.rand(2, 6), torch.tensor([1, 2, 3]))
    assert hint.endswith("needs a target [2], got [3] from the network's input")


@pytest.mark.parametrize(
    ("loss", "x", "y", "at"),
    [
        (F.binary_cross_entropy, torch.rand(2, 1), torch.rand(2), 1),
        (F.binary_cross_entropy_with_logits, torch.rand(2), torch.rand(2, 1), 0),
        (F.binary_cross_entropy, torch.rand(2), torch.tensor([0, 1]), 1),
    ],
)
def test_targets_of_elements(loss: Any, x: Tensor, y: Tensor, at: int) -> None:
    hint = hint_of(losing(loss), x, y)
    loss(*applied(code_of(hint), (x, y), at))


def test_numbers_that_are_no_probabilities() -> None:
    hint = hint_of(losing(F.binary_cross_entropy), torch.tensor([0.5, 2.5]), torch.rand(2))
    assert "takes probabilities, from 0 to 1, got 2.5 from the network's input" in hint
    F.binary_cross_entropy_with_logits(torch.tensor([0.5, 2.5]), torch.rand(2))
    F.binary_cross_entropy(torch.tensor([0.5, 2.5]).sigmoid(), torch.rand(2))
