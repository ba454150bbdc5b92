"""Whose `models` is whose, however the engine's process is started.

The engine runs in a Python that has msgspec and nothing else: which checkout of ours is installed in the Python of the
tests, if any, says nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[3]

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

# A `headless` command of our own: the package's real one is not needed to see what a user's import finds.
HOOK = f"""
import os, sys, types
look = {LOOK!r}
class Commands(types.ModuleType):
    @staticmethod
    def main(argv):
        names = {{}}
        exec(look, names)
        import json; print(json.dumps(names['theirs'])); return len(argv)
class Editable:
    # As `pip install -e` leaves it: behind all other finders.
    @staticmethod
    def find_spec(fullname, path=None, target=None):
        from importlib.machinery import PathFinder
        return PathFinder.find_spec(fullname, [{str(ROOT)!r}]) if fullname in ("models", "tui") else None
if "EDITABLE" in os.environ:
    sys.meta_path.append(Editable)
if 'headless' in sys.argv:
    sys.modules['modulescope_engine.commands'] = Commands('commands')
"""

Look = Callable[..., dict]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with msgspec alone, whose `headless` command prints what it imports."""
    folder = tmp_path_factory.mktemp("python")
    venv.create(folder, symlinks=True, with_pip=False)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "msgspec").symlink_to(Path(msgspec.__file__).parent)
    (packages / "sitecustomize.py").write_text(HOOK)
    return folder / "bin" / "python"


@pytest.fixture
def look(python: Path) -> Look:
    """What code run by the engine's process imports, when it is started as `how` in `cwd`."""

    def look(cwd: Path, *how: str, path: str = "", **environment: str) -> dict:
        done = subprocess.run(
            [python, *how, "headless", "a", "b"],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        return json.loads(done.stdout)

    return look


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project with a package `models` of its own."""
    models = tmp_path / "project" / "models"
    models.mkdir(parents=True)
    (models / "__init__.py").write_text("MARK = 'their package'")
    (models / "net.py").write_text("MARK = 'their net'")
    return models.parent


BY_PATH = str(ROOT / "models" / "engine" / "__main__.py")


def test_their_package_is_theirs_and_ours_is_ours(look, project):
    found = look(project, BY_PATH)
    assert found["models"] == "their package"
    assert found["models.net"] == "their net"
    assert found["modulescope_engine.engine.registry"] == str(ROOT / "models/engine/registry.py")
    assert found["first"] == str(project)
    assert not found["torch"]


@pytest.mark.parametrize("installed", [{}, {"path": str(ROOT)}, {"EDITABLE": "1"}], ids=["not", "path", "editable"])
def test_a_folder_without_init_wins_over_ours_installed(look, project, installed):
    (project / "models" / "__init__.py").unlink()
    found = look(project, BY_PATH, **installed)
    assert found["models"] == str(project / "models")
    assert found["models.net"] == "their net"
    assert found["tui"] == "No module named 'tui'"


@pytest.mark.parametrize("installed", [{"path": str(ROOT)}, {"EDITABLE": "1"}], ids=["path", "editable"])
def test_without_a_package_of_theirs_ours_is_not_in_the_way(look, tmp_path, installed):
    (tmp_path / "empty").mkdir()
    found = look(tmp_path / "empty", BY_PATH, **installed)
    assert found["models"] == "No module named 'models'"


def test_by_module_name_from_elsewhere(look, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    found = look(tmp_path / "elsewhere", "-m", "models.engine", path=str(ROOT))
    assert found["models"] == "No module named 'models'"
    assert found["first"] == str(tmp_path / "elsewhere")
    assert found["modulescope_engine.engine.registry"] == str(ROOT / "models/engine/registry.py")


def test_their_path_may_come_later(look, project, tmp_path):
    (tmp_path / "empty").mkdir()
    found = look(tmp_path / "empty", BY_PATH, path=f"{ROOT}{os.pathsep}{project}")
    assert found["models"] == "their package"


def test_at_home_our_package_is_the_user_own(python):
    done = subprocess.run(
        [
            python,
            "-c",
            f"import runpy, sys; sys.argv[1:] = ['--wrong']; runpy.run_path({BY_PATH!r}, run_name='__main__')",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "modulescope engine: unknown arguments --wrong\n")


def test_a_name_of_the_standard_library_in_their_folder_does_not_reach_ours(look, project):
    (project / "queue.py").write_text("raise RuntimeError('their queue')")
    (project / "msgspec.py").write_text("raise RuntimeError('their msgspec')")
    assert look(project, BY_PATH)["models"] == "their package"
