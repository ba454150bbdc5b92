"""A network on a device, or half on one: what is shown of it, and what is done to it and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from models import messages as m
from models.session.passes import backward_pass, forward_pass
from models.session.statement import run_statement
from models.session.undoing import undo_last
from tests.models.commands.headless import headless, strict
from tests.models.session.observed import NeverCancelled, ObservedSession, open_file

NETWORK = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(20, 300), nn.ReLU(), nn.BatchNorm1d(300), nn.Dropout(0.5))
        self.last = nn.Linear(300, 5)
        self.to({first!r})
        self.last.to({last!r})
    def forward(self, X):
        return self.last(self.first(X.to({first!r})).to({last!r}))
"""


@pytest.fixture(params=["cuda cuda", "cuda cpu", "cpu cuda"])
def observed(request: pytest.FixtureRequest, tmp_path: Path) -> ObservedSession:
    first, last = request.param.split()
    found = open_file(tmp_path, NETWORK.format(first=first, last=last))
    found.run("X = torch.rand(16, 20)")
    return found


def values(observed: ObservedSession) -> list[torch.Tensor]:
    return [tensor.detach().cpu().clone() for tensor in observed.session.root.state_dict().values()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(map(torch.equal, one, other))


def test_each_tensor_is_measured_drawn_and_judged(observed: ObservedSession) -> None:
    session = observed.session
    for path, tensor in session.root.state_dict().items():
        found = session.model.statistics(m.Statistics(path=path), NeverCancelled())
        exact = tensor.double().cpu()
        assert found.reason == ""
        assert (found.minimum, found.maximum) == (float(exact.min()), float(exact.max()))
        assert found.mean == pytest.approx(float(exact.mean()), abs=1e-6)
        cells = session.model.heat(m.HeatMap(path=path, height=4, width=4), NeverCancelled())
        assert max(map(abs, cells.values)) == float(exact.abs().max())


def test_forward_backward_and_what_is_taken_back(observed: ObservedSession) -> None:
    session = observed.session
    forward = forward_pass(session)
    assert forward.problem is None, forward.problem
    backward = backward_pass(session)
    assert backward.problem is None, backward.problem
    for parameter in session.root.parameters():
        assert parameter.grad is not None
    before = values(observed)
    for statement in (
        "with torch.no_grad(): net.last.weight.fill_(3)",
        "with torch.no_grad(): net.first[0].weight[7, 3] = 9",
        "net.eval(); net.first[0].weight.requires_grad_(False)",
        "_ = [p.data.mul_(2) for p in net.parameters()]",
        "net.last = torch.nn.Linear(300, 2)",
    ):
        assert run_statement(session, statement, single=False).problem is None
    for _ in range(5):
        undo_last(session)
    assert same(before, values(observed))
    assert all(parameter.requires_grad for parameter in session.root.parameters())


def test_the_random_numbers_of_the_device_are_not_used_by_looking(observed: ObservedSession) -> None:
    state = torch.cuda.get_rng_state()
    test_each_tensor_is_measured_drawn_and_judged(observed)
    assert torch.equal(state, torch.cuda.get_rng_state())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = NETWORK.format(first="cuda", last="cuda")
    (tmp_path / "net.py").write_text("import torch\nfrom torch import nn\n" + network)
    return tmp_path


def report(folder: Path, *arguments: str) -> dict[str, Any]:
    done = headless(*arguments, "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    return strict(done.stdout)


def test_commands(folder: Path) -> None:
    found = report(folder, "run", "net.py:Net", "--input", "16x20", "--backward")
    assert found["error"] is None
    assert {call["op"] for call in found["calls"] if call["statistics"]} >= {"Net", "Linear", "ReLU", "BatchNorm1d"}
    assert all(each["norm"] > 0 for each in found["gradients"] if each["path"] != "first.0.bias")
    assert all(row["mean"] is not None for row in report(folder, "stats", "net.py:Net")["tensors"])
    assert {row["device"] for row in report(folder, "show", "net.py:Net")["tensors"]} == {"cuda:0"}


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_autocast_of_the_device(folder: Path, name: str) -> None:
    found = report(folder, "run", "net.py:Net", "--input", "16x20", "--autocast", name)
    assert found["output"]["dtype"] == name
