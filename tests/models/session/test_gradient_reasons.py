"""Why gradients are missing or zero, as the panes get them."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import messages as m
from models.engine.handlers import values
from models.run.forward import run_forward
from models.run.trace.record import Trace
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from tests.models.session.observed import NeverCancelled

CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept, self.cut, self.dead = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, X):
        Y = self.cut(X).detach()
        return self.kept(X) + Y + (self.dead(X) - 100).relu()
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "nets.py").write_text(CODE)
    session = Session()
    session.open(f"{tmp_path / 'nets.py'}:Net", inputs=["2x4"])
    return session


def rows(session: Session) -> dict[str, m.GradientRow]:
    request = m.GradientRows(path="", start=0, count=100)
    return {row.path: row for row in values.gradient_rows(session, request, NeverCancelled()).rows}


def test_rows_have_the_cause_the_line_and_the_call(session: Session) -> None:
    assert all((row.state, row.reason) == ("none", "") for row in rows(session).values())
    forward_pass(session)
    assert all(row.reason == "" for row in rows(session).values())
    assert backward_pass(session).problem is None
    found = rows(session)
    assert (found["kept.weight"].state, found["kept.weight"].reason) == ("value", "")
    cut = found["cut.weight"]
    assert (cut.state, cut.cause, cut.where) == ("unreached", "detached", "nets.py:11")
    assert cut.reason == "detach at nets.py:11 cuts it off the graph"
    assert session.runs.trace(session.runs.last).row(cut.call).op == "detach"
    dead = found["dead.bias"]
    assert (dead.state, dead.cause, dead.where) == ("zero", "exactly 0", "nets.py:12")
    assert "dead" in dead.reason


def test_a_tensor_without_gradient_says_why(session: Session) -> None:
    def reason() -> str:
        window = m.Window(path="cut.weight", of="gradient")
        statistics = m.Statistics(path="cut.weight", of="gradient")
        found = values.window(session, window, NeverCancelled()).reason
        assert values.statistics(session, statistics, NeverCancelled()).reason == found
        return found

    assert "detach" not in reason()
    forward_pass(session)
    backward_pass(session)
    assert reason() == "no gradient (None): detach at nets.py:11 cuts it off the graph"
    facts = {fact.label: fact.text for group in session.describe("cut.weight") for fact in group.facts}
    assert facts["No gradient"] == "detach at nets.py:11 cuts it off the graph"
    assert all(not row.reason for row in rows_after_clearing(session))


def rows_after_clearing(session: Session) -> list[m.GradientRow]:
    for parameter in session.root.parameters():
        parameter.grad = None
    return list(rows(session).values())


def test_a_forward_alone_hooks_nothing(session: Session) -> None:
    net, tree = session.root, session.live.tree
    trace = Trace()
    result = run_forward(net, session.inputs.arguments[0], {}, tree, trace)
    node = result.output.grad_fn  # type: ignore[attr-defined]
    assert (node.metadata, trace.went_back) == ({}, None)
    assert all(call.backward is None for call in trace.calls)
