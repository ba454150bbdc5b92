"""One word a meaning: a public class is called by a name that no other file gives to something else."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
SEVERAL = {
    "Header": "of a file, in each reader of a format",
    "NamesClash": "the same error in `diff` and `fit`, of which neither imports the other",
}
"""Names that several files give, each with the reason."""


def test_a_public_class_has_its_name_alone() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for package in ("models", "tui"):
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(str(file.relative_to(ROOT)))
    assert {name: files for name, files in found.items() if len(files) > 1 and name not in SEVERAL} == {}
    assert all(len(found[name]) > 1 for name in SEVERAL), "no exception is left without a need"
