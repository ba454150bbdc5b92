from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.undo.changes import Watch
from models.undo.record import Detail, RestoreError, ValueRecord


def transposed(net: nn.Module) -> None:
    net.weight.data = net.weight.data.T


def in_another_order(net: nn.Module) -> None:
    net.weight.data = net.weight.data.T.contiguous().T


@pytest.mark.parametrize("change", [transposed, in_another_order])
def test_another_order_in_memory_is_seen_and_taken_back(change: Callable[[nn.Module], None]) -> None:
    """The values may well be the same: what reads the memory itself, a kernel or a file, does not find them so."""
    net = nn.Linear(8, 8)
    net.weight.data = torch.ones(8, 8)  # the same when it is transposed
    watch = Watch(LiveTree.of(net))
    watch.begin("change")
    change(net)
    assert watch.end() == ["weight"]
    assert watch.undo().paths == ["weight"]
    assert (net.weight.stride(), net.weight.sum()) == ((8, 1), 64)
    watch.redo()
    assert (net.weight.stride(), net.weight.sum()) == ((1, 8), 64)


@pytest.mark.parametrize("added", [0, 1])
def test_an_expanded_tensor_comes_back_on_its_old_memory(added: int) -> None:
    """Torch writes to none of its elements, which several share."""
    net = nn.Module()
    net.register_buffer("mask", torch.ones(1, 4).expand(3, 4))
    watch = Watch(LiveTree.of(net))
    watch.begin("change")
    net.mask.data = net.mask.data.contiguous() + added
    assert watch.end() == ["mask"]
    for _ in range(2):
        assert watch.undo().paths == ["mask"]
        assert (net.mask.stride(), net.mask.sum()) == ((0, 1), 12)
        watch.redo()
        assert (net.mask.stride(), net.mask.sum()) == ((4, 1), 12 * (1 + added))


def test_one_row_has_one_order() -> None:
    tensor = torch.rand(1, 8)
    record = ValueRecord(tensor, "copy")
    tensor.data = tensor.data.as_strided((1, 8), (77, 1))
    assert not record.changed()


@pytest.mark.parametrize(("detail", "comes_back"), [("copy", True), ("whole", True), ("samples", False)])
def test_without_a_copy_the_old_memory_comes_back_where_every_value_is_known_to_be_there(
    detail: Detail, comes_back: bool
) -> None:
    tensor = torch.rand(4, 6)
    before, record = tensor.clone(), ValueRecord(tensor, detail)
    tensor.data = tensor.data.T.contiguous().T
    assert record.changed()
    if comes_back:
        record.restore()
    else:
        with pytest.raises(RestoreError, match="no room"):
            record.restore()
    assert tensor.is_contiguous() is comes_back
    assert torch.equal(tensor, before)
    record = ValueRecord(tensor, "whole")
    old, tensor.data = tensor.data, torch.zeros(4, 6)
    old[0, 0] += 1
    with pytest.raises(RestoreError, match="no room"):
        record.restore()
