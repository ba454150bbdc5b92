"""Of `passes`, `next_inputs`, `runs`: forward and backward on what was opened, and with what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import messages as m
from models.engine.handlers import runs as run_handlers
from models.messages.errors import EngineProblem
from models.session.passes import backward_pass, forward_pass
from models.session.runs import RUNS_KEPT
from models.session.session import Session
from models.session.statement import run_statement
from tests.models.session.observed import NeverCancelled, ObservedSession, open_file


def test_a_limited_number_of_runs_is_kept() -> None:
    observed = ObservedSession("mlp")
    for _ in range(RUNS_KEPT + 5):
        forward_pass(observed.session)
    assert list(observed.session.runs.kept) == list(range(6, RUNS_KEPT + 6))
    with pytest.raises(EngineProblem, match="no longer kept"):
        run_handlers.call_rows(observed.session, m.CallRows(run=5, start=0, count=9), NeverCancelled())
    assert run_handlers.call_rows(observed.session, m.CallRows(run=25, start=0, count=9), NeverCancelled()).total == 4


def test_a_network_without_a_known_input_says_what_to_do_and_takes_the_consoles(tmp_path: Path) -> None:
    observed = open_file(tmp_path, "class Net(nn.LazyLinear):\n    def __init__(self): super().__init__(3)")
    ran = forward_pass(observed.session)
    assert ran.problem is not None
    assert "X = torch.rand(2, 20)" in ran.problem.text
    observed.run("X = torch.rand(5, 2)")
    assert forward_pass(observed.session).text.startswith("[5, 3]")


def test_the_consoles_keyword_arguments_count(tmp_path: Path) -> None:
    text = "class Net(nn.Linear):\n    def __init__(self): super().__init__(2, 3)\n"
    observed = open_file(tmp_path, text + "    def forward(self, *, x): return super().forward(x)")
    assert forward_pass(observed.session).problem is not None
    observed.run("X = 1; kwargs = {'x': torch.rand(4, 2)}")
    assert forward_pass(observed.session).text.startswith("[4, 3]")


NETWORKS = """
import torch
from collections import UserDict
from torch import nn

class KeywordOnly(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Linear(3, 2)
    def forward(self, *, a, b):
        return self.e(a) + self.e(b)

def keywords():
    return UserDict(a=torch.ones(2, 3), b=torch.ones(2, 3))

class Misleading(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 2), nn.Linear(5, 3)
    def forward(self, x):
        return self.a(self.b(x))

class Batch(nn.Module):
    def forward(self, features):
        return {"logits": features["x"].sum(), "kept": features}

class WithLoss(nn.Linear):
    def forward(self, x):
        logits = super().forward(x)
        return logits, logits.square().mean()

def with_loss():
    return WithLoss(3, 2)

class Replaces(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)
    def forward(self, x):
        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)
        return self.fc(x)
"""


@pytest.fixture
def networks(tmp_path: Path) -> str:
    (tmp_path / "nets.py").write_text(NETWORKS)
    return str(tmp_path / "nets.py")


def test_the_call_that_is_suggested_works(networks: str) -> None:
    session = Session()
    summary = session.open(f"{networks}:KeywordOnly", inputs_from=f"{networks}:keywords")
    assert summary.call == "net(**inputs)"
    assert run_statement(session, summary.call).problem is None
    assert forward_pass(session).problem is None
    run_statement(session, "inputs['a'] = torch.zeros(4, 3); inputs['b'] = torch.zeros(4, 3)")
    assert forward_pass(session).text.startswith("[4, 2]")
    run_statement(session, "inputs = dict(a=torch.zeros(5, 3), b=torch.zeros(5, 3))")
    assert forward_pass(session).text.startswith("[5, 2]")
    assert session.open("rgnet").call == "net(X)"
    assert run_statement(session, "net(X)").problem is None


def test_a_lone_dict_is_the_one_argument(networks: str) -> None:
    session = Session()
    assert session.open(f"{networks}:Batch", inputs_from=f"{networks}:keywords").call == "net(X)"
    assert "missing" not in str(forward_pass(session).problem)


def test_a_guess_that_fails_is_explained(networks: str) -> None:
    session = Session()
    session.open(f"{networks}:Misleading")
    problem = forward_pass(session).problem
    assert problem is not None
    assert "The input torch.rand(2, 3) was a guess from a (Linear)" in problem.text
    assert "--inputs FILE.py:NAME" in problem.text
    run_statement(session, "X = torch.rand(2, 4)")
    problem = forward_pass(session).problem
    assert problem is not None
    assert "was a guess" not in problem.text


def test_backward_starts_from_the_loss_of_a_forward_or_a_statement(networks: str) -> None:
    session = Session()
    session.open(f"{networks}:with_loss", inputs=["4x3"])
    forward_pass(session)
    assert backward_pass(session).text.startswith("from [1]: [] float32")
    run_statement(session, "net(X)")
    assert backward_pass(session).text.startswith("from [1]: [] float32")


def test_what_a_forward_replaced_is_said_with_its_line(networks: str) -> None:
    session = Session()
    session.open(f"{networks}:Replaces", inputs=["2x3"])
    line = NETWORKS.splitlines().index("        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)") + 1
    ran = forward_pass(session)
    assert f"\nthe forward replaced fc.weight (nets.py:{line})" in ran.text
    assert backward_pass(session).problem is None
    assert session.root.fc.weight.grad is not None


def test_an_interrupt_before_the_first_call_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    observed = ObservedSession("mlp")
    monkeypatch.setattr("models.session.passes.RunState", interrupted)
    with pytest.raises(KeyboardInterrupt):
        forward_pass(observed.session)
    assert observed.session.runs.newest is not None
    assert observed.session.runs.newest.finished
