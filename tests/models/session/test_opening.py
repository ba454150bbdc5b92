"""Of `opening`, `session`: a source in place of what is open, which stays where that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import messages as m
from models.engine.handlers import runs as run_handlers
from models.messages.errors import EngineProblem
from models.session.passes import forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from tests.models.session.observed import NeverCancelled, ObservedSession, open_file


def test_nothing_is_open_at_first() -> None:
    session = Session()
    assert not session.is_open
    with pytest.raises(EngineProblem, match="Nothing is open"):
        session.live.node("")


@pytest.mark.parametrize("source", ["no_such_network", "missing.py:net", "rgnet extra"])
def test_what_was_open_stays_when_opening_fails(source: str) -> None:
    observed = ObservedSession("mlp")
    root, before = observed.session.root, observed.session.namespace
    observed.run("kept = 7")
    with pytest.raises(EngineProblem):
        observed.session.open(source)
    assert observed.session.root is root
    assert observed.session.namespace is before
    assert observed.run("kept").value == "7"
    assert observed.session.summary().source == "mlp"


def test_an_input_that_cannot_be_had_keeps_the_old_model_too() -> None:
    observed = ObservedSession("mlp")
    root = observed.session.root
    with pytest.raises(EngineProblem):
        observed.session.open("rgnet", inputs=["float32[no"])
    assert observed.session.root is root
    assert observed.session.summary().source == "mlp"


def test_opening_another_forgets_runs_and_names() -> None:
    observed = ObservedSession("mlp")
    forward_pass(observed.session)
    observed.run("mine = 1")
    observed.session.open("sequential")
    assert not observed.session.runs.kept
    assert observed.session.result is None
    assert run_statement(observed.session, "mine").problem is not None
    with pytest.raises(EngineProblem, match="nothing to undo"):
        run_handlers.undo(observed.session, m.Undo(), NeverCancelled())


def test_a_name_that_utf8_cannot_carry_is_found_by_its_escape(tmp_path: Path) -> None:
    observed = open_file(tmp_path, "def Net(): return nn.ModuleDict({'\\ud800': nn.Linear(1, 1)})")
    assert observed.session.live.node("\\ud800.bias") is observed.session.live.node("\ud800.bias")
