"""Engines elsewhere: another Python, any command line, a user's project with packages of our names."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from pseudo_terminal import ROOT, Terminal

READY = "● ready"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as most are: `models/` and `tui/` packages of its own, and a file beside them that imports both."""
    folder = tmp_path / "project"
    for name, code in {
        "models/__init__.py": "",
        "models/net.py": "from torch import nn\n\n"
        "class Theirs(nn.Linear):\n    def __init__(self): super().__init__(3, 5)\n",
        "tui/__init__.py": "WIDTH = 7\n",
        "train.py": "from models.net import Theirs\nfrom tui import WIDTH\n\n"
        "class Net(Theirs):\n    def forward(self, x):\n        return super().forward(x) * WIDTH\n",
        "queue.py": "raise RuntimeError('the interface must not import this')\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    return folder


@pytest.mark.slow
def test_a_project_with_packages_of_our_names(project: Path, own_state: Path) -> None:
    command = [sys.executable, "-c", "from tui.__main__ import main; raise SystemExit(main())", "train.py:Net"]
    starter = f"import sys; sys.path[0] = {str(ROOT)!r}; " + command[2]
    with Terminal(command=[command[0], "-c", starter, command[3]], folder=project, state=own_state) as t:
        t.wait_for(READY, "20 parameters", "[5, 3]")
        t.press("f")
        t.wait_for("Calls", "train.py")


@pytest.mark.slow
def test_the_engine_in_another_python(own_state: Path) -> None:
    """The same Python by its path: what counts is that the engine is run by it, not imported by us."""
    with Terminal("shared", "--python", sys.executable, state=own_state) as t:
        t.wait_for(READY, "121 parameters")


@pytest.mark.slow
def test_a_python_that_is_none(own_state: Path) -> None:
    with Terminal("shared", "--python", "/nowhere/python", state=own_state) as t:
        t.wait_for("/nowhere/python", "no program")


def test_the_engine_by_a_command_line(own_state: Path) -> None:
    engine = shlex.join([sys.executable, "-m", "models.engine"])
    with Terminal("shared", "--engine", engine, state=own_state) as t:
        t.wait_for(READY, "121 parameters")
        t.press("q")
        assert t.wait_end() == 0


def test_a_command_line_that_is_no_engine(own_state: Path) -> None:
    with Terminal("shared", "--engine", "echo hello", state=own_state) as t:
        t.wait_for("engine", "echo hello")


@pytest.mark.slow
def test_a_failing_import_shows_the_user_own_lines(tmp_path: Path, own_state: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import torch\n\ndef build():\n    return torch.rand(2) @ torch.rand(3)\n")
    with Terminal(f"{file}:build", state=own_state) as t:
        t.wait_for("RuntimeError", "broken.py", "torch.rand(2) @ torch.rand(3)")
        assert "site-packages" not in t.text
