"""A session with two runs that are compared, and what of that a test asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from models import messages as m
from models.engine.handlers import comparing_runs, runs
from models.session.passes import forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from tests.models.session.test_session import NeverCancelled

NOBODY = NeverCancelled()


CODE = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(6, 6)

    def forward(self, x):
        return self.inner(x).tanh()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.norm = nn.BatchNorm1d(6)
        self.drop = nn.Dropout(0.5)
        self.block = Block()
        self.last = nn.Linear(6, 2)
        self.more = False

    def forward(self, x):
        x = self.block(self.drop(self.norm(self.first(x))))
        if self.more:
            x = x.abs()
        return self.last(x)


class Loop(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.Linear(4, 4)
        self.turns = 5

    def forward(self, x):
        for _ in range(self.turns):
            x = self.cell(x).tanh()
        return x
"""


def opened(file: str, name: str = "Net", *, evaluating: bool = True) -> Session:
    """A session with a run."""
    session = Session(lambda event: None)
    session.open(f"{file}:{name}", inputs=["5x4"], seed=0)
    if evaluating:
        run_statement(session, "_ = net.eval()")
    assert forward_pass(session).problem is None
    return session


def again(session: Session, statement: str = "") -> None:
    """Run forward once more, after a statement."""
    if statement:
        assert run_statement(session, statement).problem is None
    assert forward_pass(session).problem is None


def compared(session: Session, a: int, b: int) -> m.CallDifferencesRead:
    comparing_runs.compare_runs(session, m.CompareRuns(a=a, b=b), NOBODY)
    return comparing_runs.read_call_differences(session, m.ReadCallDifferences(), NOBODY)


def beside(session: Session, what: str, run: int = 0) -> tuple[m.RanBeside, m.CallDifferencesRead]:
    ran = comparing_runs.run_beside(session, m.RunBeside(run=run or session.runs.last, what=what), NOBODY)
    return ran, compared(session, ran.a, ran.b)


def rows(session: Session, **wanted: Any) -> list[m.CallRow]:
    made = session.runs.comparison
    assert made is not None
    return runs.call_rows(session, m.CallRows(run=made.b, against=made.a, start=0, count=100, **wanted), NOBODY).rows


def difference(session: Session, module: str, op: str) -> m.CallDifference:
    found = next(row.difference for row in rows(session) if (row.module, row.op) == (module, op))
    assert found is not None
    return found


def outputs(session: Session, path: str) -> list[torch.Tensor]:
    """What a module returns now."""
    found: list[torch.Tensor] = []
    module = session.root.get_submodule(path)
    hook = module.register_forward_hook(lambda _, args, output: found.append(output.detach().double()))
    session.root(session.inputs.arguments[0][0])
    hook.remove()
    return found


def written(folder: Path) -> str:
    """Write the networks into a file of a folder; return its path."""
    (folder / "runs_compared_net.py").write_text(CODE)
    return str(folder / "runs_compared_net.py")
