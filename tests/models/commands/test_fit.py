"""`fit` in a process of its own: lists, rules, exit codes.  Of `fit`, `fit_report` and `fit_text`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.cases import slow_but
from tests.models.commands.headless import headless, strict

NETWORK = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.fc = nn.Linear(size, size)

class Net(nn.Module):
    def __init__(self, name="layers", size=8):
        super().__init__()
        self.embed = nn.Embedding(10, size)
        setattr(self, name, nn.ModuleList(Block(size) for _ in range(4)))
        self.head = nn.Linear(size, 10, bias=False)
        self.head.weight = self.embed.weight
        self.mask = nn.Buffer(torch.ones(3), persistent=False)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NETWORK)
    return tmp_path


def state(**arguments: object) -> dict[str, torch.Tensor]:
    scope: dict[str, object] = {}
    exec(NETWORK, scope)
    return scope["Net"](**arguments).state_dict()  # type: ignore[operator, no-any-return]


def test_a_file_that_fits(folder):
    torch.save(state(), folder / "w.pt")
    done = headless("fit", "net.py:Net", "w.pt", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "18 of 18 names of the network are in the file.",
        "matched 18 | wrong shape 0 | missing 0 | unexpected 0",
    ]


def test_two_tensors_of_a_file_for_one_of_the_network_are_reported(folder):
    tensors = state()
    tensors["head.weight"] = tensors["embed.weight"] + 1
    torch.save(tensors, folder / "w.pt")
    report = strict(headless("fit", "net.py:Net", "w.pt", "--json", folder=folder).stdout)
    note = "embed.weight and head.weight are one tensor in the network and two in the file: where their values differ, "
    assert report["notes"] == [f"{note}those of one are lost."]
    assert report["notes"][0] in headless("fit", "net.py:Net", "w.pt", folder=folder).stdout.splitlines()
    del tensors["head.weight"]
    torch.save(tensors, folder / "w.pt")
    assert strict(headless("fit", "net.py:Net", "w.pt", "--json", folder=folder).stdout)["notes"] == []


def test_a_wrapper_and_an_epoch(folder):
    torch.save(
        {"state_dict": {f"module.{name}": tensor for name, tensor in state().items()}, "epoch": 3}, folder / "w.pt"
    )
    done = headless("fit", "net.py:Net", "w.pt", "--json", folder=folder)
    report = strict(done.stdout)
    assert (done.returncode, report["fits"], report["agreeing"]) == (0, True, 0)
    assert [(rule["from"], rule["to"], rule["kind"], rule["keys"], rule["certain"]) for rule in report["rules"]] == [
        ("state_dict.module.", "", "prefix", 18, True)
    ]
    assert report["mapping"]["state_dict.module.layers.3.fc.weight"] == "layers.3.fc.weight"
    assert report["matched"]["count"] == 18
    assert "layers.[0-3].fc.weight" in report["matched"]["templates"]


def test_an_optimizer_and_what_is_recomputed_are_no_misfit(folder):
    network = torch.nn.Linear(8, 8)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 8)).sum().backward()
    optimizer.step()
    held = {"state_dict": {**state(), "rope.inv_freq": torch.ones(3)}, "optimizer_states": [optimizer.state_dict()]}
    torch.save(held, folder / "w.pt")
    done = headless("fit", "net.py:Net", "w.pt", "--json", folder=folder)
    report = strict(done.stdout)
    assert (done.returncode, report["fits"]) == (0, True)
    reasons = {each["reason"] for each in report["unexpected"]["entries"]}
    assert reasons == {"state of training, not of a network", "recomputed by the network: may be left out"}


def test_every_list_and_its_reasons(folder):
    tensors = {name: tensor for name, tensor in state().items() if name != "head.weight"}
    tensors["layers.0.fc.weight"] = torch.zeros(8, 7)
    tensors["layers.1.fc.weight"] = tensors["layers.1.fc.weight"].half()
    del tensors["layers.2.fc.bias"]
    tensors["rope.inv_freq"] = torch.zeros(4)
    tensors["\x1b[31mred"] = torch.zeros(5)
    torch.save(tensors, folder / "w.pt")
    done = headless("fit", "net.py:Net", "w.pt", "--json", folder=folder)
    report = strict(done.stdout)
    lists = {
        name: {each["template"]: each["reason"] for each in report[name]["entries"]}
        for name in ("missing", "unexpected", "shape", "dtype")
    }
    assert done.returncode == 1
    assert lists == {
        "missing": {"head.weight": "tied to embed.weight, which is loaded", "layers.2.fc.bias": None},
        "unexpected": {"rope.inv_freq": "recomputed by the network: may be left out", "\x1b[31mred": None},
        "shape": {"layers.0.fc.weight": "[8, 7] in the file, [8, 8] in the network"},
        "dtype": {"layers.1.fc.weight": "float16 in the file, float32 in the network"},
    }
    text = headless("fit", "net.py:Net", "w.pt", folder=folder)
    assert text.returncode == 1
    assert "\x1b" not in text.stdout
    assert "missing: the network has it, the file does not (2)" in text.stdout.splitlines()


def test_what_is_only_likely_is_applied_when_it_is_asked_for(folder):
    tensors = {f"module.{name}": tensor for name, tensor in state().items()}
    tensors["module.output.weight"] = tensors.pop("module.head.weight").clone()
    tensors["module.tok_embeddings.weight"] = tensors.pop("module.embed.weight")
    torch.save(tensors, folder / "w.pt")
    done = headless("fit", "net.py:Net", "w.pt", "--json", folder=folder)
    report = strict(done.stdout)
    assert {each["certainty"] for each in report["rules"]} == {"certain", "likely"}
    assert report["certainty"]["module.output.weight"] == "likely"
    assert (done.returncode, report["fits"], report["matched"]["count"]) == (1, False, 18)
    assert headless("fit", "net.py:Net", "w.pt", "--apply", "likely", folder=folder).returncode == 0
    own = ["--apply", "module.output.=head.", "--apply", "*.tok_embeddings.*=*.embed.*", "--apply", "nothing.="]
    done = headless("fit", "net.py:Net", "w.pt", "--json", *own, folder=folder)
    assert done.returncode == 0
    assert strict(done.stdout)["mapping"]["module.tok_embeddings.weight"] == "embed.weight"
    assert "'nothing.=' fits no tensor" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["net.py:Net"], "required: CHECKPOINT"),
        (["net.py:Net", "nowhere.pt"], "nowhere.pt"),
        (["net.py:Net", "empty.pt"], "no weights"),
        (["net.py:Net", "empty.pt", "--apply", "all"], "OLD=NEW"),
        (["net.py:Net", "w.pt", "--apply", "head.=layers."], "one name"),
    ],
)
def test_wrong_use_is_one_line(folder, arguments, shown):
    torch.save({"epoch": 3}, folder / "empty.pt")
    torch.save({"layers.w": torch.ones(1), "head.w": torch.ones(1)}, folder / "w.pt")
    done = headless("fit", *arguments, folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert shown in done.stderr


def test_the_python_alone(folder):
    torch.save({f"module.{name}": tensor for name, tensor in state().items()}, folder / "w.pt")
    done = headless("fit", "net.py:Net", "w.pt", "--code", folder=folder)
    assert done.returncode == 0
    assert 'torch.load("w.pt", map_location="cpu", weights_only=True)' in done.stdout
    assert done.stdout.splitlines()[-1] == "model.load_state_dict(state)  # strict: 18 of 18"


@pytest.mark.parametrize("command", slow_but(1, [["show"], ["run", "--input", "2x3"], ["check", "--input", "2x3"]]))
def test_weights_are_loaded_before_a_command(folder, command):
    (folder / "tiny.py").write_text("from torch import nn\ndef build(): return nn.Sequential(nn.Linear(3, 2))\n")
    torch.save({"module.0.weight": torch.ones(2, 3), "module.0.bias": torch.ones(2)}, folder / "w.pt")
    name, *rest = command
    done = headless(name, "tiny.py:build", *rest, "--weights", "w.pt", "--strict", folder=folder)
    assert (done.returncode, done.stderr) == (0, "modulescope: 2 of 2 tensors loaded from w.pt with 1 rule\n")
    torch.save({"module.0.weight": torch.ones(2, 3)}, folder / "w.pt")
    done = headless(name, "tiny.py:build", *rest, "--weights", "w.pt", "--strict", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "1 of 2 tensors loaded from w.pt with 1 rule; 1 missing" in done.stderr
    done = headless(name, "tiny.py:build", *rest, "--weights", "w.pt", "--json", folder=folder)
    assert (done.returncode, json.loads(done.stdout)["weights"]) == (0, {
        "checkpoint": "w.pt", "loaded": 1, "tensors": 2, "fits": False, "rules": 1,
        "missing": {
            "count": 1, "templates": ["0.bias"], "entries": [{"template": "0.bias", "count": 1, "reason": None}],
        },
        **{name: {"count": 0, "templates": [], "entries": []} for name in ("unexpected", "shape", "dtype")},
    })  # fmt: skip
    done = headless(name, "tiny.py:build", *rest, "--json", folder=folder)
    assert json.loads(done.stdout)["weights"] is None
    assert headless(name, "tiny.py:build", *rest, "--strict", folder=folder).returncode == 2
