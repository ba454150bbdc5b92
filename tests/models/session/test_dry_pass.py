"""A forward without values in the explorer: what it costs, and that nothing changes."""

from __future__ import annotations

from pathlib import Path

from models.engine.handlers.runs import call_rows, forward
from models.messages import CallRows, Forward
from models.session.session import Session
from tests.models.session.observed import NeverCancelled

LOOKS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, X):
        X = self.layer(X)
        if X.sum() > 0:
            return X
        return -X
"""


def test_its_calls_are_a_run_with_costs_and_without_seconds() -> None:
    session = Session()
    session.open("mlp", seed=0)
    ran = forward(session, Forward(dry=True), NeverCancelled())
    assert ran.problem is None
    assert ran.changed == []
    assert "result" not in vars(session) or session.result is None, "it has no values, so it is none"
    flops = 2 * 2 * (20 * 256 + 256 * 10)
    assert f"{flops:,} FLOPs" in ran.text
    assert ran.run is not None
    page = call_rows(session, CallRows(run=ran.run, start=0, count=9), NeverCancelled())
    assert page.complete
    assert page.totals.dry
    assert page.totals.flops == flops
    assert page.totals.seconds is None
    assert page.totals.peak == 4 * (2 * 256 * 2)
    assert [row.seconds for row in page.rows] == [None] * 4


def test_what_looks_at_values_is_the_answer(tmp_path: Path) -> None:
    file = tmp_path / "looks.py"
    file.write_text(LOOKS)
    session = Session()
    session.open(f"{file}:Net", seed=0, inputs=["2x4"])
    ran = forward(session, Forward(dry=True), NeverCancelled())
    assert ran.problem is not None
    assert "looks.py:12, “if X.sum() > 0:”" in ran.problem.text
    assert ran.run is not None
    assert session.runs.trace(ran.run).failed is None, "the network did not fail"
    assert forward(session, Forward(), NeverCancelled()).problem is None


def test_the_whole_of_a_run_is_there_whatever_page_is_asked() -> None:
    session = Session()
    session.open("mlp", seed=0)
    run = forward(session, Forward(), NeverCancelled()).run
    assert run is not None
    page = call_rows(session, CallRows(run=run, start=2, count=1), NeverCancelled())
    assert len(page.rows) == 1
    assert page.totals.flops == 2 * 2 * (20 * 256 + 256 * 10)
    assert page.totals.seconds
    assert not page.totals.dry
