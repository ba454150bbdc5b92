"""Whatever is asked of a network, no code of its tensors' classes runs.

Of `plainly`, and of all questions of `models/live/live_model.py` and `models/undo/changes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from models import messages as m
from models.live.live_model import LiveModel
from models.live.live_tree import LiveTree
from models.opened.source import Source
from models.undo.changes import Watch

called: list[str] = []


class Counts(torch.Tensor):
    """Every operation on it is noted, and none is done."""

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        called.append(str(func))
        raise RuntimeError("no operations")


class Attributes(torch.Tensor):
    """What a class may override raises."""

    shape = dtype = device = layout = property(lambda self: 1 / 0)  # type: ignore[assignment]

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __getattribute__(self, name: str) -> Any:
        if name in ("requires_grad", "is_leaf", "grad", "is_meta", "_version", "detach", "numel", "data_ptr", "stride"):
            raise RuntimeError(name)
        return super().__getattribute__(name)


class Context:
    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, part: float | None = None) -> None:
        pass


@pytest.fixture(params=[Counts, Attributes])
def net(request: pytest.FixtureRequest) -> Iterator[nn.Module]:
    net = nn.Linear(2, 2)
    net.register_buffer("h", torch.tensor([[1.0, float("nan")]]).as_subclass(request.param))
    net.c = torch.ones(3).as_subclass(request.param)
    called.clear()
    yield net
    assert called == []


def test_every_question_about_such_a_tensor_is_answered(net: nn.Module) -> None:
    tree, context = LiveTree.of(net), Context()
    model = LiveModel(Source(source="x", kind="module", name="net", module=net), tree, {"": True})
    rows = {row.path: row for row in model.rows(0, 20)}
    assert (rows["h"].detail, rows["h"].dtype, rows["c"].parameters) == ("[1, 2]", "float32", 3)
    table = model.tensors(m.TensorRows(path="", start=0, count=20), context)  # type: ignore[arg-type]
    assert {row.path: row.device for row in table.rows}["c"] == "cpu"
    assert model.window(m.Window(path="c", rows=1, columns=3)).values == [1, 1, 1]
    assert model.heat(m.HeatMap(path="c", height=1, width=1), context).values == [1]  # type: ignore[arg-type]
    assert model.next_nonfinite(m.NextNonfinite(path="h"), context).index == [0, 1]  # type: ignore[arg-type]
    found = model.statistics(m.Statistics(path="h"), context)  # type: ignore[arg-type]
    assert (found.count, found.nan, found.maximum) == (2, 1, 1.0)
    model.statistics_of_all(m.StatisticsOfAll(path=""), context)  # type: ignore[arg-type]
    assert model.window(m.Window(path="h", of="gradient")).absence == "none"
    assert model.statistics(m.Statistics(path="h", of="gradient"), context).absence == "none"  # type: ignore[arg-type]
    model.gradients(m.GradientRows(path="", start=0, count=9), context)  # type: ignore[arg-type]
    facts = {fact.label: fact.text for group in model.describe("h") for fact in group.facts}
    assert (facts["Shape"], facts["requires_grad"]) == ("[1, 2]", "False")
    assert any("1.0" in form.text for form in model.forms("c"))
    assert tree.is_current()


def test_changes_of_such_a_tensor_are_seen_and_taken_back_where_they_can_be(net: nn.Module) -> None:
    watch = Watch(LiveTree.of(net))
    watch.begin("change")
    watch.record_gradients()
    with torch._C.DisableTorchFunctionSubclass():
        torch._C.TensorBase.mul_(net.c, 2)
        net.bias.data.zero_()
    assert watch.end() == ["bias", "c"]
    assert "bias" in watch.undo().text
    assert net.bias.count_nonzero() > 0
