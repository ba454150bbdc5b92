"""Bytes of two tensors are compared at their addresses only where the elements lie there."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from models.diff.pieces import _alike


class Wrapper(torch.Tensor):
    """A tensor that keeps its elements elsewhere, as those of quantisation libraries do."""

    @staticmethod
    def __new__(cls: type[Wrapper], inner: torch.Tensor) -> Wrapper:
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)  # type: ignore[attr-defined]

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        raise NotImplementedError


def released() -> torch.Tensor:
    tensor = torch.ones(1000)
    tensor.untyped_storage().resize_(0)
    return tensor


def fake() -> torch.Tensor:
    with FakeTensorMode():
        return torch.ones(1000)


@pytest.mark.parametrize(
    "odd",
    [
        lambda: Wrapper(torch.ones(1000)),
        lambda: torch.ones(1000, device="meta"),
        released,
        fake,
        lambda: torch.ones(2000)[::2],
        lambda: torch.ones(10, 100).t(),
        lambda: torch.ones(1000, dtype=torch.complex64).conj(),
        lambda: torch.ones(999),
        lambda: torch.ones(1000, dtype=torch.float64),
    ],
)
def test_elements_that_do_not_lie_in_a_row_are_compared_otherwise(odd):
    assert _alike(odd(), torch.ones(1000)) is False
    assert _alike(torch.ones(1000), odd()) is False


def test_those_that_do_are_the_same_bytes_or_not():
    assert _alike(torch.ones(1000), torch.ones(1001)[1:])
    assert _alike(nn.Parameter(torch.ones(3)), torch.ones(3))
    assert _alike(torch.empty(0), torch.empty(0))
    assert not _alike(torch.ones(1000), torch.ones(1000).index_fill(0, torch.tensor([999]), 2.0))
    assert not _alike(torch.tensor([0.0]), torch.tensor([-0.0]))
