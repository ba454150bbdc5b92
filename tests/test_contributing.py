"""The table "Where things are" of CONTRIBUTING is true and leaves no folder out, and the tests lie as it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("models", "tui")
APART = {"snapshots"}
"""Folders of tests that have none to mirror: what they are about is spread."""


def rows() -> dict[str, str]:
    """What somebody wants to change, and the cell that says where to look."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where things are")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return dict(lines[2:])


def places(cell: str) -> Iterator[str]:
    """The files and folders of a cell, from the root; a bare `name.py` lies in the folder named before it."""
    folder = PurePosixPath()
    for name in re.findall(r"`([^`]+)`", cell):
        if "/" in name:
            path = PurePosixPath(name)
            folder = path.parent if path.suffix else path
            yield name
        elif name.endswith(".py"):
            yield str(folder / name)


def folders(package: str) -> list[str]:
    """The packages right below one of ours."""
    found = (ROOT / package).glob("*/__init__.py")
    return sorted(str(path.parent.relative_to(ROOT)) for path in found)


ROWS = rows()
NAMED = {place.rstrip("/") for cell in ROWS.values() for place in places(cell)}


@pytest.mark.parametrize("wish", ROWS)
def test_a_place_that_is_named_is_there(wish: str) -> None:
    found = list(places(ROWS[wish]))
    assert found
    assert [place for place in found if not (ROOT / place).exists()] == []
    assert [place for place in found if place.endswith("/") and not (ROOT / place).is_dir()] == []


@pytest.mark.parametrize("folder", [folder for package in PACKAGES for folder in folders(package)])
def test_no_folder_is_left_out(folder: str) -> None:
    assert any(PurePosixPath(name).is_relative_to(folder) for name in NAMED)


def test_the_table_is_read() -> None:
    assert len(ROWS) > 20
    assert {"models/examples", "models/examples/catalogue.py", "tui/actions.py"} <= NAMED


# -- the tests
def mirrored() -> list[Path]:
    """Those that lie in a mirror of one of our packages."""
    found = (path for package in PACKAGES for path in (ROOT / "tests" / package).rglob("test_*.py"))
    return sorted(path.relative_to(ROOT / "tests") for path in found)


MIRRORED = mirrored()


@pytest.mark.parametrize("folder", sorted({file.parent for file in MIRRORED if file.parent.name not in APART}), ids=str)
def test_a_folder_of_tests_mirrors_one_of_ours(folder: Path) -> None:
    assert (ROOT / folder).is_dir()


@pytest.mark.parametrize("file", MIRRORED, ids=str)
def test_a_file_of_tests_has_the_name_of_its_subject_or_says_what_it_is_about(file: Path) -> None:
    subject = ROOT / file.parent / file.name.removeprefix("test_")
    if not subject.exists() and not subject.with_suffix("").is_dir():
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), "the subject of these tests is not beside them: where is it?"


def subjects(file: Path) -> list[str]:
    """What the docstring says that these tests are of, beside or instead of the file of their name."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    paragraphs = (ast.get_docstring(tree) or "").split("\n\n")
    return [name for text in paragraphs if text.startswith("Of ") for name in re.findall(r"`([^`]+)`", text)]


@pytest.mark.parametrize("file", [file for file in MIRRORED if subjects(file)], ids=str)
def test_subjects_that_a_file_of_tests_names_are_there(file: Path) -> None:
    named = [ROOT / name if "/" in name else ROOT / file.parent / f"{name}.py" for name in subjects(file)]
    assert [path for path in named if not path.exists()] == []
