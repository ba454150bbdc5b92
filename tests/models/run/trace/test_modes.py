"""Which calls say that they run in another mode than the call around them.  Of `modes`, `call_mode`."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor, nn

from models.commands.run_report import call_report
from models.live.live_tree import LiveTree
from models.messages import Fact
from models.run.call_facts import facts_of_call
from models.run.listing.call_query import matching, parse_call_query
from models.run.trace.call_mode import mode_text, training_modes
from models.run.trace.calls import Call
from models.run.trace.modes import INFERENCE, NO_GRAD, PLAIN, mode_now
from models.run.trace.tracing import Trace, tracing

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


class Net(nn.Module):
    """A norm that is frozen, a part without gradients, one in lower precision, one in inference mode."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(8, 8), nn.BatchNorm1d(8).eval()
        self.part, self.last = nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 2)

    def forward(self, X: Tensor) -> Tensor:
        X = self.norm(self.first(X))
        with torch.no_grad():
            Y = self.part(X) + 1
            with torch.enable_grad():
                Y.neg()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            Z = self.last(X)
            with torch.autocast("cpu", enabled=False):
                X.abs()
        with torch.inference_mode():
            X.mul(2)
        return Z.float().sum() + Y.sum()


def traced(net: nn.Module, X: Tensor) -> Trace:
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(X)
    return trace


def modes(trace: Trace) -> dict[str, tuple[str, ...]]:
    return {call.module if call.kind == "module" else call.op: call.mode for call in trace.calls}


def test_calls_say_what_is_switched_otherwise_than_around_them_and_those_within_are_silent() -> None:
    found = [(call.op, call.mode) for call in traced(Net(), torch.rand(4, 8)).calls]
    assert found == [
        ("Net", ("train",)), ("Linear", ()), ("BatchNorm1d", ("eval",)),
        ("Sequential", ("no_grad",)), ("Linear", ()), ("ReLU", ()), ("add", ("no_grad",)), ("neg", ()),
        ("Linear", ("autocast cpu bfloat16",)), ("abs", ()), ("mul", ("inference_mode",)),
        ("float", ()), ("sum", ()), ("sum", ()), ("add", ()),
    ]  # fmt: skip


def test_the_network_itself_says_how_the_run_started() -> None:
    net = Net().eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = modes(traced(net, torch.rand(4, 8)))
    assert found[""] == ("eval", "no_grad", "autocast cpu bfloat16")
    assert found["norm"] == found["part"] == found["last"] == ()
    assert found["neg"] == ("enable_grad",)
    assert found["abs"] == ("no autocast",)


def test_an_operation_within_a_layer_of_torchs_keeps_its_mode_in_the_row_of_the_layer() -> None:
    class Quiet(nn.Linear):
        def forward(self, X: Tensor) -> Tensor:
            with torch.no_grad():
                return super().forward(X)

    (root,) = [call for call in traced(Quiet(2, 2), torch.rand(1, 2)).calls if call.kind == "module"]
    (linear,) = [call for call in traced(Quiet(2, 2), torch.rand(1, 2)).calls if call.op == "linear"]
    assert (root.mode, linear.mode) == (("train",), ("no_grad",))


def test_turns_of_a_loop_in_another_mode_are_rows_of_their_own() -> None:
    class Loop(nn.Module):
        def forward(self, X: Tensor) -> Tensor:
            for turn in range(6):
                with torch.set_grad_enabled(turn < 3):
                    X = X * 2
            return X

    rows = [(call.op, call.repeat, call.mode) for call in traced(Loop(), torch.rand(3)).calls[1:]]
    assert rows == [("mul", 3, ()), ("mul", 3, ("no_grad",))]


def test_a_scripted_network_says_its_mode_too() -> None:
    assert modes(traced(torch.jit.script(nn.Linear(2, 2)).eval(), torch.rand(1, 2)))[""] == ("eval",)


def test_the_mode_of_a_thread_is_that_of_torch() -> None:
    assert mode_now() is PLAIN
    with torch.no_grad():
        assert mode_now() is NO_GRAD
        with torch.inference_mode():
            assert mode_now() is INFERENCE
    with torch.autocast("cpu", dtype=torch.float16):
        inner = mode_now()
        assert (inner.gradients, inner.autocast) == ("enable_grad", "autocast cpu float16")
        assert mode_now() is inner
    assert mode_now() is PLAIN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "train"),
        ("norm", "eval from here on"),
        ("part", "train; no_grad from here on"),
        ("part.1", "train; no_grad since 3 Sequential part"),
        ("last", "train; autocast cpu bfloat16 from here on"),
    ],
)
def test_info_says_what_holds_in_a_call_and_since_when(name: str, text: str) -> None:
    trace = traced(Net(), torch.rand(4, 8))
    index = next(call.index for call in trace.calls if call.module == name and call.kind == "module")
    facts: list[Fact] = facts_of_call(trace, 1, index)[0].facts
    assert [fact.text for fact in facts if fact.label == "Mode"] == [text]


def test_a_remark_stands_before_the_note_and_training_is_none() -> None:
    assert (
        Call(module="", op="Net", kind="module", depth=0, mode=("train", "no_grad"), note="x").remark() == "no_grad; x"
    )
    assert Call(module="a", op="Net", kind="module", depth=1, mode=("train",)).remark() == "train"
    assert Call(module="", op="Net", kind="module", depth=0, mode=("train",)).remark() == ""


def test_calls_are_found_by_their_mode_and_json_lists_it() -> None:
    trace = traced(Net(), torch.rand(4, 8))
    found = [trace.row(index).op for index in matching(parse_call_query("mode:no_grad"), trace.calls)]
    assert found == ["Sequential", "add"]
    assert [trace.row(index).op for index in matching(parse_call_query("autocast"), trace.calls)] == ["Linear"]
    reports = json.loads(json.dumps([call_report(call) for call in trace.calls]))
    assert [report["mode"] for report in reports[:5]] == [["train"], [], ["eval"], ["no_grad"], []]


def test_the_training_mode_of_all_calls_is_that_of_each() -> None:
    depths = [0, 1, 2, 2, 1, 2, 3, 1, 0, 1]
    modes = {0: "train", 2: "eval", 4: "eval", 6: "train", 8: "eval"}
    calls = [
        Call(module="", op="", kind="module", depth=depth, mode=("no_grad", modes[row]) if row in modes else ())
        for row, depth in enumerate(depths)
    ]
    expected = ["train", "train", "eval", "train", "eval", "eval", "train", "train", "eval", "eval"]
    assert training_modes(calls) == expected
    assert [mode_text(calls, row).split()[0].rstrip(";") for row in range(len(calls))] == expected
