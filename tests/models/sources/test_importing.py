"""The user's files find their own neighbours and packages, as in their own project."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.opened.source import SourceError
from models.sources.importing import import_file, import_named


@pytest.fixture(autouse=True)
def same_python() -> Iterator[None]:
    path, modules = list(sys.path), dict(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_file_finds_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, {"main_file.py": "import sized_helper\nsize = sized_helper.SIZE", "sized_helper.py": "SIZE = 3"})
    module = import_file(tmp_path / "main_file.py")
    assert (module.size, module.__name__) == (3, "main_file")
    assert sys.path[0] == str(tmp_path)
    assert sys.modules["main_file"] is module
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main_file.py", "sized_helper.py"]  # no __pycache__


def test_its_classes_can_be_pickled(tmp_path: Path) -> None:
    write(tmp_path, {"classes_here.py": "class Thing: pass"})
    module = import_file(tmp_path / "classes_here.py")
    assert type(pickle.loads(pickle.dumps(module.Thing()))) is module.Thing


def test_a_name_that_is_taken_or_no_name_at_all(tmp_path: Path) -> None:
    write(tmp_path, {"json.py": "mine = True", "my-net.py": "mine = True"})
    import json

    assert import_file(tmp_path / "json.py").mine
    assert sys.modules["json"] is json
    assert import_file(tmp_path / "my-net.py").mine


def test_a_file_in_a_package_has_relative_imports(tmp_path: Path) -> None:
    files = {
        "their_pkg/__init__.py": "",
        "their_pkg/parts/__init__.py": "from .. import base",
        "their_pkg/parts/net.py": "from ..base import SIZE\nfrom .other import NAME\nimport other",
        "their_pkg/parts/other.py": "NAME = 'other'",
        "their_pkg/base.py": "SIZE = 5",
    }
    write(tmp_path, files)
    module = import_file(tmp_path / "their_pkg/parts/net.py")
    assert (module.__name__, module.SIZE, module.NAME) == ("their_pkg.parts.net", 5, "other")
    package = import_file(tmp_path / "their_pkg/parts/__init__.py")
    assert package.__name__ == "their_pkg.parts"


def test_the_next_source_sees_its_own_neighbours_and_edits(tmp_path: Path) -> None:
    for name, size in (("one", 1), ("two", 2)):
        write(tmp_path / name, {"net_file.py": "from shared_name import SIZE", "shared_name.py": f"SIZE = {size}"})
        found = import_file(tmp_path / name / "net_file.py")
        assert (found.__name__, found.SIZE) == ("net_file", size)
    assert str(tmp_path / "one") not in sys.path
    write(tmp_path / "two", {"shared_name.py": "SIZE = 23"})
    assert import_file(tmp_path / "two" / "net_file.py").SIZE == 23


def test_a_file_beside_the_source_shares_its_modules(tmp_path: Path) -> None:
    write(tmp_path, {"net_file.py": "import shared_name", "inputs_file.py": "import net_file, shared_name"})
    write(
        tmp_path, {"shared_name.py": "", "pkg_of_theirs/__init__.py": "", "pkg_of_theirs/more.py": "from . import own"}
    )
    write(tmp_path, {"pkg_of_theirs/own.py": ""})
    net = import_file(tmp_path / "net_file.py")
    assert import_file(tmp_path / "net_file.py", beside=True) is net
    inputs = import_file(tmp_path / "inputs_file.py", beside=True)
    assert inputs.net_file is net
    assert inputs.shared_name is net.shared_name
    own = import_file(tmp_path / "pkg_of_theirs/own.py", beside=True)
    assert import_file(tmp_path / "pkg_of_theirs/more.py", beside=True).own is own
    assert import_file(tmp_path / "net_file.py") is not net


def test_a_package_of_a_name_that_is_loaded_is_not_mixed_up(tmp_path: Path) -> None:
    import torch  # noqa: F401

    write(tmp_path, {"torch/__init__.py": "", "torch/net.py": ""})
    with pytest.raises(SourceError, match="another one of this name is loaded"):
        import_file(tmp_path / "torch" / "net.py")


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("def f(:\n", "bad_file.py: SyntaxError: "),
        ("import not_there_at_all", "bad_file.py: ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("1 / 0", "bad_file.py: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('no arguments')", "bad_file.py ended the program (SystemExit: no arguments)"),
    ],
)
def test_what_fails_while_importing_is_reported_and_leaves_nothing(tmp_path: Path, code: str, title: str) -> None:
    write(tmp_path, {"bad_file.py": code})
    with pytest.raises(SourceError) as caught:
        import_file(tmp_path / "bad_file.py")
    assert caught.value.title.startswith(title)
    assert "bad_file" not in sys.modules
    assert "importing.py" not in caught.value.text


def test_the_command_line_is_theirs_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"plain.py": "import sys\nargv = list(sys.argv)", "pkg_a/__init__.py": "", "pkg_a/b.py": "import plain"},
    )
    write(tmp_path, {"pkg_a/plain.py": "import sys\nargv = list(sys.argv)"})
    before = sys.argv
    assert import_file(tmp_path / "plain.py").argv == [str(tmp_path / "plain.py")]
    assert import_file(tmp_path / "pkg_a/b.py").plain.argv == [str(tmp_path / "pkg_a/b.py")]
    assert sys.argv is before


def test_argparse_that_wants_arguments_is_reported_with_its_own_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--data', required=True)\n"
    write(tmp_path, {"wants.py": code + "options = parser.parse_args()"})
    with pytest.raises(SourceError) as caught:
        import_file(tmp_path / "wants.py")
    assert caught.value.title == (
        "wants.py ended the program (SystemExit: 2): the following arguments are required: --data"
    )
    assert "Imported here, it is given no arguments." in caught.value.text


def test_relative_imports_without_a_package_file(tmp_path: Path) -> None:
    write(tmp_path, {"spaced/parts/net.py": "from ..base import SIZE\nfrom .other import NAME"})
    write(tmp_path, {"spaced/parts/other.py": "NAME = 'other'", "spaced/base.py": "SIZE = 6"})
    module = import_file(tmp_path / "spaced/parts/net.py")
    assert (module.__name__, module.SIZE, module.NAME) == ("spaced.parts.net", 6, "other")
    write(tmp_path, {"spaced/base.py": "SIZE = 77"})
    assert import_file(tmp_path / "spaced/parts/net.py").SIZE == 77


def test_a_folder_called_src_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"src/source_pkg/__init__.py": "", "src/source_pkg/net.py": "from . import __name__ as name"})
    monkeypatch.chdir(tmp_path)
    assert import_named("source_pkg.net").name == "source_pkg"
    assert import_file(tmp_path / "src/source_pkg/net.py").name == "source_pkg"


def test_a_package_that_is_missing_is_reported_with_the_remedy(tmp_path: Path) -> None:
    write(tmp_path, {"needs.py": "import torch_vision_of_ours.transforms"})
    with pytest.raises(SourceError) as caught:
        import_file(tmp_path / "needs.py")
    assert caught.value.title == "needs.py: ModuleNotFoundError: No module named 'torch_vision_of_ours'"
    assert f"{sys.executable} has no torch_vision_of_ours: install it there" in caught.value.text
    assert "--python PATH" in caught.value.text


def test_what_fails_leaves_the_open_source_its_modules(tmp_path: Path) -> None:
    write(tmp_path / "one", {"net_file.py": "import shared_name", "shared_name.py": "def f():\n    import late_name"})
    write(tmp_path / "one", {"late_name.py": ""})
    write(tmp_path / "two", {"bad_file.py": "import shared_name\nraise ValueError", "shared_name.py": ""})
    net, path = import_file(tmp_path / "one" / "net_file.py"), list(sys.path)
    with pytest.raises(SourceError):
        import_file(tmp_path / "two" / "bad_file.py")
    assert sys.modules["shared_name"] is net.shared_name
    assert sys.path == path
    net.shared_name.f()
    assert import_file(tmp_path / "one" / "net_file.py") is not net


@pytest.mark.parametrize(
    "what", ["class Skipped(BaseException): pass\nraise Skipped('not today')", "raise GeneratorExit"]
)
def test_what_is_no_ordinary_exception_is_reported_too(tmp_path: Path, what: str) -> None:
    write(tmp_path, {"skips.py": what})
    with pytest.raises(SourceError, match=r"skips.py: "):
        import_file(tmp_path / "skips.py")


def test_a_chain_of_errors_shows_none_of_our_lines(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"outer_of_two.py": "try:\n    import inner_of_two\nexcept ValueError as e:\n    raise KeyError('x') from e"},
    )
    write(tmp_path, {"inner_of_two.py": "def f():\n    raise ValueError('inside')\nf()"})
    with pytest.raises(SourceError) as caught:
        import_file(tmp_path / "outer_of_two.py")
    lines = [line for line in caught.value.text.splitlines() if line.startswith("  File ")]
    assert [Path(line.split('"')[1]).name for line in lines] == [
        "outer_of_two.py", "inner_of_two.py", "inner_of_two.py", "outer_of_two.py",
    ]  # fmt: skip
    assert caught.value.where == "outer_of_two.py:4"


def test_a_dataclass_and_the_main_block(tmp_path: Path) -> None:
    code = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    x: int = 3\n"
    )
    write(tmp_path, {"with_main.py": code + "if __name__ == '__main__':\n    raise RuntimeError('not to be run')"})
    assert import_file(tmp_path / "with_main.py").C().x == 3
    write(tmp_path, {"__main__.py": "if __name__ == '__main__':\n    raise RuntimeError('not to be run')\nx = 4"})
    assert import_file(tmp_path / "__main__.py").x == 4


def test_an_interrupt_passes(tmp_path: Path) -> None:
    write(tmp_path, {"stopped.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        import_file(tmp_path / "stopped.py")


def test_dotted_names_are_looked_for_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"spaced_pkg/net.py": "size = 4"})
    monkeypatch.chdir(tmp_path)
    assert import_named("spaced_pkg.net").size == 4
    write(tmp_path, {"spaced_pkg/net.py": "size = 45"})
    assert import_named("spaced_pkg.net").size == 45


def test_a_module_missing_within_is_not_taken_for_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"outer_module.py": "import inner_missing"})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="outer_module: ModuleNotFoundError: No module named 'inner_missing'"):
        import_named("outer_module")


PRIVATE = """
import importlib.util, pathlib, sys
home = pathlib.Path({home!r})
spec = importlib.util.spec_from_file_location("_private", home / "__init__.py", submodule_search_locations=[str(home)])
package = importlib.util.module_from_spec(spec)
sys.modules["_private"] = package
spec.loader.exec_module(package)
sys.path[:] = [entry for entry in sys.path if entry not in ("", str(home.parent))]
from _private.sources.importing import import_file
print(import_file(pathlib.Path({file!r})).whose)
"""


@pytest.mark.parametrize("file", ["net.py", "models/net.py", "models/tui.py"])
def test_packages_called_as_ours_are_theirs(tmp_path: Path, file: str) -> None:
    write(tmp_path, {"models/__init__.py": "", "models/parts.py": "whose = 'theirs'", "tui/__init__.py": ""})
    write(tmp_path, {"net.py": "from models.parts import whose", file: "from models.parts import whose"})
    home = Path(__file__).parents[3] / "models"
    program = PRIVATE.format(home=str(home), file=str(tmp_path / file))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=home.parent)
    assert (done.stdout, done.stderr) == ("theirs\n", "")


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        (
            "import torch.nn as nn\nclass N(nn.Module):\n    def __init__(self): self.a = nn.Linear(2, 2)\nN()",
            "before Module.__init__() call: `super().__init__()` comes first in its __init__",
        ),
        (
            "raise AssertionError('Torch not compiled with CUDA enabled')",
            ": `'cuda' if torch.cuda.is_available() else 'cpu'` fits",
        ),
        ("raise AssertionError('something else')", "AssertionError: something else"),
    ],
)
def test_what_mends_a_network_that_cannot_be_built_stands_behind_the_error(
    tmp_path: Path, code: str, ends: str
) -> None:
    write(tmp_path, {"net.py": code})
    with pytest.raises(SourceError) as caught:
        import_file(tmp_path / "net.py")
    assert caught.value.title.endswith(ends)
