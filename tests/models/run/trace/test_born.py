"""Of `born`: the element that a NaN or an infinity was made of, against what the operation gives of it alone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.live.live_tree import LiveTree
from models.run.forward import run_forward
from models.run.trace.record import FirstNonfinite, Trace
from tests.models.run.failures.explaining import Made

SOME = torch.tensor([[0.5, 2.0, 3.0], [0.25, -0.75, 0.0]])


def first(forward: Callable[..., Any], *args: Tensor) -> FirstNonfinite:
    net, trace = Made(lambda self, *given: forward(*given)), Trace()
    assert run_forward(net, args, {}, LiveTree.of(net), trace).problem is None
    assert trace.nonfinite is not None
    return trace.nonfinite


@pytest.mark.filterwarnings("ignore:std")
@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (lambda x: torch.log(x), "log of -0.75 at [1, 1], which read -0.75 to 3 in all"),
        (lambda x: x.sqrt(), "sqrt of -0.75 at [1, 1], which read -0.75 to 3 in all"),
        (lambda x: x**0.5, "pow of -0.75 and 0.5 at [1, 1], which read -0.75 to 3 in all"),
        (lambda x: (x * 0) / torch.zeros(3), "div of 0 and 0 at [0, 0]"),
        (lambda x: x * float("-inf"), "mul of 0 and -inf at [1, 2], which read -0.75 to 3 in all"),
        (lambda x: torch.log(x[1, 1]), "log of -0.75"),
        (lambda x: torch.log(x[:, 1]), "log of -0.75 at [1], which read -0.75 to 2 in all"),
        (lambda x: x[:1].std(0), "std of one element at a time, which read 0.5 to 3 in all"),
        (lambda x: x[:0].mean(), "mean of no elements"),
        (lambda x: F.cross_entropy(x, torch.tensor([-100, -100])), "cross_entropy of targets that are all -100"),
    ],
)
def test_a_nan_is_told_with_what_it_was_made_of(forward: Callable[[Tensor], Tensor], said: str) -> None:
    found = first(forward, SOME)
    assert found["what"] == "NaN"
    assert found["text"] is not None
    assert found["text"].startswith(said)


def test_what_it_was_made_of_gives_it_again() -> None:
    text = first(lambda x: torch.acos(x), SOME)["text"]
    assert text is not None
    (value,) = re.findall(r"acos of (\S+) at", text)
    assert math.isnan(torch.acos(torch.tensor(float(value))).item())


def test_an_overflow_is_told_at_an_element_that_was_finite() -> None:
    found = first(lambda x: torch.exp(x * 100), SOME)
    assert (found["what"], found["text"]) == ("infinity", "exp of 200 at [0, 1], which read -75 to 300 in all")


def test_a_row_of_minus_infinity_is_told_by_its_place() -> None:
    mask = torch.tensor([[False, True, True], [True, True, True]])
    found = first(lambda x: x.masked_fill(mask, float("-inf")).softmax(-1), SOME)
    assert found["text"] is not None
    assert found["text"].startswith(
        "softmax of a row, [1, :], that is -inf throughout, of an infinity from masked_fill"
    )


def test_what_was_written_over_is_not_looked_at() -> None:
    text = first(lambda x: (x + 0).log_(), SOME)["text"]
    assert text is not None
    assert " at [" not in text
    assert text.startswith("log_, which read -0.75 to 3")


def test_products_are_told_without_an_element() -> None:
    text = first(lambda x: (x * 1e30) @ (x.t() * 1e30), SOME)["text"]
    assert text is not None
    assert text.startswith("matmul, which read ")
