"""Of `random_numbers`: that generators draw the same again after an undo, and that draws alone are one change."""

from __future__ import annotations

import random

import pytest
import torch

from models.session.passes import forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import undo_last
from models.undo.random_numbers import RandomRecord

NET = """
from torch import nn
def make():
    return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5))
"""


@pytest.fixture
def session(tmp_path, monkeypatch) -> Session:  # type: ignore[no-untyped-def]
    (tmp_path / "dropping.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    session = Session()
    session.open("dropping.py:make", inputs=["2x3"], seed=0)
    return session


@pytest.mark.parametrize("draw", ["torch.rand(3)", "random.random()", "torch.rand(3, generator=own)", "random.seed(3)"])
def test_the_same_numbers_are_drawn_again(draw: str, session: Session) -> None:
    run_statement(session, "import random; own = torch.Generator()")
    run_statement(session, f"first = {draw}")
    first = session.namespace["first"]
    assert undo_last(session) == f"took back `first = {draw}`: the name first and random numbers"
    run_statement(session, f"second = {draw}")
    second = session.namespace["second"]
    assert torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second


def test_a_forward_with_dropout_is_the_same_after_an_undo(session: Session) -> None:
    forward_pass(session)
    first = session.result
    assert isinstance(first, torch.Tensor)
    state = torch.get_rng_state()
    assert undo_last(session) == "took back `forward`: random numbers"
    assert undo_last(session, again=True) == "did again `forward`: random numbers"
    assert torch.equal(torch.get_rng_state(), state)
    undo_last(session)
    forward_pass(session)
    assert torch.equal(first, session.result)  # type: ignore[arg-type]


def test_draws_in_a_row_are_one_change(session: Session) -> None:
    run_statement(session, "net[0].bias.data.zero_()")
    state = torch.get_rng_state()
    for _ in range(3):
        forward_pass(session)
    undo_last(session)
    assert torch.equal(torch.get_rng_state(), state)
    assert undo_last(session).endswith(": 0.bias")


def test_initial_values_are_drawn_again(session: Session) -> None:
    run_statement(session, "net[0].reset_parameters()")
    values = session.root.get_parameter("0.weight").tolist()
    undo_last(session)
    run_statement(session, "net[0].reset_parameters()")
    assert session.root.get_parameter("0.weight").tolist() == values


def test_a_look_draws_nothing() -> None:
    state = random.getstate(), torch.get_rng_state()
    record = RandomRecord({})
    assert not record.changed()
    record.now().restore()
    assert random.getstate() == state[0]
    assert torch.equal(torch.get_rng_state(), state[1])
