"""Steps are reported by torch's hooks, which are set only while something is requested."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import optimizer as torch_optimizer

from models.live.optimizer_steps import OptimizerSteps


@pytest.fixture
def steps() -> Iterator[OptimizerSteps]:
    found = OptimizerSteps()
    yield found
    assert found.unwatch()
    assert not torch_optimizer._global_optimizer_pre_hooks
    assert not torch_optimizer._global_optimizer_post_hooks


def sgd() -> torch.optim.Optimizer:
    parameter = nn.Parameter(torch.ones(2))
    parameter.grad = torch.ones(2)
    return torch.optim.SGD([parameter], lr=0.1)


def test_steps_are_counted_while_they_are_watched(steps: OptimizerSteps) -> None:
    optimizer = sgd()
    optimizer.step()
    assert steps.watch()
    assert steps.watch()  # again: nothing more
    assert len(torch_optimizer._global_optimizer_pre_hooks) == 1
    for _ in range(3):
        optimizer.step()
    assert steps.count == 3
    assert steps.begun == 3
    assert steps.unwatch()
    optimizer.step()
    assert steps.count == 3


def test_no_optimizer_notices_the_hooks(steps: OptimizerSteps) -> None:
    optimizer = sgd()
    before = {name: copy.copy(value) for name, value in vars(optimizer).items() if name != "state"}
    steps.watch()
    optimizer.step()
    assert {name: value for name, value in vars(optimizer).items() if name != "state"} == before
    assert optimizer.step(lambda: 7.0) == 7.0


def test_within_a_step_is_within(steps: OptimizerSteps) -> None:
    steps.watch()
    optimizer, inside = sgd(), []

    def closure() -> float:
        inside.append(steps.is_inside())
        return 0.0

    optimizer.step(closure)
    assert inside == [True]
    assert not steps.is_inside()


def test_a_step_that_raises_is_over(steps: OptimizerSteps) -> None:
    steps.watch()
    optimizer = sgd()

    def closure() -> float:
        raise ValueError("of the user's")

    with pytest.raises(ValueError, match="of the user's"):
        optimizer.step(closure)
    assert not steps.is_inside()
    optimizer.step()
    assert steps.count == 1
    assert not steps.is_inside()


def test_an_optimizer_that_steps_another_is_within_until_its_own_end(steps: OptimizerSteps) -> None:
    steps.watch()
    inner, inside = sgd(), []

    class Outer(torch.optim.Optimizer):
        def step(self, closure: Any = None) -> None:
            inner.step()
            inside.append(steps.is_inside())

    Outer([nn.Parameter(torch.ones(1))], {}).step()
    assert inside == [True]
    assert not steps.is_inside()


def test_hooks_set_within_a_step_know_of_it(steps: OptimizerSteps) -> None:
    inside: list[bool] = []

    def closure() -> float:
        steps.watch()
        inside.append(steps.is_inside())
        return 0.0

    optimizer = sgd()
    optimizer.step(closure)
    optimizer.step()
    assert inside == [True]
    assert not steps.is_inside()


def test_hooks_of_the_users_are_not_disturbed_while_they_are_gone_through(
    steps: OptimizerSteps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.live.optimizer_steps.TIMEOUT", 0.01)
    within, go_on, called = threading.Event(), threading.Event(), []

    def theirs(optimizer: Any, args: Any, kwargs: Any) -> None:
        within.set()
        go_on.wait()
        called.append("theirs")

    handle = torch_optimizer.register_optimizer_step_pre_hook(theirs)
    second = torch_optimizer.register_optimizer_step_pre_hook(lambda *rest: called.append("second"))
    try:
        thread = threading.Thread(target=sgd().step)
        thread.start()
        within.wait()
        assert not steps.watch()  # adding now would raise in their thread
        go_on.set()
        thread.join()
        assert called == ["theirs", "second"]
        assert steps.watch()
    finally:
        handle.remove()
        second.remove()


def test_what_fails_at_a_step_is_no_matter_of_the_training(steps: OptimizerSteps) -> None:
    def fail(optimizer: torch.optim.Optimizer) -> None:
        raise RuntimeError("ours")

    steps.on_step = fail
    steps.watch()
    sgd().step()
    assert steps.count == 1
