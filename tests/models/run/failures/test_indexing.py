"""Of `indexing`: the index and the dimension that does not have it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.models.run.failures.explaining import Made, applied, code_of, hint_of


@pytest.mark.parametrize(
    ("take", "said"),
    [
        (
            lambda x: x[:, 5],
            "index 5 is outside dimension 1 of [2, 3, 4] from the network's input, which has 3: 0 to 2",
        ),
        (lambda x: x[-3], "index -3 is outside dimension 0 of [2, 3, 4]"),
        (lambda x: x[..., 4], "index 4 is outside dimension 2 of [2, 3, 4]"),
        (lambda x: x[0, ..., torch.tensor([1, 9])], "index 9 is outside dimension 2 of [2, 3, 4]"),
        (lambda x: x.relu()[2], "of [2, 3, 4] from `relu` at test_indexing.py:"),
        (lambda x: x[0, 0, 0, 0], "[2, 3, 4] from the network's input has 3 dimensions, and 4 indices were given"),
        (lambda x: x.gather(1, torch.full((2, 1, 4), 3)), "index 3 is outside dimension 1 of [2, 3, 4]"),
        (lambda x: x.index_select(-1, torch.tensor([0, 7])), "index 7 is outside dimension 2 of [2, 3, 4]"),
    ],
)
def test_the_index_and_its_dimension(take: Any, said: str) -> None:
    assert said in hint_of(Made(lambda self, x: take(x)), torch.rand(2, 3, 4))


@pytest.mark.parametrize(
    "take", [lambda x: x[None, 9], lambda x: x[[5]], lambda x: x["a"], lambda x: x[torch.ones(9, dtype=torch.bool)]]
)
def test_nothing_is_said_where_it_is_not_certain(take: Any) -> None:
    assert hint_of(Made(lambda self, x: take(x)), torch.rand(2, 3, 4)) == ""


def test_one_hot_of_other_numbers() -> None:
    def one_hot(x: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(x)

    x = torch.tensor([0.0, 2.0])
    hint = hint_of(Made(lambda self, x: one_hot(x)), x)
    assert hint == "`one_hot` takes int64, got float32 from the network's input: `.long()` before it fits"
    one_hot(*applied(code_of(hint), (x,)))  # type: ignore[arg-type]
    assert not hint_of(Made(lambda self, x: one_hot(x)), torch.tensor([0.5])).endswith("fits")


def test_a_dimension_that_is_not_there() -> None:
    hint = hint_of(Made(lambda self, x: x.softmax(2)), torch.rand(4, 7))
    assert hint.startswith("`softmax` at test_indexing.py:")
    assert hint.endswith("is along dimension 2, and [4, 7] from the network's input has dimensions 0 to 1")
    hint = hint_of(Made(lambda self, x: x.transpose(-3, 0)), torch.rand(4, 7))
    assert "is along dimension -3" in hint
