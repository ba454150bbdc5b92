"""No file and no function is longer than a reader can hold in mind."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE, LONGEST_FUNCTION = 400, 50
"""Lines."""
LONGER = {
    "models/sources/torch_file/unpickler/machine.py:run": "a step is inline: calls would take most of the time",
    "models/run/trace/record.py:__init__": "a list of attributes, each with what it means",
}
"""Functions that are longer, each with the reason."""
LONGER_FILES = {"models/messages/__init__.py": "an index of names, one a line"}


def files(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def long_functions(file: Path) -> set[str]:
    """The functions of a file that are too long, as in `LONGER`."""
    name = file.relative_to(ROOT).as_posix()
    return {
        f"{name}:{node.name}"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    }


@pytest.mark.parametrize("package", ["models", "tui", "tests"])
def test_no_file_is_too_long(package: str) -> None:
    lines = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8").count("\n") for file in files(package)}
    long = {name: count for name, count in lines.items() if count > LONGEST_FILE and name not in LONGER_FILES}
    assert long == {}, "divide by idea"


def test_no_function_is_too_long_but_those_with_a_reason() -> None:
    found = {name for file in files("models", "tui") for name in long_functions(file)}
    assert found == LONGER.keys()
