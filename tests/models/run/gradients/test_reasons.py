"""Of `reasons`, `cuts`, `models/run/trace/lineage.py`: why a parameter has no gradient, on many ways of losing one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest
import torch
from torch import Tensor, nn

from tests.models.run.gradients.lost_gradients import (
    CASES,
    HERE,
    LINES,
    Net,
    another_result,
    by_argmax,
    by_comparison,
    by_decorator,
    by_numpy,
    detached_before,
    never_called,
    switched_off,
    under_no_grad,
    unused_call,
)
from tests.models.run.gradients.went_back import line_of, went_back


@pytest.mark.parametrize(("forward", "cause"), CASES, ids=[forward.__name__ for forward, _ in CASES])
@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
def test_why_there_is_no_gradient(forward: Callable[..., Any], cause: str) -> None:
    torch.manual_seed(0)
    passes = went_back(Net(forward), torch.rand(3, 4))
    assert passes.result.problem is None
    assert passes.net.kept.weight.grad is not None
    assert passes.net.lost.weight.grad is passes.net.lost.bias.grad is None
    reasons = passes.result.went_back.reasons
    assert reasons.keys() == {"lost.weight", "lost.bias"}
    reason = reasons["lost.weight"]
    assert (reason.cause, reasons["lost.bias"].cause) == (cause, cause)
    if cause in ("unread", "frozen"):
        assert not reason.where
    else:
        assert reason.where == line_of(LINES.get(forward, forward), "# <-", HERE)


def reason_of(forward: Callable[..., Any]) -> str:
    return went_back(Net(forward), torch.rand(3, 4)).result.went_back.reasons["lost.weight"].text


def test_reasons_in_words() -> None:
    assert reason_of(unused_call).startswith("what lost (Linear) gives at lost_gradients.py:")
    assert reason_of(another_result).startswith("leads only to ['aux'], and backward did not start there")
    assert reason_of(by_argmax).endswith("gives indices, which have no gradient")
    assert reason_of(by_comparison).endswith("gives truth values, which have no gradient")
    assert reason_of(never_called) == "no call read it: lost was not called"
    assert ", then numpy at lost_gradients.py:" in reason_of(by_numpy)
    block = line_of(under_no_grad, "no_grad()", HERE)
    call = line_of(under_no_grad, "net.lost", HERE)
    assert reason_of(under_no_grad) == f"linear at {call} ran with gradients switched off by torch.no_grad at {block}"


def test_a_cut_that_leads_to_the_loss_counts_before_a_use_that_leads_nowhere() -> None:
    def forward(net: Net, X: Tensor) -> Tensor:
        Y = net.lost(X)
        Y.sin()
        return net.kept(X) + Y.detach()

    assert went_back(Net(forward), torch.rand(3, 4)).result.went_back.reasons["lost.weight"].cause == "detached"


def test_what_is_only_printed_is_dropped_or_taken_out() -> None:
    def forward(net: Net, X: Tensor) -> Tensor:
        Y = net.lost(X)
        assert Y.detach().mean().item() is not None
        return net.kept(X)

    assert went_back(Net(forward), torch.rand(3, 4)).result.went_back.reasons["lost.weight"].cause == "detached"


def test_a_number_taken_out_of_torch_counts_before_what_takes_the_shape_alone() -> None:
    def forward(net: Net, X: Tensor) -> Tensor:
        Y = net.lost(X)
        wanted = torch.zeros_like(Y)
        error = (Y - wanted).square().mean().item()
        return torch.tensor(error, requires_grad=True)

    reason = went_back(Net(forward), torch.rand(3, 4)).result.went_back.reasons["lost.weight"]
    assert reason.text.startswith("item at ")

    def as_a_state(net: Net, X: Tensor) -> Tensor:
        Y = net.lost(X)
        return net.kept(X) + torch.zeros_like(Y)

    reason = went_back(Net(as_a_state), torch.rand(3, 4)).result.went_back.reasons["lost.weight"]
    assert "takes its shape alone, and none of its values" in reason.text


def test_a_shared_layer_is_read_under_its_other_name() -> None:
    def forward(net: Net, X: Tensor) -> Tensor:
        return net.kept(X) + net.other(X).detach()

    net = Net(forward)
    net.other = net.lost
    reasons = went_back(net, torch.rand(3, 4)).result.went_back.reasons
    assert {reasons[path].cause for path in ("lost.weight", "other.weight")} == {"detached"}


def test_layers_in_a_list_are_not_registered() -> None:
    class Lists(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kept = nn.Linear(4, 4)
            self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]

        def forward(self, X: Tensor) -> Tensor:
            return self.kept(self.layers[0](X))

    reasons = went_back(Lists(), torch.rand(3, 4)).result.went_back.reasons
    assert {path: reason.cause for path, reason in reasons.items()} == {
        "layers[1].weight": "unregistered",
        "layers[1].bias": "unregistered",
    }


def test_a_leaf_that_the_network_does_not_hold() -> None:
    def forward(net: Net, X: Tensor) -> Tensor:
        made = nn.Parameter(torch.ones(4, 4))
        return net.kept(net.lost(X)) @ made  # <-

    result = went_back(Net(forward), torch.rand(3, 4)).result.went_back
    assert [reason.where for reason in result.unregistered] == [line_of(forward, "# <-", "test_reasons.py")]


def test_a_sound_network_has_no_reasons() -> None:
    for net, X in (
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.rand(2, 3, 8)),
        (nn.LSTM(4, 4), torch.rand(3, 2, 4)),
        (Net(lambda net, X: net.kept(net.lost(X).relu())), torch.rand(2, 4)),
    ):
        result = went_back(net, X).result.went_back
        assert (result.reasons, result.unregistered) == ({}, [])


def test_many_parameters_are_as_quick_as_one() -> None:
    def forward(net: Net, X: Tensor) -> Tensor:
        with torch.no_grad():
            for layer in net.many:
                X = layer(X)
        return net.kept(X)

    net = Net(forward, many=nn.ModuleList(nn.Linear(4, 4) for _ in range(300)))
    reasons = went_back(net, torch.rand(3, 4)).result.went_back.reasons
    assert {reasons[f"many.{index}.weight"].cause for index in range(300)} == {"no_grad"}


def test_a_run_that_is_too_long_to_be_remembered_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.run.trace.lineage.LIMIT", 2)
    reasons = went_back(Net(detached_before), torch.rand(3, 4)).result.went_back.reasons
    assert reasons["lost.weight"].cause == "unknown"


def test_looking_leaves_the_grad_mode_alone() -> None:
    for forward in (under_no_grad, switched_off, by_decorator):
        went_back(Net(forward), torch.rand(3, 4))
        assert torch.is_grad_enabled()


def test_switching_gradients_off_keeps_nothing_of_the_forward_alive() -> None:
    living = []

    def forward(net: Net, X: Tensor) -> Tensor:
        large = net.kept(X)
        known = ref(large)
        torch.set_grad_enabled(False)
        del large
        living.append(known())
        torch.set_grad_enabled(True)
        return net.kept(X)

    went_back(Net(forward), torch.rand(3, 4))
    assert living == [None]
