"""Of `broadcasting`: shapes that do not go together."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from models.run.failures.broadcasting import broadcast
from tests.models.run.failures.explaining import Made, applied, code_of, hint_of

SHAPES = st.lists(st.integers(0, 4), max_size=4)


@given(SHAPES, SHAPES)
def test_broadcasting_is_torchs(one: list[int], other: list[int]) -> None:
    try:
        expected: list[int] | None = list(torch.broadcast_shapes(one, other))
    except RuntimeError:
        expected = None
    assert broadcast(one, other) == expected


def test_a_residual_path_of_other_channels() -> None:
    net = Made(lambda self, x: self.conv(x) + x, conv=nn.Conv2d(3, 8, 1))
    hint = hint_of(net, torch.rand(2, 3, 4, 4))
    assert hint.startswith("`add` at test_broadcasting.py:")
    assert hint.endswith(
        "joins [2, 8, 4, 4] from `conv` and [2, 3, 4, 4] from the network's input: they differ in dimension 1, 8 and 3"
    )
    net = Made(lambda self, x: self.conv(x) + x, conv=nn.Conv2d(3, 8, 1, stride=2))
    assert hint_of(net, torch.rand(2, 3, 4, 4)).endswith(
        ": they differ in dimension 1, 8 and 3, dimension 2, 2 and 4, dimension 3, 2 and 4"
    )


@pytest.mark.parametrize(
    ("operation", "x", "y", "at"),
    [
        (torch.add, torch.rand(2, 6), torch.rand(2), 1),
        (torch.mul, torch.rand(5), torch.rand(5, 3), 0),
        (torch.sub, torch.rand(2, 3, 4), torch.rand(2, 3), 1),
        (torch.matmul, torch.rand(2, 6), torch.rand(5, 6), 1),
        (torch.matmul, torch.rand(4, 2), torch.rand(4, 3), 0),
        (torch.bmm, torch.rand(3, 2, 6), torch.rand(3, 5, 6), 1),
    ],
)
def test_mends(operation: Any, x: Tensor, y: Tensor, at: int) -> None:
    hint = hint_of(Made(lambda self, x, y: operation(x, y)), x, y)
    which = "first" if at == 0 else "second"
    assert hint.endswith(f"of the {which} fits")
    operation(*applied(code_of(hint), (x, y), at))


def test_no_mend_where_there_are_several() -> None:
    net = Made(lambda self, x, y: x @ y)
    assert "fits" not in hint_of(net, torch.rand(4, 3), torch.rand(4, 3)), "either could be meant"
    assert hint_of(net, torch.rand(2, 6), torch.rand(5, 2)).endswith(": the first has 6 columns, the second 5 rows")
    added = Made(lambda self, x, y: x + y)
    assert "fits" not in hint_of(added, torch.rand(3, 2, 5), torch.rand(3)), "it could be meant in two ways"


def test_a_result_that_is_larger_than_what_it_is_written_into() -> None:
    hint = hint_of(Made(lambda self, x, y: x.add_(y)), torch.rand(3, 1), torch.rand(3, 4))
    assert (
        "writes a result of [3, 4] into [3, 1] from the network's input: without writing in place, `add`, it fits"
        in hint
    )
    torch.rand(3, 1).add(torch.rand(3, 4))


def test_batches_of_products() -> None:
    hint = hint_of(Made(lambda self, x, y: torch.bmm(x, y)), torch.rand(1, 2, 3), torch.rand(4, 3, 2))
    assert hint.endswith("the first has a batch of 1, the second of 4; `matmul` repeats the 1, and fits")
    torch.matmul(torch.rand(1, 2, 3), torch.rand(4, 3, 2))


def test_a_mask_of_another_length() -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return (x @ x.transpose(1, 2)).masked_fill(self.mask, 0)

    hint = hint_of(Made(forward, mask=torch.ones(8, 8).bool()), torch.rand(2, 10, 6))
    assert "`masked_fill` at " in hint
    assert "joins [2, 10, 10] from `matmul`" in hint
    assert "and [8, 8] from `mask`: they differ in dimension 1 of the first and 0 of the second, 10 and 8, " in hint
    assert "dimension 2 of the first and 1 of the second, 10 and 8" in hint
    torch.rand(2, 8, 8).masked_fill(torch.ones(8, 8).bool(), 0)


def test_any_two_of_what_where_chooses_between() -> None:
    net = Made(lambda self, x, y: torch.where(x > 0, x, y))
    hint = hint_of(net, torch.rand(2, 3), torch.rand(4))
    assert "[2, 3] from `gt`" in hint
    assert "and [4] from the network's input" in hint


def test_what_is_copied_into_less() -> None:
    hint = hint_of(Made(lambda self, x: torch.zeros(3).copy_(x)), torch.rand(2, 3))
    assert "`copy_` at " in hint
    assert "writes [2, 3] from the network's input into [3] from `zeros`" in hint


@pytest.mark.parametrize(
    ("shape", "wanted", "said"),
    [
        ((2, 6), (4, 6), "only a dimension of 1 can be repeated, and dimension 0 is 2"),
        ((6, 5), (2, -1, 4), "only a dimension of 1 can be repeated, and dimension 1 is 5"),
        ((2, 3, 4), (3, 4), "that has fewer dimensions than it"),
    ],
)
def test_what_cannot_be_repeated(shape: tuple[int, ...], wanted: tuple[int, ...], said: str) -> None:
    hint = hint_of(Made(lambda self, x: x.expand(*wanted)), torch.rand(shape))
    assert hint.endswith(f"from the network's input to {list(wanted)}: {said}")


def test_a_product_of_batches_without_a_batch() -> None:
    hint = hint_of(Made(lambda self, x: torch.bmm(x, x.t())), torch.rand(4, 6))
    assert hint.endswith("both have to have 3 dimensions; `matmul` takes these, and fits")
    torch.matmul(torch.rand(4, 6), torch.rand(6, 4))
    assert hint_of(Made(lambda self, x: torch.bmm(x, x)), torch.rand(4, 6)).endswith("both have to have 3 dimensions")
