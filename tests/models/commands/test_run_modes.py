"""The options that say in which mode `run` and `check` run a network, in a process of their own.  Of `options`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.models.commands.headless import headless

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.drop = nn.Linear(4, 8), nn.Dropout(0.5)

    def forward(self, x):
        if self.training:
            return self.drop(self.fc(x))
        return torch.log(self.fc(x) * 0 - 1) if torch.is_grad_enabled() else self.fc(x)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def test_run_is_in_the_mode_and_reports_it(folder: Path) -> None:
    options = ("--eval", "--no-grad", "--autocast", "bfloat16", "--warm", "--json")
    done = headless("run", "net.py:Net", "--input", "3x4", *options, folder=folder)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    asked = {"training": "eval", "gradients": "no_grad", "autocast": "bfloat16", "input_dtype": None}
    assert report["mode"] == asked | {"warm_up": "once"}
    assert report["calls"][0]["mode"] == ["eval", "no_grad", "autocast cpu bfloat16"]
    assert report["output"] == {"shape": [3, 8], "dtype": "bfloat16"}
    assert [call["op"] for call in report["calls"]] == ["Net", "Linear"]
    assert report["costs"]["kept"] == 0
    assert "second run" in report["notes"][0]


def test_a_dry_run_keeps_nothing_without_gradients(folder: Path) -> None:
    done = headless("run", "net.py:Net", "--input", "3x4", "--dry", "--inference-mode", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "run in inference_mode" in done.stdout
    assert "0 bytes kept for backward" in done.stdout
    kept = headless("run", "net.py:Net", "--input", "3x4", "--dry", "--train", folder=folder)
    assert "0 bytes kept" not in kept.stdout


def test_check_looks_at_the_run_in_that_mode(folder: Path) -> None:
    assert headless("check", "net.py:Net", "--input", "3x4", "--train", folder=folder).returncode == 0
    assert headless("check", "net.py:Net", "--input", "3x4", "--eval", "--no-grad", folder=folder).returncode == 0
    done = headless("check", "net.py:Net", "--input", "3x4", "--eval", folder=folder)
    assert (done.returncode, "nan" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--no-grad", "--backward"], "--no-grad records no graph"),
        (["--train", "--eval"], "not allowed with argument"),
        (["--autocast", "int8"], "invalid choice"),
        (["--dry", "--warm"], "nothing to warm up for"),
    ],
)
def test_what_contradicts_itself_is_one_line_and_status_2(options: list[str], says: str, folder: Path) -> None:
    done = headless("run", "net.py:Net", *options, folder=folder)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
