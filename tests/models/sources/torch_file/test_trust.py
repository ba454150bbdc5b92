"""Files with classes of their own, with `--trust`: torch loads them, and finds the user's classes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from models.messages.errors import EngineProblem
from models.opened.source import OpenOptions, SourceError
from models.session.session import Session
from models.sources.files import open_path
from models.sources.importing import forget
from models.sources.opening import open_source
from models.sources.torch_file.trust import remedy_for_main

TRUST = OpenOptions(trust=True)

NET = """
import torch
class Settings:
    def __init__(self): self.depth = 3
    def __repr__(self): return "Settings(depth=3)"
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)
    def forward(self, x): return self.layer(x)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module of the user's, which is where they are."""
    (tmp_path / "my_trusted_nets.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("my_trusted_nets", None)
    forget()


def saved(project: Path, make: str, **options: object) -> Path:
    """A file of what an expression in the module makes, whose module is then forgotten."""
    import my_trusted_nets  # type: ignore[import-not-found]

    value = eval(make, vars(my_trusted_nets))
    torch.save(value, project / "net.pt", **options)
    sys.modules.pop("my_trusted_nets")
    sys.path.remove(str(project))
    return project / "net.pt"


@pytest.mark.parametrize("new", [True, False])
def test_a_whole_network(project: Path, new: bool) -> None:
    path = saved(project, "Net()", _use_new_zipfile_serialization=new)
    read = open_path(str(path), OpenOptions())
    assert read.checkpoint is not None
    assert "my_trusted_nets" not in sys.modules
    assert read.how_to_run.startswith("--trust opens it as a network that runs")
    session = Session()
    assert session.open(str(path)).unloaded
    with pytest.raises(EngineProblem) as caught:
        session.root  # noqa: B018
    assert caught.value.problem.text == read.how_to_run
    source = open_path(str(path), TRUST)
    assert source.kind == "module"
    assert [name for name, _ in source.module.named_parameters()] == ["layer.weight", "layer.bias"]
    assert "trusted" in source.warnings[0]


def test_tensors_beside_an_object(project: Path) -> None:
    make = '{"model": Net().state_dict(), "settings": Settings(), "epoch": 3, "turned": torch.ones(2, 3).t()}'
    path = saved(project, make)
    source = open_path(str(path), TRUST)
    assert source.kind == "checkpoint"
    found = {each.path: each for each in source.checkpoint.tensors}
    assert list(found) == ["model.layer.weight", "model.layer.bias", "turned"]
    loaded = torch.load(path, weights_only=False)
    values = torch.frombuffer(bytearray(found["model.layer.weight"].flat(1, 5)), dtype=torch.float32)
    assert torch.equal(values, loaded["model"]["layer.weight"].flatten()[1:5])
    assert [(each.path, each.text) for each in source.checkpoint.items] == [
        ("settings", "Settings(depth=3)"), ("epoch", "3"),
    ]  # fmt: skip


def test_networks_in_a_dictionary(project: Path) -> None:
    source = open_path(str(saved(project, '{"model": Net(), "epoch": 3}')), TRUST)
    assert source.kind == "module"
    assert [name for name, _ in source.module.named_parameters()] == ["model.layer.weight", "model.layer.bias"]


def test_a_module_that_is_not_here(project: Path) -> None:
    path = saved(project, "Net()")
    (project / "my_trusted_nets.py").unlink()
    with pytest.raises(SourceError, match=r"net\.pt needs the Python module 'my_trusted_nets', which is not here"):
        open_path(str(path), TRUST)


def test_a_class_that_is_not_there(project: Path) -> None:
    path = saved(project, "Net()")
    (project / "my_trusted_nets.py").write_text("")
    with pytest.raises(SourceError, match=r"needs 'Net' of the module 'my_trusted_nets', which does not have it"):
        open_path(str(path), TRUST)


def test_what_needs_no_trust_is_read_in_place(project: Path) -> None:
    source = open_path(str(saved(project, "Net().state_dict()")), TRUST)
    assert source.checkpoint is not None
    assert source.checkpoint.kind == "torch state dict"


def test_what_their_code_raises(project: Path) -> None:
    path = saved(project, "Settings()")
    (project / "my_trusted_nets.py").write_text("raise RuntimeError('not today')")
    with pytest.raises(SourceError, match="not today"):
        open_path(str(path), TRUST)


def test_a_class_of_the_script_that_saved_it_has_a_remedy_that_works(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "train_it.py").write_text(f"{NET}\nif __name__ == '__main__': torch.save(Net(), 'whole.pt')")
    (tmp_path / "an_other.py").write_text("class Nett: pass\n# class Net\n")
    subprocess.run([sys.executable, "train_it.py"], cwd=tmp_path, check=True, timeout=60)
    monkeypatch.chdir(tmp_path)
    assert "of the script that saved it" in open_path("whole.pt", OpenOptions()).note
    with pytest.raises(SourceError, match="needs 'Net' of the script that saved it") as caught:
        open_path("whole.pt", TRUST)
    assert caught.value.text.startswith("train_it.py defines a Net: write look.py, beside train_it.py, with the line `")
    (tmp_path / "look.py").write_text(caught.value.text.split("`")[1])
    monkeypatch.setattr("__main__.Net", None, raising=False)  # taken back afterwards
    source = open_source("look.py:net")
    assert [name for name, _ in source.module.named_parameters()] == ["layer.weight", "layer.bias"]
    forget()


def test_the_script_is_not_there(tmp_path: Path) -> None:
    assert "from SCRIPT import Net; __main__.Net = Net;" in remedy_for_main(tmp_path / "a.pt", "Net.Inner", (tmp_path,))
