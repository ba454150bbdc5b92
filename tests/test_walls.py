"""The wall between the two halves, as it is when the program runs and as it is written."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = {"models", "tui"}


def loaded_by(*modules: str) -> set[str]:
    """Names in `sys.modules` after the imports, in a process of its own."""
    program = f"import {', '.join(modules)}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(file: Path) -> list[tuple[int, str]]:
    """Level and name of everything that a file imports, wherever in it."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or ""))
    return found


def test_the_interface_is_there_without_what_only_the_engine_needs() -> None:
    loaded = loaded_by("tui.app", "tui.starting", "tui.screens.explorer", "tui.screens.catalogue")
    # Highlighting, the clipboard and tracebacks are looked for when they are used: the first frame does not wait.
    late = {"torch", "numpy", "jedi", "pyperclip", "rich.traceback", "rich.syntax", "pygments.lexers.python"}
    assert not loaded & late
    assert not {
        name
        for name in loaded
        if name.startswith("models.") and name.split(".")[1] not in ("engine", "messages", "safe_text")
    }


WALL = (
    "messages", "messages.errors", "safe_text", "engine.client", "engine.launch", "engine.spawning",
    "engine.state_folder", "engine.fault_file", "engine.help_text", "engine.command_table", "engine.run_modes",
)  # fmt: skip


def test_the_wall_needs_neither_torch_nor_textual() -> None:
    loaded = loaded_by(*(f"models.{module}" for module in WALL))
    assert not loaded & {"torch", "numpy", "jedi", "pygments", "textual", "rich"}


def test_the_catalogue_is_known_without_torch() -> None:
    assert "torch" not in loaded_by("models.examples.catalogue", "models.session.session")


def test_inside_models_our_own_is_imported_relatively_and_nothing_that_draws() -> None:
    for file in files("models"):
        # What the gguf package unpacks is NumPy's: an extra, imported when such values are looked at.
        allowed = {"numpy"} if file.parent.name == "gguf" else set()
        for level, name in imports(file):
            if level == 0:
                assert name.partition(".")[0] not in (OURS | {"textual", "rich", "numpy"}) - allowed, file


FACTORIES = {"arange", "as_tensor", "empty", "empty_strided", "eye", "full", "linspace", "ones", "rand", "randint"}
FACTORIES |= {"randn", "randperm", "scalar_tensor", "tensor", "zeros"}


def test_a_tensor_of_ours_says_where_it_is() -> None:
    # Users set a default device (`torch.set_default_device("cuda")`): what is made without one would lie there.
    for file in files("models"):
        if "examples" in file.parts:
            continue  # networks: theirs
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr=name)) if name in FACTORIES:
                    said = any(each.arg == "device" for each in node.keywords)
                    assert said, f"{file}:{node.lineno}: {ast.unparse(node)}"


def test_the_interface_imports_the_wall_only() -> None:
    allowed = ("models", "models.engine", *(f"models.{part}" for part in WALL))
    for file in files("tui"):
        for level, name in imports(file):
            top = name.partition(".")[0]
            assert level > 0 or top not in ("torch", "numpy", "jedi"), file
            if level == 0 and top == "models":
                assert name in allowed, file


def test_no_part_of_the_wall_reaches_behind_it() -> None:
    """`models.messages` is allowed to the interface, so it must not lead to torch either."""
    for file in files("models/messages"):
        for level, name in imports(file):
            assert level == 1 or name in ("__future__", "typing", "math", "msgspec", "re")


def test_the_first_frame_does_not_wait_for_the_messages() -> None:
    assert not {"msgspec", "models.messages"} & loaded_by("tui.__main__", "tui.starting", "tui.app")
