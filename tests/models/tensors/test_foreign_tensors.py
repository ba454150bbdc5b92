"""Tensors of classes that fail wherever they can: a network that holds one opens, and says why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models import messages as m
from models.commands.diff_report import report_of as diff_report
from models.commands.progress_line import ProgressLine
from models.commands.show import report_of as show_report
from models.commands.show import text_of
from models.commands.stats import reports_of
from models.diff.difference import RTOL, Tally, Tolerance
from models.diff.modules import ModuleChanges
from models.diff.pairing import pair
from models.diff.sources import every_tensor
from models.diff.stream import differences
from models.live.live_model import LiveModel
from models.live.live_tree import LiveTree
from models.opened.source import Source
from models.undo.changes import Watch


class Fails(Tensor):
    """A wrapper of `torch.float32[2, 3]` on which no operation is done."""

    @staticmethod
    def __new__(cls, shape: tuple[int, ...] = (2, 3), **policy: Any) -> Fails:
        return Tensor._make_wrapper_subclass(cls, shape, dtype=torch.float32, **policy)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError("no operations\nat all")


class FailsTwice(Fails):
    """No attribute of torch's is given either."""

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError("no attributes")


class Properties(Fails):
    """What a class may override fails."""

    shape = dtype = device = layout = property(lambda self: 1 / 0)


class Masked(Fails):
    """It can be sliced and detached, but nothing can be computed with the pieces."""

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.ops.aten.detach.default, torch.ops.aten.view.default, torch.ops.aten.slice.Tensor):
            return cls(tuple(func(torch.empty(args[0].shape, device="meta"), *args[1:]).shape))
        raise TypeError(f"{func} is not for it")


def left_behind() -> Tensor:
    """Return a tensor that a transform of `torch.func` used, after its end."""
    seen: list[Tensor] = []

    def keep(row: Tensor) -> Tensor:
        seen.append(row)
        return row

    torch.func.vmap(keep)(torch.ones(2, 3))
    return seen[0]


MADE: dict[str, Callable[[], Tensor]] = {
    "no operations": Fails,
    "no attributes": FailsTwice,
    "properties": Properties,
    "pieces": Masked,
    "a device that is computed": lambda: Fails(dispatch_device=True),
    "a layout that is computed": lambda: Fails(dispatch_layout=True),
    "a shape that is computed": lambda: Fails(dispatch_sizes_strides_policy="sizes"),
    "left behind": left_behind,
}


class Context:
    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, part: float | None = None) -> None:
        pass


@pytest.fixture(params=MADE)
def model(request: pytest.FixtureRequest) -> LiveModel:
    net = nn.Linear(2, 2)
    net.c = MADE[request.param]()
    return LiveModel(Source(source="x", kind="module", name="net", module=net), LiveTree.of(net), {"": True})


def test_its_network_opens_and_says_why_it_cannot_be_read(model: LiveModel) -> None:
    context: Any = Context()
    assert {row.path: row.dtype for row in model.rows(0, 20)}["c"] == "float32"
    answers: list[Any] = [
        model.window(m.Window(path="c", rows=2, columns=3)),
        model.heat(m.HeatMap(path="c", height=1, width=1), context),
        model.next_nonfinite(m.NextNonfinite(path="c"), context),
        model.statistics(m.Statistics(path="c"), context),
    ]
    assert {answer.absence for answer in answers} == {"unsupported"}
    assert all(answer.reason and "\n" not in answer.reason for answer in answers)
    assert {fact.text for group in model.describe("c") for fact in group.facts} >= {"float32"}
    assert model.forms("c")
    assert model.tree.is_current()
    watch = Watch(model.tree)
    watch.begin("statement")
    assert watch.end() == []


def test_headless_commands_name_it_beside_the_others(model: LiveModel) -> None:
    shown = {each["path"]: each for each in show_report(model)["tensors"]}
    assert (shown["c"]["dtype"], shown["weight"]["shape"]) == ("float32", [2, 2])
    assert any("c" in line for line in text_of(model))
    measured = {each["path"]: each for each in reports_of(list(model.tensors_at("")), False, ProgressLine())}
    assert (measured["c"]["absence"], measured["weight"]["count"]) == ("unsupported", 4)
    pairs, tally = pair(every_tensor(model), every_tensor(model), True, lambda path: True), Tally()
    found = list(differences(pairs, Tolerance(), lambda done, total, path: None))
    report = diff_report(model.source, model.source, pairs, found, [], tally, ModuleChanges(pairs).modules, RTOL, 0.0)
    assert {each["path"]: each["status"] for each in report["tensors"]} == {
        "weight": "equal", "bias": "equal", "c": "unreadable",
    }  # fmt: skip
