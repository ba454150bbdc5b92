from __future__ import annotations

from pathlib import Path

import pytest

from models.session.session import Session

NET = """\
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)

def outer():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Linear(8, 4)
            self.body = nn.Sequential(
                Block(),
                nn.Sequential(
                    nn.ReLU(),
                    nn.Linear(4, 4),
                ),
            )
            self.named = nn.ModuleDict({
                "a": nn.Linear(1, 1),
            })
            self.many = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])
            self.typed: nn.Module = nn.Linear(1, 1)
            self.add_module("added", nn.Linear(1, 1))
            self.plain = [nn.Linear(1, 1),
                          nn.Linear(1, 1)]
            setattr(self, "set", nn.Linear(1, 1))
            if True:
                self.twice = nn.Linear(1, 1)
            self.twice = nn.Linear(2, 2)
    return Net()
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    session = Session()
    session.open("net.py:outer")
    return session


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("stem", "self.stem = nn.Linear(8, 4)"),
        ("stem.weight", "self.stem = nn.Linear(8, 4)"),
        ("body", "self.body = nn.Sequential("),
        ("body.0", "Block(),"),
        ("body.0.lin", "self.lin = nn.Linear(4, 4)"),
        ("body.1", "nn.Sequential("),
        ("body.1.1.bias", "nn.Linear(4, 4),"),
        ("named.a", '"a": nn.Linear(1, 1),'),
        ("many.2", "self.many = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])"),
        ("typed", "self.typed: nn.Module = nn.Linear(1, 1)"),
        ("twice", "self.twice = nn.Linear(2, 2)"),
        ("added", 'self.add_module("added", nn.Linear(1, 1))'),
    ],
)
def test_a_module_has_the_users_line_that_makes_it(session: Session, tmp_path: Path, path: str, text: str) -> None:
    found = session.model.source_code(path)
    assert found.made_file == str(tmp_path / "net.py")
    assert NET.splitlines()[found.made_line - 1].strip() == text
    forms = {form.label: form.text for form in session.model.forms(path)}
    assert forms["Your line that makes it"] == f"{found.made_file}:{found.made_line}"


def test_that_line_comes_before_the_one_of_torchs_class(session: Session) -> None:
    labels = [form.label for form in session.model.forms("stem")]
    assert labels.index("Your line that makes it") < labels.index("File and line of the class")


def test_where_the_text_does_not_say_there_is_none(session: Session) -> None:
    assert session.model.source_code("set").made_file is None
    assert session.model.source_code("").made_file is None


def test_a_container_typed_by_nobody_has_none_and_a_documented_network_has_its_own() -> None:
    session = Session()
    session.open("mlp")
    found = session.model.source_code("hidden")
    assert found.made_file is not None
    assert Path(found.made_file).name == "custom_block.py"
    assert "self.hidden" in Path(found.made_file).read_text().splitlines()[found.made_line - 1]
    session.open("sequential")
    assert session.model.source_code("0").made_file is None
