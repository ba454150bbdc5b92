"""Whose `models` is whose, however the engine's process is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BOOT = ROOT / "models" / "engine" / "boot.py"

LOOK = """
import importlib, json, sys
theirs = {}
for name in ("models", "models.net", "tui", "modulescope_engine.engine.registry"):
    try:
        module = importlib.import_module(name)
        theirs[name] = getattr(module, "MARK", None) or module.__file__ or list(module.__path__)[0]
    except ImportError as error:
        theirs[name] = str(error)
theirs["first"] = sys.path[0]
theirs["torch"] = "torch" in sys.modules
"""


def look(cwd: Path, *how: str, **environment: str) -> dict:
    """What code run by the engine's process imports, when it is started as `how` in `cwd`."""
    # A `headless` command of our own: the package's real one is not needed to see what a user's import finds.
    hook = cwd.parent / "hook"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(
        "import sys, types\n"
        f"look = {LOOK!r}\n"
        "class Commands(types.ModuleType):\n"
        "    @staticmethod\n"
        "    def main(argv):\n"
        "        names = {}\n"
        "        exec(look, names)\n"
        "        import json; print(json.dumps(names['theirs'])); return len(argv)\n"
        "sys.modules['modulescope_engine.commands'] = Commands('commands')\n"
    )
    paths = [str(hook), *filter(None, [environment.pop("PYTHONPATH", "")])]
    done = subprocess.run(
        [sys.executable, *how, "headless", "a", "b"],
        cwd=cwd,
        env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project with a package `models` of its own."""
    models = tmp_path / "project" / "models"
    models.mkdir(parents=True)
    (models / "__init__.py").write_text("MARK = 'their package'")
    (models / "net.py").write_text("MARK = 'their net'")
    return models.parent


BY_PATH = str(ROOT / "models" / "engine" / "__main__.py")


def test_their_package_is_theirs_and_ours_is_ours(project):
    found = look(project, BY_PATH)
    assert found["models"] == "their package"
    assert found["models.net"] == "their net"
    assert found["modulescope_engine.engine.registry"] == str(ROOT / "models/engine/registry.py")
    assert found["first"] == str(project)
    assert not found["torch"]


@pytest.mark.parametrize("installed", ["", str(ROOT)])
def test_a_folder_without_init_wins_over_ours_installed(project, installed):
    (project / "models" / "__init__.py").unlink()
    found = look(project, BY_PATH, PYTHONPATH=installed)
    assert found["models"] == str(project / "models")
    assert found["models.net"] == "their net"
    assert found["tui"] == "No module named 'tui'"


def test_without_a_package_of_theirs_ours_is_not_in_the_way(tmp_path):
    (tmp_path / "empty").mkdir()
    found = look(tmp_path / "empty", BY_PATH, PYTHONPATH=str(ROOT))
    assert found["models"] == "No module named 'models'"


def test_by_module_name_from_elsewhere(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    found = look(tmp_path / "elsewhere", "-m", "models.engine", PYTHONPATH=str(ROOT))
    assert found["models"] == "No module named 'models'"
    assert found["first"] == str(tmp_path / "elsewhere")
    assert found["modulescope_engine.engine.registry"] == str(ROOT / "models/engine/registry.py")


def test_their_path_may_come_later(project, tmp_path):
    (tmp_path / "empty").mkdir()
    found = look(tmp_path / "empty", BY_PATH, PYTHONPATH=f"{ROOT}{os.pathsep}{project}")
    assert found["models"] == "their package"


def test_at_home_our_package_is_the_user_own():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import runpy, sys; sys.argv[1:] = ['--wrong']; runpy.run_path({BY_PATH!r}, run_name='__main__')",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "modulescope engine: unknown arguments --wrong\n")


def test_a_name_of_the_standard_library_in_their_folder_does_not_reach_ours(project):
    (project / "queue.py").write_text("raise RuntimeError('their queue')")
    (project / "msgspec.py").write_text("raise RuntimeError('their msgspec')")
    assert look(project, BY_PATH)["models"] == "their package"
