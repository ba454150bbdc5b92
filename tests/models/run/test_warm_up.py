"""A run before the one that is looked at: the times are of the second, all else is as after one.  Of `warm_up`."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.messages import RunMode
from models.run import forward
from models.run.forward import ForwardResult, run_forward
from models.run.trace.tracing import Trace
from models.run.warm_up import WARMED
from models.session.passes import forward_pass
from tests.models.commands.reports import of, ran
from tests.models.run.test_changes_nothing import without_identities
from tests.models.run.whole_state import differences, of_network, of_process

WARM = RunMode(warm_up="once")


class Net(nn.Module):
    """Counts, draws random numbers, keeps statistics and a list, and does more the first time."""

    runs = 0
    """Of the class, which nobody puts back."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.turns, self.seen = 0, [0]

    def forward(self, X: Tensor) -> Tensor:
        if not Net.runs:
            X = X.abs()
        Net.runs += 1
        self.turns += 1
        self.seen.append(self.turns)
        return self.drop(self.norm(self.fc(X)))


@pytest.fixture(autouse=True)
def first_time() -> None:
    Net.runs = 0


def recorded(net: nn.Module, mode: RunMode, X: Tensor | None = None) -> tuple[ForwardResult, Trace]:
    trace = Trace()
    X = torch.ones(5, 4) if X is None else X
    return run_forward(net, (X,), {}, LiveTree.of(net), trace, mode=mode), trace


def test_calls_and_times_are_of_the_second_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "time", SimpleNamespace(perf_counter=lambda: float(Net.runs)))  # a second a run
    result, trace = recorded(Net(), RunMode())
    assert trace.row(1).op == "abs"
    assert (trace.warm_up, result.seconds) == ("", 1.0)
    Net.runs = 0
    result, trace = recorded(Net(), WARM)
    assert trace.row(1).op == "Linear"
    assert (Net.runs, trace.warm_up, result.seconds) == (2, WARMED, 1.0)


@pytest.mark.parametrize("gradients", ["", "no_grad", "inference_mode"])
@pytest.mark.parametrize("training", ["train", "eval"])
def test_all_else_is_as_after_one_run(gradients: Any, training: Any) -> None:
    first = Net()
    states, outputs = [], []
    for warm_up in ("", "once"):
        net = copy.deepcopy(first)
        torch.manual_seed(3)
        result, _ = recorded(net, RunMode(training, gradients, warm_up=warm_up))
        outputs.append(result.output)
        states.append(without_identities({**of_process(), **of_network(net)}))
        assert (net.turns, net.seen) == (1, [0, 1])
    found = {name: each for name, each in differences(*states).items() if not name.endswith("hooks")}
    assert found == {}
    assert outputs[0].equal(outputs[1])  # type: ignore[union-attr]


def test_inputs_that_are_written_into_are_put_back() -> None:
    class Writes(nn.Module):
        def forward(self, X: Tensor) -> Tensor:
            return X.mul_(2)

    X = torch.ones(3)
    recorded(Writes(), WARM, X)
    assert X.eq(2).all()


def test_what_cannot_be_put_back_is_said() -> None:
    class Steps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self, X: Tensor) -> Tensor:
            self.weight.data.mul_(2)
            with torch.no_grad():
                self.weight.add_(1)
            return X * self.weight

    assert recorded(Steps(), WARM, torch.ones(2))[1].warm_up == f"{WARMED}, but its parameters have changed since"
    net = nn.Sequential(nn.LazyLinear(3))
    _, trace = recorded(net, WARM, torch.ones(1, 2))
    assert trace.warm_up.startswith("not warmed up, as it had lazy parameters")


def test_a_network_that_fails_fails_once_and_is_as_before() -> None:
    class Fails(Net):
        def forward(self, X: Tensor) -> Tensor:
            super().forward(X)
            raise ValueError("no")

    net = Fails()
    result, trace = recorded(net, WARM)
    assert result.problem is not None
    assert result.problem.title == "ValueError: no"
    assert trace.failed is not None
    assert net.turns == 1


def test_the_session_and_run_say_so_and_a_run_without_values_needs_none() -> None:
    session = of(Net(), torch.ones(5, 4))
    session.inputs.mode = WARM
    assert WARMED in forward_pass(session).text
    report = ran(session)
    assert report["notes"] == [WARMED]
    assert report["mode"]["warm_up"] == "once"
    Net.runs = 0
    assert ran(session, dry=True)["notes"] == []
    assert Net.runs == 1


def test_an_interrupt_of_the_first_run_ends_both_and_all_is_as_before() -> None:
    class Stops(Net):
        def forward(self, X: Tensor) -> Tensor:
            super().forward(X)
            raise KeyboardInterrupt

    net = Stops()
    result, trace = recorded(net, WARM)
    assert result.problem is not None
    assert result.problem.kind == "interrupted"
    assert (Net.runs, net.turns, net.seen) == (1, 0, [0])
    assert not len(trace)
