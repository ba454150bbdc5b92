"""Of `abandoned` and `scheme`: one long call of torch is left behind at once, and changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest
import torch
from torch import nn

from models.initialising import abandoned, scheme
from models.initialising.preview import fresh_values
from models.initialising.rules import BY_NAME
from models.initialising.scheme import Scheme, carry_out
from models.initialising.scope import Scope
from models.live.live_tree import LiveTree
from models.work.cancelled import Cancelled


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheme, "LARGE", 1)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Have `orthogonal_` begin, and go on when the event is set; yields the event that is set when it began."""
    began, gate = threading.Event(), threading.Event()
    real = nn.init.orthogonal_

    def orthogonal_(*args: object, **kwargs: object) -> object:
        began.set()
        assert gate.wait(30)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(nn.init, "orthogonal_", orthogonal_)
    yield began
    gate.set()


def orthogonal(seed: int = 0) -> Scheme:
    return Scheme(Scope("this"), BY_NAME["orthogonal_"], {"gain": 1.0}, seed=seed)


@pytest.mark.parametrize("applied", [True, False])
def test_a_call_that_takes_long_is_left_when_it_is_cancelled_and_nothing_is_changed(
    held: threading.Event, applied: bool
) -> None:
    net = nn.Linear(6, 6)
    before, numbers, tree = net.weight.detach().clone(), torch.get_rng_state(), LiveTree.of(net)
    work = partial(carry_out, tree, orthogonal()) if applied else partial(fresh_values, tree, orthogonal(), "weight")
    with pytest.raises(Cancelled):
        work(held.is_set)
    assert torch.equal(net.weight, before)
    assert torch.equal(torch.get_rng_state(), numbers)


def test_the_values_are_those_of_torch_with_the_same_seed() -> None:
    net = nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 3))
    for name, values in (("xavier_uniform_", {"gain": 1.0}), ("normal_", {"mean": 0.0, "std": 0.5})):
        carry_out(LiveTree.of(net), Scheme(Scope("this"), BY_NAME[name], values, seed=3))
        torch.manual_seed(3)
        for layer in net:
            wanted = torch.empty_like(layer.weight.detach())
            getattr(nn.init, name)(wanted, **values)
            assert torch.equal(layer.weight, wanted)


def test_what_the_rule_raises_is_raised() -> None:
    def fill(tensor: torch.Tensor) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        abandoned.filled_apart(torch.zeros(2), fill, lambda: False)


def test_no_more_than_two_are_drawn_at_once_and_waiting_for_a_place_is_cancelled_too() -> None:
    gate, running = threading.Event(), threading.Semaphore(0)

    def fill(tensor: torch.Tensor) -> None:
        running.release()
        assert gate.wait(30)

    for _ in range(abandoned.AT_ONCE):
        with pytest.raises(Cancelled):
            abandoned.filled_apart(torch.zeros(2), fill, lambda: running.acquire(blocking=False))
    with pytest.raises(Cancelled):
        abandoned.filled_apart(torch.zeros(2), fill, lambda: True)
    assert not running.acquire(blocking=False)
    gate.set()
    assert abandoned.filled_apart(torch.zeros(2), nn.init.ones_, lambda: False).tolist() == [1, 1]  # type: ignore[arg-type]
