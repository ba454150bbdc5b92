"""What is known of two sources before anything is measured.  Of `early`, `outcome` and `model`."""

from __future__ import annotations

import pytest
import torch

from models.diff.compared.model import ComparedModel
from models.diff.compared.sides import ComparedSide
from models.diff.pairing import pair
from models.work.cancelled import Cancelled
from tests.models.diff.comparables import of_stored, opened
from tests.models.diff.compared.test_model import Tensors, of, rows
from tests.models.stored.held import Held


def held(a: Tensors, b: Tensors) -> ComparedModel:
    """Two checkpoints as one model; nothing is read."""
    both = [[of_stored(Held.of(tensor, path)) for path, tensor in each.items()] for each in (a, b)]
    sides = [ComparedSide("x", opened(of(each)), tensors) for each, tensors in zip((a, b), both, strict=True)]
    model = ComparedModel(*sides, pair(*both, True, lambda path: True), [], {})
    model.fold_state.fold("", "all")
    return model


def test_the_first_rows_say_what_differs_before_anything_is_measured():
    same, long = torch.ones(3), torch.ones(10_000)
    a = {"m.same": same, "m.far": long, "m.moved": same, "m.shape": same, "n.gone": same}
    b = {"m.same": same, "m.far": long.clone(), "m.moved": same + 1, "m.shape": torch.ones(4), "n.new": same}
    b["m.far"][-1] = 5
    model = held(a, b)
    model.look_first(40, 60)
    statuses = {"m.same": "equal", "m.far": "", "m.moved": "changed", "m.shape": "shape"}
    found = rows(model)
    assert {path: found[path].status for path in statuses} == statuses
    assert (found["n.gone"].status, found["n.new"].status) == ("only_a", "only_b")
    assert (found["m"].differing, found["m"].compared, found["m"].max_abs, found["m"].relative_l2) == (2, 3, None, None)
    assert (found[""].differing, found[""].compared, found[""].tensors) == (4, 5, 6)
    assert model.outcome.tally.counts["changed"] == 0, "what is measured counts there alone"
    model.outcome.read(lambda done, total, path: None)
    fresh = held(a, b)
    fresh.outcome.read(lambda done, total, path: None)
    assert rows(model) == rows(fresh)
    assert rows(model)[""].compared == 6


def test_a_module_is_what_its_tensors_are_before_anything_is_measured():
    same = torch.ones(3)
    a = {"same.a": same, "same.b": same, "moved.a": same, "moved.b": same, "gone.a": same}
    b = {"same.a": same, "same.b": same, "moved.a": same, "moved.b": same + 1}
    model = held(a, b)
    model.look_first(40, 60)
    early = {path: rows(model)[path] for path in ("same", "moved", "gone", "")}
    assert [row.status for row in early.values()] == ["equal", "changed", "only_a", "only_a"]
    assert [(row.max_abs, row.relative_l2) for row in early.values()] == [(0.0, 0.0), *[(None, None)] * 3]
    model.outcome.read(lambda done, total, path: None)
    assert rows(model)["same"] == early["same"]
    assert {path: rows(model)[path].status for path in early} == {path: row.status for path, row in early.items()}


def test_figures_of_some_tensors_are_not_those_of_a_module_that_is_known_to_differ_in_more(monkeypatch):
    a = {f"m.{name}": torch.ones(3) for name in "abc"}
    model = held(a, {path: tensor + 1 for path, tensor in a.items()})

    def cancelled(done: int, total: int, path: str) -> None:
        if model.outcome.found[0] is not None:
            raise Cancelled

    monkeypatch.setattr("models.diff.compared.outcome.AT_ONCE", 1)
    model.look_first(40, 60)
    with pytest.raises(Cancelled):
        model.outcome.read(cancelled)
    module, tensor = rows(model)["m"], rows(model)["m.a"]
    assert (module.differing, module.compared, tensor.relative_l2) == (3, 3, 1.0)
    assert (module.max_abs, module.relative_l2, module.share) == (None, None, None)
    model.outcome.read(lambda done, total, path: None)
    assert (rows(model)["m"].max_abs, rows(model)["m"].relative_l2) == (1.0, 1.0)


def test_a_first_look_ends_in_time_and_begins_with_the_first_tensor_of_each_row(monkeypatch):
    tensors = {f"m{number}.{name}": torch.ones(2) for number in range(3) for name in "ab"}
    model = held(tensors, {path: tensor + 1 for path, tensor in tensors.items()})
    model.fold_state.fold("", "none")
    model.look_first(40, -1)
    assert rows(model)[""].compared == 0
    monkeypatch.setattr("models.diff.compared.model.LOOKED_AT", 0)
    model.look_first(40, 60)
    assert rows(model)[""].compared == 1
    monkeypatch.setattr("models.diff.compared.model.LOOKED_AT", 4)
    model.look_first(40, 60)
    assert rows(model)[""].compared == 4
