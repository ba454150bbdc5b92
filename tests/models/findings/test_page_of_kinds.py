"""The page `docs/findings.md` has every kind of finding, and no other.  Of `models/findings/kinds` and `stored`."""

import ast
import re
from pathlib import Path

import pytest

from models.findings.registry import KINDS

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "models" / "findings"
OF_FILES = {"files", "source", "nan", "inf", "all_zero", "constant"}
SIGNS = {"error": "✗", "warning": "!", "note": "·"}


def rows():
    """The cells of each row of the page's tables."""
    lines = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]


def said(file):
    """The kinds that the docstring of a file begins with."""
    first = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition(":")[0]
    return set(re.findall(r"`(\w+)`", first))


def test_every_kind_has_a_row_and_every_row_a_kind():
    kinds = set().union(*[said(PACKAGE / "kinds" / f"{name}.py") for name in KINDS])
    shown = set().union(*[re.findall(r"`(\w+)`", row[0]) for row in rows()])
    assert shown == kinds | OF_FILES


@pytest.mark.parametrize("name", KINDS)
def test_severities_in_a_file_are_those_of_its_rows(name):
    file = PACKAGE / "kinds" / f"{name}.py"
    found = set(re.findall(r'"(error|warning|note)"', file.read_text(encoding="utf-8")))
    signs = {sign for row in rows() if said(file) & set(re.findall(r"`(\w+)`", row[0])) for sign in row[1].split(", ")}
    assert {SIGNS[each] for each in found} <= signs
