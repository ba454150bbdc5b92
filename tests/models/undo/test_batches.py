"""What changed among many tensors of all kinds is found, whichever way it was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.undo.batches import BATCH_SIZE, SMALL_LIMIT, Batches
from models.undo.record import ValueRecord


def many() -> list[torch.Tensor]:
    tensors: list[torch.Tensor] = [nn.Parameter(torch.rand(3, 2)) for _ in range(BATCH_SIZE + 5)]
    tensors += [
        torch.rand(4, 4).t(),
        torch.rand(SMALL_LIMIT + 1),
        torch.rand(2).bfloat16(),
        torch.tensor(1),
        torch.rand(0),
    ]
    tensors += [torch.rand(2, dtype=torch.complex64).conj(), torch.zeros(2, device="meta"), torch.rand(3).to_sparse()]
    return tensors


WAYS: list[Callable[[torch.Tensor], object]] = [
    lambda tensor: tensor.data.add_(1),
    lambda tensor: setattr(tensor, "data", torch.full_like(tensor.data, 9)),
    lambda tensor: setattr(tensor, "data", tensor.data.t()),
    lambda tensor: (
        setattr(tensor, "data", tensor.data.view(torch.int32)) if not tensor.requires_grad else tensor.data.neg_()
    ),
]


@pytest.mark.parametrize("way", range(len(WAYS)))
@pytest.mark.parametrize("index", [0, BATCH_SIZE - 1, BATCH_SIZE, BATCH_SIZE + 4])
def test_one_among_many(way: int, index: int) -> None:
    tensors = many()
    batches = Batches([ValueRecord(tensor, "copy") for tensor in tensors])
    assert batches.changed() == set()
    WAYS[way](tensors[index])
    assert batches.changed() == {id(tensors[index])}


@pytest.mark.parametrize("index", range(-8, -1))
def test_every_kind(index: int) -> None:
    tensors = many()
    if not tensors[index].numel() or tensors[index].is_meta:
        pytest.skip("it has no values")
    batches = Batches([ValueRecord(tensor, "copy") for tensor in tensors])
    tensors[index].mul_(3)
    assert batches.changed() == {id(tensors[index])}


def test_memory_that_was_released() -> None:
    tensors = many()
    batches = Batches([ValueRecord(tensor, "copy") for tensor in tensors])
    tensors[3].data = torch.empty(0)
    assert batches.changed() == {id(tensors[3])}
