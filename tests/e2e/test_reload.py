"""Editing the user's files and pressing `R`: the model is built anew, and one is where one was."""

from __future__ import annotations

from pathlib import Path

import pytest
from pseudo_terminal import Terminal, wait_dead

READY = "● ready"

NET = """
from torch import nn
from sizes import WIDTH

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, WIDTH)
        self.second = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU())
        self.last = nn.Linear(WIDTH, 1)

    def forward(self, x):
        return self.last(self.second(self.first(x)))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "sizes.py").write_text("WIDTH = 3\n")
    return tmp_path


def go_and_fold(t: Terminal) -> None:
    """`second` folded, `last.weight` selected, the Info tab open."""
    t.press("/")
    t.wait_for("part of a path")
    t.press("second")
    t.wait_for("▏second ")
    t.press("enter")
    t.wait_for("Enter fold")
    t.press("h")
    t.wait_for("▸ second")
    t.press("G")
    t.wait_for("[1] float32")
    t.press("k")
    t.wait_for("[1, 3] float32")
    t.press("3")
    t.wait_for("State-dict key  last.weight")


def test_the_edited_file_and_its_helper_are_read_again_and_one_is_where_one_was(project: Path, own_state: Path) -> None:
    with Terminal("net.py:Net", folder=project, state=own_state) as t:
        t.wait_for(READY, "Net", "25 parameters")
        go_and_fold(t)
        (project / "sizes.py").write_text("WIDTH = 50\n")
        t.press("R")
        t.wait_for("is open again", READY, "2,751 parameters", "[1, 50]")
        assert "▸ second" in t.text
        t.wait_for("State-dict key  last.weight")  # the Info tab still
        (project / "net.py").write_text(NET.replace("self.last(", "self.last(-").replace("1)\n", "2)\n", 1))
        t.press("R")
        t.wait_for("2,802 parameters", "[2, 50]", READY)


@pytest.mark.slow
def test_a_failing_edit_is_shown_and_when_it_is_mended_one_is_where_one_was(project: Path, own_state: Path) -> None:
    with Terminal("net.py:Net", folder=project, state=own_state) as t:
        t.wait_for(READY, "Net", "25 parameters")
        go_and_fold(t)
        (project / "sizes.py").write_text("WIDTH = = 50\n")
        t.press("R")
        t.wait_for("SyntaxError", "WIDTH = = 50", "sizes.py")
        assert "importlib" not in t.text
        assert "importing.py" not in t.text
        (project / "sizes.py").write_text("WIDTH = 50\n")
        t.press("R")
        t.wait_for("is open again", READY, "2,751 parameters", "[1, 50]")
        assert "▸ second" in t.text
        t.wait_for("State-dict key  last.weight")


@pytest.mark.slow
def test_a_selection_that_is_gone_leaves_what_held_it(project: Path, own_state: Path) -> None:
    with Terminal("net.py:Net", folder=project, state=own_state) as t:
        t.wait_for(READY, "Net", "25 parameters")
        go_and_fold(t)
        (project / "net.py").write_text(NET.replace("nn.Linear(WIDTH, 1)", "nn.Identity()"))
        t.press("R")
        t.wait_for("is open again", READY, "21 parameters", "Identity")
        t.press("j")
        t.wait_for(READY, "21 parameters")


@pytest.mark.slow
def test_R_keeps_the_process_that_has_torch_loaded_and_ctrl_r_starts_another(project: Path, own_state: Path) -> None:
    with Terminal("net.py:Net", folder=project, state=own_state) as t:
        t.wait_for(READY, "Net", "25 parameters")
        (first,) = t.engines()
        t.press(">")
        t.wait_for("Enter run")
        t.press("kept = 5; mine = net", "enter", "kept + 1000", "enter")
        t.wait_for("1005")
        t.press("escape")
        (project / "sizes.py").write_text("WIDTH = 50\n")
        t.wait_for("sizes.py changed: R opens anew")
        t.press("R")
        t.wait_for("2,751 parameters", "that are kept: kept", "that are gone: mine", READY)
        assert t.engines() == [first]
        t.press(">")
        t.wait_for("Enter run")
        t.press("kept + 2000", "enter")
        t.wait_for("2005")
        t.press("escape")
        t.wait_for("Enter fold")
        t.press("\x12")
        t.wait_for("the names that were made in the console are gone", READY)
        assert wait_dead([first]) == []


@pytest.mark.slow
def test_a_save_is_opened_by_itself_where_that_is_chosen(project: Path, own_state: Path) -> None:
    with Terminal("net.py:Net", folder=project, state=own_state) as t:
        t.wait_for(READY, "Net", "25 parameters")
        t.press("O")
        t.wait_for("opens anew at each save")
        (project / "sizes.py").write_text("WIDTH = = 50\n")
        t.wait_for("SyntaxError", "25 parameters")
        (project / "sizes.py").write_text("WIDTH = 50\n")
        t.wait_for("is open again", "2,751 parameters", READY)
