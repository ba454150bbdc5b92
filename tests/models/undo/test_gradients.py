"""Which gradients changed, and that they come back."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.undo.gradients import GradientRecord, GradientRecords
from models.undo.record import RestoreError


def test_one_that_came() -> None:
    parameters = [nn.Parameter(torch.ones(2)) for _ in range(3)]
    before = GradientRecords(parameters, None, 2**20)
    assert before.changed() == []
    parameters[1].sum().backward()
    (record,) = before.changed()
    assert record.tensor is parameters[1]
    record.restore()
    assert parameters[1].grad is None


def test_one_that_was_written_to_went_or_was_replaced() -> None:
    parameters = [nn.Parameter(torch.ones(2)) for _ in range(4)]
    for parameter in parameters:
        parameter.grad = torch.ones(2)
    olds = [parameter.grad for parameter in parameters]
    before = GradientRecords(parameters, None, 2**20)
    parameters[0].grad.add_(1)
    parameters[1].grad = None
    parameters[2].grad = torch.ones(2)
    changed = before.changed()
    assert [record.tensor for record in changed] == parameters[:3]
    for record in changed:
        record.restore()
    assert [parameter.grad for parameter in parameters] == olds
    assert parameters[0].grad.tolist() == [1, 1]


def test_copies_of_what_did_not_change_are_taken_over() -> None:
    parameter = nn.Parameter(torch.ones(2))
    parameter.grad = torch.ones(2)
    first = GradientRecords([parameter], None, 2**20)
    second = GradientRecords([parameter], first, 2**20)
    parameter.grad.zero_()
    (one,), (other,) = first.changed(), second.changed()
    assert one is other
    assert one.copy is not None
    assert one.copy.tolist() == [1, 1]


def test_results_of_a_graph_are_not_asked() -> None:
    tensor = nn.Parameter(torch.ones(2)) * 2
    assert GradientRecords([tensor], None, 2**20).changed() == []


def test_why_a_gradient_no_longer_fits_is_said_in_a_few_words() -> None:
    for change, why in (
        (lambda data: data.double(), "its gradient is float32, and it is float64 now"),
        (lambda data: data[:1].clone(), "its gradient is [3], and it is [1] now"),
    ):
        parameter = nn.Parameter(torch.ones(3))
        parameter.grad = torch.ones(3)
        record = GradientRecord(parameter, parameter.grad, 100)
        parameter.grad = None
        parameter.data = change(parameter.data)
        with pytest.raises(RestoreError) as refused:
            record.restore()
        assert str(refused.value) == why
