"""The table "Where things are" of CONTRIBUTING is true and leaves no folder out, and the tests lie as it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

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


def test_a_place_that_is_named_is_there() -> None:
    found = {wish: list(places(cell)) for wish, cell in ROWS.items()}
    assert [wish for wish, named in found.items() if not named] == []
    every = [place for named in found.values() for place in named]
    assert [place for place in every if not (ROOT / place).exists()] == []
    assert [place for place in every if place.endswith("/") and not (ROOT / place).is_dir()] == []


def test_no_folder_is_left_out() -> None:
    ours = [folder for package in PACKAGES for folder in folders(package)]
    assert [each for each in ours if not any(PurePosixPath(name).is_relative_to(each) for name in NAMED)] == []


def test_the_table_is_read() -> None:
    assert len(ROWS) > 20
    assert {"models/examples", "models/examples/catalogue.py", "tui/actions.py"} <= NAMED


# -- the tests
def mirrored() -> list[Path]:
    """Those that lie in a mirror of one of our packages."""
    found = (path for package in PACKAGES for path in (ROOT / "tests" / package).rglob("test_*.py"))
    return sorted(path.relative_to(ROOT / "tests") for path in found)


MIRRORED = mirrored()


def docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))) or ""


def test_a_folder_of_tests_mirrors_one_of_ours() -> None:
    mirrors = {file.parent for file in MIRRORED if file.parent.name not in APART}
    assert [folder for folder in sorted(mirrors) if not (ROOT / folder).is_dir()] == []


def test_a_file_of_tests_has_the_name_of_its_subject_or_says_what_it_is_about() -> None:
    for file in MIRRORED:
        subject = ROOT / file.parent / file.name.removeprefix("test_")
        if not subject.exists() and not subject.with_suffix("").is_dir():
            assert docstring(file), f"the subject of {file} is not beside it: where is it?"


def subjects(file: Path) -> list[str]:
    """What the docstring says that these tests are of, beside or instead of the file of their name."""
    paragraphs = docstring(file).split("\n\n")
    return [name for text in paragraphs if text.startswith("Of ") for name in re.findall(r"`([^`]+)`", text)]


def test_subjects_that_a_file_of_tests_names_are_there() -> None:
    for file in MIRRORED:
        named = [ROOT / name if "/" in name else ROOT / file.parent / f"{name}.py" for name in subjects(file)]
        assert [path for path in named if not path.exists()] == [], file
