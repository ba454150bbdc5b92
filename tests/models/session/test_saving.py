"""Of `saving`: what is open as a new file, read again by torch and by safetensors."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.messages import SaveOptions
from models.messages.errors import EngineProblem
from models.session.saving import plan_save, save_tensors
from models.session.session import Session
from models.session.statement import run_statement


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    opened = Session()
    opened.open("rgnet", seed=1)
    return opened


def reopened(path: str) -> dict[str, torch.Tensor]:
    session = Session()
    session.open(path)
    names: dict[str, torch.Tensor] = {}
    for facts in session.model.named_tensors():
        names[facts.key] = session.namespace["state"][facts.key]
    return names


def equal(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> bool:
    return found.keys() == wanted.keys() and all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("name", ["out.pt", "out.safetensors"])
def test_values_that_were_changed_are_saved_as_they_are_now(session, name):
    run_statement(session, "net[0][1][0].bias.data[:] = 42")
    saved = save_tensors(session, SaveOptions(out=name))
    state = session.root.state_dict()
    assert state["0.block 1.0.bias"].tolist() == [42.0] * 8
    assert equal(reopened(name), state)
    assert saved.out == str(Path(name).absolute())
    form = "torch" if name == "out.pt" else "safetensors"
    assert saved.text.startswith(f"{name} is written: a {form} file, 18 tensors")


def test_torch_reads_what_is_saved(session):
    save_tensors(session, SaveOptions(out="out.pt"))
    assert equal(torch.load("out.pt", weights_only=True), session.root.state_dict())


def test_it_is_renamed_selected_and_converted(session):
    options = SaveOptions(out="out.pt", renames=["0.=model."], match="model.*", dtype="float16")
    planned = plan_save(session, options)
    assert not Path("out.pt").exists()
    save_tensors(session, options)
    found = torch.load("out.pt", weights_only=True)
    state = session.root.state_dict()
    wanted = {f"model.{name[2:]}": tensor.half() for name, tensor in state.items() if name.startswith("0.")}
    assert equal(found, wanted)
    assert (planned.tensors, planned.bytes) == (len(wanted), sum(each.nbytes for each in wanted.values()))


def test_without_a_name_one_is_found_that_nothing_has(session):
    assert plan_save(session, SaveOptions()).out == "rgnet.safetensors"
    Path("rgnet.safetensors").write_text("mine")
    assert plan_save(session, SaveOptions()).out == "rgnet-2.safetensors"
    save_tensors(session, SaveOptions())
    assert Path("rgnet.safetensors").read_text() == "mine"
    assert equal(reopened("rgnet-2.safetensors"), session.root.state_dict())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (SaveOptions(out="there.pt"), "is there already"),
        (SaveOptions(out="nowhere/out.pt"), "no folder"),
        (SaveOptions(out="folder/"), "name of a folder"),
        (SaveOptions(out="out.gguf"), r"no \.gguf file"),
        (SaveOptions(out="out.pt", renames=["model."]), "not of the form"),
        (SaveOptions(out="out.pt", renames=["0.block 1.=0.block 0."]), "would both be called"),
        (SaveOptions(out="out.pt", match="nothing*"), "no tensor has a name that matches"),
        (SaveOptions(out="out.pt", dtype="int3"), "no dtype"),
        (SaveOptions(out="a\0b.pt"), "zero byte"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_is_written(session, options, why):
    Path("there.pt").write_text("mine")
    for ask in (plan_save, save_tensors):
        with pytest.raises(EngineProblem, match=why) as raised:
            ask(session, options)
        assert "--" not in raised.value.problem.text
    assert [(path.name, path.read_text()) for path in Path().iterdir()] == [("there.pt", "mine")]


def test_a_checkpoint_is_saved_in_the_other_form(session):
    torch.save({"a.weight": torch.arange(6.0).view(2, 3)}, "w.pt")
    session.open("w.pt")
    said = []
    save_tensors(session, SaveOptions(out="w.safetensors"), on_progress=lambda text, share: said.append((text, share)))
    assert equal(reopened("w.safetensors"), torch.load("w.pt"))
    assert said[0] == ("saving: 0%  a.weight", 0.0)
    assert said[-1] == ("saving: 100%  a.weight", 1.0)


def test_what_is_interrupted_leaves_nothing_behind(session):
    def interrupt(text: str, share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_tensors(session, SaveOptions(out="out.pt"), on_progress=interrupt)
    assert list(Path().iterdir()) == []


def test_what_is_left_out_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session()
    Path("net.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a = nn.Linear(2, 2)\n"
        "        self.b = self.a\n"
        "        self.register_buffer('mask', torch.ones(2), persistent=False)\n"
    )
    session.open("net.py:Net")
    notes = plan_save(session, SaveOptions(renames=["zz.=y."])).notes
    assert notes[0] == "'zz.=y.' fits no tensor"
    assert any("b.weight is the same tensor as a.weight" in note for note in notes)
    assert any(note.startswith("left out: mask (") for note in notes)
