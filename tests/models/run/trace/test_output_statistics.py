"""Statistics of what an operation gave, against sums in double precision and counts one by one."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.run.trace.call_statistics import OutputStatistics
from models.run.trace.output_statistics import PIECE, SMALL_LIMIT, spread_of_rows, statistics_of

NAN, INF = float("nan"), float("inf")
FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def check(tensor: Tensor, rel: float = 1e-5) -> OutputStatistics:
    """Compare all that is said of `tensor` with Python's own arithmetic on its elements."""
    found = statistics_of(tensor)
    assert found is not None
    values = tensor.detach().to_dense().double().flatten().tolist()
    finite = [value for value in values if math.isfinite(value)]
    assert found.elements == len(values)
    assert found.nan == sum(math.isnan(value) for value in values)
    assert (found.positive_inf, found.negative_inf) == (values.count(INF), values.count(-INF))
    assert found.zeros == values.count(0.0)
    if finite:
        mean = math.fsum(finite) / len(finite)
        std = math.sqrt(math.fsum((value - mean) ** 2 for value in finite) / len(finite))
        size = max(map(abs, finite))
        assert (found.minimum, found.maximum) == (min(finite), max(finite))
        assert found.mean == pytest.approx(mean, rel=rel, abs=rel * size)
        assert found.std == pytest.approx(std, rel=10 * rel, abs=rel * size)
    else:
        assert found.mean is found.std is None
    return found


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("elements", [1, 3, SMALL_LIMIT, SMALL_LIMIT + 1, 1000, PIECE + 7])
def test_floats_of_every_size(dtype: torch.dtype, elements: int) -> None:
    generator = torch.Generator().manual_seed(elements)
    values = torch.randn(elements, generator=generator, dtype=torch.float64)
    check(values.to(dtype), 1e-4)
    check(values.clamp(min=0).to(dtype), 1e-4)
    check((values + 1000).to(dtype), 1e-4)
    values[0], values[-1] = -0.0, NAN
    check(values.to(dtype), 1e-4)
    values[:] = torch.tensor([INF, -INF, NAN])[torch.arange(elements) % 3]
    check(values.to(dtype))


@given(
    st.lists(st.floats(width=32), min_size=1, max_size=200),
    st.sampled_from([torch.float64, torch.float32]),
    st.integers(1, 3),
)
def test_any_numbers(values: list[float], dtype: torch.dtype, copies: int) -> None:
    tensor = torch.tensor(values, dtype=dtype).expand(copies, -1)
    found = statistics_of(tensor)
    assert found is not None
    all_values = values * copies
    assert (found.nan, found.inf) == (
        sum(math.isnan(value) for value in all_values),
        sum(math.isinf(value) for value in all_values),
    )
    assert found.zeros == all_values.count(0.0)
    finite = [value for value in all_values if math.isfinite(value)]
    if finite:
        assert (found.minimum, found.maximum) == (min(finite), max(finite))


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16])
def test_integers(dtype: torch.dtype) -> None:
    check(torch.arange(100).to(dtype))
    check(torch.arange(100).repeat(900).to(dtype))


def test_truth_values_and_eight_bit_floats() -> None:
    check(torch.arange(100) % 3 == 0)
    check(torch.zeros(100, dtype=torch.bool))
    check(torch.randn(1000).to(torch.float8_e5m2), 1e-4)
    check(torch.tensor([1.0, NAN, INF] * 30).to(torch.float8_e5m2))


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")
def test_elements_however_they_lie() -> None:
    images = torch.randn(2, 3, 8, 8)
    for tensor in (
        images.contiguous(memory_format=torch.channels_last),
        images.transpose(0, 3),
        images[:, 1],
        images[..., ::2],
        torch.randn(5, 1).expand(5, 40),
        torch.randn(1, 4, 1).expand(7, 4, 30),
        torch.eye(20).to_sparse(),
        torch.eye(20).to_sparse_csr(),
    ):
        check(tensor)


def test_what_is_claimed_and_not_stored_costs_nothing() -> None:
    found = statistics_of(torch.ones(1).expand(2**40))
    assert found is not None
    assert (found.elements, found.mean, found.std, found.zeros) == (2**40, 1.0, 0.0, 0)


def test_sums_that_overflow() -> None:
    check(torch.full((2**18,), 60_000.0, dtype=torch.float16))
    check(torch.full((100,), torch.finfo(torch.float32).max))
    check(torch.tensor([1e30, -1e30] * 50))


def test_a_mean_far_from_zero_leaves_the_deviation() -> None:
    values = torch.randn(10_000, dtype=torch.float64) * 1e-3 + 5
    found = check(values.float(), 1e-4)
    assert found.std == pytest.approx(values.std(correction=0).item(), rel=1e-2)


class Particular(torch.Tensor):
    """A subclass that asserts what it can do, as quantised ones of libraries do."""

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"not {function}")


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_what_has_no_such_numbers() -> None:
    assert statistics_of(torch.empty(0)) is None
    assert statistics_of(torch.empty(3, device="meta")) is None
    assert statistics_of(torch.ones(2, dtype=torch.complex64)) is None
    assert statistics_of(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)) is None
    assert statistics_of(torch.Tensor._make_wrapper_subclass(Particular, (2, 3))) is None


def test_leaves_no_trace() -> None:
    for elements in (3, 1000):
        tensor = torch.randn(elements, requires_grad=True)
        state = torch.get_rng_state()
        with torch.inference_mode():
            strange = torch.tensor([NAN])
        assert statistics_of(tensor) is not None
        assert statistics_of(strange) is not None
        assert tensor._version == 0
        assert tensor.grad_fn is None
        assert torch.equal(torch.get_rng_state(), state)


@given(st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=9), min_size=2, max_size=4))
def test_turns_of_a_loop_are_as_one_tensor(parts: list[list[float]]) -> None:
    found = [statistics_of(torch.tensor(part, dtype=torch.float64)) for part in parts]
    joined = found[0]
    for each in found[1:]:
        assert joined is not None
        assert each is not None
        joined = joined.joined(each)
    whole = statistics_of(torch.tensor([value for part in parts for value in part], dtype=torch.float64))
    assert joined is not None
    assert whole is not None
    assert (joined.elements, joined.minimum, joined.maximum, joined.zeros) == (
        whole.elements,
        whole.minimum,
        whole.maximum,
        whole.zeros,
    )
    assert joined.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-6)
    assert joined.std == pytest.approx(whole.std, rel=1e-6, abs=1e-6)


def spread(tensor: Tensor) -> float | None:
    found = statistics_of(tensor)
    assert found is not None
    return spread_of_rows(tensor, found)


@pytest.mark.parametrize("apart", [1.0, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("width", [3, 400])
def test_how_unlike_the_rows_are(apart: float, width: int) -> None:
    base = torch.randn(width, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) + 2
    rows = base + apart * torch.randn(5, width, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    mean = rows.mean(0)
    expected = math.sqrt(((rows - mean) ** 2).sum().item() / (rows**2).sum().item())
    assert spread(rows) == pytest.approx(expected, rel=1e-4)
    assert spread(rows.float()) == pytest.approx(expected, rel=0.2 if apart < 1e-5 else 1e-2)


def test_rows_that_are_identical_and_those_that_say_nothing() -> None:
    assert spread(torch.randn(7).expand(4, 7).contiguous()) == 0
    assert spread(torch.tensor([[1.0, 0.0], [0.0, 1.0]])) == pytest.approx(math.sqrt(0.5))
    assert spread(torch.tensor([[1.0], [-1.0]])) == 1
    assert spread(torch.zeros(2, 3)) is None
    assert spread(torch.ones(1, 3)) is None
    assert spread(torch.ones(3)) is None
    assert spread(torch.tensor([[1.0, NAN], [1.0, 2.0]])) is None


@pytest.mark.parametrize("width", [3, 400])
def test_rows_of_numbers_whose_squares_float32_does_not_hold(width: int) -> None:
    rows = torch.randn(5, width, generator=torch.Generator().manual_seed(5)) * 1e25
    wide = rows.double()
    assert spread(rows) == pytest.approx(((wide - wide.mean(0)).norm() / wide.norm()).item(), rel=1e-6)


@pytest.mark.parametrize("width", [3, 400])
def test_rows_are_those_of_the_tensor_however_it_lies(width: int) -> None:
    rows = torch.randn(4, width, generator=torch.Generator().manual_seed(6))
    found = statistics_of(rows)
    assert found is not None
    turned = rows.t()  # has the statistics of what it is a view of
    wide = turned.double()
    assert spread_of_rows(turned, found) == pytest.approx(((wide - wide.mean(0)).norm() / wide.norm()).item(), rel=1e-5)
