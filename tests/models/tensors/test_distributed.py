"""A tensor with a device mesh is read through `to_local()` alone: any operation on it may be a collective.

Of `distributed`, and of everything that reads tensors: `models/tensors/`, `models/live/`, `models/run/`,
`models/undo/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models import messages as m
from models.engine.context import Context
from models.live.describe.draws import judge
from models.live.gradients import gradient_row
from models.live.live_model import LiveModel
from models.live.live_tree import LiveTree
from models.messages import GradientRow
from models.opened.source import Source
from models.run.console.completion import complete
from models.run.trace.output_statistics import statistics_of
from models.tensors.absence import absence_of
from models.tensors.distributed import is_distributed, local_note, local_part, why_not_local
from models.undo.changes import Watch


class Sharded(Tensor):
    """As a DTensor: rows of it lie here, and whoever operates on it asks the other ranks."""

    asked: list[str] = []
    device_mesh = "two ranks"
    placements = ("Shard(dim=0)",)
    local: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, local: Tensor, rows: int) -> Any:
        made = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, (rows, *local.shape[1:]), dtype=local.dtype, device=local.device, requires_grad=True
        )
        made.local = local
        return made

    def to_local(self) -> Tensor:
        return self.local

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        cls.asked.append(str(function))
        raise RuntimeError(f"a collective: {function}")


class Nobody(Context):
    """Of a request that nobody cancels."""

    def __init__(self) -> None: ...

    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None: ...


@pytest.fixture(autouse=True)
def nobody_is_asked() -> Iterator[None]:
    Sharded.asked = []
    yield
    assert Sharded.asked == []


@pytest.fixture
def tensor() -> Any:
    return Sharded(torch.arange(12.0).reshape(3, 4), 5)


@pytest.fixture
def model(tensor: Any) -> LiveModel:
    net = nn.Linear(4, 5)
    net._parameters["weight"] = tensor
    Tensor.grad.__set__(tensor, Sharded(torch.full((3, 4), 2.0), 5))  # type: ignore[attr-defined]
    source = Source(source="x", kind="live", name="net", module=net)
    return LiveModel(source, LiveTree.of(net, "net"), {"": True})


def test_what_has_a_mesh_is_distributed(tensor: Any) -> None:
    assert is_distributed(tensor)
    assert local_part(tensor) is tensor.local
    assert why_not_local(tensor) == ""
    assert local_note(tensor) == "this rank's part ('Shard(dim=0)')"
    plain = nn.Parameter(torch.ones(2))
    assert not is_distributed(plain)
    assert local_part(plain) is plain
    assert local_note(plain) == ""


def test_numbers_are_those_of_this_rank_and_say_so(model: LiveModel) -> None:
    cells = model.window(m.Window(path="weight"))
    assert cells.values == list(range(12))
    assert cells.shape == [3, 4]
    assert cells.note.startswith("this rank's part")
    assert model.heat(m.HeatMap(path="weight"), Nobody()).values == list(range(12))
    found = model.statistics(m.Statistics(path="weight"), Nobody())
    assert (found.count, found.maximum) == (12, 11.0)
    assert "this rank's part" in found.note
    assert model.next_nonfinite(m.NextNonfinite(path="weight"), Nobody()).index is None
    assert model.statistics_of_all(m.StatisticsOfAll(path=""), Nobody()).text == "statistics of 2 tensors"


def test_so_are_gradients(model: LiveModel, tensor: Any) -> None:
    cells = model.window(m.Window(path="weight", of="gradient"))
    assert cells.values == [2.0] * 12
    assert "this rank's part" in cells.note
    page = model.gradients(m.GradientRows(path="", start=0, count=10), Nobody())
    assert page.rows[0] == GradientRow(path="weight", state="value", norm=pytest.approx(48**0.5), size=20)
    assert page.note == "norms of this rank's parts"
    assert gradient_row("weight", tensor).norm == pytest.approx(48**0.5)


def test_rows_facts_and_forms(model: LiveModel) -> None:
    rows = {row.path: row for row in model.rows(0, 10)}
    assert (rows["weight"].detail, rows["weight"].gradient) == ("[5, 4]", "value")
    table = model.tensors(m.TensorRows(path="", start=0, count=10), Nobody()).rows
    assert table[0].place.startswith("this rank's part")
    facts = {fact.label: fact.text for group in model.describe("weight") for fact in group.facts}
    assert facts["Shape"] == "[5, 4]"
    assert facts["Shape here"] == "[3, 4]"
    assert facts["On this rank"].startswith("this rank's part")
    assert "L2 norm 6.9" in facts["Gradient"]
    forms = {form.label: form.text for form in model.forms("weight")}
    assert forms["Value as CSV"].splitlines()[0] == "0.0,1.0,2.0,3.0"


def test_changes_are_looked_for_and_completions_found(model: LiveModel, tensor: Any) -> None:
    watch = Watch(model.tree)
    watch.begin("nothing")
    watch.record_gradients()
    assert watch.end() == []
    complete("w.", 2, {"w": tensor})
    complete("w.grad.", 7, {"w": tensor})
    here = statistics_of(tensor)
    assert here is not None
    assert here.elements == tensor.local.numel()
    found = m.StatisticsOf(path="weight", of="value", count=12, minimum=0.0, maximum=11.0)
    assert judge("uniform(-0.5, 0.5): ±1/√in_features", tensor, found).consistent is False


def test_one_whose_part_cannot_be_had_says_why() -> None:
    class Broken(Sharded):
        def to_local(self) -> Tensor:
            raise KeyError("mesh")

    broken = Broken(torch.ones(2, 2), 4)
    assert absence_of(broken) == ("unsupported", "the part of this rank cannot be had: KeyError")


def test_classes_of_torch_distributed_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(Sharded):
        device_mesh = None  # type: ignore[assignment]

    monkeypatch.setattr(Elsewhere, "__module__", "torch.distributed._shard.sharded_tensor.api")
    sharded = Elsewhere(torch.ones(2, 2), 4)
    assert absence_of(sharded)[0] == "unsupported"
    assert statistics_of(sharded) is None
