"""Of `mending`: the lines that tie, untie and copy do so in the console, and are taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.messages import SharingGroup
from models.session.session import Session
from models.session.sharing.reading import read_sharing
from models.session.statement import run_statement
from models.session.undoing import undo_last

NETWORK = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(6, 4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.embed.weight
        layer = nn.Linear(4, 4)
        self.stack = nn.Sequential(layer, nn.ReLU(), layer)
        self.twin = nn.ParameterDict({"a": torch.randn(5), "b": torch.zeros(5)})
        with torch.no_grad():
            self.twin["b"].copy_(self.twin["a"])
        self.lone = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)
        self.two.weight = nn.Parameter(self.lone.weight.data)
        self.register_buffer("y", torch.zeros(8000)[:8])
        self.row = torch.ones(8000)[:8]
        still = nn.Parameter(torch.randn(3), requires_grad=False)
        self.first = self.second = still
        self.add_module("odd name", nn.Linear(2, 2))
        self.add_module("odder name", self._modules["odd name"])
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NETWORK)
    opened = Session()
    opened.open("net.py:Net", seed=1)
    return opened


def groups(session: Session) -> dict[str, SharingGroup]:
    """All groups by their first name."""
    found = [*read_sharing(session).groups, *read_sharing(session, values=True).groups]
    return {group.members[0].path: group for group in found}


@pytest.mark.parametrize(
    ("first", "mends", "code"),
    [
        ("embed.weight", "untie", "net.head.weight = nn.Parameter(net.head.weight.detach().clone())"),
        ("stack.0", "untie", "import copy\nnet.stack[2] = copy.deepcopy(net.stack[2])"),
        ("first", "untie", "net.second = nn.Parameter(net.second.detach().clone(), requires_grad=False)"),
        ("twin.a", "tie", None),
        ("lone.weight", "tie", "net.two.weight = net.lone.weight"),
        ("y", "copy", "net.y = net.y.clone()"),
        ("row", "copy", "net.row = net.row.clone()"),
    ],
)
def test_the_line_does_it_keeps_the_values_and_is_taken_back(session, first, mends, code):
    before = groups(session)
    group = before[first]
    assert group.mends == mends
    if code is not None:
        assert group.code == code
    values = {name: tensor.clone() for name, tensor in session.root.state_dict().items()}
    done = run_statement(session, group.code)
    assert done.problem is None
    after = groups(session)
    if mends == "tie":
        assert after[first].kind == "object"
        assert after[first].mends == "untie"
    else:
        assert first not in after or after[first].kind == "equal"
    state = session.root.state_dict()
    assert all(torch.equal(state[name], values[name]) for name in values)
    undo_last(session)
    assert groups(session)[first] == group


def test_flags_stay_when_a_frozen_parameter_is_untied(session):
    run_statement(session, groups(session)["first"].code)
    assert not session.root.second.requires_grad


def test_where_python_cannot_assign_nothing_is_offered(session):
    group = groups(session)["odd name"]
    assert (group.mends, group.code) == ("", "")


def test_parts_that_overlap_in_another_order_are_not_tied(session):
    run_statement(session, "net.two.weight = nn.Parameter(net.lone.weight.data.T)")
    assert groups(session)["lone.weight"].mends == ""
