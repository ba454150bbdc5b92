"""Finding NaN and infinity, in every kind of tensor."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.run.nonfinite import LARGEST, nonfinite_in

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64])
def test_each_dtype(dtype: torch.dtype) -> None:
    assert nonfinite_in(torch.ones(10, dtype=dtype)) is None
    assert nonfinite_in(torch.tensor([1, INF], dtype=dtype)) == "infinity"
    assert nonfinite_in(torch.tensor([NAN, INF], dtype=dtype)) == "NaN"


def test_a_sum_that_overflows_is_no_infinity() -> None:
    assert nonfinite_in(torch.full((10,), 60_000.0, dtype=torch.float16)) is None
    assert nonfinite_in(torch.full((10,), torch.finfo(torch.float32).max)) is None


def test_infinities_that_cancel() -> None:
    assert nonfinite_in(torch.tensor([INF, -INF])) == "infinity"


def test_what_has_no_such_numbers_or_cannot_be_asked() -> None:
    assert nonfinite_in(torch.tensor([1, 2])) is None
    assert nonfinite_in(torch.empty(0)) is None
    assert nonfinite_in(torch.empty(3, device="meta")) is None
    assert nonfinite_in(torch.tensor([0.0, NAN]).to_sparse()) is None
    assert nonfinite_in(torch.tensor([1.0]).to(torch.float8_e4m3fn)) is None
    assert nonfinite_in(torch.full((LARGEST + 1,), NAN, dtype=torch.float16)) is None


class Particular(torch.Tensor):
    """A subclass that asserts what it can do, as quantised ones of libraries do."""

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"not {function}")


def test_a_foreign_class_may_raise_what_it_likes() -> None:
    assert nonfinite_in(torch.Tensor._make_wrapper_subclass(Particular, (2, 3))) is None


def test_leaves_no_trace() -> None:
    tensor = torch.tensor([1.0, NAN], requires_grad=True)
    with torch.inference_mode():
        strange = torch.tensor([NAN])
    assert nonfinite_in(tensor) == nonfinite_in(strange) == "NaN"
    assert tensor._version == 0
    assert tensor.grad_fn is None
