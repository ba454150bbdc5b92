"""Of `reshaping`: sizes that hold another number of elements."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.models.run.failures.explaining import Made, hint_of


@pytest.mark.parametrize(
    ("wrong", "x"),
    [
        (lambda x: x.view(-1, 400), torch.rand(2, 6, 7)),
        (lambda x: x.view(2, 16 * 5 * 5), torch.rand(2, 16, 4, 4)),
        (lambda x: x.reshape(32, -1), torch.rand(20, 3, 3)),
        (lambda x: torch.reshape(x, (32, 3, 3)), torch.rand(20, 9)),
        (lambda x: x.view(8, 2, -1), torch.rand(6, 4, 5)),
    ],
)
def test_the_batch_is_kept(wrong: Any, x: Tensor) -> None:
    hint = hint_of(Made(lambda self, x: wrong(x)), x)
    found = re.search(r"`((?:view|reshape)\([-\d, ]+\))` fits", hint)
    assert found is not None
    assert eval(f"x.{found[1]}", {"x": x}).shape[0] == len(x)


def test_what_does_not_lie_one_after_the_other() -> None:
    hint = hint_of(Made(lambda self, x: x.transpose(1, 2).view(2, -1)), torch.rand(2, 6, 7))
    assert "([2, 6, 7] transposed) do not lie one after the other: `reshape` in place of `view` fits" in hint
    torch.rand(2, 6, 7).transpose(1, 2).reshape(2, -1)


def test_no_mend_where_it_is_not_certain() -> None:
    hint = hint_of(Made(lambda self, x: x.view(3, 4, 5)), torch.rand(2, 6, 7))
    assert hint == "[2, 6, 7] from the network's input has 84 elements, which [3, 4, 5] cannot hold"
    hint = hint_of(Made(lambda self, x: x.permute(0, 2, 1)), torch.rand(1, 2, 3, 4))
    assert hint == "`permute` of [1, 2, 3, 4] from the network's input needs 4 dimensions, got 3: [0, 2, 1]"
