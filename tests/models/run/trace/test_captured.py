"""Copies of what calls were given and returned: of that moment, within a budget, once each."""

from __future__ import annotations

import contextlib
import gc
import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.trace.calls import Call
from models.run.trace.captured import SAMPLED, CallTensors, Captures, Copy, Kept, NotKept, Own, sample_of
from models.run.trace.tracing import Trace, tracing
from tests.models.run.trace.recorded import Steps


def captured(
    net: nn.Module, *args: object, captures: Captures | None = None, **kwargs: object
) -> tuple[list[Call], object]:
    trace = Trace(captures=captures or Captures())
    with tracing(net, LiveTree.of(net), trace):
        output = net(*args, **kwargs)
    return trace.calls, output


def of_steps(forward: Callable[..., object], *args: object, captures: Captures | None = None) -> dict[str, CallTensors]:
    calls, _ = captured(Steps(forward), *args, captures=captures)
    found = {call.op: call.captured for call in calls}
    assert None not in found.values()
    return found  # type: ignore[return-value]


def value(kept: Kept) -> Tensor:
    assert isinstance(kept, Copy), kept
    return kept.tensor


def test_a_layer_keeps_what_it_was_given_and_what_it_returned() -> None:
    layer, X = nn.Linear(4, 2), torch.rand(3, 4)
    calls, output = captured(layer, X)
    (call,) = calls
    assert call.captured is not None
    (given,), (returned,) = call.captured.inputs, call.captured.outputs
    assert value(given).equal(X)
    assert value(returned).equal(output)  # type: ignore[arg-type]
    assert value(given).data_ptr() != X.data_ptr()


def test_what_is_written_in_place_later_does_not_reach_a_copy() -> None:
    def forward(steps: Steps, X: Tensor) -> Tensor:
        Y = X * 2
        Z = Y.view(-1)
        Z.add_(10)  # writes into Y
        Y.relu_()
        return Y.neg()

    found = of_steps(forward, torch.tensor([-20.0, 1.0]))
    assert value(found["mul"].outputs[0]).tolist() == [-40.0, 2.0]
    assert value(found["add_"].inputs[0]).tolist() == [-40.0, 2.0]
    assert value(found["add_"].outputs[0]).tolist() == [-30.0, 12.0]
    assert value(found["relu_"].inputs[0]).tolist() == [-30.0, 12.0]
    assert value(found["relu_"].outputs[0]).tolist() == [0.0, 12.0]
    assert value(found["neg"].inputs[0]).tolist() == [0.0, 12.0]


def test_the_input_of_the_network_is_kept_as_it_was_though_the_network_changes_it() -> None:
    X = torch.ones(3)
    found = of_steps(lambda steps, X: X.mul_(5), X)
    assert value(found["Steps"].inputs[0]).tolist() == [1, 1, 1]
    assert value(found["Steps"].outputs[0]).tolist() == [5, 5, 5]


def test_a_result_that_others_read_is_copied_once() -> None:
    found = of_steps(lambda steps, X: (Y := X.exp()).sin() + Y, torch.rand(4))
    assert found["exp"].outputs[0] is found["sin"].inputs[0] is found["add"].inputs[1]


def test_a_parameter_is_not_copied_but_named() -> None:
    found = of_steps(lambda steps, X: X @ steps.layer.weight, torch.rand(2, 4))
    assert isinstance(found["matmul"].inputs[0], Copy)
    assert found["matmul"].inputs[1] == Own("layer.weight")


def test_a_view_of_a_parameter_is_copied_as_the_view_it_is() -> None:
    found = of_steps(lambda steps, X: X @ steps.layer.weight[:, :1], torch.rand(2, 4))
    assert value(found["matmul"].inputs[1]).shape == (4, 1)


def test_what_a_call_that_failed_was_given_is_kept() -> None:
    trace = Trace(captures=Captures())
    net = Steps(lambda steps, X: X @ torch.ones(7, 7))
    with pytest.raises(RuntimeError), tracing(net, LiveTree.of(net), trace):
        net(torch.zeros(2, 3))
    kept = trace.calls[-1].captured
    assert kept is not None
    assert [value(each).shape for each in kept.inputs] == [(2, 3), (7, 7)]
    assert not kept.outputs


def test_what_is_too_large_is_left_out_and_the_reason_said() -> None:
    found = of_steps(lambda steps, X: X.repeat(1000).sum(), torch.rand(4), captures=Captures(largest=100))
    reason = found["repeat"].outputs[0]
    assert isinstance(reason, NotKept)
    assert "15.6 KB" in reason.reason
    assert isinstance(found["sum"].outputs[0], Copy)


def test_when_the_room_is_used_up_nothing_more_is_copied() -> None:
    captures = Captures(budget=100)
    found = of_steps(lambda steps, X: X.exp().sin().cos(), torch.rand(10), captures=captures)
    kept = [type(found[op].outputs[0]) for op in ("exp", "sin", "cos")]
    assert kept == [Copy, NotKept, NotKept]  # the input is 40 bytes, and the first result
    assert captures.left == 20


def test_of_what_has_no_room_a_sample_is_kept_once() -> None:
    captures = Captures(budget=2**20, largest=100)
    X = torch.rand(64, 64)
    room = captures.left_for_samples

    def forward(steps: Steps, X: Tensor) -> Tensor:
        return X.exp().neg()

    kept = of_steps(forward, X, captures=captures)
    (exp,), (given,) = kept["exp"].outputs, kept["neg"].inputs
    assert isinstance(exp, NotKept)
    assert isinstance(given, NotKept)
    assert exp.sample is not None
    assert exp.sample is given.sample
    assert exp.sample.tensor.equal(sample_of(X.exp()))
    assert room - captures.left_for_samples == 3 * SAMPLED * 4, "of X, of exp and of neg"
    del kept, exp, given
    gc.collect()
    assert captures.left_for_samples == room


@given(st.lists(st.integers(1, 40), max_size=4))
def test_a_sample_is_of_the_same_places_whatever_the_strides(shape: list[int]) -> None:
    whole = torch.arange(math.prod(shape)).view(shape)
    sample = sample_of(whole)
    assert sample.shape == (min(SAMPLED, whole.numel()),)
    assert set(sample.tolist()) <= set(range(whole.numel()))
    strided = whole.mT.contiguous().mT if whole.dim() > 1 else whole
    assert sample_of(strided).equal(sample)


def test_a_sample_sees_every_channel_of_a_power_of_two() -> None:
    channels = torch.arange(1024).expand(64, 1024).contiguous()
    assert set(sample_of(channels).tolist()) == set(range(1024))


def test_of_a_loop_the_last_turn_is_kept_and_the_room_of_the_others_given_back() -> None:
    def forward(steps: Steps, X: Tensor) -> Tensor:
        for _ in range(1000):
            X = X + 1
        return X

    captures = Captures(budget=4000)
    calls, _ = captured(Steps(forward), torch.zeros(10), captures=captures)
    assert [(call.op, call.repeat) for call in calls[1:]] == [("add", 1000)]
    kept = calls[1].captured
    assert kept is not None
    assert value(kept.outputs[0]).tolist() == [1000.0] * 10
    assert value(kept.inputs[0]).tolist() == [999.0] * 10
    gc.collect()
    assert captures.left == 4000 - 3 * 40  # with the network's input; its result is the last turn's


def test_what_was_given_by_name_is_kept_where_a_call_read_it() -> None:
    class Named(nn.Module):
        def forward(self, X: Tensor, scale: Tensor, unread: Tensor) -> Tensor:
            return X * scale

    calls, _ = captured(Named(), torch.ones(2), scale=torch.full((2,), 3.0), unread=torch.ones(1))
    kept = calls[0].captured
    assert kept is not None
    assert value(kept.inputs[1]).tolist() == [3.0, 3.0]
    assert isinstance(kept.inputs[2], NotKept)


def test_copies_leave_the_graph_the_versions_and_the_random_numbers_alone() -> None:
    net, X = nn.Sequential(nn.Linear(4, 4), nn.Dropout(), nn.Linear(4, 1)), torch.rand(3, 4, requires_grad=True)
    results = []
    for captures in (None, Captures()):
        torch.manual_seed(0)
        trace = Trace(captures=captures)
        with tracing(net, LiveTree.of(net), trace):
            output = net(X)
        (gradient,) = torch.autograd.grad(output.sum(), X)
        results.append((output, gradient, output._version, X._version, torch.rand(1)))
    for one, other in zip(*results, strict=True):
        assert one.equal(other) if isinstance(one, Tensor) else one == other


def test_nothing_is_copied_where_a_transform_or_a_mode_would_see_it() -> None:
    found = of_steps(lambda steps, X: torch.func.vmap(torch.sin)(X), torch.rand(3, 2))
    assert all(isinstance(each, (NotKept, Copy)) for kept in found.values() for each in kept.outputs)
    assert isinstance(found["sin"].outputs[0], NotKept)


def test_without_captures_a_call_keeps_nothing() -> None:
    trace, layer = Trace(), nn.Linear(2, 2)
    with tracing(layer, LiveTree.of(layer), trace):
        layer(torch.rand(1, 2))
    assert trace.calls[0].captured is None


OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp,
    "sin": Tensor.sin,
    "mul": lambda X: X * 3,
    "neg_": Tensor.neg_,
    "add_": lambda X: X.add_(1),
    "clamp_": lambda X: X.clamp_(-2, 2),
    "t": Tensor.t,
    "reshape": lambda X: X.reshape(4, 4),
    "view_as": lambda X: X.view_as(X),
    "cos_": Tensor.cos_,
}
"""Those that make something new, those that write in place, and views, each under its name in a trace."""


@given(st.data())
def test_each_copy_is_what_the_call_read_and_gave_at_that_moment(data: st.DataObject) -> None:
    """Operations run in any order on any of the results so far, which share memory by views."""
    names = data.draw(st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=1, max_size=8, unique=True))
    targets = [data.draw(st.integers(0, index), label=name) for index, name in enumerate(names)]
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def forward(steps: Steps, X: Tensor) -> Tensor:
        results = [X]
        for name, target in zip(names, targets, strict=True):
            with torch._C.DisableTorchFunction():
                given = results[target].clone()
            results.append(OPERATIONS[name](results[target]))
            with torch._C.DisableTorchFunction():
                seen[name] = given, results[-1].clone()
        return results[-1]

    calls, _ = captured(Steps(forward), torch.linspace(-3, 3, 16).reshape(4, 4))
    assert [call.op for call in calls[1:]] == names
    for call in calls[1:]:
        assert call.captured is not None
        given, gave = seen[call.op]
        assert value(call.captured.inputs[0]).equal(given)
        assert value(call.captured.outputs[0]).equal(gave)


@pytest.mark.parametrize("fails", [False, True])
def test_all_room_is_given_back_when_the_tensors_of_a_run_are_forgotten(fails: bool) -> None:
    def forward(steps: Steps, X: Tensor) -> Tensor:
        X = steps.layer(X)
        for _ in range(3):
            X = steps.layer(X).relu()
        return X @ torch.ones(9, 9) if fails else X

    net, trace = Steps(forward), Trace(captures=(captures := Captures(budget=10_000)))
    with contextlib.suppress(RuntimeError), tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2, 4))
    assert captures.left < 10_000
    trace.forget_tensors()
    gc.collect()
    assert captures.left == 10_000
    assert trace.forget_tensors() == []
