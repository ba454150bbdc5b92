"""Two runs on one input: the first call whose result differs, against what torch gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.diff.difference import Tolerance
from models.messages import RunMode
from models.session.compared_runs import ComparedRuns, compare_runs, first_difference
from models.session.paired_calls import aligned_calls
from models.session.session import Session

NETWORKS = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, edited=False):
        super().__init__()
        self.inner = nn.Linear(6, 6)
        self.edited = edited

    def forward(self, x):
        x = self.inner(x)
        return x.sigmoid() if self.edited else x.tanh()


class Net(nn.Module):
    def __init__(self, edited=False):
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.drop = nn.Dropout(0.5)
        self.block = Block(edited)
        self.last = nn.Linear(6, 2)

    def forward(self, x):
        return self.last(self.block(self.drop(self.first(x))))


def net():
    return Net()


def edited():
    return Net(True)


class Spoils(Net):
    def forward(self, x):
        x.mul_(2)
        return super().forward(x)


class Fails(Net):
    def forward(self, x):
        return super().forward(x) @ torch.zeros(3, 3)
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "compared_networks.py").write_text(NETWORKS)
    return str(tmp_path / "compared_networks.py")


def opened(source: str) -> Session:
    session = Session()
    session.open(source, inputs=["5x4"], seed=0)
    return session


def statuses(found: ComparedRuns) -> list[tuple[str, str | None]]:
    return [(pair.call.module, None if pair.difference is None else pair.difference.status) for pair in found.pairs]


def test_the_same_network_twice_with_its_dropout(file: str) -> None:
    found = compare_runs(opened(f"{file}:net"), opened(f"{file}:net"))
    assert found.first is None
    assert found.problems == (None, None)
    assert {status for _, status in statuses(found)} == {"equal"}
    assert [pair.call.op for pair in found.pairs] == ["Net", "Linear", "Dropout", "Block", "Linear", "tanh", "Linear"]


def test_another_weight_is_found_at_the_call_that_reads_it(file: str) -> None:
    a, b = opened(f"{file}:net"), opened(f"{file}:net")
    with torch.no_grad():
        b.root.get_parameter("block.inner.weight").mul_(1.5)
    found = compare_runs(a, b)
    assert found.first is not None
    assert (found.first.call.module, found.first.call.op) == ("block.inner", "Linear")
    assert found.given_alike is True
    assert [each.path for each in found.read] == ["block.inner.weight"]
    assert found.read[0].comparison is not None
    assert found.read[0].comparison.relative_l2 == pytest.approx(0.5)
    torch.manual_seed(0)
    kept = {}
    for name, session in (("a", a), ("b", b)):
        session.root.get_submodule("block.inner").register_forward_hook(
            lambda module, args, output, name=name: kept.__setitem__(name, output.detach().double())
        )
        torch.manual_seed(0)
        session.root(a.inputs.arguments[0][0])
    expected = kept["a"] - kept["b"]
    difference = found.first.difference
    assert difference is not None
    assert difference.comparison is not None
    assert difference.comparison.max_abs == float(expected.abs().max())
    assert difference.comparison.relative_l2 == pytest.approx(float(expected.norm() / kept["a"].norm()))
    assert dict(statuses(found))["first"] == "equal"
    assert dict(statuses(found))["last"] == "changed"


def test_another_operation_is_found_where_only_one_makes_it(file: str) -> None:
    found = compare_runs(opened(f"{file}:net"), opened(f"{file}:edited"))
    assert found.first is not None
    assert (found.first.call.op, found.first.b) == ("tanh", None)
    ops = [(pair.a and pair.a.op, pair.b and pair.b.op) for pair in found.pairs]
    assert ops[-3:] == [("tanh", None), (None, "sigmoid"), ("Linear", "Linear")]


def test_train_against_eval_differs_at_the_dropout(file: str) -> None:
    session = opened(f"{file}:net")
    found = compare_runs(session, opened(f"{file}:net"), RunMode(training="eval"))
    assert found.first is not None
    assert found.first.call.module == "drop"
    assert found.given_alike is True
    assert found.read == []
    assert session.root.training, "as it was"


def test_another_dtype_differs_by_more_than_the_tolerance_alone(file: str) -> None:
    mode = RunMode(autocast="bfloat16")
    found = compare_runs(opened(f"{file}:net"), opened(f"{file}:net"), mode)
    assert found.first is not None
    assert found.first.call.module == "first"
    assert found.first.difference is not None
    assert found.first.difference.status == "dtype"
    loose = compare_runs(opened(f"{file}:net"), opened(f"{file}:net"), mode, Tolerance(0.1, 0.1))
    assert loose.first is None


def test_an_input_that_a_forward_writes_to_is_each_ones_own(file: str) -> None:
    a = opened(f"{file}:Spoils")
    before = a.inputs.arguments[0][0].clone()
    found = compare_runs(a, opened(f"{file}:Spoils"))
    assert found.first is None
    assert torch.equal(a.inputs.arguments[0][0], before)


def test_a_forward_that_fails_is_compared_up_to_there(file: str) -> None:
    found = compare_runs(opened(f"{file}:net"), opened(f"{file}:Fails"))
    assert found.problems[0] is None
    assert found.problems[1] is not None
    assert "matmul" in found.problems[1].title or "mat1" in found.problems[1].title
    assert [status for path, status in statuses(found) if path == "last"] == ["equal"]


def test_calls_that_both_make_are_side_by_side(file: str) -> None:
    found = compare_runs(opened(f"{file}:net"), opened("sequential"))
    assert first_difference(found.pairs) is found.first
    mine = [pair.a for pair in found.pairs if pair.a is not None]
    theirs = [pair.b for pair in found.pairs if pair.b is not None]
    assert [call.index for call in mine] == sorted(call.index for call in mine)
    assert [call.index for call in theirs] == sorted(call.index for call in theirs)
    assert aligned_calls([], theirs) == [(None, call) for call in theirs]
