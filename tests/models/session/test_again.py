"""Running a forward again to keep the tensors of a call: the same run, and everything as it was before.

Of `again`, `models/run/again.py` and `models/run/run_state.py`.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from models import messages as m
from models.engine.handlers import comparing_runs, runs, values
from models.messages.errors import EngineProblem
from models.run.trace.captured import Captures
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from tests.models.session.observed import NeverCancelled

NOBODY = NeverCancelled()
CODE = """
import random
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 300)
        self.norm = nn.BatchNorm1d(300)
        self.drop = nn.Dropout()
        self.last = nn.utils.parametrizations.spectral_norm(nn.Linear(300, 2))
        self.register_buffer("count", torch.zeros(()))
        self.cache = None
        self.seen = []
        self.generator = torch.Generator()

    def forward(self, X):
        X.add_(1)
        Y = self.drop(self.norm(self.first(X)))
        Y = Y + random.random() * torch.rand(300, generator=self.generator)
        self.count += 1
        self.count = self.count + 1
        self.seen.append(len(self.seen))
        self.cache = Y.mean().detach() if self.cache is None else self.cache + len(self.seen)
        Z = Y.sin()
        Z *= 2
        return self.last(Z) + self.cache


class Clock(nn.Module):
    ticks = [0]

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 300)

    def forward(self, X):
        self.ticks[0] += 1
        return (self.layer(X) + self.ticks[0]).relu()
"""

KINDS = """
import torch
from torch import nn


class Graph(nn.Module):
    def __init__(self, graph):
        super().__init__()
        self.layer = nn.Linear(4, 4, device=graph.device)
        self.register_buffer("graph", graph)

    def forward(self):
        if self.graph.layout is torch.sparse_coo:
            self.graph.mul_(2)
        return self.layer(self.graph @ torch.ones(4, 4, device=self.graph.device))


def meta():
    return Graph(torch.eye(4, device="meta"))


def sparse_coo():
    return Graph(torch.eye(4).to_sparse())
"""


def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str = "Net") -> Session:
    """A session that keeps no tensor of more than 1,000 bytes."""
    monkeypatch.setattr(Captures.__init__, "__defaults__", (10_000, 1_000, None))
    file = tmp_path / "again_net.py"
    file.write_text(CODE)
    session = Session(lambda event: None)
    random.seed(0)
    session.open(f"{file}:{name}", inputs=["8x4"], seed=0)
    assert forward_pass(session).problem is None
    return session


def place_of(session: Session, op: str) -> m.CallTensor:
    rows = session.runs.trace(session.runs.last).calls
    return m.CallTensor(run=session.runs.last, call=next(row.index for row in rows if row.op == op))


def window(session: Session, place: m.CallTensor) -> m.Cells:
    return values.window(session, m.Window(path=place, rows=100, columns=1000), NOBODY)


def keep(session: Session, place: m.CallTensor) -> str:
    return runs.keep_call(session, m.KeepCall(call=place), NOBODY).text


def state_of(session: Session) -> dict[str, object]:
    net = session.root
    found: dict[str, object] = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    found |= {
        "cache": net.cache,
        "seen": list(net.seen),
        "versions": [tensor._version for tensor in net.parameters()],
        "generator": net.generator.get_state(),
        "random": torch.get_rng_state(),
        "python": random.getstate(),
        "X": session.inputs.arguments[0][0].clone(),
        "training": [module.training for module in net.modules()],
    }
    return found


def test_what_was_too_large_is_kept_by_running_again_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(tmp_path, monkeypatch)
    place = place_of(session, "Dropout")
    assert window(session, place).absence == "unkept"
    shown = session.runs.trace(1).row(place.call).statistics
    before = state_of(session)
    assert keep(session, place).startswith("kept by running again: the same numbers in all ")
    after = state_of(session)
    for name, value in before.items():
        same = value.equal(after[name]) if isinstance(value, torch.Tensor) else value == after[name]
        assert same, name
    cells = window(session, place)
    assert cells.shape == [8, 300]
    assert shown is not None
    assert (min(cells.values), max(cells.values)) == (shown.minimum, shown.maximum)
    assert sum(value == 0 for value in cells.values) == shown.zeros
    assert window(session, m.CallTensor(run=1, call=place.call, side="input")).shape == [8, 300]


def test_the_marks_of_what_the_forward_changed_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(tmp_path, monkeypatch)
    changed = session.model.changed
    assert "norm.running_mean" in changed
    keep(session, place_of(session, "Dropout"))
    assert session.model.changed == changed


def test_an_operation_is_kept_as_it_was_though_it_is_written_to_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(tmp_path, monkeypatch)
    sine, doubled = place_of(session, "sin"), place_of(session, "mul_")
    keep(session, sine)
    keep(session, doubled)
    one, other = window(session, sine), window(session, doubled)
    assert max(map(abs, one.values)) <= 1
    assert [2 * value for value in one.values] == other.values


def test_backward_works_after_it_and_gives_the_same_gradients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = []
    for again in (False, True):
        session = opened(tmp_path, monkeypatch)
        if again:
            keep(session, place_of(session, "Linear"))
        assert backward_pass(session).problem is None
        gradients.append([parameter.grad for parameter in session.root.parameters()])
    assert all(one.equal(other) for one, other in zip(*gradients, strict=True))


def test_a_run_that_goes_another_way_the_second_time_says_from_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(tmp_path, monkeypatch, "Clock")
    added = place_of(session, "add")
    assert keep(session, added) == f"kept by running again: not the same from call {added.call} on"
    note = window(session, added).note
    assert note == f"of a second run, which is not the same from call {added.call} on"


def test_what_cannot_be_run_again_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(tmp_path, monkeypatch)
    place = place_of(session, "Dropout")
    run_statement(session, "with torch.no_grad(): net.first.weight.mul_(2)")
    with pytest.raises(EngineProblem, match="its parameters have changed since"):
        keep(session, place)
    run_statement(session, "net(X)")
    with pytest.raises(EngineProblem) as raised:
        keep(session, place_of(session, "Dropout"))
    assert "A statement made this run" in raised.value.problem.text
    with pytest.raises(EngineProblem) as raised:
        keep(session, place)
    assert raised.value.problem.kind == "gone"


def test_a_run_that_fails_the_second_time_keeps_nothing_and_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(tmp_path, monkeypatch)
    place = place_of(session, "Dropout")
    run_statement(session, "def fail(*args): raise KeyboardInterrupt\nhandle = net.last.register_forward_hook(fail)")
    before = state_of(session)
    with pytest.raises(EngineProblem) as raised:
        keep(session, place)
    assert raised.value.problem.kind == "interrupted"
    after = state_of(session)
    assert all(
        value.equal(after[name]) if isinstance(value, torch.Tensor) else value == after[name]
        for name, value in before.items()
    )
    assert window(session, place).absence == "unkept"


@pytest.mark.parametrize("kind", ["meta", "sparse_coo"])
def test_a_network_with_a_buffer_that_torch_does_not_compare_is_run_again(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "kinds_net.py"
    file.write_text(KINDS)
    session = Session(lambda event: None)
    session.open(f"{file}:{kind}", seed=0)
    assert forward_pass(session).problem is None
    newest = session.runs.last
    beside = comparing_runs.run_beside(session, m.RunBeside(run=newest, what="mode eval"), NOBODY)
    assert (beside.problem, beside.a) == (None, newest)


def test_a_sparse_buffer_that_the_forward_scales_is_as_before_after_another_run(tmp_path: Path) -> None:
    file = tmp_path / "kinds_net.py"
    file.write_text(KINDS)
    session = Session(lambda event: None)
    session.open(f"{file}:sparse_coo", seed=0)
    assert forward_pass(session).problem is None
    before = session.root.get_buffer("graph").to_dense()
    assert before.sum() == 8  # twice, of 4
    comparing_runs.run_beside(session, m.RunBeside(run=session.runs.last, what="mode eval"), NOBODY)
    assert torch.equal(session.root.get_buffer("graph").to_dense(), before)
