from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.sources import suggesting
from models.sources.suggesting import openable_here, suggestions


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "train.py").write_text("from torch import nn\nclass Net(nn.Module): ...\nclass Need(Net):\n"
                                       "    def __init__(self, width): ...\ndef main(): ...\n")  # fmt: skip
    (tmp_path / "tools.py").write_text("class Module: ...\n")
    (tmp_path / "model.pt").touch()
    (tmp_path / "Model.safetensors").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".secret.pt").touch()
    (tmp_path / "ckpt").mkdir()
    (tmp_path / "ckpt" / "model.safetensors.index.json").touch()
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "src" / "pkg" / "nets.py").write_text("import torch.nn as nn\nnet = nn.Linear(2, 2)\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sources(text: str) -> list[str]:
    return [item.source for item in suggestions(text)]


def test_what_lies_here_is_networks_in_python_files_then_weights_and_their_folders(project: Path) -> None:
    assert [item.source for item in openable_here()] == ["train.py:Net", "Model.safetensors", "ckpt/", "model.pt"]


def test_a_path_goes_on_with_what_can_be_opened_and_folders(project: Path) -> None:
    assert sources("t") == ["tools.py:", "train.py:"]
    assert sources("./mo") == ["./model.pt"]
    assert sources(f"{project}/ck") == [f"{project}/ckpt/"]
    assert sources("ckpt/") == ["ckpt/model.safetensors.index.json"]
    assert sources("MODEL") == ["Model.safetensors", "model.pt"]  # as it is written nothing begins so
    assert sources("no") == ["notes.txt"]  # nothing else begins so
    assert sources(".s") == [".secret.pt"]


def test_names_in_a_file_are_suggested_what_opens_first(project: Path) -> None:
    assert sources("train.py:") == ["train.py:Net", "train.py:Need", "train.py:main"]
    assert suggestions("train.py:Need")[0].detail == "class, needs width"
    assert sources("train.py:net") == []
    assert sources("pkg.nets:n") == ["pkg.nets:net"]
    assert sources("no.such:n") == []


def test_home_is_unfolded_but_not_in_what_is_suggested(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(project))
    assert sources("~") == ["~/"]
    assert sources("~/ck") == ["~/ckpt/"]
    assert sources("~/train.py:M") == []
    assert sources("~/train.py:N") == ["~/train.py:Net", "~/train.py:Need"]


def test_documented_networks_are_suggested_by_their_names(project: Path) -> None:
    assert sources("rg") == ["rgnet"]
    assert sources("s")[:2] == ["sequential", "shared"]


def test_names_that_no_line_can_hold_are_left_out(project: Path) -> None:
    for name in (b"model\xff.pt", b"model\n.pt", b"model\x1b.pt"):
        Path(os.fsdecode(os.fsencode(project) + b"/" + name)).touch()
    os.mkfifo(project / "model.ckpt")
    assert sources("mod") == ["model.pt"]


@pytest.mark.parametrize("text", ["/no/such/", "a\0b", "\udcff", "x" * 5000, "train.py:(", ":", "a:b:c", "train.py/x"])
def test_what_is_no_path_has_none(project: Path, text: str) -> None:
    assert sources(text) == []


def test_a_folder_of_a_million_files_is_looked_at_in_part(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggesting, "ENTRY_LIMIT", 3)
    assert len(list(suggesting._entries(""))) <= 3
    monkeypatch.setattr(suggesting, "SECONDS", -1.0)
    assert openable_here() == []
