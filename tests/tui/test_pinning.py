"""A user's folder with packages called `models` and `queue`: the interface takes ours, whatever they hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import __version__
from tui.pinning import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project as most are."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("OWN = 'theirs'\n")
    (tmp_path / "models" / "net.py").write_text("class Net: pass\n")
    (tmp_path / "queue.py").write_text("raise ImportError('their queue')\n")
    return tmp_path


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_program_starts_in_such_a_folder(folder: Path) -> None:
    done = python(folder, "-m", "tui", "--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"modulescope {__version__}"), done.stderr


def test_which_models_is_imported_where(folder: Path) -> None:
    theirs = python(folder, "-c", "import models; print(models.__file__)")
    assert Path(theirs.stdout.strip()).parent == folder / "models"
    ours = python(
        folder,
        "-c",
        "import tui.__main__, models, models.messages as m; print(models.__file__); print(m.__file__)",
    )
    package, messages = ours.stdout.splitlines()
    assert Path(package).parent == ROOT / "models"
    assert Path(messages).is_relative_to(ROOT / "models")


def test_theirs_imported_first_is_replaced_in_the_interface(folder: Path) -> None:
    done = python(
        folder, "-c", "import models; assert models.OWN; import tui.__main__, models; print(models.__version__)"
    )
    assert done.stdout.strip() == __version__, done.stderr


def test_the_current_folder_is_left(folder: Path) -> None:
    program = (
        "import sys, os, tui.pinning as p; p.leave_current_folder();"
        "print(os.getcwd() in sys.path or '' in sys.path); import queue; print(queue.__file__)"
    )
    done = python(folder, "-c", program)
    left, module = done.stdout.splitlines()
    assert left == "False"
    assert not Path(module).is_relative_to(folder)


def test_the_engine_gives_the_user_code_its_own_models(folder: Path) -> None:
    (folder / "train.py").write_text(
        "import models, torch\nfrom models.net import Net\n"
        "def build():\n    assert models.OWN == 'theirs'\n    return torch.nn.Linear(2, 1)\n"
    )
    (folder / "queue.py").unlink()  # the standard library's is hidden from whoever runs Python there
    done = python(folder, "-m", "tui", "show", "train.py:build")
    assert done.returncode == 0, done.stderr
    assert "Linear" in done.stdout


def test_for_explore_theirs_is_left_alone(folder: Path) -> None:
    done = python(
        folder, "-c", "import models, sys; from tui import explore; print(models.OWN, 'torch' in sys.modules)"
    )
    assert done.stdout.split() == ["theirs", "False"], done.stderr
