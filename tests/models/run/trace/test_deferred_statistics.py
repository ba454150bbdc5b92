"""Statistics that are taken late are those that are taken at once."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.run.trace import deferred_statistics
from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.costs import gives_new_memory
from models.run.trace.deferred_statistics import DeferredStatistics
from models.run.trace.output_statistics import statistics_of

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40)


def of(tensor: Tensor) -> OutputStatistics:
    found = statistics_of(tensor)
    assert found is not None
    return found


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_those_of_many_turns_are_those_of_all_their_numbers(turns: list[list[float]]) -> None:
    joined = of(torch.tensor(turns[0]))
    for each in turns[1:]:
        joined = joined.joined(of(torch.tensor(each)))
    numbers = torch.tensor([number for each in turns for number in each], dtype=torch.float64)
    assert joined.all_finite
    assert (joined.elements, joined.nan, joined.inf, joined.rows) == (len(numbers), 0, 0, None)
    assert (joined.minimum, joined.maximum) == (numbers.min().item(), numbers.max().item())
    assert joined.zeros == int((numbers == 0).sum())
    assert joined.total == pytest.approx(numbers.sum().item(), rel=1e-9, abs=1e-6)
    expected = numbers.std(unbiased=False).item()
    assert joined.std == pytest.approx(expected, rel=1e-6, abs=1e-9 * numbers.abs().max().item())


def test_numbers_are_not_kept_for_ever() -> None:
    joined = DeferredStatistics([1.0, 2.0])
    for _ in range(1000):
        joined = joined.joined(DeferredStatistics([3.0]))  # type: ignore[assignment]
    assert len(joined._values) <= deferred_statistics.TOGETHER
    assert joined.elements == 1002
    assert joined.maximum == 3.0


def test_what_is_not_finite_joins_what_is() -> None:
    broken = of(torch.tensor([1.0, math.nan, math.inf]))
    whole = of(torch.tensor([4.0]))
    for joined in (whole.joined(broken), broken.joined(whole)):
        assert not joined.all_finite
        assert (joined.nan, joined.inf, joined.elements, joined.maximum) == (1, 1, 4, 4.0)


def test_a_later_write_does_not_change_them() -> None:
    tensor = torch.tensor([[1.0, 2.0]])
    found = of(tensor)
    tensor.mul_(10)
    assert found.maximum == 2.0
    assert found == of(torch.tensor([1.0, 2.0]))
    assert found.with_rows(0.5).rows == 0.5
    assert found.with_rows(0.5).total == 3.0


@pytest.mark.parametrize(
    "function",
    [torch.relu, torch.clamp, torch.abs, torch.sum, torch.softmax, torch.matmul, torch.nn.functional.dropout],
    ids=lambda function: function.__name__,
)
def test_what_is_said_to_give_new_memory_does(function: object) -> None:
    assert gives_new_memory(function.__name__)  # type: ignore[attr-defined]
    X = torch.rand(4, 4)
    given = {"clamp": (X, 0.0, 1.0), "softmax": (X, 1), "matmul": (X, X)}.get(function.__name__, (X,))  # type: ignore[attr-defined]
    assert function(*given).untyped_storage().data_ptr() != X.untyped_storage().data_ptr()  # type: ignore[operator]


@pytest.mark.parametrize("name", ["view", "real", "T", "detach", "einsum", "conj", "add_", "to", "some_other"])
def test_views_are_not(name: str) -> None:
    assert not gives_new_memory(name)


def test_whatever_the_wall_asks_of_it_is_known() -> None:
    found = DeferredStatistics([1.0, 3.0]).message()
    assert (found.mean, found.std, found.nan, found.dead, found.units) == (2.0, 1.0, 0, None, None)
