"""`check`: lines, JSON and exit status, of networks and of checkpoints."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.commands.headless import headless

NETS = """
import os
import torch
from torch import nn

class Sound(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))

class Noted(Sound):
    def __init__(self):
        super().__init__()
        self.scale = torch.ones(2)

class Hidden(Sound):
    def __init__(self):
        super().__init__()
        self.raw = [nn.Parameter(torch.ones(2))]

class Log(Sound):
    def forward(self, x):
        return torch.log(super().forward(x) - 1000)

class InPlace(Sound):
    def forward(self, x):
        h = self[1](self[0](x))
        h += 1
        return self[2](h)

class Exits(Sound):
    def forward(self, x):
        os._exit(3)
"""
LINES = NETS.splitlines()
LOG_LINE = LINES.index("        return torch.log(super().forward(x) - 1000)") + 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nets.py").write_text(NETS)
    return tmp_path


def report(folder: Path, *arguments: str, status: int) -> dict[str, Any]:
    done = headless("check", *arguments, "--json", folder=folder)
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["schema"] == 1
    return found


def test_a_sound_network_has_status_0(folder: Path) -> None:
    done = headless("check", "nets.py:Sound", "--backward", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "nothing remarkable in 4 modules, 4 tensors, the last run of 4 calls"


def test_a_nan_is_an_error_with_its_line(folder: Path) -> None:
    found = report(folder, "nets.py:Log", "--input", "2x4", status=1)
    assert found["worst"] == "error"
    (nan,) = found["findings"]
    assert (nan["kind"], nan["severity"], nan["path"], nan["where"]) == ("nan", "error", "", f"nets.py:{LOG_LINE}")
    text = headless("check", "nets.py:Log", "--input", "2x4", folder=folder).stdout
    assert text.splitlines()[0].startswith("error")
    assert f"nets.py:{LOG_LINE}" in text


@pytest.mark.parametrize(
    ("network", "worst", "statuses"),
    [("Noted", "note", (0, 0, 1)), ("Hidden", "warning", (0, 1, 1)), ("Sound", None, (0, 0, 0))],
)
def test_what_gives_status_1_is_said_by_fail_on(
    folder: Path, network: str, worst: str | None, statuses: tuple[int, int, int]
) -> None:
    for severity, status in zip(("error", "warning", "note"), statuses, strict=True):
        assert report(folder, f"nets.py:{network}", "--fail-on", severity, status=status)["worst"] == worst


def test_a_backward_that_fails_and_a_process_that_ends_are_findings(folder: Path) -> None:
    assert report(folder, "nets.py:InPlace", status=0)["findings"] == []
    (failure,) = report(folder, "nets.py:InPlace", "--backward", status=1)["findings"]
    assert failure["severity"] == "error"
    assert "h = h + 1" in failure["text"]
    assert failure["where"] == f"nets.py:{LINES.index('        h += 1') + 1}"
    (failure,) = report(folder, "nets.py:Exits", status=1)["findings"]
    assert failure["kind"] == "failure"
    assert "exit status 3" in failure["text"]


def test_wrong_use_is_status_2_in_one_line(folder: Path) -> None:
    for arguments in (("nets.py:Nothing",), ("nets.py:Sound", "--fail-on", "everything"), ()):
        done = headless("check", *arguments, folder=folder)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1


def test_findings_of_a_run_are_in_its_json(folder: Path) -> None:
    done = headless("run", "nets.py:Log", "--input", "2x4", "--json", folder=folder)
    found = json.loads(done.stdout)
    assert [each["kind"] for each in found["findings"]] == ["nan"]
    assert found["calls"][found["findings"][0]["call"]]["op"] == "log"


def test_values_of_a_checkpoint_are_looked_at(folder: Path) -> None:
    torch.save(
        {
            "h.0.weight": torch.randn(3, 3), "h.0.bias": torch.zeros(3), "h.1.bias": torch.zeros(3),
            "norm.weight": torch.full((4,), 0.5), "bad": torch.tensor([1.0, float("nan"), float("nan")]),
            "far": torch.tensor([1.0, float("inf")]), "one": torch.zeros(1),
        },
        folder / "model.pt",
    )  # fmt: skip
    found = report(folder, "model.pt", status=1)
    assert found["kind"] == "checkpoint"
    seen = {each["path"]: (each["kind"], each["severity"], each["text"]) for each in found["findings"]}
    assert seen == {
        "bad": ("nan", "error", "2 of 3 elements are NaN"),
        "far": ("inf", "error", "1 of 2 elements is infinite"),
        "h.0.bias": ("all_zero", "note", "all zeros in 2 tensors like h.#.bias"),
        "norm.weight": ("constant", "note", "all 0.5"),
    }


def shard(path: Path, names: list[str]) -> None:
    entries = {
        name: {"dtype": "F32", "shape": [2], "data_offsets": [8 * index, 8 * index + 8]}
        for index, name in enumerate(names)
    }
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<ff", 1.0, 2.0) * len(names))


def test_a_shard_that_is_missing_and_one_that_contradicts_are_warnings(folder: Path) -> None:
    (folder / "lacks").mkdir()
    (folder / "twice").mkdir()
    shard(folder / "lacks" / "model-00001-of-00002.safetensors", ["a"])
    shard(folder / "twice" / "model-00001-of-00002.safetensors", ["a"])
    shard(folder / "twice" / "model-00002-of-00002.safetensors", ["a", "b"])
    (lacks,) = report(folder, "./lacks", status=1)["findings"]
    assert (lacks["severity"], "model-00002-of-00002.safetensors" in lacks["text"]) == ("warning", True)
    (twice,) = report(folder, "./twice", status=1)["findings"]
    assert "1 tensor is in two shards: a" in twice["text"]
    assert report(folder, "./twice", "--fail-on", "error", status=0)["worst"] == "warning"
