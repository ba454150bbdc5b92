"""`run A --with B` in a process of its own: text, JSON, exit status."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.models.commands.headless import headless, strict

NETWORK = """
from torch import nn


def net():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 8)

    def forward(self, x):
        return self.a(x).relu()


class Edited(Plain):
    def forward(self, x):
        return self.a(x).tanh()
"""


ROUNDED = """
from torch import nn


class Net(nn.Module):
    scale, shift = 1.0, 0.0

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 8)
        self.b = nn.Linear(8, 2)
        self.b.bias.data += self.shift

    def forward(self, x):
        return self.b(self.a(x) * self.scale)


class Rounded(Net):
    scale = 1 + 2**-23


class Biased(Rounded):
    shift = 1.0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nets.py").write_text(NETWORK)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    torch.save(net.state_dict(), tmp_path / "one.pt")
    with torch.no_grad():
        net[2].bias += 1
    torch.save(net.state_dict(), tmp_path / "two.pt")
    return tmp_path


def test_two_checkpoints_of_a_network(folder: Path) -> None:
    done = headless(*("run", "nets.py:net", "--weights", "one.pt", "--with", "two.pt", "--input", "3x4"), folder=folder)
    assert done.returncode == 1, done.stderr
    assert "the first call whose result differs is #3 of 4 calls:" in done.stdout
    assert "it was given the same" in done.stdout
    assert "it reads 2.bias, which is changed" in done.stdout
    assert "B nets.py:net with two.pt" in done.stdout


def test_the_same_as_json_and_what_is_equal(folder: Path) -> None:
    done = headless(
        *("run", "nets.py:net", "--weights", "one.pt", "--with", "two.pt", "--input", "3x4", "--json"), folder=folder
    )
    report = strict(done.stdout)
    assert (report["same"], report["first"], report["given_alike"]) == (False, 3, True)
    assert [call["status"] for call in report["calls"]] == ["changed", "equal", "equal", "changed"]
    assert report["calls"][3]["max_abs"] == pytest.approx(1.0, abs=1e-6)
    assert [each["path"] for each in report["read"]] == ["2.bias"]
    same = headless("run", "nets.py:net", "--with", "nets.py:net", "--input", "3x4", folder=folder)
    assert same.returncode == 0, same.stderr
    assert "4 calls: every result that could be compared is equal\n" in same.stdout


def test_what_cannot_be_compared_is_one_line(folder: Path) -> None:
    for arguments in (("--with", "nowhere.py:net"), ("--with", "one.pt", "--backward")):
        done = headless("run", "nets.py:net", *arguments, "--input", "3x4", folder=folder)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert done.stdout == ""


def test_networks_of_two_classes_begin_to_differ_where_one_calls_something_else(folder: Path) -> None:
    done = headless(*("run", "nets.py:Plain", "--with", "nets.py:Edited", "--input", "3x4"), folder=folder)
    assert done.returncode == 1, done.stderr
    assert "the first call whose result differs is #2 of 4 calls:" in done.stdout
    assert "relu  (root)  only in A" in done.stdout
    assert "tanh  (root)  only in B" in done.stdout


def test_what_is_close_is_not_said_to_be_the_same(folder: Path) -> None:
    """The first result of B is 1 + 2^-23 times that of A, and the second layer has another bias besides."""
    (folder / "rounded.py").write_text(ROUNDED)
    done = headless("run", "rounded.py:Net", "--with", "rounded.py:Rounded", "--input", "3x4", folder=folder)
    assert done.returncode == 0, done.stderr
    assert (
        "every result that could be compared is equal (1) or close (3), the furthest apart #2 mul, relative 1."
        in done.stdout
    )
    assert re.search(r"relative 1\.\d+e-07, max \d", done.stdout)
    arguments = ("rounded.py:Net", "--with", "rounded.py:Biased", "--input", "3x4")
    done = headless("run", *arguments, folder=folder)
    assert "it was given the same" not in done.stdout
    assert re.search(r"what it was given is close: relative 1\.\d+e-07, max \d", done.stdout)
    report = strict(headless("run", *arguments, "--json", folder=folder).stdout)
    assert report["given_alike"] is True
    assert report["given"].startswith("what it was given is close: relative 1.")
