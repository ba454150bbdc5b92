"""A forward in another mode for a time, and that everything is as before afterwards.  Of `run_mode`, `run_modes`."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any, get_args, get_type_hints

import pytest
import torch
from torch import Tensor, nn

from models.engine.run_modes import RUN_MODES, add_run_modes, run_mode_of
from models.live.live_tree import LiveTree
from models.messages import RunMode
from models.run.dry.dry_run import run_dry
from models.run.forward import ForwardResult, run_forward
from models.run.inputs.run_mode import in_dtype, in_mode
from models.run.trace.tracing import Trace
from tests.models.run.test_changes_nothing import without_identities
from tests.models.run.whole_state import differences, of_network, of_process

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


class Net(nn.Module):
    """Keeps how it was called; counts, draws random numbers and has statistics, as networks do."""

    def __init__(self, ending: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.frozen = nn.BatchNorm1d(8).eval()
        self.ending = ending
        self.seen: dict[str, Any] = {}

    def forward(self, x: Tensor) -> Tensor:
        self.seen = {
            "training": [module.training for module in self.modules()],
            "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
            "autocast": torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None,
        }
        x = self.frozen(self.drop(self.norm(self.fc(x))))
        self.ending()
        return x


def ran(net: nn.Module, mode: RunMode, x: Tensor | None = None) -> tuple[ForwardResult, Trace]:
    trace = Trace()
    x = torch.ones(3, 4) if x is None else x
    return run_forward(net, (x,), {}, LiveTree.of(net), trace, mode=mode), trace


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        (RunMode(), {"training": [True, True, True, True, False], "gradients": (True, False), "autocast": None}),
        (RunMode(training="eval"), {"training": [False] * 5}),
        (RunMode(training="train"), {"training": [True] * 5}),
        (RunMode(gradients="no_grad"), {"gradients": (False, False)}),
        (RunMode(gradients="inference_mode"), {"gradients": (False, True)}),
        (RunMode(autocast="bfloat16"), {"autocast": torch.bfloat16, "gradients": (True, False)}),
        (RunMode("eval", "no_grad", "float16"), {"training": [False] * 5, "autocast": torch.float16}),
    ],
)
def test_the_network_runs_in_it(mode: RunMode, seen: dict[str, Any]) -> None:
    net = Net()
    result, trace = ran(net, mode)
    assert result.problem is None
    assert {name: net.seen[name] for name in seen} == seen
    assert trace.row(0).mode[0] == (mode.training or "train")
    assert [module.training for module in net.modules()] == [True, True, True, True, False]


def fails() -> None:
    raise ValueError("no")


def interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("ending", [lambda: None, fails, interrupted], ids=["ends", "fails", "interrupt"])
@pytest.mark.parametrize(
    "mode",
    [RunMode("eval", "no_grad"), RunMode("train", "inference_mode"), RunMode("eval", "", "bfloat16")],
    ids=["eval", "train", "autocast"],
)
def test_all_is_afterwards_as_after_the_same_run_by_hand(mode: RunMode, ending: Callable[[], None]) -> None:
    first = Net(ending)
    states = []
    for run in (by_hand, lambda net, mode: ran(net, mode)):
        net = copy.deepcopy(first)
        torch.manual_seed(3)
        with suppress(ValueError, KeyboardInterrupt):
            run(net, mode)
        states.append(without_identities({**of_process(), **of_network(net)}))
    found = differences(*states)
    assert {name: each for name, each in found.items() if not name.endswith((".ending", "hooks"))} == {}


def by_hand(net: Net, mode: RunMode) -> None:
    flags = [(module, module.training) for module in net.modules()]
    net.train(mode.training == "train")
    gradients = {"": torch.enable_grad, "no_grad": torch.no_grad, "inference_mode": torch.inference_mode}
    try:
        with gradients[mode.gradients](), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bool(mode.autocast)):
            net(torch.ones(3, 4))
    finally:
        for module, flag in flags:
            module.training = flag


class Merging(nn.Module):
    """Folds a second weight into the first for evaluation, as layers of low rank do."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.more, self.merged = nn.Linear(2, 2), nn.Parameter(torch.ones(2, 2)), False

    def train(self, mode: bool = True) -> Merging:
        super().train(mode)
        if self.merged == mode:
            self.fc.weight.data += self.more.data * (-1 if mode else 1)
            self.merged = not mode
        return self

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


def test_what_a_class_does_besides_in_eval_is_done_and_taken_back() -> None:
    net = Merging()
    net.fc.weight.data.fill_(2.0)
    result, _ = ran(nn.Sequential(net), RunMode(training="eval"), torch.ones(1, 2))
    assert isinstance(result.output, Tensor)
    torch.testing.assert_close(result.output, 6 + net.fc.bias[None])
    assert net.fc.weight.eq(2).all()
    assert not net.merged


def test_a_scripted_network_is_put_back_too() -> None:
    net = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)))
    flags = lambda: [module.training for module in net.modules()]  # noqa: E731
    with in_mode(net, RunMode(training="eval")):
        assert flags() == [False] * 3
    assert flags() == [True] * 3


def test_what_eval_of_the_network_raises_is_its_failure() -> None:
    class Refuses(Net):
        def eval(self) -> Refuses:
            raise RuntimeError("never")

    result, _ = ran(Refuses(), RunMode(training="eval"))
    assert result.problem is not None
    assert result.problem.title == "RuntimeError: never"


def test_floating_inputs_are_converted_wherever_they_lie_and_no_others() -> None:
    ids, x = torch.tensor([1, 2]), torch.rand(2)
    given = ((ids, {"x": [x]}), {"y": x, "flag": True})
    (same, nested), named = in_dtype(given, RunMode(input_dtype="bfloat16"))
    assert same is ids
    assert nested["x"][0].dtype is named["y"].dtype is torch.bfloat16
    assert x.dtype is torch.float32
    assert in_dtype(given, RunMode()) is given


@pytest.mark.parametrize("gradients", ["no_grad", "inference_mode"])
def test_nothing_is_kept_for_backward_without_gradients(gradients: Any) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    assert ran(net, RunMode())[1].totals().kept == 3 * 4 * 4 + 3 * 8 * 4  # the input, and what ReLU gave
    mode = RunMode(gradients=gradients)
    assert {call.kept for call in ran(net, mode)[1].calls} == {0}
    trace = Trace()
    result, reason = run_dry(lambda: ((torch.ones(3, 4),), {}), LiveTree.of(net), trace, mode)
    assert (result.problem, reason) == (None, None)
    assert {call.kept for call in trace.calls} == {0}
    assert trace.row(0).mode == ("train", gradients)


@pytest.mark.parametrize(
    "mode", [RunMode("eval", "no_grad", "bfloat16"), RunMode("train", "", "float16"), RunMode("", "inference_mode")]
)
def test_a_run_without_values_respects_the_mode_and_puts_all_back(mode: RunMode) -> None:
    net = Net()
    before = {**of_process(), **of_network(net)}
    trace = Trace()
    result, reason = run_dry(lambda: ((torch.ones(3, 4),), {}), LiveTree.of(net), trace, mode)
    assert (result.problem, reason) == (None, None)
    assert differences(before, {**of_process(), **of_network(net)}) == {}
    real, real_trace = ran(net, mode)
    assert isinstance(result.output, Tensor)
    assert isinstance(real.output, Tensor)
    assert result.output.dtype is real.output.dtype
    assert [call.mode for call in trace.calls] == [call.mode for call in real_trace.calls]


def test_the_table_has_every_value_of_every_field() -> None:
    hints = get_type_hints(RunMode)
    assert {field.name: {"", *(value.value for value in field.values)} for field in RUN_MODES} == {
        name: set(get_args(hints[name])) for name in RunMode.__struct_fields__
    }


@pytest.mark.parametrize(
    ("line", "mode"),
    [
        ("", RunMode()),
        ("--eval --no-grad", RunMode("eval", "no_grad")),
        ("--train --inference-mode", RunMode("train", "inference_mode")),
        ("--autocast bfloat16 --input-dtype float16", RunMode("", "", "bfloat16", "float16")),
    ],
)
def test_options_say_it(line: str, mode: RunMode) -> None:
    parser = argparse.ArgumentParser()
    add_run_modes(parser)
    assert RunMode(**run_mode_of(parser.parse_args(line.split()))) == mode  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ["--train --eval", "--no-grad --inference-mode", "--autocast int8", "--autocast"])
def test_options_that_contradict_each_other_are_refused(line: str) -> None:
    parser = argparse.ArgumentParser()
    add_run_modes(parser)
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(line.split())


def test_in_words() -> None:
    assert RunMode("eval", "no_grad", "bfloat16", "float16").words == [
        "eval", "no_grad", "autocast bfloat16", "inputs float16",
    ]  # fmt: skip
    assert RunMode().words == []
